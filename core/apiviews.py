"""What API views share: the actor, validated input, keyset pages, conditional answers."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.actors import Actor
from core.errors import Conflict, Invalid

LIMIT_MAX = 100
CURSOR = OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the page before")
LIMIT = OpenApiParameter("limit", OpenApiTypes.INT, description="1–100, 30 unless told")


def query(name: str, text: str = "") -> OpenApiParameter:
    """A text query parameter."""
    return OpenApiParameter(name, OpenApiTypes.STR, description=text)


class ApiView(APIView):
    """Base of every API view."""

    def actor(self, request: Request) -> Actor:
        """Who asks."""
        found: Actor = request._request.actor  # type: ignore[attr-defined]
        return found

    def limit(self, request: Request) -> int:
        """Rows of a page. Raises Invalid."""
        text = request.query_params.get("limit", "30")
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= LIMIT_MAX):
            raise Invalid(_("Give a number from 1 to 100."), field="limit")
        return int(text)

    def validated(self, request: Request, kind: type[serializers.Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The body by its serializer; DRF's ValidationError becomes a 422 problem. NUL is nowhere welcome."""
        if not isinstance(request.data, Mapping):
            raise Invalid(_("Send a JSON object."))
        given = kind(data=request.data, partial=partial)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        return values

    def conditional(self, request: Request, value: Any) -> Response | HttpResponse:
        """200 with a strong ETag of the value, or 304."""
        tag = etag_of(value)
        if tag in [part.strip() for part in request.headers.get("If-None-Match", "").split(",")]:
            return HttpResponse(status=304, headers={"ETag": tag})
        return Response(value, headers={"ETag": tag})

    def require_match(self, request: Request, value: Any) -> None:
        """Raise Conflict if `If-Match` names another state."""
        wanted = request.headers.get("If-Match", "")
        if wanted and wanted != "*" and etag_of(value) not in [part.strip() for part in wanted.split(",")]:
            raise Conflict(_("This changed meanwhile."), code="etag")


def etag_of(value: Any) -> str:
    """A strong ETag of JSON values."""
    return '"' + hashlib.blake2b(json.dumps(value, sort_keys=True, default=str).encode(), digest_size=12).hexdigest() + '"'


def page(rows: QuerySet[Any], *, limit: int, cursor: str, by: str, show: Callable[[Any], Any]) -> dict[str, Any]:
    """Keyset page, newest first: `cursor` is `<value of by>~<id>`; `next` is "" at the end. `by` is a datetime or text field, or "pk"."""
    descending = f"-{by}"
    rows = rows.order_by(descending, "-pk") if by != "pk" else rows.order_by("-pk")
    if cursor:
        value, _tilde, number = cursor.rpartition("~")
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise Invalid(_("This cursor is damaged."), field="cursor")
        if by == "pk":
            rows = rows.filter(pk__lt=int(number))
        else:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError as error:
                raise Invalid(_("This cursor is damaged."), field="cursor") from error
            if moment.tzinfo is None:
                raise Invalid(_("This cursor is damaged."), field="cursor")
            rows = rows.filter(Q(**{f"{by}__lt": moment}) | Q(**{by: moment, "pk__lt": int(number)}))
    found = list(rows[: limit + 1])
    last: Model | None = found[limit - 1] if len(found) > limit else None
    after = ""
    if last is not None:
        after = f"~{last.pk}" if by == "pk" else f"{getattr(last, by).isoformat()}~{last.pk}"
    return {"items": [show(row) for row in found[:limit]], "next": after}
