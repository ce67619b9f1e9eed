"""The page of an issue, and what is done from it. The addresses of talk and triage serve pull requests too (`places.thread_pages`)."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.actors import ActorRequest
from core.errors import Invalid, NotFound
from core.forms import attempt
from issues import commands, queries, rules
from issues.forms.threads import CommentForm, IssueForm, PlanForm
from issues.models import HiddenReason, LockReason, Milestone, Thread
from issues.places import thread_page
from issues.views.attachments import posted
from issues.views.lists import require_issues, to_sign_in
from projects.models import Repository
from projects.views.common import page_of, repository_page

KINDS = {"issues": Thread.Kind.ISSUE, "pulls": Thread.Kind.PULL}


@require_http_methods(["GET", "POST"])
@repository_page
def issue_new(request: ActorRequest, repository: Repository) -> HttpResponse:
    """A new issue; `?title=` and `?body=` fill it in. `act=preview` shows the text first."""
    require_issues(repository)
    if request.actor.is_anonymous:
        return to_sign_in(request)
    rules.can_open(request.actor, repository).require()
    if request.method == "GET" and not (request.GET.keys() - {"blank"}) and _begins_elsewhere(request, repository):
        return redirect(f"{repository.get_absolute_url()}/issues/new/choose")
    form = posted(request, repository, IssueForm) if request.method == "POST" else IssueForm(initial=request.GET.dict())
    plan = _plan(request, repository)
    preview = None
    if request.method == "POST" and request.POST.get("act") == "preview":
        preview = queries.rendered_one(request.actor, repository, form.data.get("body", "")[: commands.BODY_MAX])
    elif request.method == "POST" and (plan is None or plan.is_valid()):

        def act(cleaned: dict[str, Any]) -> Thread:
            chosen = plan.cleaned_data if plan is not None else {}
            return commands.open_issue(request.actor, repository, title=cleaned["title"], body=cleaned["body"], **chosen)

        if made := attempt(form, act):
            return redirect(made)
    context = {"form": form, "plan": plan, "preview": preview}
    status = 422 if request.method == "POST" and preview is None else 200
    return page_of(request, repository, "issues/new.html", context, tab="issues", status=status)


def _begins_elsewhere(request: ActorRequest, repository: Repository) -> bool:
    """True where the project has templates and the reader did not ask for an empty issue, or may not open one."""
    choices = queries.issue_templates(repository)
    asked = "blank" in request.GET and (choices.may_be_blank or bool(rules.can_triage(request.actor, repository)))
    return bool(choices.usable or choices.config.links) and not asked


def _plan(request: ActorRequest, repository: Repository) -> PlanForm | None:
    """What those with write access choose."""
    if not rules.can_triage(request.actor, repository):
        return None
    given = request.POST if request.method == "POST" else None
    return PlanForm(
        given, labels=queries.labels(repository), people=queries.writers(repository),
        milestones=queries.milestones(repository, state=Milestone.State.OPEN),
    )  # fmt: skip


@require_GET
@repository_page
def issue_page(request: ActorRequest, repository: Repository, number: int) -> HttpResponse:
    """An issue with its talk; a pull request of this number has its own address."""
    kind = queries.kind_of(repository, number)
    if kind == Thread.Kind.PULL:
        return redirect(f"{repository.get_absolute_url()}/pulls/{number}")
    if not kind and (moved := queries.moved_thread(request.actor, repository, number)) is not None:
        return redirect(moved)
    return show_issue(request, repository, queries.thread(request.actor, repository, number))


def show_issue(request: ActorRequest, repository: Repository, thread: Thread, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page, with `more` in its context."""
    context = {**talk_context(request, thread), **more}
    return page_of(request, repository, "issues/page.html", context, tab="issues", status=status)


