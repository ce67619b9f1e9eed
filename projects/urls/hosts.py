"""Addresses of hosts, routes and webhooks of mirrors."""

from django.urls import path

from projects.views import mirror_hooks, mirror_hosts

urlpatterns = [
    path("-/admin/mirrors/hosts", mirror_hosts.hosts, name="mirror_hosts"),
    path("-/admin/mirrors/hosts/<str:host>", mirror_hosts.host, name="mirror_host"),
    path("-/admin/mirrors/routes/new", mirror_hosts.route, name="mirror_route_new"),
    path("-/admin/mirrors/routes/<int:pk>", mirror_hosts.route, name="mirror_route"),
    path("-/hooks/mirrors/<str:key>", mirror_hooks.hook_receive, name="mirror_hook_receive"),
    path("<str:namespace>/<str:name>/mirror/hook", mirror_hooks.mirror_hook, name="mirror_hook"),
]
