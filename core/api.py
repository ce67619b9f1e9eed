"""DRF pieces every API module shares: problems instead of DRF's errors."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from core.actors import ANONYMOUS
from core.errors import Conflict, DomainError, Forbidden, Invalid, InvalidFields, LimitReached, NotFound
from core.middleware import problem_document


def problem(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: every error is an RFC 9457 problem; unknown ones go on to the 500 page."""
    request = context.get("request")
    request_id = getattr(getattr(request, "_request", None), "id", "")
    headers: dict[str, str] = {}
    error = _translate(exception)
    if error is None:
        return None
    document = problem_document(error, request_id)
    actor = getattr(getattr(request, "_request", None), "actor", ANONYMOUS)
    if isinstance(error, Forbidden) and (
        error.code == "sign_in" or actor.is_anonymous
    ):  # a page leads to the sign-in; a program is told how
        document["status"], document["title"], headers["WWW-Authenticate"] = 401, "Unauthorized", 'Bearer realm="OpenI"'
    if isinstance(error, InvalidFields):
        document["errors"] = {fault.field: [{"message": fault.message, "code": fault.code}] for fault in error.faults}
    if isinstance(exception, exceptions.APIException):
        document["status"] = exception.status_code
        document["title"] = type(exception).__name__
        if isinstance(exception, exceptions.ValidationError):
            document["status"], document["title"], document["code"] = 422, "Invalid", "invalid"
            document["errors"] = exception.get_full_details()
            document["field"] = next(iter(document["errors"]), "") if isinstance(document["errors"], dict) else ""
        if isinstance(exception, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            document["status"], headers["WWW-Authenticate"] = 401, 'Bearer realm="OpenI"'
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return Response(document, status=int(str(document["status"])), headers=headers, content_type="application/problem+json")


def _translate(exception: Exception) -> DomainError | None:
    if isinstance(exception, DomainError):
        return exception
    if isinstance(exception, Http404):
        return NotFound(_("There is nothing at this address, or you may not see it."))
    if isinstance(exception, PermissionDenied):
        return Forbidden(str(exception))
    if isinstance(exception, exceptions.Throttled):
        return LimitReached(str(exception.detail))
    if isinstance(exception, exceptions.ValidationError):
        return Invalid(_("The request does not fit the schema."))
    if isinstance(exception, exceptions.APIException):
        return Conflict(str(exception.detail), code=str(exception.get_codes()))
    return None
