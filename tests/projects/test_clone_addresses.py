"""A clone address pasted into a browser leads to the page; what is not there says so."""

import pytest

from tests.factories.accounts import person
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("tail", [".git", ".git/", ".git?utm=1"])
def test_it_leads_to_the_page(client, tail):
    owner = person()
    repository(owner, name="Demo.x", files={"a": b"1"})
    answer = client.get(f"/{owner.slug}/Demo.x{tail}", headers={"accept": "text/html"})
    assert (answer.status_code, answer["Location"]) == (302, f"/{owner.slug}/Demo.x")
    assert client.get(answer["Location"]).status_code == 200


def test_missing_and_private_answer_alike(client):
    owner = person()
    repository(owner, name="hidden", visibility="private")
    for name in ("hidden", "nothing"):
        answer = client.get(f"/{owner.slug}/{name}.git", follow=True)
        assert (answer.status_code, answer.redirect_chain) == (404, [(f"/{owner.slug}/{name}", 302)])


def test_no_other_site_and_no_writing(client):
    assert client.get("//evil.example/x.git").get("Location", "/").startswith("/")
    assert not client.get("//evil.example/x.git").get("Location", "/").startswith("//")
    assert client.post("/someone/x.git").status_code == 405


@pytest.mark.parametrize("tail", ["", ".git", "/tree/main", ".git/info/refs"])
def test_the_address_of_a_mirror_that_is_not_there(client, tail):
    assert client.get(f"/github.com/nobody/nothing-here{tail}", follow=True).status_code in (404, 401)
