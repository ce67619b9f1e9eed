"""Day figures against the rows they are counted from; charts, tables, CSV."""

import csv
import io
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone

from core.actors import SYSTEM
from projects import commands
from projects.models import Mirror, MirrorDay, MirrorHost
from projects.queries import statistics as reads
from projects.templatetags.lines import brief, ceiling, lines
from tests.factories.accounts import person, sign_in
from tests.factories.suggesting import mirror

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def state(name: str, *, category: str = "other", **fields) -> None:
    row = mirror(f"lab/{name}", category=category)
    Mirror.objects.filter(repository=row).update(**fields)


@pytest.fixture
def mirrors() -> None:
    filled = {"state": "fresh", "filled_at": NOW - timedelta(days=9), "next_at": NOW + timedelta(hours=1)}
    state("a", **filled, checked_at=NOW - timedelta(minutes=5))
    state("b", **filled, checked_at=NOW - timedelta(hours=2))
    state("c", **filled, checked_at=NOW - timedelta(hours=3))
    state("d", **filled, checked_at=NOW - timedelta(hours=20))
    state("e", **{**filled, "next_at": NOW - timedelta(minutes=2)}, checked_at=NOW - timedelta(days=2))
    state("f", **{**filled, "state": "failing", "next_at": NOW - timedelta(hours=2)}, cause="slow", checked_at=NOW - timedelta(days=5))
    state("g", **{**filled, "state": "failing"}, cause="name", checked_at=None)
    state("h", **{**filled, "state": "failing"}, cause="slow", checked_at=NOW - timedelta(days=4))
    state("paused", **{**filled, "state": "paused"}, checked_at=NOW, cause="slow")
    state("promoted", **{**filled, "state": "promoted"}, checked_at=NOW)
    state("listed", category="nlp")
    state("bare", category="")
    MirrorHost.objects.update_or_create(host="github.com", defaults={"bytes": 1000, "fetches": 10})
    MirrorHost.objects.update_or_create(host="gitee.com", defaults={"bytes": 50, "fetches": 3})


def figures(measure: str, day=None) -> dict[str, int]:
    return dict(MirrorDay.objects.filter(measure=measure, day=day or timezone.now().date()).values_list("key", "value"))


def test_each_figure_equals_the_rows(mirrors):
    commands.roll_up_mirrors(SYSTEM)
    assert figures("freshness") == {"hour": 1, "quarter": 2, "day": 1, "days": 1, "older": 2, "never": 1}
    assert figures("failures") == {"slow": 2, "name": 1}
    assert figures("backlog") == {"due": 2, "late": 1, "listed": 2}
    assert figures("curated") == {"sorted": 1, "other": 9, "unsorted": 1}
    assert figures("bytes") == {"github.com": 1000, "gitee.com": 50}
    assert figures("fetches") == {"github.com": 10, "gitee.com": 3}


def test_the_last_count_of_a_day_stays(mirrors):
    commands.roll_up_mirrors(SYSTEM)
    Mirror.objects.filter(cause="name").update(cause="", checked_at=NOW)
    Mirror.objects.filter(repository__name="bare").update(state="promoted")
    MirrorHost.objects.filter(host="github.com").update(bytes=1500)
    commands.roll_up_mirrors(SYSTEM)
    assert figures("failures") == {"slow": 2}
    assert figures("freshness")["never"] == 0
    assert figures("bytes")["github.com"] == 1500
    assert figures("curated")["unsorted"] == 0


def test_a_days_share_of_a_counter_is_the_difference_and_gaps_are_gaps():
    today = NOW.date()
    for back, value in ((5, 100), (4, 160), (2, 200), (1, 200), (0, 260)):
        MirrorDay.objects.create(day=today - timedelta(days=back), measure="bytes", key="old.example", value=value)
    MirrorDay.objects.create(day=today - timedelta(days=1), measure="bytes", key="new.example", value=7)
    MirrorDay.objects.create(day=today, measure="bytes", key="new.example", value=9)
    by_key = {one.key: one.values for one in reads.history(7, measures=("bytes",))["bytes"].series}
    assert by_key["old.example"] == [None, None, 60, None, 40, 0, 60]
    assert by_key["new.example"] == [None, None, 0, None, 0, 7, 2]
    by_key = {one.key: one.values for one in reads.history(3, measures=("bytes",))["bytes"].series}
    assert by_key["old.example"][1:] == [0, 60]


