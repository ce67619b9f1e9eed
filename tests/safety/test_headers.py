"""What every answer carries, forms without a token, redirects that stay here, caches that tell nobody else."""

import os
import re
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client

from tests.factories.accounts import person, sign_in
from tests.factories.projects import repository
from tests.safety.walk import address, answer, asks

ALIKE = {"<str:namespace>/<str:name>.git", "<str:namespace>/<str:name>.git/"}  # lead to the page whether there is one or not
# The first changes a cookie of the reader's, nothing else (core.pages); the others ask for a signature instead (projects.hosts.hooks; RFC 8058).
OPEN_TO_OTHER_SITES = {"language", "mirror_hook_receive", "unsubscribe"}


def signed_in(world, who: str, **options) -> Client:
    client = Client(raise_request_exception=False, **options)
    sign_in(client, world.people[who])
    return client


def test_no_form_works_without_its_token(world):
    client = signed_in(world, "staff", enforce_csrf_checks=True)
    for ask in asks():
        if ask.kind in ("-", "public") and ask.method not in ("GET", "HEAD", "OPTIONS"):
            response = getattr(client, ask.method.lower())(address(ask, world))
            assert response.status_code == 403 or ask.name in OPEN_TO_OTHER_SITES or (ask.is_api and response.status_code == 404), ask


def test_every_answer_carries_the_headers(world):
    faults = []
    for ask in asks():
        if ask.method != "GET" or ask.kind == "internal":
            continue
        for who in ("anonymous", "staff"):
            response = answer(ask, who, world)
            faults += [f"{who} {ask.route} {ask.kind}: {fault}" for fault in header_faults(response)]
    assert not faults, "\n".join(faults[:40])


def header_faults(response):
    headers = response.headers
    policy = headers.get("Content-Security-Policy", "")
    if policy.startswith(
        "sandbox allow-scripts; default-src 'none'; script-src http"
    ):  # core.diagrams, tried in tests/journeys/test_diagrams.py
        yield from diagram_faults(headers, policy)
        return
    sealed = "sandbox" in policy and "default-src 'none'" in policy and "allow" not in policy  # raw files: styles alone, no script
    if not sealed and ("unsafe" in policy or "default-src 'self'" not in policy or "frame-ancestors 'none'" not in policy):
        yield f"policy {policy!r}"
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "nosniff"
    if headers.get("Referrer-Policy") != "same-origin":
        yield "referrer"
    if headers.get("X-Frame-Options") != "DENY":
        yield "frames"
    if headers.get("Cross-Origin-Opener-Policy") != "same-origin":
        yield "opener"
    if "X-Powered-By" in headers:
        yield "names the software"
    for cookie in response.cookies.values():
        if cookie["samesite"] != "Lax" or (cookie.key == settings.SESSION_COOKIE_NAME and not cookie["httponly"]):
            yield f"cookie {cookie.key}"


def diagram_faults(headers, policy):
    """The frame of diagrams: scripts by name, no origin, in a page of ours only."""
    sources = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    expected = {"sandbox": "allow-scripts", "default-src": "'none'", "style-src": "'unsafe-inline'", "base-uri": "'none'", "form-action": "'none'",
                "frame-ancestors": "'self'"}  # fmt: skip
    scripts = sources.pop("script-src").split()
    if sources != expected or not all(
        re.fullmatch(r"http://testserver/static/(?:vendor/mermaid|js)/mermaid[\w.-]+\.js", each) for each in scripts
    ):
        yield f"policy {policy!r}"
    if (headers.get("X-Content-Type-Options"), headers.get("X-Frame-Options")) != ("nosniff", "SAMEORIGIN"):
        yield "frame"


def test_what_is_private_is_kept_by_no_shared_cache(world):
    faults = []
    for ask in asks():
        if ask.method != "GET" or ask.kind in ("internal", "own"):
            continue
        for who in ("anonymous", "maintainer", "staff"):
            response = answer(ask, who, world)
            control = response.headers.get("Cache-Control", "")
            shown = ask.kind == "private" or (who != "anonymous" and "text/html" in response.headers.get("Content-Type", ""))
            if shown and "private" not in control and "no-store" not in control:
                faults.append(f"{who} {ask.route} {ask.kind} {response.status_code}: {control!r}")
            if "public" in control and (ask.kind == "private" or response.cookies):
                faults.append(f"{who} {ask.route}: {control!r}")
    assert not faults, "\n".join(faults[:40])


