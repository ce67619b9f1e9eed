"""Lists of mirrors that curators handed in: how far they are, what became of their rows."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.actors import Actor
from core.errors import NotFound
from projects import rules
from projects.models import MirrorList

OUTCOMES = {
    "listed": gettext_lazy("added"),
    "known": gettext_lazy("there already"),
    "duplicate": gettext_lazy("twice in the list"),
    "address": gettext_lazy("not the address of a repository"),
    "host": gettext_lazy("of a host that is not mirrored here"),
    "columns": gettext_lazy("with missing or extra columns"),
    "json": gettext_lazy("not a JSON object"),
}


def mirror_lists(actor: Actor) -> QuerySet[MirrorList]:
    """Newest first, for curators. Raises NotFound."""
    rules.can_curate(actor).require()
    return MirrorList.objects.select_related("by__namespace").order_by("-created_at", "-pk")


def mirror_list(actor: Actor, pk: int) -> MirrorList:
    """One. Raises NotFound."""
    found = mirror_lists(actor).filter(pk=min(pk, 2**62)).first()
    if found is None:
        raise NotFound(_("There is no such list."))
    return found


def outcomes(mirror_list: MirrorList) -> list[tuple[str, int]]:
    """(what became of them, how many rows), what was added first."""
    return [(str(OUTCOMES[code]), mirror_list.counts[code]) for code in OUTCOMES if code in mirror_list.counts]


def settled(mirror_list: MirrorList) -> int:
    """Rows that are done."""
    return sum(mirror_list.counts.values())


def report_rows(mirror_list: MirrorList) -> Iterator[tuple[int, str, str]]:
    """(row in the file, what became of it, its address or what is wrong), in order; a batch at a time."""
    for part in mirror_list.parts.order_by("pk").iterator(chunk_size=20):
        for number, code, text in part.outcomes:
            yield number, str(OUTCOMES.get(code, code)), text


def mirror_list_snapshot(pk: int) -> tuple[dict[str, Any], bool]:
    """What the live page shows, and whether it is over."""
    row = MirrorList.objects.filter(pk=pk).first()
    if row is None:
        return {"percent": 0, "phase": ""}, True
    over = row.state in (MirrorList.State.DONE, MirrorList.State.FAILED)
    return {"percent": row.percent, "phase": progress_words(row)}, over


def progress_words(row: MirrorList) -> str:
    """“1,200 of 25,741 rows, 1,180 added”."""
    return _("%(done)s of %(rows)s rows, %(listed)s added") % {
        "done": f"{settled(row):,}", "rows": f"{row.rows:,}", "listed": f"{row.counts.get('listed', 0):,}",
    }  # fmt: skip
