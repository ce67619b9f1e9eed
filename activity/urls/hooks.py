"""Webhooks."""

from django.urls import path

from activity.views import hooks

HOOKS = "<str:namespace>/<str:name>/settings/hooks"
ORG = "-/orgs/<str:slug>/hooks"
urlpatterns = [
    path(HOOKS, hooks.repository_hooks, name="repository_hooks"),
    path(f"{HOOKS}/<int:pk>", hooks.repository_hook, name="repository_hook"),
    path(f"{HOOKS}/<int:pk>/deliveries/<int:delivery>", hooks.repository_hook_delivery, name="repository_hook_delivery"),
    path(ORG, hooks.organization_hooks, name="organization_hooks"),
    path(f"{ORG}/<int:pk>", hooks.organization_hook, name="organization_hook"),
    path(f"{ORG}/<int:pk>/deliveries/<int:delivery>", hooks.organization_hook_delivery, name="organization_hook_delivery"),
]
