"""The curators' desk: bulk edits tried on paper and done, their trail, what is settled."""

import csv
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import commands as people
from core import live
from core.actors import ActorRequest
from core.errors import DomainError, Invalid, NotFound
from core.site import setting
from projects import commands, rules
from projects.commands.aspects import ASPECTS
from projects.forms.curation import BulkForm, OversizedForm
from projects.mirrors import causes
from projects.models import BulkEdit, Finding, Mirror, Repository
from projects.queries import curation as reads
from projects.queries import mirrors as mirror_reads
from projects.queries.curation import Selection, selection_of

PAGE = 50
SETTLED_BY = {"duplicate": "duplicate", "no_licence": "no_licence", "licence": "licence", "oversized": "oversized", "secret": "secret", "malware": "malware", "gone": "gone"}  # fmt: skip


class _Echo:
    """What the csv module writes to: it gives the line back."""

    def write(self, line: str) -> str:
        return line


def queue_titles() -> dict[str, str]:
    """Queue → its name."""
    return {
        "failing": _("Failing"), "gone": _("Original gone"), "uncategorised": _("Uncategorised"), "other": _("Other"),
        "duplicate": _("Duplicates and forks of each other"), "no_licence": _("Licence missing"), "licence": _("Licence changed"),
        "oversized": _("Oversized"), "secret": _("Suspicious: secrets"), "malware": _("Suspicious: malware"), "paused": _("Paused"),
        "hidden": _("Hidden"),
    }  # fmt: skip


def desk_context(request: ActorRequest) -> dict[str, Any]:
    """The queues with exact counts, and one page of the chosen selection; the same number of queries for any number of rows."""
    selection = selection_of({key: value for key, value in request.GET.items() if isinstance(value, str)})
    numbers = reads.numbers()
    counts = numbers.counts
    sort = request.GET.get("sort", "")
    rows = reads.selected(selection).order_by(*reads.SORTS.get(sort, ("pk",)))
    known = counts.get(selection.queue or "total") if set(selection.filters) <= {"queue"} else None
    page = reads.Counted(reads.shown(rows), PAGE, total=known).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    pulses = mirror_reads.pulses([row.mirror for row in shown if hasattr(row, "mirror")])
    evidence = _evidence(shown, selection.queue)
    titles = queue_titles()
    has_scanner = bool(commands.has_virus_scanner() or counts["malware"])
    return {
        "selection": selection,
        "numbers": numbers,
        "counts": counts,
        "queues": [
            {"key": key, "title": title, "n": counts[key], "current": key == selection.queue}
            for key, title in titles.items()
            if key != "malware" or has_scanner
        ],
        "queue_title": titles.get(selection.queue, ""),
        "rows": [
            (row, pulses.get(getattr(getattr(row, "mirror", None), "pk", 0)), causes.CAUSES.get(_cause(row)), evidence.get(row.pk, []))
            for row in shown
        ],
        "page": page,
        "pager": urlencode({**selection.filters, **({"sort": sort} if sort else {})}),
        "sort": sort,
        "categories": reads.category_choices(),
        "settles": SETTLED_BY.get(selection.queue, ""),
        "oversized": OversizedForm(initial={"gigabytes": setting("oversized_bytes") / 10**9}) if selection.queue == "oversized" else None,
    }


def _cause(row: Repository) -> str:
    return row.mirror.cause if hasattr(row, "mirror") else ""


def _filter_words(selection: Selection) -> list[str]:
    """The filters of a selection in words."""
    kinds = {"hosted": _("Hosted projects"), "all": _("All projects"), "every": _("All projects")}
    states = dict(Mirror.States.choices)
    named = {
        "kind": kinds.get(selection.kind, ""),
        "queue": queue_titles().get(selection.queue, ""),
        "q": f"“{selection.q}”" if selection.q else "",
        "state": str(states.get(selection.state, "")),
        "cause": causes.title(selection.cause) if selection.cause in causes.CAUSES else "",
        "host": selection.host,
        "category": _("Uncategorised") if selection.category == reads.NONE else selection.category.removeprefix("="),
        "tag": selection.tag,
        "words": ", ".join(selection.words),
    }
    return [words for words in named.values() if words]


def _evidence(rows: list[Repository], queue: str) -> dict[int, list[Any]]:
    """What speaks for a project's place in the queue: twins, or the lines of its finding."""
    if queue == "duplicate":
        return {pk: list(found) for pk, found in reads.twins(rows).items()}
    if queue in (Finding.Kind.LICENCE_CHANGED, Finding.Kind.SECRET, Finding.Kind.MALWARE):
        return {pk: finding.detail for pk, finding in reads.findings(rows, queue).items()}
    return {}


def _posted(data: QueryDict) -> Selection:
    """The selection a form carries: chosen rows, or all that match its filters."""
    filters = {key.removeprefix("in_"): value for key, value in data.items() if key.startswith("in_") and isinstance(value, str)}
    if data.get("scope") == "all":
        return selection_of(filters)
    ids = tuple(int(pk) for pk in data.getlist("pick") if pk.isascii() and pk.isdigit() and len(pk) < 12)
    if not ids:
        raise Invalid(_("Choose projects first, or all that match."))
    return Selection(ids=ids[: reads.IDS_MAX])


