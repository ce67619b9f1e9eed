"""Repositories: find, make, change, delete; forks, topics, languages, people of a repository, stars."""

from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as people
from accounts.models import Namespace, Organization
from core import licences
from core.actors import Scope
from core.errors import NotFound
from githubapi.api.base import GitHubView, RepositoryView, signed_in
from githubapi.api.shapes import people as persons
from githubapi.api.shapes import repositories as shapes
from githubapi.api.shapes.common import At
from projects import commands, queries, rules
from projects.models import Repository, Visibility
from projects.queries.explore import explore
from projects.queries.visible import own_repositories, stars_by

SORTS = {"created": "created_at", "updated": "updated_at", "pushed": "pushed_at", "full_name": "name"}
KINDS = {"all": None, "owner": None, "public": Visibility.PUBLIC, "private": Visibility.PRIVATE}


class RepositoryIn(serializers.Serializer[Any]):
    """A new repository."""

    name = serializers.CharField(max_length=96)
    description = serializers.CharField(max_length=350, required=False, default="", allow_blank=True)
    homepage = serializers.URLField(max_length=200, required=False, default="", allow_blank=True)
    private = serializers.BooleanField(required=False, default=False)
    visibility = serializers.ChoiceField(choices=Visibility.values, required=False)
    auto_init = serializers.BooleanField(required=False, default=False)
    gitignore_template = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    license_template = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class RepositoryPatch(serializers.Serializer[Any]):
    """What can be changed."""

    name = serializers.CharField(max_length=96, required=False)
    description = serializers.CharField(max_length=350, required=False, allow_blank=True)
    homepage = serializers.URLField(max_length=200, required=False, allow_blank=True)
    private = serializers.BooleanField(required=False)
    visibility = serializers.ChoiceField(choices=Visibility.values, required=False)
    default_branch = serializers.CharField(max_length=200, required=False)
    archived = serializers.BooleanField(required=False)


class TopicsIn(serializers.Serializer[Any]):
    """All topics."""

    names = serializers.ListField(child=serializers.CharField(max_length=50), max_length=20, allow_empty=True)


class ForkIn(serializers.Serializer[Any]):
    """Where the fork goes."""

    organization = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    name = serializers.CharField(max_length=96, required=False, default="", allow_blank=True)


def made_in(view: GitHubView, request: Request, namespace: Namespace) -> Response:
    """Create what the body says."""
    given = view.given(request, RepositoryIn)
    visibility = given.get("visibility") or (Visibility.PRIVATE if given["private"] else Visibility.PUBLIC)
    actor = view.actor(request)
    made = commands.create_repository(
        actor, namespace, name=given["name"], visibility=visibility, description=given["description"], readme=given["auto_init"],
        gitignore=given["gitignore_template"], licence=_licence(given["license_template"]),
    )  # fmt: skip
    if given["homepage"]:
        made = commands.update_repository(actor, made, website=given["homepage"])
    return Response(one(view, request, made), status=201)


def _licence(key: str) -> str:
    """GitHub's keys are SPDX ids in lower case."""
    return next((each.id for each in licences.offered() if each.id.lower() == key.lower()), key)


def one(view: GitHubView, request: Request, row: Repository) -> dict[str, Any]:
    """A repository counted anew, with the caller's rights and its parent where they may read it."""
    actor, at = view.actor(request), view.at(request)
    counted = queries.repositories(actor).select_related("thread_counter", "mirror").filter(pk=row.pk).first() or row
    parent = queries.repositories(actor).filter(pk=counted.forked_from_id).first() if counted.forked_from_id else None
    shown = shapes.repository(counted, at, access=rules.access(actor, counted), parent=parent)
    org = counted.namespace.kind == Namespace.Kind.ORGANIZATION
    return {**shown, **({"organization": shown["owner"]} if org else {}), "subscribers_count": counted.watches.count()}


def many(view: GitHubView, request: Request, rows: QuerySet[Repository]) -> Response:
    """A page of annotated repositories; forks of what one may not read say so without a name."""
    at = view.at(request)
    return view.listed(request, rows.select_related("thread_counter", "mirror"), lambda row: shapes.repository(row, at))


