"""How the API describes itself: operations with scope, example and every status they can answer."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.utils.translation import gettext_noop as N_
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers

from core.actors import Scope

View = TypeVar("View", bound=Callable[..., Any])
CURSOR = OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the page before")
LIMIT = OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 30}, description="rows of a page")
PAGED = (CURSOR, LIMIT)
BYTES = {(status, "application/octet-stream"): OpenApiTypes.BINARY for status in (200, 206)}  # the answer of a download


def text(name: str, description: str = "", *, required: bool = False) -> OpenApiParameter:
    """A query parameter of text."""
    return OpenApiParameter(name, OpenApiTypes.STR, description=description, required=required)


def flag(name: str, description: str = "") -> OpenApiParameter:
    """A query parameter `1` or absent."""
    return OpenApiParameter(name, {"type": "string", "enum": ["1", ""]}, description=description)


def operation(
    name: str,
    *,
    answer: Any = None,
    status: int = 200,
    body: Any = None,
    query: Sequence[OpenApiParameter] = (),
    scope: Scope | None = None,
    example: Any = None,
    also: Sequence[int] = (),
) -> Callable[[View], View]:
    """Describe one method of an API view. Its docstring's first line is the summary, the rest the description.

    `scope` None: nobody need sign in for public things. `answer`: a serializer, None for no body, or responses by status and content type.
    `also`: statuses besides those that every operation of its kind may answer (see `finish`).
    """

    def described(view: View) -> View:
        first, _blank, rest = (view.__doc__ or "").strip().partition("\n")
        view.scope = scope  # type: ignore[attr-defined] # see ApiView.require_person
        return extend_schema(
            operation_id=name,
            summary=first.strip().rstrip("."),
            description=" ".join(rest.split()),
            parameters=list(query),
            request=body,
            responses=answer if isinstance(answer, dict) else {status: answer},
            examples=[OpenApiExample(name, value=example, request_only=True)] if example is not None else None,
            extensions={"x-scope": scope.value if scope else "", "x-also": list(also)},
        )(view)

    return described


@cache
def page_of(item: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The serializer of a keyset page of `item`."""
    name = item.__name__.removesuffix("Out")
    fields = {
        "__doc__": f"A page of {name}: `next` is the cursor of the page after it, empty at the end.",
        "items": item(many=True),
        "next": serializers.CharField(allow_blank=True),
    }
    return type(f"{name}Page", (serializers.Serializer,), fields)


class ApiSchema(AutoSchema):
    """Ids and scopes come from `operation`; tags from the path."""

    def get_tags(self) -> list[str]:
        """The first noun of the path; repositories have too many addresses for one heading."""
        parts = self.path.split("/")[3:]
        if parts[0] != "repositories" or len(parts) < 4:
            return [parts[0] if parts[0] in ("organizations", "repositories", "user", "users", "hooks", "notifications") else "site"]
        return [TAGS.get(parts[3], "repositories")]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Written by `finish`, which knows the scope."""
        return []

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False


HEADINGS = {
    "user": N_("Yourself: profile, keys, tokens"),
    "users": N_("People"),
    "organizations": N_("Organizations and teams"),
    "repositories": N_("Repositories"),
    "access": N_("Access to a repository"),
    "refs": N_("Branches, tags and their protection"),
    "files": N_("Files"),
    "history": N_("History"),
    "forks": N_("Forks and push mirrors"),
    "stars": N_("Stars and watching"),
    "releases": N_("Releases"),
    "issues": N_("Issues, labels and milestones"),
    "pulls": N_("Pull requests and reviews"),
    "checks": N_("Statuses and check runs of commits"),
    "hooks": N_("Webhooks"),
    "notifications": N_("Notifications"),
    "site": N_("The whole site"),
}
TAGS = {
    **dict.fromkeys(("branches", "tags", "protections", "push-rules"), "refs"),
    **dict.fromkeys(("tree", "blobs", "raw", "contents", "readme", "archive", "blame"), "files"),
    **dict.fromkeys(("commits", "compare", "contributors", "languages", "activity"), "history"),
    **dict.fromkeys(("collaborators", "teams", "keys"), "access"),
    **dict.fromkeys(("forks", "upstream", "sync", "detach", "push-mirrors"), "forks"),
    **dict.fromkeys(("star", "stargazers", "watch"), "stars"),
    **dict.fromkeys(("issues", "comments", "labels", "milestones", "assignees", "boards"), "issues"),
    **dict.fromkeys(("statuses", "checks", "check-runs"), "checks"),
    "releases": "releases",
    "hooks": "hooks",
    "pulls": "pulls",
}
ABOUT = """Whatever a page of the portal can do, a program can do here, with the same rights.

