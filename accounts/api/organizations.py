"""Organisations, their members, invitations and teams."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import commands, queries, rules
from accounts.api import shapes
from accounts.models import Invitation, Membership, Namespace, Organization, Team
from core.actors import Scope
from core.apiviews import ApiView
from core.errors import NotFound
from core.schema import PAGED, operation, page_of, text


def organization_named(slug: str) -> Organization:
    """The organisation, by an old name too. Raises NotFound."""
    found = queries.namespace(slug)
    if found.kind != Namespace.Kind.ORGANIZATION:
        raise NotFound(_("There is no organization of this name."))
    return found.organization


class OrganizationsApi(ApiView):
    """`/organizations`."""

    @operation("list_organizations", answer=page_of(shapes.OrganizationOut), query=PAGED, scope=Scope.READ)
    def get(self, request: Request) -> Response:
        """Organizations you belong to"""
        self.signed_in(request)
        return self.rows(request, queries.organizations_of(self.actor(request)), by="namespace__slug", show=shapes.organization_out)

    @operation(
        "create_organization", body=shapes.OrganizationIn, answer=shapes.OrganizationOut, status=201, scope=Scope.ADMIN,
        example={"slug": "pcl-intelligence", "display_name": "鹏城实验室"},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Found an organization

        You become its owner.
        """
        self.signed_in(request, Scope.ADMIN)
        made = commands.create_organization(self.actor(request), **self.validated(request, shapes.OrganizationIn))
        return Response(shapes.organization_out(made), status=201)


class OrganizationBase(ApiView):
    """Views below one organisation."""

    def administered(self, request: Request, slug: str) -> Organization:
        """The organisation, for its owners. Raises NotFound, Forbidden."""
        found = organization_named(slug)
        rules.can_administer_organization(self.actor(request), found).require()
        return found

    def inside(self, request: Request, slug: str) -> Organization:
        """The organisation, for its members. Raises NotFound, Forbidden."""
        found = organization_named(slug)
        self.signed_in(request)
        rules.can_see_members(self.actor(request), found).require()
        return found


class OrganizationApi(OrganizationBase):
    """`/organizations/{slug}`."""

    @operation("get_organization", answer=shapes.OrganizationOut)
    def get(self, request: Request, slug: str) -> Response:
        """An organization"""
        return Response(shapes.organization_out(organization_named(slug)))

    @operation(
        "update_organization", body=shapes.OrganizationPatch, answer=shapes.OrganizationOut, scope=Scope.ADMIN, also=[412],
        example={"description": "Large models"},
    )  # fmt: skip
    def patch(self, request: Request, slug: str) -> Response:
        """Change an organization

        With `slug` it gets a new name in addresses; the old one keeps leading to it.
        """
        found = self.administered(request, slug)
        self.require_match(request, shapes.organization_out(found))
        given = self.validated(request, shapes.OrganizationPatch)
        found = commands.update_organization(self.actor(request), found, **given)
        return Response(shapes.organization_out(organization_named(found.namespace.slug)))

    @operation("delete_organization", status=204, query=[text("confirm", "its name, repeated", required=True)], scope=Scope.ADMIN)
    def delete(self, request: Request, slug: str) -> Response:
        """Close an organization

        It must own no repository any more. Its owners can restore it for seven days.
        """
        confirmation = request.query_params.get("confirm", "")
        commands.delete_organization(self.actor(request), self.administered(request, slug), confirmation=confirmation)
        return Response(status=204)


class MembersApi(OrganizationBase):
    """`/organizations/{slug}/members`."""

    @operation("list_members", answer=page_of(shapes.MemberOut), query=PAGED)
    def get(self, request: Request, slug: str) -> Response:
        """Members of an organization

        Members see everyone, others those who show their membership.
        """
        rows = queries.memberships(self.actor(request), organization_named(slug))
        return self.rows(request, rows, by="user__username", show=shapes.member_out)


class MemberApi(OrganizationBase):
    """`/organizations/{slug}/members/{login}`."""

    def member(self, request: Request, organization: Organization, login: str) -> Membership:
        """The membership, if the caller may see it. Raises NotFound."""
        found = queries.memberships(self.actor(request), organization).filter(user__username__iexact=login).first()
        if found is None:
            raise NotFound(_("This person is not a member."))
        return found

    @operation("get_member", answer=shapes.MemberOut)
    def get(self, request: Request, slug: str, login: str) -> Response:
        """A member"""
        return Response(shapes.member_out(self.member(request, organization_named(slug), login)))

    @operation(
        "set_member", body=shapes.RoleIn, answer={200: shapes.MemberOut, 202: shapes.InvitationOut}, scope=Scope.ADMIN,
        example={"role": "developer"},
    )  # fmt: skip
    def put(self, request: Request, slug: str, login: str) -> Response:
        """Change a member's role, or invite the person

        Nobody becomes a member without agreeing: for others the answer is 202 with the invitation.
        """
        organization, actor = self.administered(request, slug), self.actor(request)
        given, person = self.validated(request, shapes.RoleIn), queries.person(login)
        if not queries.is_member(organization, person):
            made, _secret = commands.invite(actor, organization, login=person.username, role=given["role"])
            return Response(shapes.invitation_out(made), status=202)
        return Response(shapes.member_out(commands.set_member(actor, organization, person, role=given["role"])))

    @operation("update_membership", body=shapes.MembershipPatch, answer=shapes.MemberOut, scope=Scope.WRITE, example={"public": False})
    def patch(self, request: Request, slug: str, login: str) -> Response:
        """Show or hide your own membership"""
        organization, person = organization_named(slug), self.signed_in(request, Scope.WRITE)
        found = self.member(request, organization, login)
        if found.user_id != person.pk:
            raise NotFound(_("Only your own membership can be changed here."))
        public = self.validated(request, shapes.MembershipPatch)["public"]
        commands.set_membership_visibility(self.actor(request), organization, is_public=public)
        return Response(shapes.member_out(self.member(request, organization, login)))

    @operation("remove_member", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, slug: str, login: str) -> Response:
        """Remove a member, or leave"""
        organization = organization_named(slug)
        self.signed_in(request, Scope.ADMIN)
        commands.remove_member(self.actor(request), organization, queries.person(login))
        return Response(status=204)


