"""Error pages, language switch and the component gallery."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import gallery
from core.errors import Forbidden, NotFound
from core.middleware import error_response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404 for unknown addresses, the same words as for hidden things."""
    return error_response(request, NotFound(_("There is nothing at this address, or you may not see it.")))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 of Django itself (CSRF has its own view)."""
    return error_response(request, Forbidden(_("You may not do this.")))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: nothing was changed."""
    return error_response(
        request, Forbidden(_("This form is too old or came from another site. Reload the page and send it again."), code="csrf")
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500 without database, session or context processors; shows the request id."""
    html = get_template("errors/500.html").render({"request_id": getattr(request, "id", "")})
    return HttpResponse(html, status=500)


@csrf_exempt  # a token in the header of every page would give every reader a cookie and every page a new body
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language in a cookie and go back to the page (same site only)."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, secure=settings.SECURE_COOKIES, httponly=True, samesite="Lax"
        )
    return response


def components(request: HttpRequest) -> HttpResponse:
    """Every component with sample content."""
    return render(request, "core/components.html", gallery.sample_context())