def talk_context(request: ActorRequest, thread: Thread) -> dict[str, Any]:
    """What `issues/_talk.html` and `issues/_rail.html` show of an issue or pull request; a constant number of queries."""
    actor, repository = request.actor, thread.repository
    asked_page, at = _number(request.GET, "page"), _number(request.GET, "comment")
    editing = _number(request.GET, "edit")
    found = queries.timeline(actor, thread, page=asked_page or 1, at_comment=at or editing)
    triages = bool(rules.can_triage(actor, repository))
    people, total = queries.participants(thread)
    context: dict[str, Any] = {
        "thread": thread,
        "timeline": found,
        "pages": range(1, found.total + 1),
        "editing": editing,
        "labels": [row.label for row in thread.labellings.select_related("label").order_by("label__name")],
        "assignees": [row.user for row in thread.assignments.select_related("user").order_by("pk")],
        "participants": people,
        "participants_total": total,
        "participation": queries.participation(actor, thread),
        "may_triage": triages,
        "may_comment": rules.can_comment(actor, thread),
        "may_edit": bool(rules.can_edit(actor, thread)),
        "may_change_state": bool(rules.can_change_state(actor, thread)),
        "comment_form": CommentForm(),
        "relations": queries.relations(actor, thread),
        "own_reactions": queries.own_reactions(actor, thread),
        "hidden_reasons": [(value, _("Hide: %(word)s") % {"word": word}) for value, word in HiddenReason.choices if value]
        if triages
        else [],
    }
    if triages:
        context |= {
            "all_labels": list(queries.labels(repository)[:200]),
            "candidates": queries.candidates(thread),
            "milestones": list(queries.milestones(repository, state=Milestone.State.OPEN)[:100]),
            "lock_reasons": LockReason.choices,
        }
    return context


def _number(given: QueryDict, name: str) -> int | None:
    text = given.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _thread(request: ActorRequest, repository: Repository, kind: str, number: int) -> Thread:
    return queries.thread(request.actor, repository, number, kind=KINDS[kind])


@require_POST
@repository_page
def thread_comment(request: ActorRequest, repository: Repository, kind: str, number: int) -> HttpResponse:
    """A comment; `act` is comment, close, reopen (both with or without words) or preview. What is refused stays in the form."""
    thread, act = _thread(request, repository, kind, number), request.POST.get("act", "comment")
    if request.actor.is_anonymous:
        return to_sign_in(request)
    page, form = thread_page(thread.kind), posted(request, repository, CommentForm)
    words = form.data.get("body", "")
    if act == "preview":
        rules.can_comment(request.actor, thread).require()
        html = queries.rendered_one(request.actor, repository, words[: commands.BODY_MAX])
        return page.show(request, repository, thread, comment_form=form, preview=html)

    def run(cleaned: dict[str, Any]) -> object:
        said = commands.add_comment(request.actor, thread, body=cleaned["body"]) if act == "comment" or words.strip() else None
        if act == "close":
            page.close(request.actor, thread, request.POST.get("reason", Thread.StateReason.COMPLETED))
        elif act == "reopen":
            page.reopen(request.actor, thread)
        return said or thread

    made = attempt(form, run)
    if made is None:
        return page.show(request, repository, thread, comment_form=form, status=422)
    return _back(thread) if isinstance(made, Thread) else _back(thread, made.pk)


def _back(thread: Thread, comment: int | None = None) -> HttpResponseRedirect:
    """To the thread, or to one of its comments."""
    tail = f"?comment={comment}#comment-{comment}" if comment else ""
    return HttpResponseRedirect(thread.get_absolute_url() + tail)


@require_http_methods(["GET", "POST"])
@repository_page
def thread_edit(request: ActorRequest, repository: Repository, kind: str, number: int) -> HttpResponse:
    """Other words for title and body; both people's words are shown if somebody changed them meanwhile."""
    thread = _thread(request, repository, kind, number)
    if request.actor.is_anonymous:
        return to_sign_in(request)
    rules.can_edit(request.actor, thread).require()
    if request.method == "GET":
        form = IssueForm(initial={"title": thread.title, "body": thread.body, "version": thread.version})
        return thread_page(thread.kind).show(request, repository, thread, edit_form=form)
    form = IssueForm(request.POST)

    def run(cleaned: dict[str, Any]) -> Thread:
        return commands.edit_thread(request.actor, thread, title=cleaned["title"], body=cleaned["body"], version=cleaned["version"])

    if attempt(form, run):
        return _back(thread)
    thread = _thread(request, repository, kind, number)
    return thread_page(thread.kind).show(request, repository, thread, edit_form=_renewed(form, thread.version), status=422)


def _renewed(form: Any, version: int) -> Any:
    """The same form, to be saved over the version that its writer sees beside it now."""
    form.data = form.data.copy()
    form.data["version"] = str(version)
    return form


