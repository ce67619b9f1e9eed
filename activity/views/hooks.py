"""Webhooks of a repository (`/<ns>/<name>/settings/hooks`) and of an organization (`/-/orgs/<slug>/hooks`)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import queries as people
from accounts.models import Organization
from activity import rules
from activity.commands import hooks as commands
from activity.forms.hooks import ChangeHookForm, HookForm
from activity.models import Dispatch, Format, Happens
from activity.queries import hooks as reads
from activity.queries.telling import hook_stop
from core.actors import Actor, ActorRequest
from core.errors import Conflict, LimitReached
from core.forms import attempt
from core.sudo import sudo_required
from projects.models import Repository
from projects.views.common import head_context, repository_page

PAGE = 30
Place = Repository | Organization
CHATS = frozenset({Format.DINGTALK.value, Format.FEISHU.value, Format.WECOM.value, Format.SLACK.value})


def _base(place: Place) -> str:
    """Where the pages of a place's hooks begin."""
    return f"{place.get_absolute_url()}/settings/hooks" if isinstance(place, Repository) else f"/-/orgs/{place.slug}/hooks"


def _page(request: ActorRequest, place: Place, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    if isinstance(place, Repository):
        frame = {"frame": "activity/frame_repository.html", "tab": "settings", "section": "/settings/hooks", **head_context(request, place)}
    else:
        frame = {"frame": "activity/frame_organization.html", "tab": "hooks", "organization": place}
    return render(request, template, {**frame, "base": _base(place), "place": place, **context}, status=status)


def _all(request: ActorRequest, place: Place) -> HttpResponse:
    """All of them, and a form for a new one."""
    rows = list(reads.hooks(request.actor, place))
    form = HookForm(request.POST if request.method == "POST" else None)
    if form.is_bound and (made := attempt(form, lambda cleaned: commands.add_hook(request.actor, place, **cleaned))):
        commands.test_hook(request.actor, made)
        messages.success(request, _("Saved. A test is on its way."))
        return redirect(f"{_base(place)}/{made.pk}")
    owners: dict[int, Actor] = {}
    listed = [(row, hook_stop(row, owners), [Happens(key).label for key in row.events]) for row in rows]
    context = {"hooks": listed, "form": form, "most": commands.MOST}
    return _page(request, place, "activity/hooks.html", context, status=422 if form.errors else 200)


def _one(request: ActorRequest, place: Place, pk: int) -> HttpResponse:
    """One with its log; what is sent to it changes or removes it."""
    hook = reads.hook(request.actor, place, pk)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    initial = {name: getattr(hook, name) for name in ("format", "keyword", "events", "is_active")}
    form = ChangeHookForm(request.POST if act == "change" else None, initial=initial)
    if form.is_bound and attempt(form, lambda cleaned: commands.change_hook(request.actor, hook, **cleaned)):
        messages.success(request, _("Saved."))
        return redirect(f"{_base(place)}/{hook.pk}")
    if act == "remove":
        commands.remove_hook(request.actor, hook)
        messages.success(request, _("The webhook is gone, with its log."))
        return redirect(_base(place))
    if act == "test":
        return _tried(request, f"{_base(place)}/{hook.pk}", lambda: commands.test_hook(request.actor, hook))
    page = Paginator(reads.dispatches(hook), PAGE).get_page(request.GET.get("page"))
    context = {
        "hook": hook, "stopped": hook_stop(hook), "form": form, "page": page, "is_chat": hook.format in CHATS,
        "waits": any(one.state == Dispatch.State.WAITING for one in page), "has_secret": bool(hook.secret_encrypted),
    }  # fmt: skip
    return _page(request, place, "activity/hook.html", context, status=422 if form.errors else 200)


def _delivery(request: ActorRequest, place: Place, pk: int, delivery: int) -> HttpResponse:
    """What was sent and answered; sent again on POST."""
    hook = reads.hook(request.actor, place, pk)
    dispatch = reads.dispatch(hook, delivery)
    if request.method == "POST":
        return _tried(request, f"{_base(place)}/{hook.pk}", lambda: commands.redeliver(request.actor, dispatch))
    return _page(request, place, "activity/hook_delivery.html", {"hook": hook, "one": dispatch})


def _tried(request: ActorRequest, address: str, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
        messages.success(request, _("It is sent within seconds."))
    except (Conflict, LimitReached) as error:
        messages.error(request, error.message)
    return redirect(address)


@require_http_methods(["GET", "POST"])
@repository_page
@sudo_required
def repository_hooks(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Webhooks of a repository."""
    return _all(request, repository)


@require_http_methods(["GET", "POST"])
@repository_page
@sudo_required
def repository_hook(request: ActorRequest, repository: Repository, pk: int) -> HttpResponse:
    """One of them."""
    return _one(request, repository, pk)


@require_http_methods(["GET", "POST"])
@repository_page
@sudo_required
def repository_hook_delivery(request: ActorRequest, repository: Repository, pk: int, delivery: int) -> HttpResponse:
    """One of its deliveries."""
    return _delivery(request, repository, pk, delivery)


def _organization(request: ActorRequest, slug: str) -> Organization:
    found = people.organization(slug)
    rules.can_administer_hooks(request.actor, found).require()
    return found


@require_http_methods(["GET", "POST"])
@sudo_required
def organization_hooks(request: ActorRequest, slug: str) -> HttpResponse:
    """Webhooks of an organization: what happens in all of its repositories."""
    return _all(request, _organization(request, slug))


@require_http_methods(["GET", "POST"])
@sudo_required
def organization_hook(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    """One of them."""
    return _one(request, _organization(request, slug), pk)


@require_http_methods(["GET", "POST"])
@sudo_required
def organization_hook_delivery(request: ActorRequest, slug: str, pk: int, delivery: int) -> HttpResponse:
    """One of its deliveries."""
    return _delivery(request, _organization(request, slug), pk, delivery)
