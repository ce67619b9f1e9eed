"""Request id and logs, security headers, and one place that turns domain errors into answers."""

import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core import metrics
from core.errors import DomainError, NotFound

log = structlog.get_logger(__name__)
Respond = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Gives each request an id (shown on the error page, in every log line and in `X-Request-Id`) and counts it."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        if "%00" in request.META.get("QUERY_STRING", ""):  # before anyone parses it: a filter without its NUL is still a filter
            request.META["QUERY_STRING"] = request.META["QUERY_STRING"].replace("%00", "")
        structlog.contextvars.bind_contextvars(request_id=request.id)  # type: ignore[attr-defined]
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            route = request.resolver_match.route if request.resolver_match else "(none)"
            metrics.count(request.method or "", route, response.status_code, seconds)
            response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
            log.info(
                "request", method=request.method, path=loggable_path(request), status=response.status_code, ms=round(seconds * 1000, 1)
            )
            return response
        finally:
            structlog.contextvars.clear_contextvars()


def loggable_path(request: HttpRequest) -> str:
    """The path without the secrets of invitation, confirmation and reset links."""
    path = request.path
    for name in ("secret", "key"):
        if request.resolver_match and isinstance(value := request.resolver_match.kwargs.get(name), str):
            path = path.replace(value, "…")
    return path


def content_security_policy() -> str:
    """The policy of our pages. Raw files answer with their own, stricter one."""
    live = f" {settings.LIVE_URL}" if settings.LIVE_URL else ""
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        f"form-action 'self'; frame-ancestors 'none'; connect-src 'self'{live}"
    )


class SecurityHeaders:
    """CSP and friends on every answer that does not set its own; what says nothing about caches is kept by no shared one."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self.policy = content_security_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class DomainErrors:
    """`core.errors` → page, HTMX toast or problem+json, with the error's own status."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:  # no name holds NUL, and PostgreSQL refuses it
            return error_response(request, NotFound(_("There is nothing at this address, or you may not see it.")))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a DomainError; anything else goes on to Django's 500."""
        if not isinstance(exception, DomainError):
            return None
        return error_response(request, exception)


def problem_document(error: DomainError, request_id: str = "") -> dict[str, object]:
    """RFC 9457 members: type, title, status, detail; ours: code, field, request_id."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": type(error).__name__,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
    }
    if error.field:
        document["field"] = error.field
    if request_id:
        document["request_id"] = request_id
    return document


def error_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The answer to `error` in the shape the client asked for."""
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse(
            problem_document(error, getattr(request, "id", "")), status=error.status, content_type="application/problem+json"
        )
    else:
        response = render(request, f"errors/{error.status}.html", {"error": error}, status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response
