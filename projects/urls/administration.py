"""`/-/admin/repositories`."""

from django.urls import path

from projects.views import administration as views

urlpatterns = [
    path("-/admin/repositories", views.admin_repositories, name="admin_repositories"),
    path("-/admin/repositories/<str:namespace>/<str:name>", views.admin_repository, name="admin_repository"),
]
