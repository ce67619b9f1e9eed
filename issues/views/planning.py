"""Labels and milestones of a repository."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from core.actors import ActorRequest
from core.forms import attempt
from issues import commands, queries, rules
from issues.forms.threads import LabelForm, MilestoneForm
from issues.models import Label, Milestone, Thread
from issues.views.lists import asked, listing, require_issues
from projects.models import Repository
from projects.views.common import page_of, repository_page


@require_http_methods(["GET", "POST"])
@repository_page
def label_list(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Labels with how often they are used; `act` is save (with `label`, an id, to change one), delete or defaults."""
    act, chosen = request.POST.get("act", ""), _label(request, repository)
    form = LabelForm(request.POST) if act == "save" else LabelForm(initial=_values(chosen))
    if request.method == "POST" and _changed(request, repository, act, chosen, form):
        return redirect(f"{repository.get_absolute_url()}/labels")
    context = {
        "rows": list(queries.counted_labels(repository)),
        "may_triage": bool(rules.can_triage(request.actor, repository)),
        "form": form,
        "chosen": chosen,
    }
    return page_of(request, repository, "issues/labels.html", context, tab="issues", status=422 if form.is_bound else 200)


def _label(request: ActorRequest, repository: Repository) -> Label | None:
    text = request.POST.get("label", "") or request.GET.get("edit", "")
    found = queries.labels(repository).filter(pk=text).first() if text.isascii() and text.isdigit() and len(text) < 16 else None
    if found is not None:
        found.repository = repository
    return found


def _values(label: Label | None) -> dict[str, str]:
    return {"name": label.name, "colour": f"#{label.colour}", "description": label.description} if label else {}


def _changed(request: ActorRequest, repository: Repository, act: str, chosen: Label | None, form: LabelForm) -> bool:
    rules.can_triage(request.actor, repository).require()
    if act == "defaults":
        commands.add_default_labels(request.actor, repository)
        return True
    if act == "delete" and chosen is not None:
        commands.delete_label(request.actor, chosen)
        messages.success(request, _("The label is deleted."))
        return True

    def run(cleaned: dict[str, Any]) -> object:
        return commands.save_label(request.actor, repository, label=chosen, **cleaned)

    return act == "save" and attempt(form, run) is not None


@require_GET
@repository_page
def milestone_list(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Open ones by day, or closed ones (`?state=closed`), with progress."""
    require_issues(repository)
    state = "closed" if request.GET.get("state") == "closed" else "open"
    rows = list(queries.milestones(repository, state=state)[:200])
    context = {
        "rows": queries.progress(rows),
        "state": state,
        "may_triage": bool(rules.can_triage(request.actor, repository)),
    }
    return page_of(request, repository, "issues/milestones.html", context, tab="issues")


@require_http_methods(["GET", "POST"])
@repository_page
def milestone_new(request: ActorRequest, repository: Repository) -> HttpResponse:
    """A new milestone."""
    return _milestone_form(request, repository, None)


@require_http_methods(["GET", "POST"])
@repository_page
def milestone_edit(request: ActorRequest, repository: Repository, number: int) -> HttpResponse:
    """Change, close, reopen (`act`) or delete one."""
    row = queries.milestone(repository, number)
    act = request.POST.get("act", "")
    if act in ("close", "reopen"):
        commands.set_milestone_state(request.actor, row, closed=act == "close")
        return redirect(row)
    if act == "delete":
        commands.delete_milestone(request.actor, row)
        messages.success(request, _("The milestone is deleted. Its issues are still there."))
        return redirect(f"{repository.get_absolute_url()}/milestones")
    return _milestone_form(request, repository, row)


def _milestone_form(request: ActorRequest, repository: Repository, row: Milestone | None) -> HttpResponse:
    rules.can_triage(request.actor, repository).require()
    initial = {name: getattr(row, name) for name in ("title", "description", "due_on")} if row else {}
    form = MilestoneForm(request.POST) if request.method == "POST" else MilestoneForm(initial=initial)

    def run(cleaned: dict[str, Any]) -> Milestone:
        return commands.save_milestone(request.actor, repository, milestone=row, **cleaned)

    if request.method == "POST" and (saved := attempt(form, run)):
        return redirect(saved)
    context = {"form": form, "milestone": row}
    return page_of(request, repository, "issues/milestone_form.html", context, tab="issues", status=422 if form.is_bound else 200)


@require_GET
@repository_page
def milestone_page(request: ActorRequest, repository: Repository, number: int) -> HttpResponse:
    """One milestone with its issues by a query."""
    require_issues(repository)
    row = queries.milestone(repository, number)
    query = asked(request)
    context = {
        **listing(request, queries.threads_of(repository, Thread.Kind.ISSUE).filter(milestone=row), query, repository=repository),
        "progress": queries.progress([row])[0],
        "milestone": row,
        "about": queries.rendered_one(request.actor, repository, row.description),
        "may_triage": bool(rules.can_triage(request.actor, repository)),
    }
    return page_of(request, repository, "issues/milestone.html", context, tab="issues")
