"""What base.html needs on every page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from core import places
from core import site as site_settings
from core.actors import ANONYMOUS
from core.site import setting


def site(request: HttpRequest) -> dict[str, Any]:
    """`navigation`, `portal`, `theme`, `actor`, `request_id`; no query for an anonymous reader but the cached settings."""
    actor = getattr(request, "actor", ANONYMOUS)
    person = actor.person
    language = getattr(request, "LANGUAGE_CODE", "zh-hans")
    banner = setting("banner")
    portal = {
        "operator": setting("operator") or settings.OPERATOR,
        "icp": setting("icp") or settings.ICP_NUMBER,
        "banner": banner.get("en" if language == "en" else "zh", "") if site_settings.banner_is_on(banner) else "",
        "banner_level": banner.get("level", "note"),
        "mail_is_filed": settings.MAIL_IS_FILED,
        "base_url": settings.BASE_URL,
        "social": bool(settings.SOCIALACCOUNT_PROVIDERS),
    }
    return {
        "actor": actor,
        "navigation": [
            {"label": item.label, "url": item.url, "current": request.path.startswith(item.prefix)} for item in places.navigation
        ],
        "header_marks": [(mark, mark.is_new(actor)) for mark in places.header_marks] if person else [],
        "portal": portal,
        "site": portal,  # allauth puts another `site` into the context of its pages
        "theme": person.theme if person else request.COOKIES.get("openi_theme", ""),
        "request_id": getattr(request, "id", ""),
    }
