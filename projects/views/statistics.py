"""`/-/admin/mirrors/statistics`: how the mirrors stand, day by day, as charts, tables and CSV."""

import csv
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.actors import ActorRequest
from core.errors import NotFound
from projects import rules
from projects.queries import statistics as reads
from projects.queries.statistics import Measure, Table
from projects.templatetags.lines import lines


def _days(request: ActorRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, reads.DAYS) else 30


def _titles() -> dict[str, tuple[str, str]]:
    """Measure → title and what its figures are."""
    return {
        Measure.FRESHNESS.value: (_("Freshness"), _("mirrors by the age of the last look that worked")),
        Measure.FAILURES.value: (_("Failures"), _("mirrors that fail, by cause")),
        Measure.BACKLOG.value: (_("Backlog"), _("mirrors that wait")),
        Measure.CURATED.value: (_("Sorted"), _("mirrors by where they lie")),
        Measure.BYTES.value: (_("Received"), _("bytes a day, by host")),
        Measure.FETCHES.value: (_("Requests"), _("fetches and failed looks a day, by host")),
    }


@require_safe
def mirror_statistics(request: ActorRequest) -> HttpResponse:
    """Six charts over the last days; the newest are at most a quarter of an hour old."""
    rules.can_curate(request.actor).require()
    days = _days(request)
    tables = reads.history(days)
    context = {
        "tab": "mirrors",
        "days": days,
        "periods": reads.DAYS,
        "taken": reads.taken_at(),
        "charts": [_chart(tables[measure], title, about) for measure, (title, about) in _titles().items()],
    }
    return render(request, "projects/mirror_statistics.html", context)


def _chart(table: Table, title: str, about: str) -> dict[str, Any]:
    shown = table.series[: reads.SHOWN]
    rows = [(day, [series.values[at] for series in table.series]) for at, day in enumerate(table.days)]
    rows = [row for row in reversed(rows) if any(value is not None for value in row[1])]
    return {
        "measure": table.measure,
        "title": title,
        "about": about,
        "series": table.series,
        "legend": [(place, series) for place, series in enumerate(shown, 1)],
        "left_out": len(table.series) - len(shown),
        "svg": lines(table.days, [(series.label, series.values) for series in shown], f"{title}: {about}") if rows else "",
        "rows": rows,
        "is_bytes": table.measure == Measure.BYTES,
    }


@require_safe
def mirror_statistics_csv(request: ActorRequest, measure: str) -> HttpResponse:
    """One measure: a line a day, a column a series. Raises NotFound."""
    rules.can_curate(request.actor).require()
    if measure not in Measure.values:
        raise NotFound(_("There is no such figure."))
    table = reads.history(_days(request), measures=(measure,))[measure]
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="mirrors-{measure}.csv"'
    writer = csv.writer(answer)
    writer.writerow(["day", *(series.key for series in table.series)])
    for at, day in enumerate(table.days):
        values = [series.values[at] for series in table.series]
        if any(value is not None for value in values):
            writer.writerow([day.isoformat(), *("" if value is None else value for value in values)])
    return answer
