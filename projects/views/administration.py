"""`/-/admin/repositories`: find, take down, put back."""

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import rules as people_rules
from core.actors import ActorRequest
from core.forms import attempt
from core.sudo import needs_proof
from projects import commands, queries
from projects.forms.administration import ReasonForm
from projects.mirrors.addresses import slug_of
from projects.queries.explore import explore


def admin_repositories(request: ActorRequest) -> HttpResponse:
    """Every repository, largest first, by name."""
    people_rules.can_administer_site(request.actor).require()
    query = request.GET.get("q", "").strip()[:100]
    rows = explore(request.actor, query=query).order_by("-size_bytes", "-pk")
    context = {"page": Paginator(rows, 50).get_page(request.GET.get("page")), "q": query, "tab": "repositories"}
    return render(request, "projects/admin_repositories.html", context)


def admin_repository(request: ActorRequest, namespace: str, name: str) -> HttpResponse:
    """One repository: take it down with a reason, or put it back."""
    people_rules.can_administer_site(request.actor).require()
    if request.method == "POST" and needs_proof(request):
        raise ReauthenticationRequired
    repository = queries.repository(request.actor, slug_of(namespace), name)
    form = ReasonForm(request.POST if request.POST.get("act") == "take_down" else None)
    if request.POST.get("act") == "put_back":
        commands.put_back_repository(request.actor, repository)
        messages.success(request, _("Done."))
        return redirect(request.path)
    if form.is_bound and attempt(form, lambda cleaned: commands.take_down_repository(request.actor, repository, reason=cleaned["reason"])):
        messages.success(request, _("Done."))
        return redirect(request.path)
    context = {"repository": repository, "form": form, "tab": "repositories"}
    return render(request, "projects/admin_repository.html", context, status=422 if form.errors else 200)
