"""Home, explore, and the pages of people and organisations."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import queries as people
from accounts import rules as people_rules
from accounts.models import Namespace
from core.actors import ActorRequest
from core.errors import NotFound
from projects.mirrors.addresses import slug_of
from projects.places import namespace_boxes
from projects.queries import explore as reads


def _number(request: ActorRequest) -> int:
    text = request.GET.get("page", "1")
    return min(max(int(text), 1), 500) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def home(request: ActorRequest) -> HttpResponse:
    """The dashboard for people who signed in, the front of the site for everyone else."""
    if not request.actor.is_anonymous:
        return dashboard(request)
    context = {
        "ridges": reads.ridges(),
        "figures": reads.site_figures(),
        "repositories": reads.most_starred(request.actor, 6),
        "pushes": reads.recent_pushes(request.actor, limit=8),
    }
    return render(request, "projects/front.html", context)


def dashboard(request: ActorRequest) -> HttpResponse:
    """What happened lately, and one's own repositories."""
    if request.actor.is_anonymous:
        return redirect("/login?next=/dashboard")
    context = {
        "pushes": reads.recent_pushes(request.actor, limit=20),
        "mine": reads.mine(request.actor),
        "organizations": people.organizations_of(request.actor),
        "invitations": list(people.invitations_for(request.actor)[:20]),
        "repositories": reads.most_starred(request.actor, 5),
    }
    return render(request, "projects/dashboard.html", context)


def explore(request: ActorRequest) -> HttpResponse:
    """The market is where one explores; old links keep their filters."""
    kept = {key: value for key in ("q", "language", "licence", "topic", "sort") if (value := request.GET.get(key, "").strip()[:100])}
    return redirect(f"/market?{urlencode(kept)}" if kept else "/market")


def namespace_page(request: ActorRequest, namespace: str) -> HttpResponse:
    """`/<name>` of a person or organisation, with `?tab=`; an old name redirects."""
    namespace = slug_of(namespace)
    found = people.namespace(namespace)
    if found.slug != namespace:
        query = request.META.get("QUERY_STRING", "")
        return redirect(found.get_absolute_url() + (f"?{query}" if query else ""), permanent=False)
    if found.kind == Namespace.Kind.PERSON:
        return _person_page(request, found)
    if found.kind == Namespace.Kind.ORGANIZATION:
        return _organization_page(request, found)
    query = request.GET.get("q", "").strip()[:100]
    page = reads.page_of(reads.owned(request.actor, found, query=query), _number(request))
    return render(request, "projects/host.html", {"namespace": found, "q": query, "page": page})


def _person_page(request: ActorRequest, namespace: Namespace) -> HttpResponse:
    person = namespace.user
    if person.state != "active" and not request.actor.is_staff:
        raise NotFound(_("There is nobody of this name."))
    tab = request.GET.get("tab", "overview")
    query = request.GET.get("q", "").strip()[:100]
    context: dict[str, object] = {"namespace": namespace, "person": person, "tab": tab, "q": query, "boxes": list(namespace_boxes)}
    if tab == "stars":
        context["page"] = reads.page_of(reads.starred(request.actor, person), _number(request))
    elif tab == "projects":
        context["page"] = reads.page_of(reads.owned(request.actor, namespace, query=query), _number(request))
    else:
        context["tab"] = "overview"
        context["pinned"] = reads.pinned(request.actor, person) or list(reads.owned(request.actor, namespace, sort="stars")[:6])
        context["year"] = reads.year(request.actor, person)
        context["pushes"] = reads.recent_pushes(request.actor, limit=10, of=namespace)
    return render(request, "projects/person.html", context)


def _organization_page(request: ActorRequest, namespace: Namespace) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:100]
    context = {
        "namespace": namespace,
        "organization": namespace.organization,
        "q": query,
        "page": reads.page_of(reads.owned(request.actor, namespace, query=query), _number(request)),
        "members": reads.members_of(namespace),
        "may_create": people_rules.can_create_in_organization(request.actor, namespace.organization),
        "tab": "projects",
        "boxes": list(namespace_boxes),
    }
    return render(request, "projects/organization.html", context)
