"""Addresses below `/api/v1/`."""

from django.urls import path

from projects.api import git, repositories

ONE = "repositories/<str:namespace>/<str:name>"
urlpatterns = [
    path("repositories", repositories.RepositoriesApi.as_view()),
    path(ONE, repositories.RepositoryApi.as_view()),
    path(f"{ONE}/forks", repositories.ForksApi.as_view()),
    path(f"{ONE}/star", repositories.StarApi.as_view()),
    path(f"{ONE}/protections", repositories.ProtectionsApi.as_view()),
    path(f"{ONE}/protections/<int:pk>", repositories.ProtectionApi.as_view()),
    path(f"{ONE}/releases", repositories.ReleasesApi.as_view()),
    path(f"{ONE}/releases/<path:tag>", repositories.ReleaseApi.as_view()),
    path(f"{ONE}/branches", git.BranchesApi.as_view()),
    path(f"{ONE}/branches/<path:branch>", git.BranchApi.as_view()),
    path(f"{ONE}/tags", git.TagsApi.as_view()),
    path(f"{ONE}/tree", git.TreeApi.as_view()),
    path(f"{ONE}/blobs/<str:oid>", git.BlobApi.as_view()),
    path(f"{ONE}/raw", git.RawApi.as_view()),
    path(f"{ONE}/commits", git.CommitsApi.as_view()),
    path(f"{ONE}/commits/<path:oid>", git.CommitApi.as_view()),
    path(f"{ONE}/compare", git.CompareApi.as_view()),
    path(f"{ONE}/contents/<path:path>", git.ContentsApi.as_view()),
]
