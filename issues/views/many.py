"""The list as a whole: a change to several, filters that people keep, a table to take away."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import budget
from core.actors import ActorRequest
from core.errors import Invalid
from core.forms import attempt
from issues import commands, queries, rules
from issues.forms.more import FilterForm, ManyForm
from issues.logic import csv
from issues.logic.query import parse
from issues.models import Milestone, Thread
from issues.queries.exports import exported
from issues.queries.filtering import filtered
from issues.views.lists import require_issues
from issues.views.threads import KINDS
from projects.models import Repository
from projects.views.common import page_of, repository_page

EXPORT_POINTS = 20


@require_http_methods(["GET", "POST"])
@repository_page
def thread_many(request: ActorRequest, repository: Repository, kind: str) -> HttpResponse:
    """One change to the threads of `number`: GET shows which they are and asks what to do, POST does it and tells what was refused."""
    rules.can_triage(request.actor, repository).require()
    given = request.POST if request.method == "POST" else request.GET
    numbers = sorted({int(text) for text in given.getlist("number") if text.isascii() and text.isdigit() and len(text) < 10})[
        : commands.MANY_MAX
    ]
    threads = list(queries.listed(queries.threads_of(repository, KINDS[kind]).filter(number__in=numbers)).order_by("-number"))
    for thread in threads:
        thread.repository = repository
    form = ManyForm(
        request.POST if request.method == "POST" else None, labels=queries.labels(repository), people=queries.writers(repository),
        milestones=queries.milestones(repository, state=Milestone.State.OPEN),
    )  # fmt: skip

    def run(cleaned: dict[str, Any]) -> commands.Outcome:
        return commands.change_threads(request.actor, repository, threads, _change(repository, cleaned))

    outcome = attempt(form, run) if request.method == "POST" else None
    if outcome and not outcome.refused:
        messages.success(request, ngettext("%d is changed.", "%d are changed.", len(outcome.done)) % len(outcome.done))
        return redirect(f"{repository.get_absolute_url()}/{kind}?{urlencode({'q': given.get('q') or 'is:open'})}")
    context = {"threads": threads, "form": form, "kind": kind, "q": given.get("q", ""), "outcome": outcome}
    return page_of(request, repository, "issues/many.html", context, tab=kind, status=422 if request.method == "POST" else 200)


def _change(repository: Repository, cleaned: dict[str, Any]) -> commands.Change:
    number = cleaned["milestone"]
    return commands.Change(
        add_labels=tuple(cleaned["add_labels"]), remove_labels=tuple(cleaned["remove_labels"]),
        milestone=queries.milestone(repository, int(number)) if number.isdigit() else None, clear_milestone=number == "none",
        assign=tuple(cleaned["assign"]), unassign=tuple(cleaned["unassign"]), state=cleaned["state"],
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@repository_page
def filter_list(request: ActorRequest, repository: Repository) -> HttpResponse:
    """The filters of the project and one's own; `?q=` is offered to be kept."""
    require_issues(repository)
    form = FilterForm(request.POST) if request.method == "POST" else FilterForm(initial={"query": request.GET.get("q", "")})

    def save(cleaned: dict[str, Any]) -> object:
        return commands.save_filter(request.actor, repository, **cleaned)

    if request.method == "POST" and attempt(form, save):
        messages.success(request, _("The filter is kept."))
        return redirect(request.path)
    context = {
        "form": form,
        "filters": [(row, urlencode({"q": row.query})) for row in queries.filters(request.actor, repository)],
        "may_share": bool(rules.can_triage(request.actor, repository)),
    }
    return page_of(request, repository, "issues/filters.html", context, tab="issues", status=422 if form.is_bound else 200)


@require_POST
@repository_page
def filter_delete(request: ActorRequest, repository: Repository, pk: int) -> HttpResponse:
    """Forget one."""
    commands.delete_filter(request.actor, queries.own_filter(request.actor, repository, pk))
    messages.success(request, _("The filter is deleted."))
    return redirect(f"{repository.get_absolute_url()}/issues/filters")


@require_GET
@repository_page
def thread_export(request: ActorRequest, repository: Repository, kind: str) -> HttpResponseBase:
    """What `?q=` finds, as CSV for spreadsheets; sent while it is read."""
    if KINDS[kind] == Thread.Kind.ISSUE:
        require_issues(repository)
    query = parse(request.GET.get("q", ""))
    if query.faults:
        raise Invalid(_("The query cannot be read."), field="q")
    budget.spend(request, EXPORT_POINTS)
    rows = filtered(request.actor, queries.threads_of(repository, KINDS[kind]), query, repository=repository)
    base = request.build_absolute_uri("/").rstrip("/")
    answer = StreamingHttpResponse((line.encode() for line in _lines(exported(rows, base))), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{repository.name}-{kind}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _lines(rows: Any) -> Any:
    yield csv.MARK
    yield from csv.lines(rows)


@require_POST
@repository_page
def pin_order(request: ActorRequest, repository: Repository, kind: str, number: int) -> HttpResponse:
    """One place `up` or down among what is pinned."""
    commands.order_pins(
        request.actor, queries.thread(request.actor, repository, number, kind=KINDS[kind]), up=request.POST.get("to") == "up"
    )
    return redirect(f"{repository.get_absolute_url()}/{kind}")
