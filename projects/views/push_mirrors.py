"""`/<ns>/<name>/settings/push-mirrors`: other hosts that this repository is pushed to."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import sshclient
from core.actors import Actor, ActorRequest
from core.sudo import sudo_required
from projects import rules
from projects.commands import pushing
from projects.forms.pushing import ChangeForm, KeyChangeForm, OneMirrorForm, PushMirrorForm
from projects.mirrors import outbound
from projects.models import PushMirror, Repository, Visibility
from projects.queries import pushing as reads
from projects.views.acts import Act, acts_page
from projects.views.common import repository_page

SUFFIX = "/settings/push-mirrors"
CHOICES = ("branches", "tags", "only_protected", "prunes", "overwrites", "may_publish")


@require_http_methods(["GET", "POST"])
@repository_page
@sudo_required
def repository_push_mirrors(request: ActorRequest, repository: Repository) -> HttpResponse:
    """All of them, a new one; `?mirror=ID` shows one with its log and changes it."""
    rules.can_push_elsewhere(request.actor, repository).require()
    mirrors = list(reads.push_mirrors(repository))
    for mirror in mirrors:
        mirror.repository = repository
    chosen = _chosen(mirrors, request.POST.get("mirror") or request.GET.get("mirror", ""))
    acts = _acts(request.actor, repository, chosen)
    context = {
        "mirrors": [(one, outbound.PUSH_CAUSES.get(one.cause), reads.stop_reason(one)) for one in mirrors],
        "chosen": chosen,
        "cause": outbound.PUSH_CAUSES.get(chosen.cause) if chosen else None,
        "host_keys": sshclient.fingerprints(chosen.host_key) if chosen else [],
        "stopped": reads.stop_reason(chosen) if chosen else "",
        "runs": [(run, outbound.PUSH_CAUSES.get(run.cause), _left(run.left)) for run in reads.push_runs(chosen)] if chosen else [],
        "only_push": not rules.can_administer(request.actor, repository),
        "is_mirror": rules.is_mirror(repository),
    }
    return acts_page(request, repository, "projects/push_mirrors.html", suffix=SUFFIX, acts=acts, context=context)


def _chosen(mirrors: list[PushMirror], number: str) -> PushMirror | None:
    return next((one for one in mirrors if str(one.pk) == number), None)


def _left(left: list[list[str]]) -> list[tuple[str, str]]:
    """(ref, why it did not go) in words."""
    return [(ref, _("moved apart there") if why == "diverged" else why) for ref, why in left]


def _acts(actor: Actor, repository: Repository, chosen: PushMirror | None) -> dict[str, Act]:
    def on_one(command: Callable[..., Any], **options: Any) -> Callable[[forms.Form], Any]:
        def run(form: forms.Form) -> Any:
            return command(actor, reads.push_mirror(repository, form.cleaned_data["mirror"]), **options)

        return run

    def change(form: forms.Form) -> object:
        given = dict(form.cleaned_data)
        return pushing.change_push_mirror(actor, reads.push_mirror(repository, given.pop("mirror")), **given)

    initial = {"mirror": chosen.pk, **{name: getattr(chosen, name) for name in CHOICES}} if chosen else {}
    same = f"{SUFFIX}?mirror={chosen.pk}" if chosen else SUFFIX

    def here(moved: Repository) -> str:
        return moved.get_absolute_url() + same

    return {
        "add": Act(
            partial(_without_tick, repository, PushMirrorForm), lambda form: pushing.add_push_mirror(actor, repository, **form.cleaned_data)
        ),
        "change": Act(
            partial(_without_tick, repository, partial(KeyChangeForm if chosen and chosen.public_key else ChangeForm, initial=initial)),
            change,
            address=here,
        ),
        "sync": Act(OneMirrorForm, on_one(pushing.ask_for_push), _("It is pushed within seconds."), address=here),
        "pause": Act(OneMirrorForm, on_one(pushing.pause_push_mirror, paused=True), address=here),
        "resume": Act(OneMirrorForm, on_one(pushing.pause_push_mirror, paused=False), address=here),
        "forget_key": Act(
            OneMirrorForm, on_one(pushing.forget_host_key), _("The next push takes the key that the host shows."), address=here
        ),
        "remove": Act(OneMirrorForm, on_one(pushing.remove_push_mirror), _("It is no longer pushed there. What is there stays.")),
    }


def _without_tick(repository: Repository, make: Callable[..., forms.Form], **options: Any) -> forms.Form:
    """The form; what is public needs no consent to go out."""
    form = make(**options)
    if repository.visibility == Visibility.PUBLIC:
        form.fields["may_publish"].widget = forms.HiddenInput()
    else:
        form.fields["may_publish"].help_text = _(
            "This repository is not public. The other host's settings say who may read it there. Who made a token for it knows whether it is private."
        )
    return form