class InvitationsApi(OrganizationBase):
    """`/organizations/{slug}/invitations`."""

    @operation("list_invitations", answer=page_of(shapes.InvitationOut), query=PAGED, scope=Scope.ADMIN)
    def get(self, request: Request, slug: str) -> Response:
        """Invitations of an organization that nobody accepted yet

        For its owners.
        """
        rows = self.administered(request, slug).invitations.filter(accepted_at=None).select_related("user")
        return self.rows(request, rows, by="-created_at", show=shapes.invitation_out)

    @operation(
        "create_invitation", body=shapes.InvitationIn, answer=shapes.InvitationOut, status=201, scope=Scope.ADMIN,
        example={"email": "ada@example.org", "role": "developer"},
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        """Invite someone to an organization

        By login or by e-mail address; a mail with the link follows.
        """
        organization = self.administered(request, slug)
        made, _secret = commands.invite(self.actor(request), organization, **self.validated(request, shapes.InvitationIn))
        return Response(shapes.invitation_out(made), status=201)


class InvitationApi(OrganizationBase):
    """`/organizations/{slug}/invitations/{pk}`."""

    @operation("delete_invitation", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Withdraw an invitation

        Its link stops working.
        """
        rows = self.administered(request, slug).invitations.filter(accepted_at=None)
        found: Invitation | None = rows.filter(pk=min(pk, 2**62)).first()
        if found is None:
            raise NotFound(_("There is no such invitation."))
        commands.withdraw_invitation(self.actor(request), found)
        return Response(status=204)


class TeamsApi(OrganizationBase):
    """`/organizations/{slug}/teams`."""

    @operation("list_teams", answer=page_of(shapes.TeamOut), query=PAGED, scope=Scope.READ)
    def get(self, request: Request, slug: str) -> Response:
        """Teams of an organization

        For its members.
        """
        return self.rows(request, queries.teams(self.inside(request, slug)), by="slug", show=shapes.team_out)

    @operation("create_team", body=shapes.TeamIn, answer=shapes.TeamOut, status=201, scope=Scope.ADMIN, example={"name": "Language models"})
    def post(self, request: Request, slug: str) -> Response:
        """Make a team"""
        organization = self.administered(request, slug)
        made = commands.save_team(self.actor(request), organization, **self.validated(request, shapes.TeamIn))
        return Response(shapes.team_out(made), status=201)


class TeamApi(OrganizationBase):
    """`/organizations/{slug}/teams/{team}`."""

    @operation("get_team", answer=shapes.TeamOut, scope=Scope.READ)
    def get(self, request: Request, slug: str, team: str) -> Response:
        """A team"""
        return Response(shapes.team_out(queries.team(self.inside(request, slug), team)))

    @operation("update_team", body=shapes.TeamPatch, answer=shapes.TeamOut, scope=Scope.ADMIN, also=[412], example={"name": "Vision"})
    def patch(self, request: Request, slug: str, team: str) -> Response:
        """Change a team"""
        found: Team = queries.team(self.administered(request, slug), team)
        self.require_match(request, shapes.team_out(found))
        given: dict[str, Any] = {"name": found.name, "description": found.description, **self.validated(request, shapes.TeamPatch)}
        return Response(shapes.team_out(commands.save_team(self.actor(request), found.organization, team=found, **given)))

    @operation("delete_team", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, slug: str, team: str) -> Response:
        """Delete a team

        The access it gave ends.
        """
        commands.delete_team(self.actor(request), queries.team(self.administered(request, slug), team))
        return Response(status=204)


class TeamMembersApi(OrganizationBase):
    """`/organizations/{slug}/teams/{team}/members`."""

    @operation("list_team_members", answer=page_of(shapes.PersonOut), query=PAGED, scope=Scope.READ)
    def get(self, request: Request, slug: str, team: str) -> Response:
        """Members of a team"""
        found = queries.team(self.inside(request, slug), team)
        return self.rows(request, found.members.all(), by="username", show=shapes.person_out)


class TeamMemberApi(OrganizationBase):
    """`/organizations/{slug}/teams/{team}/members/{login}`."""

    @operation("add_team_member", status=204, scope=Scope.ADMIN)
    def put(self, request: Request, slug: str, team: str, login: str) -> Response:
        """Add a member to a team"""
        found = queries.team(self.administered(request, slug), team)
        commands.set_team_member(self.actor(request), found, queries.person(login), present=True)
        return Response(status=204)

    @operation("remove_team_member", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, slug: str, team: str, login: str) -> Response:
        """Take a member out of a team"""
        found = queries.team(self.administered(request, slug), team)
        commands.set_team_member(self.actor(request), found, queries.person(login), present=False)
        return Response(status=204)
