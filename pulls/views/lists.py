"""Lists of pull requests: of a repository, and of a person across repositories."""

from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_safe

from core.actors import ActorRequest
from core.errors import Forbidden
from issues import queries as talk
from issues.models import Thread
from issues.views import lists
from projects.models import Repository
from projects.views.common import page_of, repository_page
from pulls import queries, rules


@require_GET
@repository_page
def pull_list(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Pull requests of a repository by a query."""
    query = lists.asked(request)
    numbers = talk.counts(repository)
    context = lists.listing(request, talk.threads_of(repository, Thread.Kind.PULL), query, repository=repository)
    context |= {
        "facets": lists.facets(request.actor, repository, query),
        "pinned": talk.pinned(repository, Thread.Kind.PULL) if lists.plain(query) and not request.GET.get("cursor") else [],
        "numbers": {"open": numbers.open_pulls, "closed": numbers.closed_pulls} if lists.plain(query) else None,
        "is_untouched": not numbers.open_pulls and not numbers.closed_pulls,
        "may_open": rules.can_open(request.actor, repository),
        "stands": queries.stands([thread.pk for thread in context["threads"]]),
    }
    return page_of(request, repository, "pulls/list.html", context, tab="pulls")


KINDS = (
    ("review", gettext_lazy("My review is asked for")), ("assigned", gettext_lazy("Assigned to me")), ("mentioned", gettext_lazy("Mention me")),
    ("created", gettext_lazy("Opened by me")),
)  # fmt: skip


@require_GET
def pulls_across(request: ActorRequest) -> HttpResponse:
    """`/pulls`: what concerns the person, in all repositories. Raises Forbidden (nobody signed in)."""
    person = request.actor.person
    if person is None:
        raise Forbidden(_("Sign in first."), code="sign_in")
    what = request.GET.get("of", "review")
    query = lists.asked(request)
    rows = talk.threads_across(request.actor, Thread.Kind.PULL)
    rows = rows.filter(queries.threads_to_review(person.pk) if what == "review" else talk.involving(person, what))
    context = lists.listing(request, rows, query)
    context |= {
        "of": what,
        "kind": Thread.Kind.PULL,
        "kinds": [{"label": label, "href": f"?{urlencode({'of': key, 'q': str(query)})}", "current": key == what} for key, label in KINDS],
        "stands": queries.stands([thread.pk for thread in context["threads"]]),
    }
    return render(request, "pulls/across.html", context)


@require_safe
@repository_page
def discussion(request: ActorRequest, repository: Repository, number: int) -> HttpResponse:
    """`/discussions/N`, as clients of model hubs write it, leads to issue or pull request N."""
    word = "pulls" if talk.kind_of(repository, number) == Thread.Kind.PULL else "issues"
    return HttpResponseRedirect(f"{repository.get_absolute_url()}/{word}/{number}")
