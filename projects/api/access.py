"""Who may work in a repository: collaborators, teams, deploy keys, protections."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as people
from accounts import rules as people_rules
from accounts.models import Team, User
from core.actors import Scope
from core.errors import Invalid, NotFound
from core.schema import PAGED, operation, page_of
from projects import commands
from projects.api.base import RepositoryBase
from projects.api.shapes import repositories as shapes
from projects.models import DeployKey, Protection, Repository
from projects.queries.visible import team_repositories

LARGEST = 2**62


class CollaboratorsApi(RepositoryBase):
    """`…/collaborators`."""

    @operation("list_collaborators", answer=page_of(shapes.CollaboratorOut), query=PAGED, scope=Scope.ADMIN)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Collaborators of a repository

        For its administrators.
        """
        rows = self.administered(request, namespace, name).collaborators.select_related("user")
        return self.rows(request, rows, by="user__username", show=shapes.collaborator_out)


class CollaboratorApi(RepositoryBase):
    """`…/collaborators/{login}`."""

    @operation("set_collaborator", body=shapes.AccessIn, answer=shapes.CollaboratorOut, scope=Scope.ADMIN, example={"access": "write"})
    def put(self, request: Request, namespace: str, name: str, login: str) -> Response:
        """Give a person access to a repository"""
        row = self.administered(request, namespace, name)
        given = self.validated(request, shapes.AccessIn)
        return Response(
            shapes.collaborator_out(commands.set_collaborator(self.actor(request), row, people.person(login), access=given["access"]))
        )

    @operation("remove_collaborator", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, namespace: str, name: str, login: str) -> Response:
        """Take a person's access to a repository away"""
        row = self.administered(request, namespace, name)
        commands.remove_collaborator(self.actor(request), row, people.person(login))
        return Response(status=204)


class RepositoryTeamsApi(RepositoryBase):
    """`…/teams`."""

    @operation("list_repository_teams", answer=page_of(shapes.TeamAccessOut), query=PAGED, scope=Scope.ADMIN)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Teams with access to a repository"""
        rows = self.administered(request, namespace, name).team_access.select_related("team")
        return self.rows(request, rows, by="team__slug", show=shapes.team_access_out)


class RepositoryTeamApi(RepositoryBase):
    """`…/teams/{team}`."""

    def team(self, row: Repository, team: str) -> Team:
        """A team of the owning organisation. Raises NotFound."""
        return people.team(people.organization(row.namespace.slug), team)

    @operation("set_repository_team", body=shapes.AccessIn, answer=shapes.TeamAccessOut, scope=Scope.ADMIN, example={"access": "write"})
    def put(self, request: Request, namespace: str, name: str, team: str) -> Response:
        """Give a team access to a repository"""
        row = self.administered(request, namespace, name)
        given = self.validated(request, shapes.AccessIn)
        made = commands.set_team_access(self.actor(request), row, self.team(row, team), access=given["access"])
        return Response(shapes.team_access_out(made))

    @operation("remove_repository_team", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, namespace: str, name: str, team: str) -> Response:
        """Take a team's access to a repository away"""
        row = self.administered(request, namespace, name)
        commands.remove_team_access(self.actor(request), row, self.team(row, team))
        return Response(status=204)


class TeamRepositoriesApi(RepositoryBase):
    """`/organizations/{slug}/teams/{team}/repositories`."""

    @operation("list_team_repositories", answer=page_of(shapes.TeamRepositoryOut), query=PAGED, scope=Scope.READ)
    def get(self, request: Request, slug: str, team: str) -> Response:
        """Repositories of a team

        Those that you may read.
        """
        self.signed_in(request)
        organization = people.organization(slug)
        people_rules.can_see_members(self.actor(request), organization).require()
        rows = team_repositories(self.actor(request), people.team(organization, team))
        return self.rows(request, rows, by="repository__name", show=shapes.team_repository_out)