def test_a_cause_that_is_gone_counts_nothing_and_an_uncounted_day_is_a_gap():
    today = NOW.date()
    MirrorDay.objects.create(day=today - timedelta(days=2), measure="failures", key="slow", value=4)
    MirrorDay.objects.create(day=today, measure="failures", key="name", value=1)
    by_key = {one.key: one.values for one in reads.history(3)["failures"].series}
    assert by_key == {"slow": [4, None, 0], "name": [0, None, 1]}
    MirrorDay.objects.create(day=today - timedelta(days=1), measure="backlog", key="due", value=0)  # counted, and nothing failed
    by_key = {one.key: one.values for one in reads.history(3, measures=("failures",))["failures"].series}
    assert by_key == {"slow": [4, 0, 0], "name": [0, 0, 1]}


def test_page_and_csv_show_the_same_figures(mirrors, django_assert_max_num_queries):
    commands.roll_up_mirrors(SYSTEM)
    client = Client()
    sign_in(client, person(is_admin=True))
    with django_assert_max_num_queries(12):
        answer = client.get("/-/admin/mirrors/statistics", headers={"accept-language": "en"})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.count('<svg class="chart day-chart"') == 4, "counters have no share of a day on their first day"
    assert "Within 6 hours <b>2</b>" in html
    assert "style=" not in html
    answer = client.get("/-/admin/mirrors/statistics/failures.csv?days=7")
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert rows == [["day", "slow", "name"], [timezone.now().date().isoformat(), "2", "1"]]
    assert client.get("/-/admin/mirrors/statistics/nothing.csv").status_code == 404
    assert client.get("/-/admin/mirrors/statistics?days=x").status_code == 200
    MirrorDay.objects.all().delete()
    assert "No figures in these days yet" in client.get("/-/admin/mirrors/statistics", headers={"accept-language": "en"}).content.decode()


@pytest.mark.parametrize("who", [None, "reader"])
def test_others_learn_nothing(who):
    client = Client()
    if who:
        sign_in(client, person())
    for path in ("", "/bytes.csv"):
        assert client.get(f"/-/admin/mirrors/statistics{path}").status_code == 404


def test_lines_lie_inside_the_picture_and_keep_gaps():
    days = [NOW.date() - timedelta(days=back) for back in range(4, -1, -1)]
    svg = ElementTree.fromstring(str(lines(days, [("a <b>", [0, 10, None, 5, 7]), ("c", [None, None, None, None, 3])], "x & y")))
    assert svg.get("aria-label") == "x & y"
    groups = svg.findall("g")
    assert [one.find("title").text for one in groups] == ["a <b>", "c"]
    assert len(groups[0].findall("path")) == 2
    assert len(groups[1].findall("circle")) == 1
    points = [tuple(map(float, point.split())) for path in groups[0].findall("path") for point in path.get("d")[1:].split("L")]
    assert all(0 <= x <= 640 and 0 <= y <= 180 for x, y in points)
    assert points[0][1] > points[1][1], "more is higher"


@pytest.mark.parametrize(
    "highest, top, steps",
    [
        (0, 1, 1),
        (1, 1, 1),
        (2, 2, 2),
        (4, 5, 5),
        (7, 9, 3),
        (10, 10, 2),
        (11, 20, 2),
        (25_741, 30_000, 3),
        (95, 100, 2),
        (10**12 + 1, 2 * 10**12, 2),
    ],
)
def test_the_scale_ends_on_a_round_number(highest, top, steps):
    assert ceiling(highest) == (top, steps)
    assert [brief(value) for value in (3, 1234, 2_500_000, 7e12)] == ["3", "1.23k", "2.5M", "7T"]
