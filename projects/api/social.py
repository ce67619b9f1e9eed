"""Forks, stars, watching, activity."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as people
from core.actors import Scope
from core.apiviews import page
from core.schema import PAGED, operation, page_of
from projects import commands, queries
from projects.api.base import RepositoryBase, namespace_for
from projects.api.shapes import git
from projects.api.shapes import repositories as shapes
from projects.queries.visible import pushes, stars_by


class ForksApi(RepositoryBase):
    """`…/forks`."""

    @operation("list_forks", answer=page_of(shapes.RepositoryOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Forks of a repository

        Those that you may read, newest first.
        """
        row = self.repository(request, namespace, name)
        return self.repositories(request, queries.repositories(self.actor(request)).filter(forked_from=row), by="-created_at")

    @operation("create_fork", body=shapes.ForkIn, answer=shapes.OneRepositoryOut, status=201, scope=Scope.WRITE, example={})
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Fork a repository

        It can be cloned when this answers.
        """
        row = self.repository(request, namespace, name)
        given = self.validated(request, shapes.ForkIn)
        into = namespace_for(self, request, given["namespace"])
        return Response(self.one(request, commands.fork_repository(self.actor(request), row, into=into, name=given["name"])), status=201)


class UpstreamApi(RepositoryBase):
    """`…/upstream`."""

    @operation("get_upstream", answer=shapes.UpstreamOut)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """How far a fork is from its parent"""
        found = queries.upstream(self.actor(request), self.repository(request, namespace, name))
        if found is None:
            return Response({"parent": None, "ahead": None, "behind": None})
        return Response({"parent": str(found.parent), "ahead": found.ahead, "behind": found.behind})


class SyncApi(RepositoryBase):
    """`…/sync`."""

    @operation("sync_fork", answer=git.CommittedOut, scope=Scope.WRITE)
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Bring a fork up to date

        Moves its default branch forward to the parent's; 409 if it has commits of its own, or there is nothing new.
        """
        return Response({"commit": commands.sync_fork(self.actor(request), self.repository(request, namespace, name))})


class DetachApi(RepositoryBase):
    """`…/detach`."""

    @operation("detach_fork", answer=shapes.OneRepositoryOut, scope=Scope.ADMIN)
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Make a fork a repository of its own"""
        row = self.repository(request, namespace, name)
        return Response(self.one(request, commands.detach_fork(self.actor(request), row)))


class StarApi(RepositoryBase):
    """`…/star`."""

    @operation("star_repository", status=204, scope=Scope.WRITE)
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Star a repository"""
        commands.star_repository(self.actor(request), self.repository(request, namespace, name))
        return Response(status=204)

    @operation("unstar_repository", status=204, scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Take your star back"""
        commands.unstar_repository(self.actor(request), self.repository(request, namespace, name))
        return Response(status=204)


class StargazersApi(RepositoryBase):
    """`…/stargazers`."""

    @operation("list_stargazers", answer=page_of(shapes.StargazerOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Who starred a repository

        Newest first.
        """
        rows = self.repository(request, namespace, name).stars.select_related("user")
        return self.rows(request, rows, by="-at", show=shapes.stargazer_out)


class StarredApi(RepositoryBase):
    """`/users/{login}/stars`."""

    @operation("list_starred_repositories", answer=page_of(shapes.RepositoryOut), query=PAGED)
    def get(self, request: Request, login: str) -> Response:
        """Repositories that a person starred

        Those that you may read, latest star first.
        """
        actor = self.actor(request)
        cursor = request.query_params.get("cursor", "")
        found = page(stars_by(actor, people.person(login)), limit=self.limit(request), cursor=cursor, by="-at", show=lambda star: star)
        rows = queries.repositories(actor).in_bulk([star.repository_id for star in found["items"]])
        ordered = [rows[star.repository_id] for star in found["items"] if star.repository_id in rows]
        return self.page(request, {**found, "items": self.printed(request, ordered)})


class WatchApi(RepositoryBase):
    """`…/watch`."""

    @operation("get_watch", answer=shapes.WatchOut, scope=Scope.READ)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """How much you hear of a repository"""
        row, person = self.repository(request, namespace, name), self.signed_in(request)
        found = row.watches.filter(user=person).first()
        return Response({"level": found.level if found else ""})

    @operation("watch_repository", body=shapes.WatchIn, answer=shapes.WatchOut, scope=Scope.WRITE, example={"level": "releases"})
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Choose how much you hear of a repository"""
        row = self.repository(request, namespace, name)
        level = self.validated(request, shapes.WatchIn)["level"]
        commands.watch_repository(self.actor(request), row, level=level)
        return Response({"level": level})

    @operation("unwatch_repository", status=204, scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Go back to the default"""
        commands.watch_repository(self.actor(request), self.repository(request, namespace, name), level="")
        return Response(status=204)


class ActivityApi(RepositoryBase):
    """`…/activity`."""

    @operation("list_repository_activity", answer=page_of(shapes.PushOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Pushes to a repository

        Latest first.
        """
        row = self.repository(request, namespace, name)
        return self.rows(request, pushes(self.actor(request), row), by="-at", show=shapes.push_out)


class AllActivityApi(RepositoryBase):
    """`/activity`."""

    @operation("list_activity", answer=page_of(shapes.PushOut), query=PAGED)
    def get(self, request: Request) -> Response:
        """Pushes to all repositories that you may read

        Latest first.
        """
        return self.rows(request, pushes(self.actor(request)), by="-at", show=shapes.push_out)
