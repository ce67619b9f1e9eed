"""Fork, network, sync."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import queries as accounts_queries
from core.actors import ActorRequest
from core.errors import Conflict
from core.forms import attempt
from projects import commands, queries, rules
from projects.forms.creation import ForkForm
from projects.models import Repository
from projects.views.common import page_of, propose_upstream, repository_page

PER_PAGE = 50


@require_http_methods(["GET", "POST"])
@repository_page
def repository_fork(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Choose where the fork goes."""
    if request.actor.is_anonymous:
        return redirect(f"/login?next={request.path}")
    may = rules.can_fork(request.actor, repository)
    if request.method == "POST":
        may.require()
    person = request.actor.person
    initial = {"namespace": person and person.slug, "name": repository.name, "description": repository.description}
    form = ForkForm(
        request.POST if request.method == "POST" else None, namespaces=accounts_queries.writable_namespaces(request.actor), initial=initial
    )
    if request.method == "POST":
        fork = attempt(form, lambda cleaned: commands.fork_repository(request.actor, repository, into=cleaned.pop("namespace"), **cleaned))
        if fork:
            return redirect(fork)
    own = queries.network(request.actor, repository).filter(namespace=person.namespace) if person and person.namespace else []
    context = {"form": form, "may": may, "own_forks": own}
    return page_of(request, repository, "projects/fork.html", context, status=422 if form.is_bound else 200)


@require_GET
@repository_page
def repository_forks(request: ActorRequest, repository: Repository) -> HttpResponse:
    """The network."""
    page = Paginator(queries.network(request.actor, repository), PER_PAGE).get_page(request.GET.get("page"))
    upstream = queries.upstream(request.actor, repository)
    context = {
        "page": page,
        "upstream": upstream,
        "propose_href": propose_upstream(request, repository, upstream),
        "may_push": bool(rules.can_push(request.actor, repository)),
    }
    return page_of(request, repository, "projects/forks.html", context)


@require_POST
@repository_page
def fork_sync(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Fast-forward to upstream; says why if it cannot."""
    try:
        commands.sync_fork(request.actor, repository)
        messages.success(request, _("The default branch is at the same commit as upstream."))
    except Conflict as error:
        messages.warning(request, error.message)
    return redirect(repository)
