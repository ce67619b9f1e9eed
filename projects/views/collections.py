"""`/collections` 专题, for readers."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.actors import ActorRequest
from core.errors import NotFound
from core.markdown import render_text
from projects import rules
from projects.queries import mirrors as mirror_reads
from projects.queries import shelves as reads
from projects.queries.documents import without_markup


@require_safe
def collections(request: ActorRequest) -> HttpResponse:
    """All public ones."""
    context = {
        "rows": [(one, without_markup(one.text)) for one in reads.collections()],
        "may_curate": bool(rules.can_curate(request.actor)),
    }
    return render(request, "projects/collections.html", context)


@require_safe
def collection(request: ActorRequest, slug: str) -> HttpResponse:
    """One with its projects; a draft is seen by curators alone."""
    may_curate = bool(rules.can_curate(request.actor))
    one = reads.collection(slug, published=not may_curate)
    if one is None:
        raise NotFound(_("There is no such collection."))
    members = reads.members(one)
    mirrors = [row.repository.mirror for row in members if hasattr(row.repository, "mirror")]
    pulses = mirror_reads.pulses(mirrors) if mirrors else {}
    rows = [(row, pulses.get(row.repository.mirror.pk) if hasattr(row.repository, "mirror") else None) for row in members]
    context = {"one": one, "text": render_text(one.text), "rows": rows, "may_curate": may_curate}
    return render(request, "projects/collection.html", context)
