"""What readers without an account may cost, and who never pays."""

import re

import pytest
from django.test import Client

from tests.factories.accounts import person, sign_in, token
from tests.factories.projects import commit, git, repository

pytestmark = pytest.mark.django_db
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture
def made(settings):
    """A repository with an old commit, and a budget of ten points a network, thirty overall."""
    settings.ANONYMOUS_NETWORK_BUDGET, settings.ANONYMOUS_OVERALL_BUDGET = 10, 30
    row = repository(person("ada"), name="code", files={"src/a.py": b"x = 1\n"})
    old = git(row.path, "rev-parse", "main")
    commit(row, {"src/a.py": b"x = 2\n"})
    commit(row, {"src/b.py": b"x = 2\n"}, branch="side")
    return row, old


def dear(old: str) -> list[str]:
    """Addresses that take much work."""
    base = "/ada/code"
    pages = [f"{base}/blame/main/src/a.py", f"{base}/compare/main...side", f"{base}/archive/main.zip", f"{base}/archive/{old}.tar.gz", f"{base}/tree/{old}/src",
             f"{base}/blob/{old}/src/a.py", f"{base}/raw/{old}/src/a.py", f"{base}/commits/{old}", f"{base}/commits/main/src/a.py", f"{base}/commit/{old}", f"{base}/find/{old}"]  # fmt: skip
    api = "/api/v1/repositories/ada/code"
    return [
        *pages,
        f"{api}/compare?base=main&head=side",
        f"{api}/tree?ref={old}",
        f"{api}/raw?ref={old}&path=src/a.py",
        f"{api}/commits?path=src/a.py",
    ]


def spent(client: Client, path: str, **options: str) -> int:
    """How many times it answers before it says 429 (at most 40)."""
    for number in range(40):
        if client.get(path, **options).status_code == 429:
            return number
    return 40


def test_each_dear_address_is_counted(made):
    from django.core.cache import cache

    _row, old = made
    for path in dear(old):
        cache.clear()
        assert spent(Client(), path) <= 10, f"{path} is free for a crawler"


def test_tips_and_front_pages_are_free(made):
    for path in (
        "/ada/code",
        "/ada/code/tree/main/src",
        "/ada/code/blob/main/src/a.py",
        "/ada/code/branches",
        "/market",
        "/ada",
        "/robots.txt",
        "/sitemap.xml",
    ):
        assert spent(Client(), path) == 40, path


def test_refusal_says_when_and_how(made):
    client, path = Client(HTTP_ACCEPT_LANGUAGE="en"), "/ada/code/blame/main/src/a.py"
    spent(client, path)
    page = client.get(path)
    assert page.status_code == 429
    assert 0 < int(page.headers["Retry-After"]) <= 60
    text = page.content.decode()
    assert "git clone http://testserver/ada/code.git" in text
    assert "/login?next=" in text
    problem = client.get("/api/v1/repositories/ada/code/compare?base=main&head=side")
    assert problem.status_code == 429
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert int(problem.headers["Retry-After"]) > 0


def test_networks_have_their_own_and_all_share_one(made):
    path = "/ada/code/blame/main/src/a.py"
    assert spent(Client(), path, REMOTE_ADDR="198.51.100.1") == 2
    assert spent(Client(), path, REMOTE_ADDR="198.51.100.77") == 0, "the same /24"
    assert spent(Client(), path, REMOTE_ADDR="2001:db8:1:1::1") == 2
    assert spent(Client(), path, REMOTE_ADDR="2001:db8:1:ffff::9") == 0, "the same /48"
    assert spent(Client(), path, **ELSEWHERE) <= 2
    assert sum(spent(Client(), path, REMOTE_ADDR=f"192.0.{third}.1") for third in range(9)) <= 1, "thirty points for everybody"


def test_a_forged_forwarded_address_is_no_new_network(made):
    path = "/ada/code/blame/main/src/a.py"
    spent(Client(), path)
    assert Client().get(path, HTTP_X_FORWARDED_FOR="8.8.8.8").status_code == 429


def test_a_made_up_token_or_cookie_is_no_account(made, settings):
    path = "/ada/code/blame/main/src/a.py"
    spent(Client(), path)
    assert Client().get(path, HTTP_AUTHORIZATION="Bearer " + "a" * 40).status_code == 429
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    assert client.get(path).status_code == 429
    assert (
        Client().get("/api/v1/repositories/ada/code/compare?base=main&head=side", HTTP_AUTHORIZATION="Bearer " + "a" * 40).status_code
        == 401
    )


def test_people_never_pay(made):
    _row, old = made
    client, bob = Client(), person("bob")
    sign_in(client, bob)
    for path in dear(old):
        assert spent(client, path) == 40, path
    assert (
        spent(Client(), "/api/v1/repositories/ada/code/compare?base=main&head=side", HTTP_AUTHORIZATION=f"Bearer {token(bob, 'read')}")
        == 40
    )


def test_a_private_repository_costs_as_a_missing_one(made):
    """Whoever counts 429 answers learns nothing about names."""
    repository(person("eve"), name="hidden", visibility="private", files={"a": b"1"})
    for path in ("/eve/hidden/blame/main/a", "/eve/absent/blame/main/a"):
        assert {Client().get(path).status_code for _ in range(15)} == {404}


def test_crawlers_are_told(made):
    robots = Client().get("/robots.txt").content.decode()
    for word in ("blame", "compare", "archive", "commits", "commit", "raw", "find"):
        assert f"Disallow: /*/*/{word}/" in robots
    assert "Sitemap: " in robots
    repository(person("eve"), name="hidden", visibility="private", files={"a": b"1"})
    addresses = Client().get("/sitemap.xml").content.decode()
    assert "/ada/code</loc>" in addresses
    assert "hidden" not in addresses
    page = Client().get("/ada/code").content.decode()
    for link in re.findall(r"<a [^>]*href=\"/ada/code/(?:blame|compare|archive)/[^>]*>", page):
        assert "nofollow" in link, link


def test_names_that_begin_like_open_words_are_not_free():
    from django.test import RequestFactory

    from core.crowd import is_shared

    for path, shared in (
        ("/login", False),
        ("/login/phone", False),
        ("/login-x/code", True),
        ("/signups/a/b", True),
        ("/-/help", False),
        ("/ada", True),
    ):
        assert is_shared(RequestFactory().get(path)) is shared, path
    assert is_shared(RequestFactory().get("/ada/code", HTTP_AUTHORIZATION="Bearer x"))
    assert not is_shared(RequestFactory().get("/api/v1/user", HTTP_AUTHORIZATION="Bearer x"))
