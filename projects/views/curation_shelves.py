"""What curators arrange for readers: collections, hot organisations, what is featured and 精品 at the moment."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.actors import ActorRequest
from core.errors import NotFound
from core.forms import attempt
from projects import commands, rules
from projects.forms.curation import CollectionForm, HotForm, MemberForm
from projects.models import CollectionMember, HotOwner
from projects.queries import shelves as reads


@require_http_methods(["GET", "POST"])
def collections(request: ActorRequest) -> HttpResponse:
    """All collections, public ones and drafts; a new one."""
    rules.can_curate(request.actor).require()
    form = CollectionForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        made = attempt(form, lambda cleaned: commands.save_collection(request.actor, None, **cleaned))
        if made:
            return redirect("curation_collection", made.slug)
    context = {"tab": "mirrors", "section": "collections", "form": form, "rows": list(reads.collections(published=False))}
    return render(request, "projects/curation_collections.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def collection(request: ActorRequest, slug: str) -> HttpResponse:
    """One collection: its words, its projects and their order."""
    rules.can_curate(request.actor).require()
    one, act = reads.collection(slug, published=False), request.POST.get("act", "")
    if one is None:
        raise NotFound(_("There is no such collection."))
    start = {name: getattr(one, name) for name in ("title_zh", "title_en", "slug", "text_zh", "text_en", "icon", "is_published")}
    form = CollectionForm(request.POST if act == "save" else None, initial=start)
    adding = MemberForm(request.POST if act == "add" else None)
    if act == "delete":
        commands.remove_collection(request.actor, one)
        messages.success(request, _("Removed."))
        return redirect("curation_collections")
    if act in ("up", "down", "remove"):
        pk = request.POST.get("member", "")
        member = get_object_or_404(CollectionMember, collection=one, pk=int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 12 else 0)
        commands.arrange_member(request.actor, member, act=act)
        return redirect(f"{request.path}#members")
    if form.is_bound:
        saved = attempt(form, lambda cleaned: commands.save_collection(request.actor, one, **cleaned))
        if saved:
            messages.success(request, _("Saved."))
            return redirect("curation_collection", saved.slug)
    if adding.is_bound and attempt(
        adding, lambda given: commands.add_to_collection(request.actor, one, given["project"], note=given["note"])
    ):
        return redirect(f"{request.path}#members")
    context = {"tab": "mirrors", "section": "collections", "one": one, "form": form, "adding": adding, "members": reads.members(one)}
    return render(request, "projects/curation_collection.html", context, status=422 if form.errors or adding.errors else 200)


@require_http_methods(["GET", "POST"])
def shelf(request: ActorRequest) -> HttpResponse:
    """What stands on the market's first page: featured, 精品 (with their days), hot organisations."""
    rules.can_curate(request.actor).require()
    if request.POST.get("act") == "remove":
        pk = request.POST.get("hot", "")
        hot = get_object_or_404(
            HotOwner.objects.select_related("namespace"), pk=int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 12 else 0
        )
        commands.remove_hot_owner(request.actor, hot)
        return redirect(request.path)
    form = HotForm(request.POST if request.method == "POST" else None)
    if form.is_bound and attempt(form, lambda cleaned: commands.add_hot_owner(request.actor, cleaned["owner"])):
        return redirect(request.path)
    context = {"tab": "mirrors", "section": "shelf", "form": form, "hot": list(reads.hot_owners()), "rows": list(reads.placed()[:200])}
    return render(request, "projects/curation_shelf.html", context, status=422 if form.errors else 200)
