"""`/-/orgs/…` and invitations."""

from django.urls import path

from accounts.views import organizations as views

urlpatterns = [
    path("-/orgs/new", views.organization_new, name="organization_new"),
    path("-/orgs/<str:slug>/settings", views.organization_settings, name="organization_settings"),
    path("-/orgs/<str:slug>/members", views.organization_members, name="organization_members"),
    path("-/orgs/<str:slug>/members/<str:login>", views.member_change, name="member_change"),
    path("-/orgs/<str:slug>/visibility", views.membership_visibility, name="membership_visibility"),
    path("-/orgs/<str:slug>/invitations", views.invitation_create, name="invitation_create"),
    path("-/orgs/<str:slug>/invitations/<int:pk>/withdraw", views.invitation_withdraw, name="invitation_withdraw"),
    path("-/orgs/<str:slug>/teams", views.organization_teams, name="organization_teams"),
    path("-/orgs/<str:slug>/teams/<str:team>", views.organization_team, name="organization_team"),
    path("-/orgs/<str:slug>/danger", views.organization_danger, name="organization_danger"),
    path("-/invitations/<str:secret>", views.invitation_accept, name="invitation_accept"),
]
