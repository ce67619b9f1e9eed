"""What waits for oneself: invitations, and closed organisations that can be restored."""

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import commands, queries
from accounts.api import shapes
from accounts.models import Invitation
from core.actors import Scope
from core.apiviews import ApiView
from core.errors import NotFound
from core.schema import PAGED, operation, page_of


class OwnInvitationsApi(ApiView):
    """`/user/invitations`."""

    @operation("list_own_invitations", answer=page_of(shapes.OwnInvitationOut), query=PAGED, scope=Scope.READ)
    def get(self, request: Request) -> Response:
        """Invitations to you

        By login, or at an address that you confirmed.
        """
        self.signed_in(request)
        return self.rows(request, queries.invitations_for(self.actor(request)), by="-created_at", show=shapes.own_invitation_out)


class OwnInvitationApi(ApiView):
    """`/user/invitations/{pk}`."""

    def invitation(self, request: Request, pk: int) -> Invitation:
        """One of one's own open invitations. Raises NotFound, Forbidden."""
        self.signed_in(request, Scope.ADMIN)
        found: Invitation | None = queries.invitations_for(self.actor(request)).filter(pk=min(pk, 2**62)).first()
        if found is None:
            raise NotFound(_("There is no such invitation."))
        return found

    @operation("accept_invitation", answer=shapes.MemberOut, scope=Scope.ADMIN)
    def put(self, request: Request, pk: int) -> Response:
        """Accept an invitation

        You join the organization with the role it names.
        """
        return Response(shapes.member_out(commands.accept_invitation(self.actor(request), self.invitation(request, pk))))

    @operation("decline_invitation", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, pk: int) -> Response:
        """Decline an invitation"""
        commands.decline_invitation(self.actor(request), self.invitation(request, pk))
        return Response(status=204)


class ClosedOrganizationsApi(ApiView):
    """`/user/closed-organizations`."""

    @operation("list_closed_organizations", answer=page_of(shapes.ClosedOut), query=PAGED, scope=Scope.ADMIN)
    def get(self, request: Request) -> Response:
        """Closed organizations that you can restore"""
        self.signed_in(request, Scope.ADMIN)
        return self.rows(request, queries.deleted_organizations(self.actor(request)), by="-deleted_at", show=shapes.closed_out)


class RestoreOrganizationApi(ApiView):
    """`/user/closed-organizations/{pk}/restore`."""

    @operation("restore_organization", body=shapes.RestoreOrganizationIn, answer=shapes.OrganizationOut, scope=Scope.ADMIN, example={})
    def post(self, request: Request, pk: int) -> Response:
        """Restore a closed organization

        Within seven days, with its members and teams.
        """
        self.signed_in(request, Scope.ADMIN)
        found = queries.deleted_organization(self.actor(request), min(pk, 2**62))
        given = self.validated(request, shapes.RestoreOrganizationIn)
        restored = commands.restore_organization(self.actor(request), found, slug=given["slug"])
        restored.namespace.refresh_from_db()
        return Response(shapes.organization_out(restored))
