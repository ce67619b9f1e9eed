"""Addresses of issues, and the shared ones of talk: `<kind>` is issues or pulls."""

from django.urls import URLPattern, URLResolver

from issues import commands
from issues.models import Thread
from issues.places import ThreadPage, thread_pages
from issues.urls import more, threads
from issues.views.threads import show_issue

thread_pages.add(
    ThreadPage(
        Thread.Kind.ISSUE,
        show_issue,
        lambda actor, thread, reason: commands.close_issue(actor, thread, reason=reason),
        commands.reopen_issue,
    )
)
urlpatterns: list[URLPattern | URLResolver] = [*more.urlpatterns, *threads.urlpatterns]