def ordered(request: Request, rows: QuerySet[Repository], default: str) -> QuerySet[Repository]:
    """By `sort` and `direction`, narrowed by `type` or `visibility`."""
    wanted = request.query_params.get("sort", default)
    field = SORTS.get(wanted, SORTS[default])
    down = request.query_params.get("direction", "asc" if field == "name" else "desc") != "asc"
    kind = KINDS.get(request.query_params.get("visibility") or request.query_params.get("type", ""))
    if kind:
        rows = rows.filter(visibility=kind)
    if request.query_params.get("type") == "forks":
        rows = rows.exclude(forked_from=None)
    if request.query_params.get("type") == "sources":
        rows = rows.filter(forked_from=None)
    by = F(field).desc(nulls_last=True) if down else F(field).asc(nulls_first=True)
    return rows.order_by(by, "-pk" if down else "pk")


class RepositoriesApi(GitHubView):
    """`/repositories`: all that one may read, in the order they were made; `since` is the id of the last one seen."""

    def get(self, request: Request) -> Response:
        """A page of them."""
        since = self.number(request, "since", 0, 2**62)
        return many(self, request, queries.repositories(self.actor(request)).filter(pk__gt=since).order_by("pk"))


class RepositoryByIdApi(GitHubView):
    """`/repositories/{id}`."""

    def get(self, request: Request, pk: int) -> Response:
        """The repository of that number."""
        found = queries.repositories(self.actor(request)).filter(pk=min(pk, 2**62)).first()
        if found is None:
            raise NotFound("Not Found")
        rules.can_read(self.actor(request), found).require()
        return Response(one(self, request, found))


class SearchRepositoriesApi(GitHubView):
    """`/search/repositories`: words, and `language:`, `topic:`, `user:` or `org:`."""

    def get(self, request: Request) -> Response:
        """What matches, latest change first."""
        words = request.query_params.get("q", "")[:500].split()
        told = dict(word.split(":", 1) for word in words if ":" in word)
        plain = " ".join(word for word in words if ":" not in word)
        rows = explore(self.actor(request), query=plain, language=told.get("language", ""), topic=told.get("topic", ""))
        if holder := told.get("user") or told.get("org"):
            rows = rows.filter(namespace__slug__iexact=holder)
        at = self.at(request)
        total = rows.count()
        answer = self.listed(
            request, rows.order_by("-updated_at", "-pk"), lambda row: {**shapes.repository(row, at), "score": 1.0}, total=total
        )
        answer.data = {"total_count": total, "incomplete_results": False, "items": answer.data}
        return answer


class OwnRepositoriesApi(GitHubView):
    """`/user/repos`."""

    @signed_in(Scope.READ)
    def get(self, request: Request) -> Response:
        """What one works on."""
        self.signed_in(request)
        rows = own_repositories(self.actor(request))
        if request.query_params.get("affiliation") == "owner" or request.query_params.get("type") == "owner":
            rows = rows.filter(namespace_id=self.signed_in(request).namespace_id)
        return many(self, request, ordered(request, rows, "full_name"))

    @signed_in(Scope.WRITE)
    def post(self, request: Request) -> Response:
        """Make one under one's own name."""
        person = self.signed_in(request, Scope.WRITE)
        return made_in(self, request, person.namespace)


class RepositoriesOfApi(GitHubView):
    """`/users/{login}/repos`."""

    def get(self, request: Request, login: str) -> Response:
        """Those one may read."""
        rows = queries.repositories(self.actor(request)).filter(namespace=people.namespace(login))
        return many(self, request, ordered(request, rows, "full_name"))


class OrganizationRepositoriesApi(GitHubView):
    """`/orgs/{org}/repos`."""

    def organization(self, org: str) -> Organization:
        """Raises NotFound."""
        return people.organization(org)

    def get(self, request: Request, org: str) -> Response:
        """Those one may read."""
        rows = queries.repositories(self.actor(request)).filter(namespace_id=self.organization(org).namespace_id)
        return many(self, request, ordered(request, rows, "created"))

    @signed_in(Scope.WRITE)
    def post(self, request: Request, org: str) -> Response:
        """Make one there."""
        self.signed_in(request, Scope.WRITE)
        return made_in(self, request, self.organization(org).namespace)


class RepositoryApi(RepositoryView):
    """`/repos/{owner}/{repo}`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """A repository."""
        return Response(one(self, request, self.repository(request, owner, repo)))

    @signed_in(Scope.WRITE)
    def patch(self, request: Request, owner: str, repo: str) -> Response:
        """Change it; all fields or none."""
        row = self.repository(request, owner, repo)
        given = self.given(request, RepositoryPatch)
        if "homepage" in given:
            given["website"] = given.pop("homepage")
        private = given.pop("private", None)
        if private is not None and "visibility" not in given and private != (row.visibility != Visibility.PUBLIC):
            given["visibility"] = Visibility.PRIVATE if private else Visibility.PUBLIC
        return Response(one(self, request, commands.update_repository(self.actor(request), row, **given)))

    @signed_in(Scope.ADMIN)
    def delete(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Delete it; the page of deleted repositories brings it back for seven days."""
        row = self.repository(request, owner, repo)
        commands.delete_repository(self.actor(request), row, confirmation=str(row))
        return HttpResponse(status=204)


