"""`/-/orgs/…` and invitations."""

from django.urls import path

from accounts.views import members, organizations, teams

ORG = "-/orgs/<str:slug>"

urlpatterns = [
    path("-/orgs/new", organizations.organization_new, name="organization_new"),
    path("settings/organizations/closed", organizations.deleted_organizations, name="deleted_organizations"),
    path("settings/organizations/closed/<int:pk>/restore", organizations.organization_restore, name="organization_restore"),
    path(f"{ORG}/settings", organizations.organization_settings, name="organization_settings"),
    path(f"{ORG}/danger", organizations.organization_danger, name="organization_danger"),
    path(f"{ORG}/members", members.organization_members, name="organization_members"),
    path(f"{ORG}/members/<str:login>", members.member_change, name="member_change"),
    path(f"{ORG}/visibility", members.membership_visibility, name="membership_visibility"),
    path(f"{ORG}/invitations", members.invitation_create, name="invitation_create"),
    path(f"{ORG}/invitations/<int:pk>/withdraw", members.invitation_withdraw, name="invitation_withdraw"),
    path(f"{ORG}/invitations/<int:pk>/resend", members.invitation_resend, name="invitation_resend"),
    path(f"{ORG}/teams", teams.organization_teams, name="organization_teams"),
    path(f"{ORG}/teams/<str:team>", teams.organization_team, name="organization_team"),
    path("-/invitations", members.invitations, name="invitations"),
    path("-/invitations/<str:secret>", members.invitation_answer, name="invitation_accept"),
]
