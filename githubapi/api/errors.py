"""Errors as GitHub's clients read them: the status, `message` and `documentation_url`, and `errors` of a 422."""

from collections.abc import Iterator
from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response

from core.actors import ANONYMOUS
from core.api import problem
from core.errors import InvalidFields
from githubapi.api.shapes.common import At

FIXED = {  # clients compare these words
    401: "Requires authentication",
    404: "Not Found",
    422: "Validation Failed",
}


def answer(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler of the views here. Unknown errors go on to the 500 page."""
    made = problem(exception, context)
    if made is None:
        return None
    found: dict[str, Any] = made.data
    request = context["request"]._request
    status = made.status_code
    message = FIXED.get(status) or str(found.get("detail", "")) or str(found.get("title", ""))
    if isinstance(exception, exceptions.AuthenticationFailed):
        message = "Bad credentials"
    body: dict[str, Any] = {"message": message, "documentation_url": At.of(request).page("/-/help/api-github"), "status": str(status)}
    if status == 422:
        body["errors"] = list(_faults(exception, found))
    if status == 429 and getattr(request, "actor", ANONYMOUS).is_anonymous:
        body["message"] = f"API rate limit exceeded. {message}"
    return Response(body, status=status, headers=dict(made.headers), content_type="application/json; charset=utf-8")


def _faults(exception: Exception, found: dict[str, Any]) -> Iterator[dict[str, str]]:
    """What is wrong with which input."""
    if isinstance(exception, InvalidFields):
        yield from (_fault(one.field, one.message) for one in exception.faults)
    elif isinstance(exception, exceptions.ValidationError) and isinstance(exception.detail, dict):
        yield from (_fault(str(field), _first(words)) for field, words in exception.detail.items())
    else:
        yield _fault(str(found.get("field", "")), str(found.get("detail", "")))


def _first(words: Any) -> str:
    """The first sentence of what DRF says of a field, however deep it lies."""
    while isinstance(words, dict | list) and words:
        words = next(iter(words.values())) if isinstance(words, dict) else next((one for one in words if one), "")
    return str(words)


def _fault(field: str, message: str) -> dict[str, str]:
    return {"resource": "", "field": field, "code": "custom", "message": message}