def test_an_etag_opens_nothing(world):
    """Whoever learns the ETag of a private page gets the same 404 as without it."""
    tried = 0
    for ask in asks():
        if ask.kind != "private" or ask.method != "GET" or ask.route in ALIKE:
            continue
        etag = answer(ask, "maintainer", world).headers.get("ETag")
        for given in filter(None, (etag, "*")):
            for who in ("anonymous", "stranger"):
                tried += 1
                response = answer(ask, who, world, HTTP_IF_NONE_MATCH=given, HTTP_IF_MODIFIED_SINCE="Fri, 01 Jan 2100 00:00:00 GMT")
                assert response.status_code in (404, 405), f"{who} {ask.route} {given}: {response.status_code}"
    assert tried > 100


def test_pages_of_two_readers_differ_in_etag(world):
    """A page shows its reader's name and rights: one reader's copy is not fresh for another."""
    for ask in asks():
        if ask.kind != "public" or ask.method != "GET" or ask.is_api:
            continue
        own = answer(ask, "maintainer", world)
        if own.status_code == 200 and own.headers.get("ETag") and "text/html" in own.headers["Content-Type"]:
            assert "Cookie" in own.headers["Vary"], ask
            assert answer(ask, "anonymous", world, HTTP_IF_NONE_MATCH=own.headers["ETag"]).status_code == 200, ask
            assert answer(ask, "maintainer", world, HTTP_IF_NONE_MATCH=own.headers["ETag"]).status_code == 304, ask


EVIL = ["//evil.example", "https://evil.example/", "\\\\evil.example", "/\\evil.example", "/\t/evil.example", "\x00//evil.example", "https:evil.example",
        "javascript:alert(1)", "///evil.example", "http:///evil.example", " //evil.example", "/\n/evil.example", "https://testserver@evil.example",
        "https://testserver.evil.example", "//testserver\\@evil.example", "data:text/html,x", "/%09/evil.example\r\nX-Evil: 1"]  # fmt: skip
PLACES = ["/login?next={}", "/-/account/login/?next={}", "/login/phone?next={}", "/logout?next={}", "/-/account/reauthenticate/?next={}",
          "/signup?next={}", "/-/account/email/?next={}", "/new?next={}"]  # fmt: skip


def leaves(location: str) -> bool:
    """Whether a browser would leave the site for this Location."""
    cleaned = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    return cleaned.startswith("//") or bool(re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", cleaned))


@pytest.mark.parametrize("evil", EVIL)
def test_redirects_stay_here(db, evil):
    stranger, made = person("stranger-person"), repository(person(), files={"a": b"1"}).get_absolute_url()

    def signed_in() -> Client:
        client = Client()
        sign_in(client, stranger)
        return client

    given = quote(evil, safe="")
    for place in PLACES:
        for client in (Client(), signed_in()):
            page = client.get(place.format(given))
            if page.status_code in (301, 302):
                assert not leaves(page.headers["Location"]), (place, page.headers["Location"])
            else:
                assert "evil.example" not in re.sub(r'(?:value|content)="[^"]*"|next=[^"]*', "", page.content.decode()), place
    for data in ({"next": evil, "login": "stranger-person", "password": "correct horse 7"},):
        page = Client().post("/login", data)
        assert page.status_code == 302
        assert not leaves(page.headers["Location"]), page.headers["Location"]
    client = signed_in()
    for path, data in (
        ("/-/language", {"language": "en", "next": evil}),
        (f"{made}/star", {"next": evil, "return_to": evil}),
        (f"{made}/watch", {"level": "all", "next": evil, "return_to": evil}),
        ("/-/account/reauthenticate/", {"next": evil, "password": "correct horse 7"}),
        ("/logout", {"next": evil}),
    ):
        page = client.post(path, data, headers={"Referer": evil if evil.isprintable() else "x"})
        assert page.status_code in (200, 302), path
        assert not leaves(page.headers.get("Location", "")), (path, page.headers["Location"])


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/x", "/\\evil.example", "/%2f/evil.example", "/.//evil.example", "//evil.example/../lab"]
)
def test_addresses_that_look_like_hosts_redirect_nowhere(db, path):
    response = Client().get("/x", headers={"Referer": "x"}, PATH_INFO=path)
    assert response.status_code in (404, 301, 302)
    assert not leaves(response.headers.get("Location", ""))


def test_cookies_over_https_are_secure():
    """What `script/server` sets on https sites, in a process of its own because settings are read once."""
    code = "import django; django.setup()\nfrom django.conf import settings as s\nprint(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.LANGUAGE_COOKIE_SECURE)"
    env = {**os.environ, "OPENI_BASE_URL": "https://openi.example", "DJANGO_SETTINGS_MODULE": "openi.settings"}
    shown = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.split() == ["True"] * 3
