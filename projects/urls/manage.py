"""Making, changing, forking, importing, starring."""

from django.urls import path

from projects.views import branch_acts, creation, forks, imports, push_mirrors, settings, stars, teams

REPOSITORY = "<str:namespace>/<str:name>"

urlpatterns = [
    path("new", creation.repository_new, name="repository_new"),
    path("-/import", imports.repository_import, name="repository_import"),
    path("settings/repositories/deleted", settings.deleted_repositories, name="deleted_repositories"),
    path("settings/repositories/deleted/<int:pk>/restore", settings.repository_restore, name="repository_restore"),
    path("-/orgs/<str:slug>/teams/<str:team>/repositories", teams.team_repositories, name="team_repositories"),
    path(f"{REPOSITORY}/settings", settings.repository_settings, name="repository_settings"),
    path(f"{REPOSITORY}/settings/access", settings.repository_access, name="repository_access"),
    path(f"{REPOSITORY}/settings/branches", settings.repository_protections, name="repository_protections"),
    path(f"{REPOSITORY}/settings/keys", settings.repository_keys, name="repository_keys"),
    path(f"{REPOSITORY}/settings/push-mirrors", push_mirrors.repository_push_mirrors, name="repository_push_mirrors"),
    path(f"{REPOSITORY}/settings/danger", settings.repository_danger, name="repository_danger"),
    path(f"{REPOSITORY}/fork", forks.repository_fork, name="repository_fork"),
    path(f"{REPOSITORY}/forks", forks.repository_forks, name="repository_forks"),
    path(f"{REPOSITORY}/sync", forks.fork_sync, name="fork_sync"),
    path(f"{REPOSITORY}/star", stars.repository_star, name="repository_star"),
    path(f"{REPOSITORY}/watch", stars.repository_watch, name="repository_watch"),
    path(f"{REPOSITORY}/stars", stars.repository_stars, name="repository_stars"),
    path(f"{REPOSITORY}/branches/create", branch_acts.branch_create, name="branch_create"),
    path(f"{REPOSITORY}/branches/delete", branch_acts.branch_delete, name="branch_delete"),
    path(f"{REPOSITORY}/branches/rename", branch_acts.branch_rename, name="branch_rename"),
    path(f"{REPOSITORY}/import", imports.import_progress, name="import_progress"),
    path(f"{REPOSITORY}/import/retry", imports.import_retry, name="import_retry"),
    path(f"{REPOSITORY}/import/discard", imports.import_discard, name="import_discard"),
]
