"""Finding one row by its name reads an index, however many rows there are."""

import contextlib
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import queries as people
from core.actors import ANONYMOUS
from core.errors import NotFound
from projects import commands, queries
from projects.models import Star
from projects.queries import explore
from tests.factories.accounts import actor, person
from tests.factories.projects import repository

LOOKUPS: dict[str, Callable[[], object]] = {
    "a page": lambda: queries.repository(ANONYMOUS, "Nobody", "Nothing"),
    "a former address": lambda: queries.former_repository(ANONYMOUS, "Nobody", "Nothing"),
    "Git": lambda: queries.repository_for_wire(ANONYMOUS, "Nobody", "Nothing"),
    "a namespace": lambda: people.namespace("Nobody"),
    "a person": lambda: people.person("Nobody"),
    "an organisation": lambda: people.organization("Nobody"),
}


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables as a whole, whatever the indexes")
@pytest.mark.parametrize("name", LOOKUPS)
def test_looking_up_a_name_scans_no_table(name: str) -> None:
    with CaptureQueriesContext(connection) as captured, contextlib.suppress(NotFound):
        LOOKUPS[name]()
    queries_made = [query["sql"] for query in captured.captured_queries]
    assert queries_made
    for sql in queries_made:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + sql)
            scans = [row[-1] for row in cursor.fetchall() if row[-1].startswith("SCAN")]
        assert scans == [], sql


def plan(rows: object) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + str(rows))
        return [row[-1] for row in cursor.fetchall()]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables as a whole, whatever the indexes")
def test_the_newest_pushes_are_read_in_order() -> None:
    with CaptureQueriesContext(connection) as captured:
        explore.recent_pushes(ANONYMOUS)
    steps = plan(captured.captured_queries[0]["sql"])
    assert "SCAN projects_push USING INDEX push_latest" in steps
    assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.django_db
def test_the_most_starred_come_first_and_others_fill_up() -> None:
    owner, fan = person(), person()
    plain, starred, hidden = repository(owner), repository(owner), repository(owner, visibility="private")
    commands.star_repository(actor(fan), starred)
    Star.objects.create(repository=hidden, user=fan)
    assert [row.pk for row in explore.most_starred(ANONYMOUS, 5)] == [starred.pk, plain.pk]
    assert [row.stars_total for row in explore.most_starred(ANONYMOUS, 1)] == [1]
    assert explore.most_starred(actor(owner), 2)[0].stars_total == 1
