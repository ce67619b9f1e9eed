"""One world per test; each question is asked in a transaction of its own that is rolled back."""

import pytest

from core.actors import SYSTEM
from search.commands import rebuild_index
from tests.factories.projects import git
from tests.safety import walk
from tests.safety.world import World, build


@pytest.fixture
def world(db, tmp_path, settings):
    """People, repositories and things of every kind (`tests.safety.world`); there is budget for many questions."""
    settings.ANONYMOUS_NETWORK_BUDGET = settings.ANONYMOUS_OVERALL_BUDGET = 10**6
    made: World = build()
    made.oids["blob"] = git(made.repositories["public"].path, "rev-parse", "main:src/secret.py")
    rebuild_index(SYSTEM)
    walk.sign_everybody_in(made)
    walk.keep(made, tmp_path / "repositories")
    return made
