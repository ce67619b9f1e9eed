"""`/api/`: version 1, its schema and its pages."""

import hashlib
import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.http import require_safe

from core.apidocs import groups, schema
from core.apiviews import cross_origin, matches
from core.errors import NotFound
from githubapi.api.meta import RootApi


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The schema; made once in a process."""
    content = json.dumps(schema(), ensure_ascii=False).encode()
    tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    fresh = matches(request.headers.get("If-None-Match", ""), tag)
    answer = HttpResponse(status=304) if fresh else HttpResponse(content, content_type="application/vnd.oai.openapi+json")
    answer["ETag"], answer["Cache-Control"] = tag, "no-cache"
    cross_origin(request, answer, "GET, HEAD")
    return answer


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its fields and an example to copy, from the same schema."""
    origin = request.build_absolute_uri("/").rstrip("/")
    return render(request, "core/api_docs.html", {"groups": groups(origin), "origin": origin})


def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Anything else below /api/ is a problem+json."""
    raise NotFound("There is no such address in the API.")


urlpatterns = [
    path("v1/openapi.json", openapi),
    path("docs", docs, name="api_docs"),
    path("v1/", include("accounts.api.urls")),
    path("v1/", include("pulls.api.urls")),
    path("v1/", include("issues.api.urls")),
    path("v1/", include("projects.api.urls")),
    path("v1/", include("activity.api.urls")),
    path("v1/", include("search.api.urls")),
    path("v3", RootApi.as_view()),
    path("v3/", include("githubapi.urls")),
    path("<path:rest>", unknown),
]
