"""Two people and a repository with a file of thirty lines."""

from types import SimpleNamespace

import pytest

from projects import commands
from tests.factories import accounts as make
from tests.factories.projects import repository
from tests.factories.pulls import TEXT


@pytest.fixture
def world(db):
    """Owner ada, her repository, a stranger bob, and carol who may write."""
    ada, bob, carol = make.person(), make.person(), make.person()
    demo = repository(ada, files={"a.txt": TEXT, "b.py": b"def f():\n    return 1\n"})
    commands.set_collaborator(make.actor(ada), demo, carol, access="write")
    return SimpleNamespace(ada=ada, bob=bob, carol=carol, demo=demo, base=demo.get_absolute_url())
