"""Addresses below `/api/v1/`."""

from django.urls import path

from accounts.api import views

urlpatterns = [
    path("user", views.CurrentUserApi.as_view()),
    path("user/keys", views.KeysApi.as_view()),
    path("user/keys/<int:pk>", views.KeyApi.as_view()),
    path("user/tokens", views.TokensApi.as_view()),
    path("user/tokens/<str:name>", views.TokenApi.as_view()),
    path("users/<str:login>", views.UserApi.as_view()),
    path("organizations", views.OrganizationsApi.as_view()),
    path("organizations/<str:slug>", views.OrganizationApi.as_view()),
    path("organizations/<str:slug>/members", views.MembersApi.as_view()),
    path("organizations/<str:slug>/members/<str:login>", views.MemberApi.as_view()),
]
