"""`/-/admin/mirrors/import`: many mirrors at once."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from core import live
from core.actors import ActorRequest
from core.forms import attempt, done
from projects import rules
from projects.commands import mirror_lists as commands
from projects.forms.mirror_lists import OURS_LABELS, ColumnsForm, MirrorListForm
from projects.models import MirrorList
from projects.queries import mirror_lists as reads

SHOWN = 20
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets would compute such a cell


@require_http_methods(["GET", "POST"])
def hand_in(request: ActorRequest) -> HttpResponse:
    """A file or pasted addresses; below, the lists so far."""
    rules.can_curate(request.actor).require()
    form = MirrorListForm(request.POST, request.FILES) if request.method == "POST" else MirrorListForm()
    if form.is_bound and (made := attempt(form, lambda cleaned: _keep(request, cleaned))):
        return redirect("mirror_list", made.pk)
    rows = [(row, reads.outcomes(row)) for row in reads.mirror_lists(request.actor)[:SHOWN]]
    return render(
        request, "projects/mirror_lists.html", {"tab": "mirrors", "form": form, "rows": rows}, status=422 if form.is_bound else 200
    )


def _keep(request: ActorRequest, cleaned: dict[str, Any]) -> MirrorList:
    file = cleaned["file"]
    chunks: Iterable[bytes] = file.chunks() if file else [cleaned["text"].encode()]
    return commands.hand_in_list(request.actor, chunks, name=file.name if file else "")


@require_http_methods(["GET", "POST"])
def one(request: ActorRequest, pk: int) -> HttpResponse:
    """Before it is begun: its first rows and columns. Then how far it is, and the report."""
    row = reads.mirror_list(request.actor, pk)
    if not row.is_begun:
        return _preview(request, row)
    running = row.state in (MirrorList.State.QUEUED, MirrorList.State.RUNNING)
    context = {
        "tab": "mirrors",
        "row": row,
        "running": running,
        "words": reads.progress_words(row),
        "outcomes": reads.outcomes(row),
        "unknown": list(row.unknown_categories.items())[:20],
        "live": live.address("mirror-lists", f"{row.pk}.{get_language()}") if running else "",
    }
    part = "#progress" if request.headers.get("HX-Request") else ""
    return render(request, f"projects/mirror_list.html{part}", context)


def _preview(request: ActorRequest, row: MirrorList) -> HttpResponse:
    seen = commands.preview_of(row)
    sent = request.POST if request.method == "POST" else None
    form = ColumnsForm(sent, heads=seen.columns)
    if sent is not None and sent.get("act") == "discard":
        commands.discard_list(request.actor, row)
        messages.success(request, _("The list is forgotten."))
        return redirect("mirror_lists")
    chosen = form.columns() if form.is_bound and form.is_valid() else {}
    begin = done(lambda _cleaned: commands.begin_list(request.actor, row, columns=chosen))
    if sent is not None and sent.get("act") == "begin" and attempt(form, begin):
        return redirect("mirror_list", row.pk)
    if chosen:
        seen = commands.preview_of(row, chosen)
    context = {"tab": "mirrors", "row": row, "seen": seen, "form": form, "labels": OURS_LABELS}
    return render(request, "projects/mirror_list_preview.html", context, status=422 if form.errors else 200)


class _Line:
    """A file whose `write` gives the text back."""

    def write(self, text: str) -> str:
        return text


@require_GET
def report(request: ActorRequest, pk: int) -> HttpResponseBase:
    """What became of each row, as CSV that spreadsheets open (UTF-8 with a mark)."""
    row = reads.mirror_list(request.actor, pk)
    answer = StreamingHttpResponse(_csv(row), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="mirrors-{row.pk}.csv"'
    return answer


def _csv(row: MirrorList) -> Iterator[bytes]:
    writer = csv.writer(_Line())
    yield b"\xef\xbb\xbf" + writer.writerow([_("row"), _("outcome"), _("address")]).encode()
    for number, outcome, text in reads.report_rows(row):
        yield writer.writerow([number, outcome, f"'{text}" if text.startswith(FORMULAS) else text]).encode()
