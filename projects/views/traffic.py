"""How often a project is read and downloaded."""

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.actors import ActorRequest
from projects.models import Repository
from projects.queries import counts
from projects.templatetags.charts import columns
from projects.views.common import page_of, repository_page

DEFAULT = 30


@require_safe
@repository_page
def repository_traffic(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Views and downloads by day, or by week for a year: charts and a table. Whoever may read the project may see it."""
    asked = request.GET.get("days", "")
    days = next((period for period in counts.PERIODS if str(period) == asked), DEFAULT)
    found = counts.series(repository, days=days)
    labels = [span.first for span in found.spans]
    context = {
        "series": found,
        "rows": [span for span in reversed(found.spans) if not span.is_empty],
        "by_week": counts.PERIODS[days] > 1,
        "views_chart": columns([span.views for span in found.spans], labels, _("Views")),
        "downloads_chart": columns([span.downloads for span in found.spans], labels, _("Downloads counted")),
        "views_top": max(span.views for span in found.spans),
        "downloads_top": max(span.downloads for span in found.spans),
        "first": labels[0],
        "last": labels[-1],
        "periods": [
            {"href": f"?days={period}", "current": period == days, "label": label}
            for period, label in zip(counts.PERIODS, (_("30 days"), _("90 days"), _("A year, by week")), strict=True)
        ],
    }
    return page_of(request, repository, "projects/traffic.html", context, tab="traffic")
