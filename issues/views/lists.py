"""Lists of issues: of a repository, and of a person across repositories."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from core.actors import Actor, ActorRequest
from core.apiviews import page
from core.errors import Invalid, NotFound
from issues import queries, rules
from issues.logic.query import Query, parse
from issues.models import Milestone, Thread
from issues.queries import filtering
from projects.models import Repository
from projects.views.common import page_of, repository_page

PER_PAGE = 30
SORTS = (
    ("created-desc", gettext_lazy("Newest")), ("created-asc", gettext_lazy("Oldest")), ("updated-desc", gettext_lazy("Changed last")), ("comments-desc", gettext_lazy("Most comments")),
    ("due-asc", gettext_lazy("Due first")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """One link of a facet."""

    label: str
    href: str
    current: bool
    colour: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """A menu of links above a list."""

    key: str
    label: str
    choices: list[Choice]


def asked(request: ActorRequest, default: str = "is:open") -> Query:
    """The query of the address; `default` where there is none."""
    return parse(request.GET.get("q", default))


def href(query: Query, **more: str) -> str:
    """The same list by another query."""
    return f"?{urlencode({**more, 'q': str(query)})}"


def listing(
    request: ActorRequest, rows: QuerySet[Thread], query: Query, *, repository: Repository | None = None, keep: dict[str, str] | None = None
) -> dict[str, Any]:
    """A page of the list and what stands around it, for a template; `keep` stays in its links. Raises Invalid (a damaged cursor)."""
    by = filtering.order_of(query, one_repository=repository is not None)
    wanted = filtering.filtered(request.actor, rows, query, repository=repository)
    try:
        found = page(queries.listed(wanted), limit=PER_PAGE, cursor=request.GET.get("cursor", ""), by=by, show=lambda row: row)
    except (ValidationError, ValueError, OverflowError) as error:
        raise Invalid(_("This cursor is damaged."), field="cursor") from error
    text, kept = str(query), keep or {}
    return {
        "threads": found["items"],
        "query": query,
        "q": text,
        "faults": [*(filtering.sentence(fault) for fault in query.faults), *filtering.notes(query, repository)],
        "next": href(query, **kept, cursor=found["next"]) if found["next"] else "",
        "first": href(query, **kept) if request.GET.get("cursor") else "",
        "states": [
            {"label": label, "href": href(query.chosen("is", state) if query.state != state else query, **kept), "current": query.state == state, "key": state}
            for state, label in (("open", _("Open")), ("closed", _("Closed")))
        ],
        "cleared": href(parse("is:open"), **kept) if text not in ("is:open", "is:closed") else "",
    }  # fmt: skip


def facets(actor: Actor, repository: Repository, query: Query) -> list[Facet]:
    """Menus of labels, milestones, people and orders; three queries."""
    labels = [
        Choice(row.name, href(query.toggled("label", row.name)), query.has("label", row.name), row.colour)
        for row in queries.labels(repository)[:100]
    ]
    milestones = [
        Choice(row.title, href(query.chosen("milestone", row.title)), query.has("milestone", row.title))
        for row in queries.milestones(repository, state=Milestone.State.OPEN)[:50]
    ]
    logins = ["me"] if actor.person is not None else []
    logins += list(queries.writers(repository).values_list("username", flat=True)[:30])
    people = {
        key: [Choice(_("me") if login == "me" else login, href(query.chosen(key, login)), query.has(key, login)) for login in logins]
        for key in ("author", "assignee")
    }
    found = [
        Facet("label", _("Label"), [Choice(_("without label"), href(query.chosen("no", "label")), query.has("no", "label")), *labels]),
        Facet("milestone", _("Milestone"), [Choice(_("without milestone"), href(query.chosen("no", "milestone")), query.has("no", "milestone")), *milestones]),
        Facet("assignee", _("Assigned to"), [Choice(_("nobody"), href(query.chosen("no", "assignee")), query.has("no", "assignee")), *people["assignee"]]),
        Facet("author", _("Author"), people["author"]),
        Facet("sort", _("Sort"), [Choice(str(label), href(query.chosen("sort", key)), query.sort == key) for key, label in SORTS]),
    ]  # fmt: skip
    return [facet for facet in found if facet.choices]


def plain(query: Query) -> bool:
    """Nothing but a state: then the exact numbers of the counter hold."""
    return all(term.key == "is" and term.value in ("open", "closed") and not term.negated for term in query.terms if term.key != "sort")


@require_GET
@repository_page
def issue_list(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Issues of a repository by a query. Raises NotFound where they are off."""
    require_issues(repository)
    query = asked(request)
    rows = queries.threads_of(repository, Thread.Kind.ISSUE)
    numbers = queries.counts(repository)
    context = {
        **listing(request, rows, query, repository=repository),
        "facets": facets(request.actor, repository, query),
        "pinned": queries.pinned(repository, Thread.Kind.ISSUE) if plain(query) and not request.GET.get("cursor") else [],
        "numbers": {"open": numbers.open_issues, "closed": numbers.closed_issues} if plain(query) else None,
        "is_untouched": not numbers.open_issues and not numbers.closed_issues,
        "may_open": rules.can_open(request.actor, repository),
        "may_many": bool(rules.can_triage(request.actor, repository)),
        "filters": [(row.name, href(parse(row.query))) for row in queries.filters(request.actor, repository)],
    }
    return page_of(request, repository, "issues/list.html", context, tab="issues")


def to_sign_in(request: ActorRequest) -> HttpResponse:
    """To the sign-in, and back to the page."""
    return redirect(f"/login?{urlencode({'next': request.path})}")


def require_issues(repository: Repository) -> None:
    """Raise NotFound where issues are off."""
    if not rules.has_issues(repository):
        raise NotFound(_("There is nothing at this address, or you may not see it."))


KINDS = (
    ("assigned", gettext_lazy("Assigned to me")),
    ("mentioned", gettext_lazy("Mention me")),
    ("created", gettext_lazy("Written by me")),
)


@require_GET
def issues_across(request: ActorRequest) -> HttpResponse:
    """`/issues`: what concerns the person, in all repositories."""
    return across(request, Thread.Kind.ISSUE)


def across(request: ActorRequest, kind: str) -> HttpResponse:
    """The list of one kind of thread; `?of=` says how they concern the person."""
    person = request.actor.person
    if person is None:
        return to_sign_in(request)
    what = request.GET.get("of", "assigned")
    query = asked(request)
    rows = queries.threads_across(request.actor, kind).filter(queries.involving(person, what))
    context = {
        **listing(request, rows, query, keep={"of": what}),
        "of": what,
        "kind": kind,
        "kinds": [{"label": label, "href": href(query, of=key), "current": key == what} for key, label in KINDS],
    }
    return render(request, "issues/across.html", context)
