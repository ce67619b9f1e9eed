"""Who committed, and when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import filenames
from core.actors import ActorRequest
from projects import queries
from projects.models import Repository
from projects.queries.contribution import weeks
from projects.templatetags.charts import bars
from projects.views.common import conditional, etag_of, page_of, repository_page

PER_PAGE = 50
PERIODS = {"": None, "year": 365, "quarter": 91, "month": 30}  # days


@require_safe
@repository_page
def repository_contributors(request: ActorRequest, repository: Repository) -> HttpResponseBase:
    """People by commits on the default branch, over all time or a period."""
    period = request.GET.get("period", "")
    if period not in PERIODS:
        period = ""
    number = _page_number(request.GET.get("page", "1"))
    etag = etag_of(request, repository, "contributors", repository.head_oid, repository.commits, period, number)
    return conditional(
        request,
        etag,
        lambda: page_of(request, repository, "projects/contributors.html", _context(repository, period, number), tab="contributors"),
    )


def _page_number(text: str) -> int:
    return max(1, min(int(text), 10_000)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _context(repository: Repository, period: str, number: int) -> dict[str, Any]:
    days = PERIODS[period]
    since: date | None = datetime.now(UTC).date() - timedelta(days=days) if days else None
    everyone = queries.contributors(repository, since=since)
    base = repository.get_absolute_url()
    labels = {"": _("All time"), "year": _("Last year"), "quarter": _("Last quarter"), "month": _("Last month")}
    query = f"period={period}&" if period else ""
    first = (number - 1) * PER_PAGE
    counts = weeks(repository, total=52)
    return {
        "base": base,
        "people": everyone[first : first + PER_PAGE],
        "history": f"{base}/commits/{filenames.quoted(repository.default_branch)}",
        "total": len(everyone),
        "commits": sum(one.commits for one in everyone),
        "periods": [{"href": f"?period={key}" if key else "?", "label": label, "current": key == period} for key, label in labels.items()],
        "spark": bars(counts, _("Commits per week over the last year")) if any(counts) else "",
        "previous_href": f"?{query}page={number - 1}" if number > 1 else "",
        "next_href": f"?{query}page={number + 1}" if first + PER_PAGE < len(everyone) else "",
    }
