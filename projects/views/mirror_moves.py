"""`/-/admin/mirrors/moves`: upstreams that say they have moved, and what was found there."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.actors import ActorRequest
from core.errors import Invalid
from core.site import setting
from projects import rules
from projects.commands import mirror_moves as commands
from projects.queries import mirror_moves as reads

PAGE = 50


@require_http_methods(["GET", "POST"])
def moves(request: ActorRequest) -> HttpResponse:
    """Those that wait, with filters by what was found; take over the chosen ones or all; the last that were."""
    rules.can_curate(request.actor).require()
    if request.method == "POST":
        _act(request)
        return redirect(request.get_full_path())
    counts, verdict = reads.counts(), request.GET.get("verdict", "")
    chosen = verdict if verdict in [code for code, _label, _n in counts] else ""
    context = {
        "tab": "mirrors",
        "section": "moves",
        "page": Paginator(reads.in_catalogue(chosen), PAGE).get_page(request.GET.get("page")),
        "counts": counts,
        "verdict": chosen,
        "total": sum(n for _code, _label, n in counts),
        "ready": sum(n for code, _label, n in counts if code in reads.READY),
        "ready_codes": reads.READY,
        "taken": reads.taken(),
        "automatic": setting("mirror_moves")["automatic"],
    }
    return render(request, "projects/mirror_moves.html", context)


def _act(request: ActorRequest) -> None:
    act = request.POST.get("act", "")
    chosen = [int(pk) for pk in request.POST.getlist("pick") if pk.isascii() and pk.isdigit() and len(pk) < 12]
    if act == "setting":
        commands.follow_moves_by_itself(request.actor, automatic="automatic" in request.POST)
        messages.success(request, _("Saved."))
        return
    if act not in ("take", "take_all", "look"):
        raise Invalid(_("This act is not known."))
    if act != "take_all" and not chosen:
        messages.error(request, _("Choose mirrors first."))
    elif act == "look":
        n = commands.look_again(request.actor, chosen)
        messages.success(request, ngettext("%d is looked at within a minute.", "%d are looked at within a minute.", n) % n)
    else:
        taken, waiting = commands.take_over_moves(request.actor, None if act == "take_all" else chosen)
        messages.success(request, ngettext("%d was taken over.", "%d were taken over.", taken) % taken)
        if waiting:
            messages.info(request, ngettext("%d is left to the worker.", "%d are left to the worker.", waiting) % waiting)
