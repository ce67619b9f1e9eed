"""The mirror tab of a repository, and nominating repositories of other hosts."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import queries as people
from core import sshclient
from core.actors import Actor, ActorRequest
from core.errors import Conflict, Invalid, NotFound
from core.forms import attempt
from core.rules import needs_sign_in
from projects import commands, rules
from projects.commands import mirror_moves
from projects.forms.mirrors import FiltersForm, HostHereForm, NominationForm, UpstreamForm
from projects.mirrors import causes, states
from projects.models import Mirror, Repository
from projects.queries import mirror_moves as moves
from projects.queries import mirrors as reads
from projects.queries.hosts import facts_of
from projects.views.common import page_of, repository_page


def _follow(actor: Actor, mirror: Mirror) -> None:
    move = moves.move_of(mirror)
    if move is None:
        raise Conflict(_("Upstream names no new address any more."))
    mirror_moves.take_over_move(actor, move)


ACTS: dict[str, Callable[[Actor, Mirror], object]] = {
    "sync": commands.ask_for_mirror,
    "pause": commands.pause_mirror,
    "resume": commands.resume_mirror,
    "promote": commands.promote_mirror,
    "trust": commands.trust_host_key,
    "renew_key": commands.renew_mirror_key,
    "follow": _follow,
}


@require_http_methods(["GET", "POST"])
@repository_page
def repository_mirror(request: ActorRequest, repository: Repository) -> HttpResponse:
    """How the mirror stands: state and cause, times, log; what its administrators can do."""
    mirror = reads.mirror_of(repository)
    if mirror is None:
        raise NotFound(_("This repository is not a mirror."))
    act, key = request.POST.get("act", ""), reads.key_of(mirror)
    form = FiltersForm(request.POST if act == "filters" else None, initial={"branches": mirror.branches, "tags": mirror.tags})
    if act in ACTS:
        ACTS[act](request.actor, mirror)
        messages.success(request, _("Done."))
        return redirect(f"{mirror.repository.get_absolute_url()}/mirror")
    home = HostHereForm(request.POST if act == "host" else None, initial={"name": repository.name}, auto_id="id_host_%s")
    if home.is_bound and attempt(home, lambda cleaned: _host(request.actor, mirror, **cleaned)):
        messages.success(request, _("It is hosted here now. The old address leads here."))
        return redirect(repository)
    if form.is_bound and attempt(form, lambda cleaned: commands.change_filters(request.actor, mirror, **cleaned)):
        messages.success(request, _("Saved. The next look fetches what changed."))
        return redirect(request.path)
    context = {
        "mirror": mirror,
        "cause": causes.CAUSES.get(mirror.cause),
        "runs": [(run, causes.CAUSES.get(run.cause)) for run in reads.runs(mirror)],
        "pulse": reads.pulses([mirror])[mirror.pk],
        "form": form,
        "home": home,
        "store": reads.store_of(mirror),
        "ssh": key,
        "fingerprints": sshclient.fingerprints(key.host_key) if key else [],
        "facts": facts_of(mirror),
        "move": moves.move_of(mirror),
        "may_follow": bool(rules.can_curate(request.actor) if mirror.is_public_mirror else rules.can_administer(request.actor, repository)),
        "is_watched": mirror.state in states.WATCHED,
        "may_administer": bool(rules.can_administer(request.actor, repository)),
        "may_ask": bool(rules.can_ask_for_mirror(request.actor, repository)),
    }
    return page_of(request, repository, "projects/mirror.html", context, tab="mirror", status=422 if form.errors or home.errors else 200)


def _host(actor: Actor, mirror: Mirror, *, namespace: str, name: str) -> Repository:
    try:
        owner = people.namespace(namespace)
    except NotFound as error:
        raise Invalid(_("There is nobody with the login “%s”.") % namespace, field="namespace") from error
    return commands.promote_mirror(actor, mirror, to=owner, name=name)


@require_http_methods(["GET", "POST"])
@repository_page
def repository_upstream(request: ActorRequest, repository: Repository) -> HttpResponse:
    """`/settings/upstream`: a hosted repository becomes the mirror of another host."""
    rules.can_administer(request.actor, repository).require()
    before, key = reads.mirror_of(repository), reads.upstream_key_of(repository)
    initial = {"address": before.address, "branches": before.branches, "tags": before.tags} if before else {}
    if key is not None:
        initial["address"] = key.address  # the other side learns its key at the moment
    form = UpstreamForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and attempt(form, lambda cleaned: commands.follow_upstream(request.actor, repository, **cleaned)):
        messages.success(request, _("It follows the other host now."))
        return redirect(f"{repository.get_absolute_url()}/mirror")
    context = {
        "form": form,
        "is_mirror": rules.is_mirror(repository),
        "section": "/settings/upstream",
        "ssh": reads.upstream_key_of(repository),
    }
    return page_of(request, repository, "projects/settings_upstream.html", context, tab="settings", status=422 if form.errors else 200)


def listed(request: ActorRequest, repository: Repository) -> HttpResponse:
    """The front page of a mirror that has no objects yet: what is known, and the way to get it."""
    context = {"mirror": reads.mirror_of(repository), "may_ask": bool(rules.can_ask_for_mirror(request.actor, repository))}
    return page_of(request, repository, "projects/mirror_listed.html", context)


@require_http_methods(["GET", "POST"])
def nominate(request: ActorRequest) -> HttpResponse:
    """Suggest a repository; below, one's own suggestions and what became of them."""
    if needs_sign_in(request.actor) is not None or request.actor.person is None:
        return redirect(f"/login?next={request.path}")
    address = request.GET.get("address", "")[:600]
    form = NominationForm(request.POST if request.method == "POST" else None, initial={"address": address})
    if form.is_bound and attempt(form, lambda cleaned: commands.nominate(request.actor, cleaned["address"], reason=cleaned["reason"])):
        messages.success(request, _("Thank you. A curator decides; you find the answer here."))
        return redirect(request.path)
    text = form["address"].value() or ""
    context = {
        "form": form,
        "known": reads.mirror_at(text),
        "near": reads.near_duplicates(text),
        "mine": list(reads.nominations_of(request.actor.person)[:50]),
    }
    return render(request, "projects/nominate.html", context, status=422 if form.errors else 200)
