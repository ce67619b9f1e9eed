"""Addresses below `/api/v1/`."""

from django.urls import path

from accounts.api import invitations, organizations, people

ONE = "organizations/<str:slug>"
urlpatterns = [
    path("user", people.CurrentUserApi.as_view()),
    path("user/keys", people.KeysApi.as_view()),
    path("user/keys/<int:pk>", people.KeyApi.as_view()),
    path("user/signing-keys", people.SigningKeysApi.as_view()),
    path("user/signing-keys/<int:pk>", people.SigningKeyApi.as_view()),
    path("user/tokens", people.TokensApi.as_view()),
    path("user/tokens/<path:token>", people.TokenApi.as_view()),
    path("user/invitations", invitations.OwnInvitationsApi.as_view()),
    path("user/invitations/<int:pk>", invitations.OwnInvitationApi.as_view()),
    path("user/closed-organizations", invitations.ClosedOrganizationsApi.as_view()),
    path("user/closed-organizations/<int:pk>/restore", invitations.RestoreOrganizationApi.as_view()),
    path("users/<str:login>", people.UserApi.as_view()),
    path("organizations", organizations.OrganizationsApi.as_view()),
    path(ONE, organizations.OrganizationApi.as_view()),
    path(f"{ONE}/members", organizations.MembersApi.as_view()),
    path(f"{ONE}/members/<str:login>", organizations.MemberApi.as_view()),
    path(f"{ONE}/invitations", organizations.InvitationsApi.as_view()),
    path(f"{ONE}/invitations/<int:pk>", organizations.InvitationApi.as_view()),
    path(f"{ONE}/teams", organizations.TeamsApi.as_view()),
    path(f"{ONE}/teams/<str:team>", organizations.TeamApi.as_view()),
    path(f"{ONE}/teams/<str:team>/members", organizations.TeamMembersApi.as_view()),
    path(f"{ONE}/teams/<str:team>/members/<str:login>", organizations.TeamMemberApi.as_view()),
]
