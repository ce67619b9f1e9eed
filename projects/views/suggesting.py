"""`/-/admin/mirrors/suggestions`: where the classifier would sort what lies in “other”."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from core import live
from core.actors import ActorRequest
from core.errors import Conflict, Invalid
from core.forms import attempt, done
from projects import commands, rules
from projects.forms.suggesting import GroupForm, SuggestingForm
from projects.models import Category, SortingAct, Suggestion
from projects.queries import suggesting as reads

STAYS = "-"  # the group “stays in other” in an address
SHOWN = 50
ACTS = 8


@require_safe
def suggestions(request: ActorRequest) -> HttpResponse:
    """One group of suggestions, the surest first, beside the list of groups."""
    rules.can_curate(request.actor).require()
    return _page(request)


def _page(
    request: ActorRequest, *, group: GroupForm | None = None, settings: SuggestingForm | None = None, problem: str = ""
) -> HttpResponse:
    threshold = reads.site_threshold()
    groups = reads.groups(threshold)
    wanted = request.POST.get("group", "") or request.GET.get("group", "")
    chosen = next((one for one in groups if _name(one.category) == wanted), groups[0] if groups else None)
    rows = reads.suggestions(chosen.category) if chosen else reads.open_suggestions().none()
    paginator = Paginator(rows, SHOWN)
    paginator.count = chosen.total if chosen else 0  # counted with the groups
    page = paginator.get_page(request.GET.get("page"))
    percent, run = round(threshold * 100), reads.unfinished_run()
    kept = set(request.POST.getlist("suggestion")) if problem else set()
    context = {
        "tab": "mirrors",
        "groups": [(one, _name(one.category)) for one in groups],
        "chosen": chosen,
        "group_name": _name(chosen.category) if chosen else "",
        "page": page,
        "rows": [_row(one, kept) for one in page.object_list],
        "choices": reads.choices(),
        "threshold": percent,
        "figure": reads.figure(threshold),
        "classifier": reads.classifier(),
        "run": run,
        "last": reads.last_run(),
        "live": live.address("classifiers", run.pk) if run else "",
        "automatic": reads.sorts_automatically(),
        "acts": _acts(),
        "group_form": group or GroupForm(initial={"threshold": percent}),
        "settings_form": settings or SuggestingForm(initial={"threshold": percent, "automatic": reads.sorts_automatically()}),
        "settings_open": settings is not None,
        "problem": problem,
    }
    return render(request, "projects/suggestions.html", context, status=422 if problem or group or settings else 200)


def _row(one: Suggestion, kept: set[str]) -> dict[str, Any]:
    words = [word for word, _share in one.words]
    return {"one": one, "percent": int(one.confidence * 100), "words": words, "kept": str(one.pk) in kept}


def _name(category: Category | None) -> str:
    return category.slug if category is not None else STAYS


def _acts() -> list[tuple[SortingAct, str, bool]]:
    """The last acts, what they were in words, and whether they can be undone."""
    since = reads.undoable_since()
    words = {SortingAct.Kind.ACCEPTED.value: _("Suggestions accepted")}
    return [(act, words.get(act.kind, act.get_kind_display()), act.undone_at is None and act.at > since) for act in reads.acts()[:ACTS]]


def _back(request: ActorRequest) -> HttpResponse:
    group = request.POST.get("group", "")[:100]
    return redirect(f"/-/admin/mirrors/suggestions{'?' + urlencode({'group': group}) if group else ''}")


def _category(slug: str) -> Category | None:
    """The category of a slug, None for “stays”. Raises Invalid."""
    if slug == STAYS:
        return None
    found = next((row for row in reads.choices() if row.slug == slug), None)
    if found is None:
        raise Invalid(_("Choose a category."), field="category")
    return found


def _say(request: ActorRequest, act: SortingAct) -> None:
    if act.kind == SortingAct.Kind.STAYS:
        text = ngettext("%d project stays in “other”.", "%d projects stay in “other”.", act.total) % act.total
    else:
        text = ngettext("%d project sorted.", "%d projects sorted.", act.total) % act.total
    messages.success(request, text)


@require_POST
def decide(request: ActorRequest) -> HttpResponse:
    """What becomes of the chosen suggestions: accepted, another category, or they stay."""
    rules.can_curate(request.actor).require()
    chosen = [int(pk) for pk in request.POST.getlist("suggestion") if pk.isascii() and pk.isdigit() and len(pk) < 18]
    act = request.POST.get("act", "")
    try:
        if not chosen:
            raise Invalid(_("Choose projects first."))
        if act == "accept":
            made = commands.accept_suggestions(request.actor, ids=chosen)
        elif act in ("stays", "move"):
            category = None if act == "stays" else _category(request.POST.get("category", ""))
            made = commands.decline_suggestions(request.actor, ids=chosen, category=category)
        else:
            raise Invalid(_("This act is not known."))
    except Invalid as error:
        return _page(request, problem=str(error.message))
    _say(request, made)
    return _back(request)


@require_POST
def accept_group(request: ActorRequest) -> HttpResponse:
    """A whole group from a confidence on."""
    rules.can_curate(request.actor).require()
    form = GroupForm(request.POST)
    made = attempt(
        form,
        lambda cleaned: commands.accept_group(
            request.actor, category=_category(request.POST.get("group", "")), threshold=cleaned["threshold"] / 100
        ),
    )
    if made is None:
        return _page(request, group=form)
    _say(request, made)
    return _back(request)


@require_POST
def undo(request: ActorRequest, pk: int) -> HttpResponse:
    """Take one act back."""
    rules.can_curate(request.actor).require()
    try:
        back, left = commands.undo_sorting(request.actor, pk)
    except Conflict as error:
        messages.error(request, error.message)
        return _back(request)
    text = ngettext("%d project is back where it was.", "%d projects are back where they were.", back) % back
    if left:
        text += " " + ngettext("%d was moved again since and stays.", "%d were moved again since and stay.", left) % left
    messages.success(request, text)
    return _back(request)


@require_POST
def train(request: ActorRequest) -> HttpResponse:
    """A new classifier, now."""
    rules.can_curate(request.actor).require()
    try:
        commands.ask_for_suggestions(request.actor)
        messages.success(request, _("It begins within a minute."))
    except Conflict as error:
        messages.error(request, error.message)
    return _back(request)


@require_POST
def change(request: ActorRequest) -> HttpResponse:
    """What is sure, and automatic sorting."""
    rules.can_curate(request.actor).require()
    form = SuggestingForm(request.POST)
    changed = attempt(
        form,
        done(
            lambda cleaned: commands.change_suggesting(request.actor, threshold=cleaned["threshold"] / 100, automatic=cleaned["automatic"])
        ),
    )
    if not changed:
        return _page(request, settings=form)
    messages.success(request, _("Saved."))
    return _back(request)
