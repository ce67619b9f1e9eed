"""Addresses of pull requests. Those of their talk are shared with issues (`issues.urls`)."""

from django.urls import URLPattern, URLResolver, path

from issues.models import Thread
from issues.places import ThreadPage, thread_pages
from pulls.views import conflicts, files, lists, opening, settings, talk

thread_pages.add(ThreadPage(Thread.Kind.PULL, talk.show_pull, talk.close, talk.reopen))

R = "<str:namespace>/<str:name>"
ONE = f"{R}/pulls/<int:number>"
urlpatterns: list[URLPattern | URLResolver] = [
    path("pulls", lists.pulls_across, name="pulls_across"),
    path(f"{R}/pulls", lists.pull_list, name="pull_list"),
    path(f"{R}/pulls/new", opening.pull_new, name="pull_new"),
    path(ONE, talk.pull_talk, name="pull_page"),
    path(f"{ONE}/files", files.pull_files, name="pull_files"),
    path(f"{ONE}/commits", files.pull_commits, name="pull_commits"),
    path(f"{ONE}/commits/<str:oid>", files.pull_commit, name="pull_commit"),
    path(f"{ONE}/conflicts", conflicts.pull_conflicts, name="pull_conflicts"),
    path(f"{ONE}/versions", files.pull_versions, name="pull_versions"),
    path(f"{R}/discussions/<int:number>", lists.discussion, name="discussion"),
    path(f"{R}/settings/merging", settings.merge_settings, name="merge_settings"),
]
