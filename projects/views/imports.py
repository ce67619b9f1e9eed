"""`/-/import` and the page that shows an import running."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import queries as accounts_queries
from core import live
from core.actors import Actor, ActorRequest
from core.errors import Invalid, NotFound
from core.forms import attempt
from core.rules import needs_sign_in
from projects import commands, rules
from projects.forms.creation import ImportForm
from projects.logic import IMPORT_PHASES
from projects.models import ImportRun, Mirror, Repository
from projects.views.common import page_of, repository_page


@require_http_methods(["GET", "POST"])
def repository_import(request: ActorRequest) -> HttpResponse:
    """Copy branches and tags of a repository on another host."""
    if needs_sign_in(request.actor) is not None:
        return redirect(f"/login?next={request.path}")
    initial = {"namespace": request.actor.person and request.actor.person.slug, "address": request.GET.get("address", "")}
    form = ImportForm(
        request.POST if request.method == "POST" else None, namespaces=accounts_queries.writable_namespaces(request.actor), initial=initial
    )
    run = None
    if request.method == "POST":
        run = attempt(form, lambda cleaned: _begin(request.actor, cleaned))
    if isinstance(run, Mirror):
        return redirect(f"{run.repository.get_absolute_url()}/mirror" if run.address.startswith("ssh:") else run.repository)
    if run:
        return redirect(f"{run.repository.get_absolute_url()}/import")
    return render(request, "projects/import.html", {"form": form}, status=422 if form.is_bound else 200)


def _begin(actor: Actor, cleaned: dict[str, Any]) -> ImportRun | Mirror:
    """Copy once, or keep in sync."""
    namespace = cleaned.pop("namespace")
    if not cleaned.pop("keep"):
        if cleaned["address"].startswith(("ssh://", "git@")):
            raise Invalid(
                _("Over SSH choose “Keep it in sync”: a key is made for it. Once it is copied, you can host it here."), field="address"
            )
        return commands.request_import(actor, namespace, **cleaned)
    return commands.mirror_into(actor, namespace, **cleaned)


def _run(repository: Repository) -> ImportRun:
    run = ImportRun.objects.filter(repository=repository).first()
    if run is None:
        raise NotFound(_("This repository was not imported."))
    run.repository = repository
    return run


@require_GET
@repository_page
def import_progress(request: ActorRequest, repository: Repository) -> HttpResponse:
    """How far it is; `HX-Request` gets the moving part alone. Finished: on to the repository."""
    run = _run(repository)
    if run.state == ImportRun.State.DONE:
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": repository.get_absolute_url()})
        return redirect(repository)
    may = bool(rules.can_administer(request.actor, repository))
    context = {
        "run": run,
        "phase": _(IMPORT_PHASES[run.phase]) if run.phase in IMPORT_PHASES else "",
        "may_administer": may,
        "live": live.address("imports", f"{run.pk}.{get_language()}")
        if run.state in (ImportRun.State.QUEUED, ImportRun.State.RUNNING)
        else "",
        "source": run.source_shown if may or "://" in run.source_shown else "",
    }
    if request.headers.get("HX-Request"):
        return render(request, "projects/import_progress.html#progress", {"repository": repository, **context})
    return page_of(request, repository, "projects/import_progress.html", context)


@require_POST
@repository_page
def import_retry(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Try a failed import again."""
    commands.retry_import(request.actor, _run(repository))
    return redirect(f"{repository.get_absolute_url()}/import")


@require_POST
@repository_page
def import_discard(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Give a failed import up."""
    namespace = repository.namespace
    commands.discard_import(request.actor, _run(repository))
    return redirect(namespace)
