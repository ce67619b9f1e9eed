"""`/-/admin/mirrors/hosts` and `/-/admin/mirrors/routes`: how other hosts are reached, and how gently."""

from collections.abc import Callable
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.actors import ActorRequest
from core.forms import attempt
from core.sudo import needs_proof
from projects import commands, rules
from projects.commands.hosts import require_host
from projects.forms.hosts import ApiForm, HostForm, RouteForm, TokenForm, TryForm
from projects.models import HostToken, OutgoingRoute
from projects.queries import hosts as reads

View = Callable[..., HttpResponse]


def curators_only(view: View) -> View:
    """404 for everyone else; acts need a fresh proof, for tokens and routes decide whom we trust."""

    def guarded(request: ActorRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rules.can_curate(request.actor).require()
        if request.method == "POST" and needs_proof(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    guarded.__name__ = view.__name__
    return require_http_methods(["GET", "POST"])(guarded)


@curators_only
def hosts(request: ActorRequest) -> HttpResponse:
    """All hosts with their figures; below, the ways out."""
    context = {"tab": "mirrors", "section": "hosts", "rows": reads.host_rows(), "routes": list(reads.outgoing_routes())}
    return render(request, "projects/mirror_hosts.html", context)


@curators_only
def host(request: ActorRequest, host: str) -> HttpResponse:
    """One host: how many at once, its API, its tokens."""
    require_host(host)
    act = request.POST.get("act", "")
    if act in ("wake", "remove", "retry"):
        _simple(request, host, act)
        return redirect(request.path)
    row = reads.host_rows(host)[0]
    forms = {
        "at_once": HostForm(request.POST if act == "at_once" else None, initial={"at_once": row.at_once}),
        "api": ApiForm(request.POST if act == "api" else None, initial=_api_initial(row)),
        "token": TokenForm(request.POST if act == "token" else None),
    }
    acts: dict[str, Callable[[dict[str, Any]], object]] = {
        "at_once": lambda cleaned: commands.change_host(request.actor, host, **cleaned),
        "api": lambda cleaned: commands.change_api(request.actor, host, **cleaned),
        "token": lambda cleaned: commands.add_token(request.actor, host, **cleaned),
    }
    if act in acts and attempt(forms[act], acts[act]):
        messages.success(request, _("Saved."))
        return redirect(request.path)
    words, said = reads.said_of(host), request.GET.get("said", "")
    chosen = said if said in [code for code, _label, _count in words] else ""
    context = {
        "tab": "mirrors",
        "section": "hosts",
        "one": row,
        "forms": forms,
        "routes": [way for way in reads.outgoing_routes() if reads.serves(way, host)],
        "words": words,
        "said": chosen,
        "page": Paginator(reads.facts_in(host, chosen), 50).get_page(request.GET.get("page")) if chosen else None,
    }
    return render(request, "projects/mirror_host.html", context, status=422 if act in acts else 200)


def _simple(request: ActorRequest, host: str, act: str) -> None:
    if act == "wake":
        commands.wake_host(request.actor, host)
    else:
        number = request.POST.get("token", "")
        token = get_object_or_404(HostToken, pk=int(number) if number.isascii() and number.isdigit() and len(number) < 12 else 0, host=host)
        (commands.remove_token if act == "remove" else commands.retry_token)(request.actor, token)
    messages.success(request, _("Done."))


def _api_initial(row: reads.HostRow) -> dict[str, object]:
    if row.api is None:
        kept = row.api_row
        return {"kind": kept.kind if kept else "none", "base": kept.base if kept else "", "is_on": kept.is_on if kept else True}
    return {"kind": row.api.kind, "base": row.api.base, "is_on": row.api.is_on}


@curators_only
def route(request: ActorRequest, pk: int | None = None) -> HttpResponse:
    """A way out: its settings, how it does, a try."""
    row = None if pk is None else get_object_or_404(OutgoingRoute, pk=pk)
    act = request.POST.get("act", "")
    if act == "remove" and row is not None:
        commands.remove_route(request.actor, row)
        messages.success(request, _("Removed."))
        return redirect("mirror_hosts")
    form = RouteForm(request.POST if act == "save" else None, initial=_route_initial(row))
    trial = TryForm(request.POST if act == "try" else None)
    if act == "save" and (saved := attempt(form, lambda cleaned: _save(request, row, cleaned))):
        messages.success(request, _("Saved."))
        return redirect("mirror_route", saved.pk)
    took = None
    if act == "try" and row is not None:
        took = attempt(trial, lambda cleaned: commands.try_route(request.actor, row, cleaned["host"]))
    context = {"tab": "mirrors", "section": "hosts", "one": row, "form": form, "trial": trial, "took": took}
    failed = (act == "save") or bool(trial.errors)
    return render(request, "projects/mirror_route.html", context, status=422 if failed else 200)


def _save(request: ActorRequest, row: OutgoingRoute | None, cleaned: dict[str, Any]) -> OutgoingRoute:
    return commands.save_route(request.actor, row, **{**cleaned, "port": cleaned["port"] or 0, "password": cleaned["password"] or None})


def _route_initial(row: OutgoingRoute | None) -> dict[str, object]:
    if row is None:
        return {}
    names = ("name", "kind", "address", "username", "patterns", "hour_from", "hour_to", "position", "is_on")
    return {**{name: getattr(row, name) for name in names}, "port": row.port or None}