@require_http_methods(["GET", "POST"])
def edit_new(request: ActorRequest) -> HttpResponse:
    """What changes and for how many, with examples; then it is done. The form carries the selection, nothing is stored before."""
    rules.can_curate(request.actor).require()
    if request.method == "GET":
        return redirect("mirror_desk")
    try:
        selection = _posted(request.POST)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("mirror_desk")
    act = request.POST.get("act", "")
    form = BulkForm(None if act == "open" else request.POST)
    preview, moved = None, ""
    if form.is_valid():
        try:
            changes = form.changes()
            preview = commands.preview_edit(request.actor, selection, changes)
            expected = request.POST.get("expected", "")
            if act == "apply" and expected == str(preview.total):
                edit = commands.request_edit(request.actor, selection, changes, reason=form.cleaned_data["reason"])
                return redirect(edit.get_absolute_url())
            moved = expected if act == "apply" else ""
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {
        "tab": "mirrors",
        "section": "edits",
        "form": form,
        "selection": selection,
        "filters": _filter_words(selection),
        "preview": preview,
        "moved": moved,
        "changing": [(ASPECTS[key].label, n) for key, n in preview.changing.items()] if preview else [],
    }
    return render(request, "projects/curation_edit_new.html", context, status=422 if form.errors or moved else 200)


@require_safe
def edits(request: ActorRequest) -> HttpResponse:
    """The trail: every bulk edit, newest first."""
    rules.can_curate(request.actor).require()
    page = Paginator(reads.edits(), PAGE).get_page(request.GET.get("page"))
    context = {"tab": "mirrors", "section": "edits", "page": page, "rows": [(one, _words(one), reads.can_be_undone(one)) for one in page]}
    return render(request, "projects/curation_edits.html", context)


def _words(one: BulkEdit) -> list[Any]:
    """Which aspects an edit changed."""
    return [ASPECTS[key].label for key in ASPECTS if key in one.changes]


@require_http_methods(["GET", "POST"])
def edit(request: ActorRequest, pk: int) -> HttpResponse:
    """One edit: how far it is, what it did, and its undo."""
    rules.can_curate(request.actor).require()
    one = reads.edit(pk)
    if one is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    if request.method == "POST":
        try:
            return redirect(commands.undo_edit(request.actor, one).get_absolute_url())
        except DomainError as error:
            messages.error(request, error.message)
            return redirect(request.path)
    is_over = one.state in (BulkEdit.State.DONE, BulkEdit.State.FAILED)
    context = {
        "tab": "mirrors",
        "section": "edits",
        "edit": one,
        "is_over": is_over,
        "undone_by": getattr(one, "undone_by", None),
        "changes": [(ASPECTS[key].label, ASPECTS[key].say(value)) for key, value in one.changes.items() if key in ASPECTS],
        "filters": _filter_words(selection_of(one.selection, is_ours=True)),
        "chosen": len(one.selection.get("ids", [])),
        "may_undo": reads.can_be_undone(one),
        "live": "" if is_over else live.address("edits", f"{one.pk}.{get_language()}"),
    }
    return render(request, "projects/curation_edit.html#progress" if request.htmx else "projects/curation_edit.html", context)


@require_POST
def settle(request: ActorRequest) -> HttpResponse:
    """A person has looked: the chosen projects leave their queue."""
    rules.can_curate(request.actor).require()
    kind = request.POST.get("kind", "")
    chosen = [int(pk) for pk in request.POST.getlist("pick") if pk.isascii() and pk.isdigit() and len(pk) < 12]
    try:
        count = commands.settle_findings(request.actor, chosen, kind=kind)
        messages.success(request, ngettext("%d project left the queue.", "%d projects left the queue.", count) % count)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(f"/-/admin/mirrors?{urlencode({'queue': kind})}#rows")


@require_POST
def oversized(request: ActorRequest) -> HttpResponse:
    """From which size on a project is oversized."""
    rules.can_curate(request.actor).require()
    form = OversizedForm(request.POST)
    if form.is_valid():
        people.change_site_setting(request.actor, "oversized_bytes", int(form.cleaned_data["gigabytes"] * 10**9))
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Give a number of GB."))
    return redirect("/-/admin/mirrors?queue=oversized#rows")


@require_safe
def selection_csv(request: ActorRequest) -> HttpResponseBase:
    """The selection of the address as CSV, streamed."""
    rules.can_curate(request.actor).require()
    selection = selection_of({key: value for key, value in request.GET.items() if isinstance(value, str)})
    response = StreamingHttpResponse(_lines(selection), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="mirrors.csv"'
    return response


def _lines(selection: Selection) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow(["path", "address", "state", "cause", "category", "licence", "bytes", "stars", "checked_at"]))
    rows = reads.selected(selection).select_related("namespace", "mirror", "category").order_by("pk")
    for row in rows.iterator(chunk_size=2000):
        mirror = getattr(row, "mirror", None)
        of_mirror = (mirror.address, mirror.state, mirror.cause) if mirror else ("", "", "")
        values = [row.get_absolute_url(), *of_mirror, row.category.slug if row.category else "", row.licence, row.size_bytes]
        checked = mirror.checked_at.isoformat() if mirror and mirror.checked_at else ""
        yield str(writer.writerow([_plain(value) for value in (*values, mirror.upstream_stars if mirror else "", checked)]))


def _plain(value: object) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