Send `Authorization: Bearer TOKEN`. Scopes: `read`, `write`, `admin`; each includes those before it (`x-scope` says what an operation needs).
What a token may not see is 404. Lists answer `items` and `next`: send `next` as `cursor`, or follow the `Link` header.
Reads have an `ETag` and answer 304 to `If-None-Match`; changes take `If-Match` (412). Errors are `application/problem+json` (RFC 9457).
JSON bodies have at most 16 MB. Without a token expensive reads share a budget (`RateLimit-*`, 429 with `Retry-After`).
"""
HEADERS = {
    "ETag": {"description": "for `If-None-Match` and `If-Match`", "schema": {"type": "string"}},
    "Link": {"description": 'the next page, `rel="next"` (RFC 8288)', "schema": {"type": "string"}},
}
PARAMETERS = {
    "namespace": "login of a person or name of an organization",
    "name": "name of the repository",
    "login": "login of a person",
    "slug": "name of an organization",
    "team": "name of a team in addresses",
    "id": "number of the thing, from a list",
    "branch": "name of a branch, slashes included",
    "tag": "name of a tag, slashes included",
    "oid": "full object id, 40 hexadecimal digits",
    "ref": "branch, tag or commit",
    "path": "path inside the repository",
    "file": "name of a file",
    "token": "name of a token",
    "delivery": "number of a delivery, from the list",
    "number": "number of an issue, pull request or milestone",
    "label": "name of a label",
    "review": "number of a review, from the list",
    "comment": "number of a comment, from the list",
}
PROBLEMS = {
    400: ("BadRequest", "The body is not JSON, or too deep."),
    401: ("Unauthorized", "Sign in, or the token is unknown or expired."),
    403: ("Forbidden", "You may see it but not do this, or the token lacks the scope."),
    404: ("NotFound", "There is nothing here, or you may not know of it."),
    409: ("Conflict", "The name is taken, or the state changed meanwhile."),
    411: ("LengthRequired", "Send Content-Length."),
    412: ("PreconditionFailed", "`If-Match` names another state."),
    413: ("TooLarge", "The body is larger than the server reads."),
    415: ("UnsupportedMediaType", "Send application/json."),
    422: ("Invalid", "A field breaks a rule; see `field` and `errors`."),
    429: ("LimitReached", "A quota or a rate limit is used up; see `Retry-After`."),
    451: ("TakenDown", "Not available for legal reasons."),
    503: ("Unavailable", "A part that this needs does not answer now."),
}


def finish(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Post-processing hook: sign-in, problems, and each status an operation may answer."""
    parts = result.setdefault("components", {})
    parts.setdefault("securitySchemes", {})["token"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "A personal access token. As the password of HTTP Basic it works too.",
    }
    parts.setdefault("schemas", {})["Problem"] = _problem()
    parts["responses"] = {
        name: {"description": words, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        for name, words in PROBLEMS.values()
    }
    parts["responses"]["NotModified"] = {"description": "`If-None-Match` names the present state."}
    result["info"]["description"] = ABOUT
    result["tags"] = [{"name": name, "description": title} for name, title in HEADINGS.items()]
    for found in parts["schemas"].values():
        for one in found.get("properties", {}).values():
            _without_choices(one)
    for address, operations in result["paths"].items():
        for method, found in operations.items():
            _complete(address, method, found)
    return result


def _without_choices(part: dict[str, Any]) -> None:
    """drf-spectacular lists the words of a choice in its description; they stand in `enum` already."""
    for one in (part, part.get("items", {})):
        words = one.get("description", "").partition("* `")[0].strip()
        if words:
            one["description"] = words
        else:
            one.pop("description", None)


def _problem() -> dict[str, Any]:
    names = ("type", "title", "detail", "code", "field", "request_id")
    properties: dict[str, Any] = {name: {"type": "string"} for name in names}
    properties["status"] = {"type": "integer"}
    properties["errors"] = {"type": "object", "description": "faults by field, each with `message` and `code`"}
    example = {
        "type": "about:blank",
        "title": "NotFound",
        "status": 404,
        "detail": "There is nothing at this address, or you may not see it.",
    }
    return {
        "type": "object",
        "description": "A problem (RFC 9457). `detail` is in the reader's language, `code` is stable for programs.",
        "required": ["type", "title", "status", "detail"],
        "properties": properties,
        "example": {**example, "code": "not_found", "request_id": "0c2f9a1b7d3e"},
    }


def _complete(address: str, method: str, found: dict[str, Any]) -> None:
    scope, also = found.get("x-scope", ""), found.pop("x-also", [])
    found["security"] = [{"token": []}] if scope else [{}, {"token": []}]
    for parameter in found.get("parameters", []):
        if parameter["in"] == "path" and parameter["name"] in PARAMETERS:
            parameter.setdefault("description", PARAMETERS[parameter["name"]])
    statuses = {401, 403, 429, 503, *also}
    if "{" in address or method != "get":
        statuses |= {404, 451}
    if method == "get":
        pages = any(parameter["name"] == "cursor" for parameter in found.get("parameters", []))
        found["responses"]["200"]["headers"] = HEADERS if pages else {"ETag": HEADERS["ETag"]}
        found["responses"]["304"] = {"$ref": "#/components/responses/NotModified"}
        statuses |= {422} if any(parameter["in"] == "query" for parameter in found.get("parameters", [])) else set()
    else:
        statuses |= {409, 422}
    if "requestBody" in found:
        statuses |= {400, 411, 413, 415}
    if "206" in found["responses"]:
        found["responses"]["416"] = {"description": "The range lies beyond the end."}
    for status in statuses:
        found["responses"][str(status)] = {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"}
    found["responses"] = dict(sorted(found["responses"].items()))
