"""The size of a fork in two figures: what it holds itself, and what it reaches of the store it shares."""

import os

import pytest
from django.test import Client

from core.actors import SYSTEM
from projects import commands, subscribers
from projects.events import RepositoryForked
from projects.models import Repository
from tests.factories.accounts import actor, person
from tests.factories.projects import commit, git, repository

pytestmark = pytest.mark.django_db
BIG = 300_000  # bytes that do not compress


@pytest.fixture
def pair():
    """A parent with BIG bytes and a fork of it, measured as the subscriber does."""
    ada, bob = person("ada"), person("bob")
    parent = repository(ada, name="demo", files={"big.bin": os.urandom(BIG)})
    fork = commands.fork_repository(actor(bob), parent, into=bob.namespace)
    subscribers.index.index_fork(RepositoryForked(fork_id=fork.pk, source_id=parent.pk, by_id=bob.pk), "x")
    return parent, Repository.objects.get(pk=fork.pk)


def test_a_fork_shares_what_its_parent_brought_and_owns_what_is_its_own(pair):
    parent, fork = pair
    assert BIG < fork.shared_bytes < BIG * 1.2
    assert fork.size_bytes < BIG / 2
    commit(fork, {"own.bin": os.urandom(2 * BIG)})
    commands.measure_repository(SYSTEM, fork.pk)
    fork.refresh_from_db()
    assert BIG * 0.8 < fork.shared_bytes < BIG * 1.2
    assert fork.size_bytes > 2 * BIG
    commands.measure_repository(SYSTEM, parent.pk)
    parent.refresh_from_db()
    assert parent.shared_bytes < BIG / 2, "what it brought is its own"
    assert parent.size_bytes > BIG


def test_a_private_fork_shares_the_files_it_is_linked_to():
    ada, bob = person("ada"), person("bob")
    parent = repository(ada, name="demo", visibility="private", files={"big.bin": os.urandom(BIG)})
    git(parent.path, "repack", "-adq")
    commands.set_collaborator(actor(ada), parent, bob, access="read")
    fork = commands.fork_repository(actor(bob), parent, into=bob.namespace)
    commands.measure_repository(SYSTEM, fork.pk)
    fork.refresh_from_db()
    assert fork.size_bytes < BIG / 2
    assert BIG < fork.shared_bytes < BIG * 1.5


def test_what_only_another_member_reaches_is_no_part_of_it(pair):
    parent, fork = pair
    commit(parent, {"more.bin": os.urandom(3 * BIG)})
    commands.maintain_repository(SYSTEM, parent.pk)
    commands.maintain_repository(SYSTEM, fork.pk)
    fork.refresh_from_db()
    assert fork.shared_bytes < BIG * 1.2


def test_a_detached_fork_shares_nothing(pair, deliver):
    _parent, fork = pair
    commands.detach_fork(actor(fork.namespace.user), fork)
    deliver()
    fork.refresh_from_db()
    assert fork.shared_bytes == 0
    assert fork.size_bytes > BIG


def test_pages_and_api_name_both_figures(pair, client: Client):
    parent, fork = pair
    headers = {"Accept-Language": "en"}
    shown = client.get(fork.get_absolute_url(), headers=headers)
    assert shown.content.decode().count("KiB shared") == 2
    assert "KiB shared" not in client.get(parent.get_absolute_url(), headers=headers).content.decode()
    told = client.get(f"/api/v1/repositories/{fork}").json()
    assert (told["size"], told["shared_size"]) == (fork.size_bytes, fork.shared_bytes)
    Repository.objects.filter(pk=fork.pk).update(shared_bytes=0)
    again = client.get(fork.get_absolute_url(), headers={**headers, "If-None-Match": shown["ETag"]})
    assert again.status_code == 200
    client.force_login(fork.namespace.user)
    assert "The first figure counts for the quota" in client.get(f"{fork.get_absolute_url()}/settings", headers=headers).content.decode()
