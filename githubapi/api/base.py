"""What the views share: errors, pages by number, repositories, media types."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core.actors import Scope
from core.apiviews import ApiView, JSONBody
from core.errors import Invalid, NotFound
from core.rules import needs_scope
from githubapi.api import errors
from githubapi.api.shapes.common import At
from projects import queries
from projects.models import Repository
from projects.queries.browsing import default_position, position, reading
from projects.queries.positions import Position

PAGE, PAGE_MAX = 30, 100  # rows
DEPTH = 10_000  # rows that can be reached by numbered pages
SUBSET = "2022-11-28"  # the version of GitHub's API
METHOD = TypeVar("METHOD", bound=Callable[..., Any])
Show = Callable[[Any], dict[str, Any]]


def signed_in(scope: Scope) -> Callable[[METHOD], METHOD]:
    """A method for people, with a credential of that scope; a stranger is told 401 before anything else is said."""

    def marked(method: METHOD) -> METHOD:
        method.scope = scope  # type: ignore[attr-defined] # see ApiView.require_person
        return method

    return marked


class AnyJSON(JSONBody):
    """JSON whatever the content type says: `curl -d` calls it a form, and GitHub takes it."""

    media_type = "*/*"


class GitHubView(ApiView):
    """Base of every view here. None of them stands in our own schema."""

    schema = None
    parser_classes: Sequence[type[BaseParser]] = [AnyJSON]

    def get_exception_handler(self) -> Any:
        """GitHub's form of errors."""
        return errors.answer

    def require_person(self, request: Request) -> None:
        """Raise Forbidden for a stranger (401) or a token without the method's scope, before anything is said about what they sent."""
        super().require_person(request)
        scope = getattr(getattr(self, (request.method or "").lower(), None), "scope", None)
        if scope is not None and (refusal := needs_scope(self.actor(request), scope)) is not None:
            refusal.require()

    def at(self, request: Request) -> At:
        """Where the client reached us."""
        return At.of(request._request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """The headers that clients look at."""
        answer: Any = super().finalize_response(request, response, *args, **kwargs)
        answer["X-GitHub-Media-Type"] = "github.v3; format=json"
        answer["X-GitHub-Api-Version-Selected"] = SUBSET
        actor = getattr(request._request, "actor", None) if isinstance(request, Request) else None
        if actor is not None and actor.via == "token":
            answer["X-OAuth-Scopes"] = ", ".join(oauth_scopes(actor.scopes))
        spent = getattr(getattr(request, "_request", None), "budget", None)
        if spent:
            limit, left, seconds = spent
            answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"] = str(limit), str(left)
            answer["X-RateLimit-Reset"] = str(int(time.time()) + int(seconds or 60))
        return answer

    def accepts(self, request: Request, kind: str) -> bool:
        """True if `Accept` names GitHub's media type of that kind: `raw`, `diff`, `patch`, `sha`, `html`."""
        said = request.headers.get("Accept", "").lower().replace(" ", "")
        return any(
            part.partition(";")[0]
            in (
                f"application/vnd.github.{kind}",
                f"application/vnd.github.v3.{kind}",
                f"application/vnd.github.{kind}+json",
                f"application/vnd.github.v3.{kind}+json",
            )
            for part in said.split(",")
        )

    def number(self, request: Request, name: str, default: int, most: int) -> int:
        """A number of the query; anything odd is the default, too much is the most, as GitHub has it."""
        said = request.query_params.get(name, "")
        if not (said.isascii() and said.isdigit()) or not int(said[:9]):
            return default
        return min(int(said[:9]), most)

    def pages(self, request: Request) -> tuple[int, int, int]:
        """(page, rows of a page, first row). Raises Invalid beyond DEPTH."""
        size = self.number(request, "per_page", PAGE, PAGE_MAX)
        page = self.number(request, "page", 1, 10**9)
        if page * size > DEPTH + size:
            raise Invalid("Only the first 10,000 rows can be reached by numbered pages.", field="page")
        return page, size, (page - 1) * size

    def listed(self, request: Request, rows: QuerySet[Any] | Sequence[Any], show: Show, *, total: int | None = None) -> Response:
        """A numbered page of rows."""
        page, size, first = self.pages(request)
        if total is None:
            total = rows.count() if isinstance(rows, QuerySet) else len(rows)
        answer = Response([show(row) for row in rows[first : first + size]])
        return self.linked(request, answer, page, size, total)

    def linked(self, request: Request, answer: Response, page: int, size: int, total: int | None, *, more: bool = False) -> Response:
        """The answer with `Link` (RFC 8288). `total` None: unknown, then `more` says whether a page follows."""
        last = max(1, -(-min(total, DEPTH) // size)) if total is not None else None
        wanted: dict[str, int] = {}
        if page > 1:
            wanted |= {"prev": page - 1, "first": 1}
        if (last is not None and page < last) or (last is None and more):
            wanted["next"] = page + 1
            if last is not None:
                wanted["last"] = last
        if wanted:
            base, query = request.build_absolute_uri(request.path), request.query_params.dict()
            answer["Link"] = ", ".join(f'<{base}?{urlencode({**query, "page": number})}>; rel="{name}"' for name, number in wanted.items())
        return answer

    def given(self, request: Request, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The fields of the body that are there, by a serializer; null is as good as absent. Raises ValidationError."""
        said = request.data
        if isinstance(said, dict):
            request._full_data = {key: value for key, value in said.items() if value is not None}  # type: ignore[attr-defined]
        return self.validated(request, kind)


def oauth_scopes(scopes: Iterable[Scope]) -> list[str]:
    """Ours in GitHub's words."""
    words = {Scope.READ: ["read:org", "read:user"], Scope.WRITE: ["repo"], Scope.ADMIN: ["admin:org", "delete_repo", "user"]}
    return sorted({word for scope in scopes for word in words[scope]})


class RepositoryView(GitHubView):
    """Views below `/repos/{owner}/{repo}`."""

    def repository(self, request: Request, owner: str, repo: str) -> Repository:
        """The repository, by an old address too. Raises NotFound, TakenDown, Forbidden (the method needs a person)."""
        found = queries.repository_for_git(self.actor(request), owner.replace(":", "/"), repo.removesuffix(".git"))
        self.require_person(request)
        return found

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A private repository is not found, before anybody is asked to sign in."""
        super().initial(request, *args, **{**kwargs, "namespace": kwargs.get("owner", "")})

    def commit_at(self, row: Repository, ref: str) -> Position:
        """The commit of a branch, tag or oid, or of the default branch. Raises NotFound."""
        name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/").removeprefix("heads/").removeprefix("tags/")
        found = position(row, name) if name else default_position(row)
        if found is None or found.path:
            raise NotFound("No commit found for this ref")
        return found

    def asked(self, request: Request, row: Repository) -> Position:
        """The commit of `?ref=`; one that is no tip costs an anonymous reader budget."""
        here = self.commit_at(row, request.query_params.get("ref", "")[:1000])
        if not here.is_tip:
            self.spend(request, 1)
        return here

    def entry(self, row: Repository, oid: str, path: str) -> gitstore.Entry:
        """The entry at a path. Raises NotFound."""
        with reading():
            found = gitstore.entry_at(row.path, oid, path.strip("/"))
        if found is None:
            raise NotFound("Not Found")
        return found
