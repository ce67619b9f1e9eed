"""`/new`."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import queries as accounts_queries
from core.actors import ActorRequest
from core.forms import attempt
from core.rules import needs_sign_in
from projects import commands
from projects.forms.creation import NewRepositoryForm


@require_http_methods(["GET", "POST"])
def repository_new(request: ActorRequest) -> HttpResponse:
    """Make a repository; `?owner=` chooses the namespace."""
    if needs_sign_in(request.actor) is not None:
        return redirect(f"/login?next={request.path}")
    initial = {"namespace": request.GET.get("owner", "") or (request.actor.person and request.actor.person.slug)}
    form = NewRepositoryForm(
        request.POST if request.method == "POST" else None, namespaces=accounts_queries.writable_namespaces(request.actor), initial=initial
    )
    made = None
    if request.method == "POST":
        made = attempt(form, lambda cleaned: commands.create_repository(request.actor, cleaned.pop("namespace"), **cleaned))
    if made:
        return redirect(made)
    return render(request, "projects/new.html", {"form": form}, status=422 if form.is_bound else 200)
