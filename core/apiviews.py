"""What API views share: the actor, bounded JSON, validated input, keyset pages, conditional answers, other origins."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any, NoReturn
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import DateTimeField, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import budget
from core.actors import Actor, Scope
from core.errors import Conflict, Forbidden, Invalid
from core.rules import needs, needs_sign_in, needs_whole

LIMIT_MAX = 100
BODY_MAX = 16 * 1024**2  # bytes of a JSON body
DEPTH_MAX = 32
EXPOSED = "ETag, Link, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, X-Request-Id, Content-Disposition"
ACCEPTED = "Authorization, Content-Type, If-Match, If-None-Match, Accept-Language, Range"


class PreconditionFailed(Conflict):
    """`If-Match` names another state (RFC 9110 §13.1.1)."""

    status, default_code = 412, "etag"


class BodyTooLarge(exceptions.APIException):
    """The body is longer than the server reads."""

    status_code, default_code = 413, "body_too_large"


class LengthRequired(exceptions.APIException):
    """A chunked body: Django cannot read one under WSGI, and would take it for an empty one."""

    status_code, default_code = 411, "length_required"


class JSONBody(BaseParser):
    """JSON of a bounded size and depth; whatever is malformed is 400, never a 500."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The parsed body. Raises ParseError, BodyTooLarge."""
        raw = stream.read(BODY_MAX + 1)
        if len(raw) > BODY_MAX:
            raise BodyTooLarge(_("The body may have at most %d MB.") % (BODY_MAX // 1024**2))
        try:
            value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
            if b"\\u" in raw:
                json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no text
        except (ValueError, RecursionError) as error:  # UnicodeError and JSONDecodeError are ValueErrors
            raise exceptions.ParseError(_("The body is not valid JSON.")) from error
        if _depth(value) > DEPTH_MAX:
            raise exceptions.ParseError(_("The body is nested too deeply."))
        return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _depth(value: Any) -> int:
    """Levels of nesting, without recursion."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            child
            for one in level
            if isinstance(one, dict | list)
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, dict | list)
        ]
    return depth


class AlwaysJSON(BaseContentNegotiation):
    """Answers are JSON whatever `Accept` says."""

    def select_parser(self, request: Request, parsers: Sequence[BaseParser]) -> BaseParser | None:  # type: ignore[override]
        """By content type; none is 415."""
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type in (kind, "*/*")), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The only one."""
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """Base of every API view."""

    parser_classes: Sequence[type[BaseParser]] = [JSONBody]
    content_negotiation_class = AlwaysJSON
    http_method_names = ["get", "head", "post", "put", "patch", "delete", "options"]
    metadata_class = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuses bodies of unknown length, and strangers where somebody must sign in: before anything is said about what they sent.

        Below a repository that waits until it is found: a private one answers 404.
        """
        super().initial(request, *args, **kwargs)
        if "namespace" not in kwargs:
            self.require_person(request)
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower() and not request.META.get("CONTENT_LENGTH"):
            raise LengthRequired(_("Send the length of the body (Content-Length)."))

    def actor(self, request: Request) -> Actor:
        """Who asks."""
        found: Actor = request._request.actor  # type: ignore[attr-defined]
        return found

    def signed_in(self, request: Request, scope: Scope = Scope.READ) -> Any:
        """The person who asks. Raises Forbidden (nobody, a token without `scope`, or one for some repositories that would change things)."""
        actor = self.actor(request)
        if (refusal := needs(actor, scope)) is not None:
            refusal.require()
        if scope is not Scope.READ and (refusal := needs_whole(actor)) is not None:
            refusal.require()
        if actor.person is None:
            raise Forbidden(_("Sign in first."), code="sign_in")
        return actor.person

    def require_person(self, request: Request) -> None:
        """Raise Forbidden (401) if the operation has a scope and nobody signed in."""
        handler = getattr(self, (request.method or "").lower(), None)
        if getattr(handler, "scope", None) is not None and (refusal := needs_sign_in(self.actor(request))) is not None:
            refusal.require()

    def spend(self, request: Request, points: int) -> None:
        """Count an expensive answer against the anonymous budget. Raises LimitReached."""
        budget.spend(request._request, points)

    def limit(self, request: Request) -> int:
        """Rows of a page. Raises Invalid."""
        text = request.query_params.get("limit", "30")
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= LIMIT_MAX):
            raise Invalid(_("Give a number from 1 to 100."), field="limit")
        return int(text)

    def validated(self, request: Request, kind: type[serializers.Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The body by its serializer; DRF's ValidationError becomes a 422 problem."""
        if not isinstance(request.data, Mapping):
            raise Invalid(_("Send a JSON object."))
        given = kind(data=request.data, partial=partial)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        return values

    def rows(self, request: Request, rows: QuerySet[Any], *, by: str, show: Callable[[Any], Any]) -> Response:
        """A keyset page of rows; see `page`."""
        return self.page(request, page(rows, limit=self.limit(request), cursor=request.query_params.get("cursor", ""), by=by, show=show))

    def slice(self, request: Request, found: Sequence[Any], show: Callable[[Any], Any]) -> Response:
        """A page of a list that is in memory anyway; the cursor is a place in it."""
        cursor = request.query_params.get("cursor", "")
        first, limit = (opened(cursor, int)[0] if cursor else 0), self.limit(request)
        after = sealed(first + limit) if len(found) > first + limit else ""
        return self.page(request, {"items": [show(one) for one in found[first : first + limit]], "next": after})

    def page(self, request: Request, content: dict[str, Any]) -> Response:
        """200 with `items` and `next`, and the next address in `Link` (RFC 8288)."""
        answer = Response(content)
        if content["next"]:
            query = {**request.query_params.dict(), "cursor": content["next"]}
            answer["Link"] = f'<{request.build_absolute_uri(request.path)}?{urlencode(query)}>; rel="next"'
        return answer

    def require_match(self, request: Request, value: Any) -> None:
        """Raise PreconditionFailed if `If-Match` names another state than the one GET would print as `value`."""
        wanted = request.headers.get("If-Match", "")
        if wanted and not matches(wanted, etag_of(value)):
            raise PreconditionFailed(_("This changed meanwhile."))

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The methods of the address, and the answer to a browser's preflight."""
        return HttpResponse(status=204)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """ETag and 304 on every JSON read; headers for caches and for pages of other origins."""
        answer: Any = super().finalize_response(request, response, *args, **kwargs)
        safe = request.method in ("GET", "HEAD")
        if safe and isinstance(answer, Response) and answer.status_code == 200:
            tag = etag_of(answer.data)
            if matches(request.headers.get("If-None-Match", ""), tag):
                answer = HttpResponse(status=304)
            answer["ETag"] = tag
        if "Cache-Control" not in answer:
            answer["Cache-Control"] = "private, no-cache" if safe and answer.status_code < 400 else "no-store"
        patch_vary_headers(answer, ["Authorization", "Cookie", "Accept-Language"])
        spent = getattr(getattr(request, "_request", None), "budget", None)
        if spent:
            answer["RateLimit-Limit"], answer["RateLimit-Remaining"], answer["RateLimit-Reset"] = map(str, spent)
        return cross_origin(request, answer, ", ".join(self.allowed_methods))


def cross_origin(request: Request | HttpRequest, answer: HttpResponseBase, methods: str) -> HttpResponseBase:
    """CORS for the origins that the operator named (`OPENI_API_ORIGINS`): never with cookies, so a page acts with a token of its own."""
    allowed: list[str] = getattr(settings, "API_ORIGINS", [])
    origin = request.headers.get("Origin", "")
    if not allowed:
        return answer
    patch_vary_headers(answer, ["Origin"])
    if origin and ("*" in allowed or origin in allowed):
        answer["Access-Control-Allow-Origin"] = "*" if "*" in allowed else origin
        answer["Access-Control-Expose-Headers"] = EXPOSED
        if request.method == "OPTIONS":
            answer["Access-Control-Allow-Methods"], answer["Access-Control-Allow-Headers"] = methods, ACCEPTED
            answer["Access-Control-Max-Age"] = "86400"
    return answer


def matches(header: str, tag: str) -> bool:
    """True if a header of entity tags names `tag`; a proxy that compresses marks it weak."""
    return header.strip() == "*" or tag in [each.removeprefix("W/") for each in parse_etags(header)]


def etag_of(value: Any) -> str:
    """A strong ETag of JSON values."""
    return '"' + hashlib.blake2b(json.dumps(value, sort_keys=True, default=str).encode(), digest_size=12).hexdigest() + '"'


def sealed(*values: Any) -> str:
    """An opaque cursor of text and numbers."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def opened(cursor: str, *kinds: type) -> list[Any]:
    """The values of a cursor, each of its kind. Raises Invalid."""
    values: list[Any]
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise _damaged() from error
    if not isinstance(values, list) or len(values) != len(kinds):
        raise _damaged()
    for value, kind in zip(values, kinds, strict=True):
        if type(value) is not kind or not (0 <= value < 2**62 if isinstance(value, int) else _is_plain(str(value))):
            raise _damaged()
    return values


def _is_plain(text: str) -> bool:
    """No NUL and no lone surrogate, which no database takes."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _damaged() -> Invalid:
    return Invalid(_("This cursor is damaged."), field="cursor")


def page(rows: QuerySet[Any], *, limit: int, cursor: str, by: str, show: Callable[[Any], Any]) -> dict[str, Any]:
    """A keyset page: `by` is a field path ("-created_at", "user__username", "-pk"), ties go by primary key the same way.

    `next` is "" at the end. Rows that come or go meanwhile neither repeat nor hide others.
    """
    name, descending = by.removeprefix("-"), by.startswith("-")
    sign, beyond = ("-", "lt") if descending else ("", "gt")
    rows = rows.order_by(by, f"{sign}pk") if name != "pk" else rows.order_by(by)
    if cursor:
        text, number = opened(cursor, str, int)
        value = _moment(text) if isinstance(_field(rows, name), DateTimeField) else text
        after = Q(**{f"pk__{beyond}": number})
        rows = rows.filter(after if name == "pk" else Q(**{f"{name}__{beyond}": value}) | (Q(**{name: value}) & after))
    found = list(rows[: limit + 1])
    return {"items": [show(row) for row in found[:limit]], "next": _after(found[limit - 1], name) if len(found) > limit else ""}


def _after(row: Any, name: str) -> str:
    value = reduce(getattr, name.split("__"), row)
    return sealed(value.isoformat() if isinstance(value, datetime) else "" if name == "pk" else str(value), row.pk)


def _field(rows: QuerySet[Any], name: str) -> Any:
    """The model field behind a path; None for an annotation."""
    model: Any = rows.model
    found: Any = None
    for part in name.split("__"):
        if part == "pk" or model is None:
            return None
        found = model._meta.get_field(part)
        model = found.related_model
    return found


def _moment(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise _damaged() from error
    if value.tzinfo is None:
        raise _damaged()
    return value