class DeployKeysApi(RepositoryBase):
    """`…/keys`."""

    @operation("list_deploy_keys", answer=page_of(shapes.DeployKeyOut), query=PAGED, scope=Scope.ADMIN)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Deploy keys of a repository"""
        rows = self.administered(request, namespace, name).deploy_keys.select_related("key")
        return self.rows(request, rows, by="pk", show=shapes.deploy_key_out)

    @operation(
        "create_deploy_key", body=shapes.DeployKeyIn, answer=shapes.DeployKeyOut, status=201, scope=Scope.ADMIN,
        example={"key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0zXaWnQXqvZ6Q1mXK8E9v4mP3sT7b2cY5dR1fG6hLk ci", "title": "CI"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Add a deploy key

        Its holder reads this repository; with `can_write` pushes too.
        """
        row = self.administered(request, namespace, name)
        made = commands.add_deploy_key(self.actor(request), row, **self.validated(request, shapes.DeployKeyIn))
        return Response(shapes.deploy_key_out(made), status=201)


class DeployKeyApi(RepositoryBase):
    """`…/keys/{pk}`."""

    @operation("get_deploy_key", answer=shapes.DeployKeyOut, scope=Scope.ADMIN)
    def get(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """A deploy key"""
        rows = self.administered(request, namespace, name).deploy_keys.select_related("key")
        found: DeployKey | None = rows.filter(pk=min(pk, LARGEST)).first()
        if found is None:
            raise NotFound(_("There is no such key."))
        return Response(shapes.deploy_key_out(found))

    @operation("delete_deploy_key", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Remove a deploy key"""
        commands.remove_deploy_key(self.actor(request), self.administered(request, namespace, name), key=min(pk, LARGEST))
        return Response(status=204)


def _people(logins: list[str]) -> list[User]:
    """The people of these logins. Raises Invalid."""
    try:
        return [people.person(login) for login in dict.fromkeys(logins)]
    except NotFound as error:
        raise Invalid(error.message, field="push_users") from error


class ProtectionsApi(RepositoryBase):
    """`…/protections`."""

    @operation("list_protections", answer=page_of(shapes.ProtectionOut), query=PAGED, scope=Scope.ADMIN)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Protected branches and tags

        For administrators of the repository.
        """
        rows = self.administered(request, namespace, name).protections.prefetch_related("push_users")
        return self.rows(request, rows, by="pk", show=shapes.protection_out)

    @operation(
        "create_protection", body=shapes.ProtectionIn, answer=shapes.ProtectionOut, status=201, scope=Scope.ADMIN,
        example={"kind": "branch", "pattern": "release/*", "push_access": "maintain"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Protect branches or tags"""
        row = self.administered(request, namespace, name)
        given = self.validated(request, shapes.ProtectionIn)
        users = _people(given.pop("push_users"))
        return Response(shapes.protection_out(commands.save_protection(self.actor(request), row, push_users=users, **given)), status=201)


class ProtectionApi(RepositoryBase):
    """`…/protections/{pk}`."""

    def protection(self, request: Request, namespace: str, name: str, pk: int) -> Protection:
        """The rule. Raises NotFound, Forbidden."""
        row = self.administered(request, namespace, name)
        found = row.protections.prefetch_related("push_users").filter(pk=min(pk, LARGEST)).first()
        if found is None:
            raise NotFound(_("There is no such rule."))
        found.repository = row
        return found

    @operation("get_protection", answer=shapes.ProtectionOut, scope=Scope.ADMIN)
    def get(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """A rule"""
        return Response(shapes.protection_out(self.protection(request, namespace, name, pk)))

    @operation(
        "update_protection", body=shapes.ProtectionPatch, answer=shapes.ProtectionOut, scope=Scope.ADMIN, also=[412],
        example={"allow_force": True},
    )  # fmt: skip
    def patch(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Change a rule"""
        found = self.protection(request, namespace, name, pk)
        present = shapes.protection_out(found)
        self.require_match(request, present)
        given: dict[str, Any] = {
            **{key: value for key, value in present.items() if key != "id"},
            **self.validated(request, shapes.ProtectionPatch),
        }
        users = _people(given.pop("push_users"))
        commands.save_protection(self.actor(request), found.repository, protection=found, push_users=users, **given)
        return Response(shapes.protection_out(self.protection(request, namespace, name, pk)))

    @operation("delete_protection", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Remove a rule"""
        commands.delete_protection(self.actor(request), self.protection(request, namespace, name, pk))
        return Response(status=204)