class ForksApi(RepositoryView):
    """`…/forks`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """Forks one may read, newest first."""
        row = self.repository(request, owner, repo)
        return many(self, request, queries.repositories(self.actor(request)).filter(forked_from=row).order_by("-created_at", "-pk"))

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Fork it; it can be cloned when this answers."""
        row = self.repository(request, owner, repo)
        given = self.given(request, ForkIn)
        into = people.namespace(given["organization"]) if given["organization"] else self.own_namespace(request)
        made = commands.fork_repository(self.actor(request), row, into=into, name=given["name"])
        return Response(one(self, request, made), status=202)

    def own_namespace(self, request: Request) -> Namespace:
        """The caller's name. Raises NotFound (a key that is nobody's)."""
        person = self.actor(request).person
        if person is None or person.namespace is None:
            raise NotFound("Not Found")
        return person.namespace


class TopicsApi(RepositoryView):
    """`…/topics`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """All of them."""
        return Response({"names": self.repository(request, owner, repo).topics})

    @signed_in(Scope.WRITE)
    def put(self, request: Request, owner: str, repo: str) -> Response:
        """Replace them."""
        row = self.repository(request, owner, repo)
        topics = self.given(request, TopicsIn)["names"]
        return Response({"names": commands.update_repository(self.actor(request), row, topics=topics).topics})


class LanguagesApi(RepositoryView):
    """`…/languages`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """Bytes by language on the default branch."""
        return Response(self.repository(request, owner, repo).languages)


class ContributorsApi(RepositoryView):
    """`…/contributors`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """Most commits first; with `anon=1` also those whose address nobody confirmed."""
        row, at = self.repository(request, owner, repo), self.at(request)
        found = queries.contributors(row)
        if request.query_params.get("anon") not in ("1", "true"):
            found = [each for each in found if each.user is not None]
        return self.listed(request, found, lambda each: _contributor(each, at))


def _contributor(each: queries.Contributor, at: At) -> dict[str, Any]:
    known = persons.person(each.user, at)
    if known is None:
        return {"type": "Anonymous", "name": each.author or each.shown_name, "email": each.email, "contributions": each.commits}
    return {**known, "contributions": each.commits}


class StargazersApi(RepositoryView):
    """`…/stargazers`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """Who starred it, the first first; the media type `star` adds when."""
        row, at = self.repository(request, owner, repo), self.at(request)
        dated = self.accepts(request, "star")

        def show(star: Any) -> dict[str, Any]:
            person = persons.person(star.user, at) or {}
            return {"starred_at": star.at.strftime("%Y-%m-%dT%H:%M:%SZ"), "user": person} if dated else person

        return self.listed(request, row.stars.select_related("user__namespace").order_by("at", "pk"), show)


class StarredApi(GitHubView):
    """`/user/starred` and `/users/{login}/starred`."""

    def get(self, request: Request, login: str = "") -> Response:
        """What was starred, the latest first."""
        actor = self.actor(request)
        person = people.person(login) if login else self.signed_in(request)
        rows = stars_by(actor, person).order_by("-at", "-pk")
        page, size, first = self.pages(request)
        wanted = [star.repository_id for star in rows[first : first + size]]
        found = queries.repositories(actor).in_bulk(wanted)
        answer = Response([shapes.repository(found[pk], self.at(request)) for pk in wanted if pk in found])
        return self.linked(request, answer, page, size, rows.count())


class StarApi(RepositoryView):
    """`/user/starred/{owner}/{repo}`."""

    @signed_in(Scope.READ)
    def get(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """204 if one starred it."""
        row = self.repository(request, owner, repo)
        if not row.stars.filter(user=self.actor(request).person).exists():
            raise NotFound("Not Found")
        return HttpResponse(status=204)

    @signed_in(Scope.WRITE)
    def put(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Star it."""
        commands.star_repository(self.actor(request), self.repository(request, owner, repo))
        return HttpResponse(status=204)

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str) -> HttpResponse:
        """Take the star back."""
        commands.unstar_repository(self.actor(request), self.repository(request, owner, repo))
        return HttpResponse(status=204)
