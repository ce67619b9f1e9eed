"""The tree of categories and the tags, edited in the page."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.actors import ActorRequest
from core.errors import DomainError, NotFound
from core.forms import attempt
from projects import commands, rules
from projects.forms.curation import CategoryForm, SplitForm, TagForm
from projects.models import Category
from projects.queries import curation as reads
from projects.queries import shelves


@require_http_methods(["GET", "POST"])
def categories(request: ActorRequest) -> HttpResponse:
    """The tree with counts; a new field; up and down."""
    rules.can_curate(request.actor).require()
    act = request.POST.get("act", "")
    if act in ("up", "down"):
        one = _category(request.POST.get("slug", ""))
        commands.shift_category(request.actor, one, up=act == "up")
        return redirect(f"{request.path}#{one.slug}")
    form = CategoryForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        parent = shelves.category(request.POST.get("parent", ""))
        made = attempt(form, lambda cleaned: commands.create_category(request.actor, parent=parent, **cleaned))
        if made:
            messages.success(request, _("Made."))
            return redirect(f"{request.path}#{made.slug}")
    tree = shelves.tree()
    context = {"tab": "mirrors", "section": "categories", "tree": tree, "form": form, "former": list(shelves.former_categories()[:200])}
    return render(request, "projects/curation_categories.html", context, status=422 if form.errors else 200)


def _category(slug: str) -> Category:
    found = shelves.category(slug)
    if found is None or found.merged_into_id:
        raise NotFound(_("There is no such category."))
    return found


@require_http_methods(["GET", "POST"])
def category(request: ActorRequest, slug: str) -> HttpResponse:
    """One category: names and words, its place, merge, split, removal."""
    rules.can_curate(request.actor).require()
    one, act = _category(slug), request.POST.get("act", "")
    start = {"name_zh": one.name_zh, "name_en": one.name_en, "slug": one.slug, "icon": one.icon, "words": one.words}
    form = CategoryForm(request.POST if act == "save" else None, initial=start)
    split = SplitForm(request.POST if act == "split" else None, auto_id="split_%s")
    if form.is_bound and attempt(form, lambda cleaned: commands.change_category(request.actor, one, **cleaned)):
        messages.success(request, _("Saved."))
        return redirect("curation_category", one.slug)
    if split.is_bound:
        made = attempt(split, lambda cleaned: commands.split_category(request.actor, one, below="beside" not in request.POST, **cleaned))
        if made:
            return redirect(made.get_absolute_url())
    if act in ("move", "merge", "remove"):
        try:
            return _arrange(request, one, act)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect(request.path)
    context: dict[str, Any] = {
        "tab": "mirrors", "section": "categories", "category": one, "form": form, "split": split,
        "others": [(other, name) for other, name in reads.category_choices() if other != one.slug],
        "fields": [branch.category for branch in shelves.tree() if branch.category.pk != one.pk],
    }  # fmt: skip
    return render(request, "projects/curation_category.html", context, status=422 if form.errors or split.errors else 200)


def _arrange(request: ActorRequest, one: Category, act: str) -> HttpResponse:
    if act == "merge":
        return redirect(commands.merge_category(request.actor, one, into=_category(request.POST.get("into", ""))).get_absolute_url())
    if act == "move":
        parent = request.POST.get("parent", "")
        commands.move_category(request.actor, one, parent=_category(parent) if parent else None)
    else:
        commands.remove_category(request.actor, one)
    messages.success(request, _("Done."))
    return redirect("curation_categories")


@require_http_methods(["GET", "POST"])
def tags(request: ActorRequest) -> HttpResponse:
    """All tags with counts; a new one, another name, removal."""
    rules.can_curate(request.actor).require()
    known = shelves.tag(request.POST.get("tag") or request.GET.get("tag", ""))
    if request.POST.get("act") == "remove":
        if known is None:
            raise NotFound(_("There is no such tag."))
        commands.remove_tag(request.actor, known)
        messages.success(request, _("Removed."))
        return redirect(request.path)
    start = {"name_zh": known.name_zh, "name_en": known.name_en, "slug": known.slug} if known else None
    form = TagForm(request.POST if request.method == "POST" else None, initial=start)
    if form.is_bound and attempt(form, lambda cleaned: commands.save_tag(request.actor, known, **cleaned)):
        messages.success(request, _("Saved."))
        return redirect(request.path)
    context = {"tab": "mirrors", "section": "tags", "form": form, "known": known, "rows": list(shelves.tags())}
    return render(request, "projects/curation_tags.html", context, status=422 if form.errors else 200)
