"""Every address of the site. Fixed words first, then `/<namespace>` and `/<namespace>/<name>` (ARCHITECTURE.md, "Names and addresses")."""

from django.urls import include, path

from core import health

urlpatterns = [
    path("-/health", health.health, name="health"),
    path("-/ready", health.ready, name="ready"),
    path("-/metrics", health.metrics_text, name="metrics"),
    path("", include("core.urls")),
    path("", include("accounts.urls")),
    path("", include("search.urls")),
    path("api/", include("openi.api_urls")),
    path("", include("activity.urls")),
    path("", include("pulls.urls")),
    path("", include("issues.urls")),
    path("", include("projects.urls")),
]
handler404 = "core.pages.not_found"
handler500 = "core.pages.server_error"
handler403 = "core.pages.forbidden"
