"""Finding one row by its name reads an index, however many rows there are."""

import contextlib
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import queries as people
from core.actors import ANONYMOUS
from core.errors import NotFound
from projects import queries

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