@require_POST
@repository_page
def comment_edit(request: ActorRequest, repository: Repository, kind: str, number: int, pk: int) -> HttpResponse:
    """Other words for a comment."""
    comment = _comment(request, repository, kind, number, pk)
    form = CommentForm(request.POST)

    def run(cleaned: dict[str, Any]) -> object:
        return commands.edit_comment(request.actor, comment, body=cleaned["body"], version=cleaned["version"])

    if attempt(form, run):
        return _back(comment.thread, pk)
    fresh = queries.comment(request.actor, repository, pk)
    thread = _thread(request, repository, kind, number)
    request.GET = QueryDict(f"edit={pk}")
    return thread_page(thread.kind).show(request, repository, thread, edited=_renewed(form, fresh.version), status=422)


@require_POST
@repository_page
def comment_delete(request: ActorRequest, repository: Repository, kind: str, number: int, pk: int) -> HttpResponse:
    """Remove a comment."""
    comment = _comment(request, repository, kind, number, pk)
    commands.delete_comment(request.actor, comment)
    messages.success(request, _("The comment is deleted."))
    return _back(comment.thread)


def _comment(request: ActorRequest, repository: Repository, kind: str, number: int, pk: int) -> Any:
    comment = queries.comment(request.actor, repository, pk)
    if (comment.thread.number, comment.thread.kind) != (number, KINDS[kind]):
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    return comment


@require_POST
@repository_page
def thread_acts(request: ActorRequest, repository: Repository, kind: str, number: int) -> HttpResponse:
    """One act of the rail: `act` names it, its fields are the form's."""
    thread = _thread(request, repository, kind, number)
    run = ACTS.get(request.POST.get("act", ""))
    if run is None:
        raise Invalid(_("There is no such act."), field="act")
    run(request, thread)
    return _back(thread)


def _labels(request: ActorRequest, thread: Thread) -> None:
    wanted = {int(pk) for pk in request.POST.getlist("labels") if pk.isdecimal()}
    every = list(queries.labels(thread.repository))
    commands.change_labels(
        request.actor, thread, add=[row for row in every if row.pk in wanted], remove=[row for row in every if row.pk not in wanted]
    )


def _assignees(request: ActorRequest, thread: Thread) -> None:
    """`people` are the ids ticked; `me` puts oneself on."""
    every = queries.candidates(thread)
    held = {row.user for row in thread.assignments.select_related("user")}
    if "me" in request.POST and request.actor.person is not None:
        commands.change_assignees(request.actor, thread, add=[request.actor.person])
        return
    wanted = {int(pk) for pk in request.POST.getlist("people") if pk.isdecimal()}
    add = [person for person in every if person.pk in wanted]
    commands.change_assignees(request.actor, thread, add=add, remove=[person for person in held if person.pk not in wanted])


def _milestone(request: ActorRequest, thread: Thread) -> None:
    number = _number(request.POST, "milestone")
    commands.set_milestone(request.actor, thread, queries.milestone(thread.repository, number) if number else None)


def _due(request: ActorRequest, thread: Thread) -> None:
    text = request.POST.get("due_on", "")
    try:
        commands.set_due(request.actor, thread, date.fromisoformat(text) if text else None)
    except ValueError as error:
        raise Invalid(_("“%s” is no day.") % text[:40], field="due_on") from error


def _lock(request: ActorRequest, thread: Thread) -> None:
    commands.lock_thread(request.actor, thread, reason=request.POST.get("reason", ""))


def _close(request: ActorRequest, thread: Thread) -> None:
    thread_page(thread.kind).close(request.actor, thread, request.POST.get("reason", Thread.StateReason.COMPLETED))


ACTS: dict[str, Callable[[ActorRequest, Thread], object]] = {
    "labels": _labels,
    "assignees": _assignees,
    "milestone": _milestone,
    "due": _due,
    "lock": _lock,
    "unlock": lambda request, thread: commands.unlock_thread(request.actor, thread),
    "pin": lambda request, thread: commands.pin_thread(request.actor, thread),
    "unpin": lambda request, thread: commands.unpin_thread(request.actor, thread),
    "close": _close,
    "reopen": lambda request, thread: thread_page(thread.kind).reopen(request.actor, thread),
    "follow": lambda request, thread: commands.follow_thread(request.actor, thread, follow=True),
    "mute": lambda request, thread: commands.follow_thread(request.actor, thread, follow=False),
}
