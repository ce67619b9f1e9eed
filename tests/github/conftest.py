"""PyGithub, unmodified, against the portal in a thread."""

import pytest

from accounts import commands as people
from tests.factories import accounts as make


@pytest.fixture
def hub(live_server, settings, monkeypatch):
    """`hub(login, scope)` is a client of that person; `hub()` one of a stranger."""
    from github import Auth, Github

    settings.ANONYMOUS_NETWORK_BUDGET = settings.ANONYMOUS_OVERALL_BUDGET = 10**6
    monkeypatch.setenv("NO_PROXY", "*")
    clients = []

    def client(person=None, scope="admin", **options):
        auth = Auth.Token(make.token(person, scope, **options)) if person else None
        made = Github(
            auth=auth,
            base_url=f"{live_server.url}/api/v3",
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            per_page=30,
        )
        clients.append(made)
        return made

    yield client
    for one in clients:
        one.close()


@pytest.fixture
def ada(live_server):
    person = make.person("ada")
    people.change_profile(make.actor(person), display_name="Ada L.", bio="b", website="https://ada.example")
    return person
