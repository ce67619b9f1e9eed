"""The counts in the head of a repository's pages are of rows the reader may see."""

from dataclasses import replace

import pytest

from core.actors import ANONYMOUS
from projects import commands, queries
from projects.models import Release, Traffic, TrustReport, Watch
from projects.queries.header import Header
from tests.factories.accounts import actor, person
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db


def head(who, project) -> Header:
    """Without what other packages count."""
    return replace(queries.header(who, project), figures={})


def test_an_empty_head() -> None:
    assert head(ANONYMOUS, repository(person())) == Header(0, 0, 0, 0, False, "")


def test_counts_and_what_the_reader_chose() -> None:
    owner, fan = person(), person()
    project, other = repository(owner, files={"a": b"1"}), repository(owner)
    for row in (project, other):
        commands.star_repository(actor(fan), row)
    Watch.objects.filter(repository=project).delete()
    Watch.objects.create(repository=project, user=owner, level=Watch.Level.NONE)
    Watch.objects.create(repository=project, user=fan, level="all")
    Release.objects.create(repository=project, tag="v1", is_draft=False)
    Release.objects.create(repository=project, tag="v2", is_draft=True)
    assert head(actor(fan), project) == Header(1, 1, 0, 1, True, "all")
    assert head(actor(owner), project) == Header(1, 1, 0, 1, False, "none")
    assert queries.header(actor(person()), project).watch == ""


def test_a_fork_counts_for_those_who_may_read_it() -> None:
    owner, forker = person(), person()
    project = repository(owner, files={"a": b"1"})
    fork = commands.fork_repository(actor(forker), project, into=forker.namespace)
    fork.visibility = "private"
    fork.save()
    assert queries.header(actor(owner), project).forks == 0
    assert queries.header(actor(forker), project).forks == 1


def test_what_was_counted_and_looked_at() -> None:
    project = repository(person())
    Traffic.objects.create(repository=project, views=7, downloads=3)
    TrustReport.objects.create(repository=project, passed=5, total=7)
    found = queries.header(actor(person()), project)
    assert (found.views, found.downloads, found.checks) == (7, 3, "5/7")
