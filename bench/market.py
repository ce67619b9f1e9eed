"""The market, its feed and the directory with 26,000 projects: time and number of queries of each, as a person and as nobody.

    .venv/bin/python bench/market.py [--quick] [--visits]

`--visits` also counts 20,000 visits and rates what is rising.
"""

import argparse
import random
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from common import table
from inside import cost, django_on, signed_in
from scale import Crowd, analyse

GOALS = {"sqlite": 60, "postgresql": 80}  # ms, p95
PAGES = {
    "market": "/market",
    "market, rising": "/market?sort=rising",
    "market, language and stars": "/market?language=Rust&sort=stars",
    "market, two words": "/market?q=vision+盘古",
    "market, three filters": "/market?type=hosted&licence=MIT&activity=month",
    "market, far page": "/market?sort=views&after=AFTER",
    "feed of a filter": "/market.atom?language=Python",
    "organizations": "/organizations",
    "organizations, by downloads": "/organizations?sort=downloads",
}


def visited(rows: list[int]) -> None:
    """Thirty days of views and downloads."""
    from projects.models import Traffic, TrafficDay

    chance, today = random.Random(5), datetime.now(UTC).date()  # noqa: S311
    days = [
        TrafficDay(repository_id=pk, day=today - timedelta(days=age), views=(n := chance.randrange(60)), clones=n // 9, known=n // 3)
        for pk in rows
        for age in chance.sample(range(30), 4)
    ]
    TrafficDay.objects.bulk_create(days, batch_size=500)
    sums: dict[int, list[int]] = {}
    for day in days:
        known = sums.setdefault(day.repository_id, [0, 0])
        known[0], known[1] = known[0] + day.views, known[1] + day.clones
    Traffic.objects.bulk_create((Traffic(repository_id=pk, views=v, downloads=d) for pk, (v, d) in sums.items()), batch_size=500)


def counting(rows: list[int]) -> list[str]:
    """How long it takes to count, and to rate."""
    from core.actors import SYSTEM, Actor
    from projects import commands
    from projects.commands.counting import spool

    chance = random.Random(6)  # noqa: S311
    began = time.perf_counter()
    for number in range(20_000):
        reader = Actor(ip=f"{10 + number % 90}.{number % 250}.{number % 199}.1", user_agent=f"Mozilla/5.0 ({number % 50})")
        commands.note_visit(reader, chance.choice(rows), "view")
    noted = (time.perf_counter() - began) / 20_000 * 1e6
    spool.flush()
    began = time.perf_counter()
    counted = commands.count_visits(SYSTEM)
    took = time.perf_counter() - began
    began = time.perf_counter()
    rising = commands.rate_rising(SYSTEM)
    return [
        f"noting a visit: {noted:.1f} µs",
        f"{counted:,} of 20,000 visits counted in {took:.1f} s",
        f"{rising:,} projects rated in {time.perf_counter() - began:.1f} s",
    ]


def main() -> None:
    """Build the rows, then ask for each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything: does it run?")
    parser.add_argument("--visits", action="store_true", help="also count visits")
    given = parser.parse_args()
    size, folder = 10 if given.quick else 1, Path(tempfile.mkdtemp(prefix="openi-bench-"))
    try:
        django_on(folder)
        from django.db import connection
        from django.test import Client

        from projects.models import Repository

        crowd = Crowd()
        client = signed_in(crowd.grow(2000 // size, 500 // size, 26_000 // size))
        pks = list(Repository.objects.order_by("pk").values_list("pk", flat=True))
        visited(pks)
        analyse()
        after, rows = str(pks[len(pks) // 2]), []
        for who, reader in (("person", client), ("nobody", Client(HTTP_HOST="127.0.0.1"))):
            for name, path in PAGES.items():
                found = cost(reader, path.replace("AFTER", after), rounds=3 if given.quick else 30)
                missed = "" if found.p95 * 1000 <= GOALS[connection.vendor] else "  MISSED"
                rows.append(
                    [
                        f"{name} ({who})",
                        f"{found.p50 * 1000:.1f}",
                        f"{found.p95 * 1000:.1f}{missed}",
                        f"{found.cpu * 1000:.1f}",
                        str(found.queries),
                    ]
                )
        print(f"{connection.vendor}; {len(pks):,} projects")
        table(("page", "p50 ms", f"p95 ms (≤ {GOALS[connection.vendor]})", "CPU ms", "queries"), rows)
        lines: list[Any] = counting(pks) if given.visits else []
        print("\n".join(lines))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
