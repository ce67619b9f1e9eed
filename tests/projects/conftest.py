"""Clients and servers of Git's wire for the tests of this folder, a person and a repository."""

import pytest

from tests.factories import accounts
from tests.projects.wire import git, repository, ssh_port, web

__all__ = ["git", "ssh_port", "web"]


@pytest.fixture
def alice():
    return accounts.person("alice")


@pytest.fixture
def demo(alice):
    return repository(alice, "demo")
