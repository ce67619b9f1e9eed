#!/usr/bin/env python3
"""Lists over 10,000 repositories and 2,000 people, in process; with OPENI_DATABASE_URL on PostgreSQL. See `--help`."""

import argparse
import random
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import start_of_git, table
from inside import cost, django_on, profiled, signed_in

LANGUAGES = ("Python", "C++", "C", "Rust", "Go", "Java", "TypeScript", "Jupyter Notebook", "Verilog", "Shell")
LICENCES = ("MulanPSL-2.0", "Apache-2.0", "MIT", "GPL-3.0", "")
WORDS = ("vision", "speech", "detector", "盘古", "模型", "数据集", "riscv", "compiler", "训练", "agent", "graph", "tensor")
PAGES = {
    "market": "/market",
    "market, by name": "/market?q=repo-00017",
    "market, two words": "/market?q=vision+盘古",
    "market, language": "/market?language=Rust&sort=stars",
    "market, by views": "/market?sort=views",
    "profile": "/busy",
    "profile, projects": "/busy?tab=projects",
    "profile, stars": "/busy?tab=stars",
    "organisation": "/org-0000",
    "dashboard": "/dashboard",
    "front of the site": "/",
}


class Crowd:
    """Bulk rows; `grow` adds to what is there, the first person is `busy` and in every tenth organisation."""

    def __init__(self) -> None:
        self.order = random.Random(7)  # noqa: S311
        self.people: list[Any] = []
        self.organizations: list[Any] = []
        self.repositories = 0

    def grow(self, people: int, organizations: int, repositories: int) -> Any:
        """Add so many; returns `busy`."""
        self._people(people)
        self._organizations(organizations)
        self._repositories(repositories)
        return self.people[0]

    def _namespaces(self, slugs: list[str], kind: str) -> list[Any]:
        from accounts.models import Namespace

        return Namespace.objects.bulk_create([Namespace(slug=slug, kind=kind) for slug in slugs], batch_size=500)

    def _people(self, count: int) -> None:
        from allauth.account.models import EmailAddress

        from accounts.models import User

        first = len(self.people)
        names = ["busy" if number == 0 else f"person-{number:05}" for number in range(first, first + count)]
        spaces = self._namespaces(names, "person")
        rows = [User(username=one.slug, email=f"{one.slug}@example.org", namespace=one, display_name=f"人物 {one.slug}") for one in spaces]
        self.people += User.objects.bulk_create(rows, batch_size=500)
        new = self.people[first:]
        EmailAddress.objects.bulk_create(
            [EmailAddress(user=one, email=one.email, verified=True, primary=True) for one in new], batch_size=500
        )

    def _organizations(self, count: int) -> None:
        from accounts.models import Membership, Organization

        first = len(self.organizations)
        spaces = self._namespaces([f"org-{number:04}" for number in range(first, first + count)], "organization")
        rows = [Organization(namespace=one, display_name=f"机构 {one.slug}") for one in spaces]
        new = Organization.objects.bulk_create(rows, batch_size=500)
        self.organizations += new
        members = [
            Membership(organization=one, user=user, role="developer" if number else "owner")
            for index, one in enumerate(new)
            for number, user in enumerate(
                {*self.order.sample(self.people, min(40, len(self.people))), *(self.people[:1] if index % 10 == 0 else ())}
            )
        ]
        Membership.objects.bulk_create(members, batch_size=500)

    def _repositories(self, count: int) -> None:
        from django.utils import timezone

        from projects.models import Repository

        now, rows = timezone.now(), []
        owners = [one.namespace for one in (*self.people, *self.organizations)]
        for number in range(self.repositories, self.repositories + count):
            owner = (
                self.people[0].namespace
                if number % 50 == 0
                else self.organizations[0].namespace
                if number % 50 == 1
                else self.order.choice(owners)
            )
            moment = now - timedelta(minutes=self.order.randrange(500_000))
            rows.append(
                Repository(
                    namespace=owner, name=f"repo-{number:05}", visibility=self.order.choice(("public",) * 8 + ("internal", "private")),
                    description=" ".join(self.order.sample(WORDS, 5)), main_language=self.order.choice(LANGUAGES),
                    licence=self.order.choice(LICENCES), topics=self.order.sample(WORDS, 2), is_empty=False, commits=number,
                    created_at=moment, updated_at=moment, pushed_at=moment,
                )
            )  # fmt: skip
        self.repositories += count
        self._around(Repository.objects.bulk_create(rows, batch_size=500), now)

    def _around(self, repositories: list[Any], now: Any) -> None:
        """Stars, pushes, days and forks of new repositories."""
        from projects.models import ContributionDay, Push, Repository, Star

        stars, pushes, days = [], [], []
        for row in repositories:
            fans = self.order.sample(self.people, min(len(self.people), int(self.order.paretovariate(1.2)) % 60))
            stars += [Star(repository=row, user=user) for user in fans]
            for user in self.order.sample(self.people, min(3, len(self.people))):
                when = now - timedelta(hours=self.order.randrange(8000))
                updates = [["refs/heads/main", "0" * 40, "1" * 40]]
                pushes.append(Push(repository=row, user=user, updates=updates, updates_total=1, at=when))
                days.append(ContributionDay(repository=row, email=user.email, day=when.date(), commits=self.order.randrange(1, 9)))
        Star.objects.bulk_create(stars, batch_size=500)
        Push.objects.bulk_create(pushes, batch_size=500)
        ContributionDay.objects.bulk_create(days, batch_size=500)
        forks = self.order.sample(repositories, len(repositories) // 10)
        for fork in forks:
            fork.forked_from = repositories[0]
        Repository.objects.bulk_update(forks, ["forked_from"], batch_size=500)


def analyse() -> None:
    """Fresh statistics for the planner, as both databases keep them by themselves in time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def explained(path: str, client: Any) -> None:
    """The slowest query of a page with its plan."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    for query in sorted(captured.captured_queries, key=lambda one: -float(one["time"]))[:2]:
        print(f"{query['time']} s: {query['sql'][:3000]}")
        prefix = "EXPLAIN (ANALYZE, BUFFERS) " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
        with connection.cursor() as cursor:
            cursor.execute(prefix + query["sql"].replace("%", "%%"))
            for line in cursor.fetchall():
                print("   ", line[-1])


def main() -> None:
    """Few rows first, then many: time and number of queries of each list, as one busy person and as nobody."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything: does it run?")
    parser.add_argument("--explain", metavar="PAGE", help="print the plans of a page's slowest queries instead")
    parser.add_argument("--profile", metavar="PAGE", help="print where the time of a page goes instead")
    given = parser.parse_args()
    size, folder = 100 if given.quick else 1, Path(tempfile.mkdtemp(prefix="openi-bench-"))
    try:
        django_on(folder)
        from django.db import connection

        crowd = Crowd()
        client = signed_in(crowd.grow(40, 11, 120))
        few = {name: cost(client, path, rounds=1).queries for name, path in PAGES.items()}
        crowd.grow(1960 // size, 40, 9880 // size)
        analyse()
        if given.explain or given.profile:
            path = PAGES[given.explain or given.profile]
            explained(path, client) if given.explain else profiled(lambda: client.get(path))
            return
        start, rows = start_of_git(), []
        for name, path in PAGES.items():
            found = cost(client, path, rounds=3 if given.quick else 30)
            missed = "" if found.p95 <= 4 * start else "  MISSED"
            same = f"{few[name]} → {found.queries}" + ("" if few[name] >= found.queries else "  GROWS")
            rows.append(
                [
                    name,
                    f"{found.p50 * 1000:.1f}",
                    f"{found.p95 * 1000:.1f}",
                    f"{found.cpu * 1000:.1f}",
                    f"{found.p95 / start:.1f}{missed}",
                    same,
                ]
            )
        print(
            f"{connection.vendor}; G, the start of `git --version`: {start * 1000:.1f} ms; {crowd.repositories:,} repositories, {len(crowd.people):,} people"
        )
        table(("page", "p50 ms", "p95 ms", "CPU ms", "p95 / G (≤ 4)", "queries, few → many rows"), rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
