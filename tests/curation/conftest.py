"""Mirrors of the catalogue by the dozen, without objects."""

import pytest
from django.test import Client

from core.actors import SYSTEM
from projects import commands
from projects.models import Mirror, Repository
from tests.factories.accounts import person, sign_in


@pytest.fixture
def mirrors():
    """Makes so many listed mirrors, named github.com/lab/m0 …; the projects in order."""

    def make(count: int, *, owner: str = "lab") -> list[Repository]:
        made = [commands.list_mirror(SYSTEM, f"https://github.com/{owner}/m{number}") for number in range(count)]
        return [one.repository for one in made]

    return make


@pytest.fixture
def curator():
    return person(is_admin=True)


@pytest.fixture
def desk(curator) -> Client:
    """A curator's browser, in English."""
    client = Client(headers={"accept-language": "en"})
    sign_in(client, curator)
    return client


def state_of(row: Repository) -> str:
    return Mirror.objects.get(repository=row).state
