"""Signing in by phone, and through Gitee on a server of our own."""

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers import registry

from accounts.models import LegalDocument, Namespace, Phone, User
from accounts.providers.gitee.provider import GiteeProvider
from core import events
from tests.factories import accounts as make

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse 7"


@pytest.fixture(autouse=True)
def _box(settings, tmp_path):
    settings.MAIL_DIR = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def sent(settings) -> list[tuple[str, str]]:
    """(number, code) of each message, oldest first; the worker does its part before."""
    events.drain()
    texts = [path.read_text() for path in sorted(settings.MAIL_DIR.glob("*.sms"))]
    return [(text.split("\n")[0], re.search(r"\b\d{6}\b", text.split("\n")[1])[0]) for text in texts]


def with_phone(client, settings, number="138 0013 8000") -> User:
    person = make.person()
    client.post("/login", {"login": person.username, "password": PASSWORD})
    assert client.post("/settings/phone", {"act": "send", "number": number}).status_code == 200
    assert client.post("/settings/phone", {"act": "check", "code": sent(settings)[-1][1]}).status_code == 302
    client.post("/logout")
    return person


def test_number_is_proved_and_encrypted(client, settings):
    person = with_phone(client, settings)
    phone = Phone.objects.get(user=person)
    assert sent(settings)[0][0] == "+8613800138000"
    assert "13800138000" not in phone.number_encrypted + phone.number_hash


def test_sign_in_by_phone(client, settings):
    person = with_phone(client, settings)
    assert client.get("/login/phone").status_code == 200
    client.post("/login/phone", {"act": "send", "number": "+86 13800138000"})
    code = sent(settings)[-1][1]
    assert client.post("/login/phone", {"act": "check", "code": "x" + code[1:]}).status_code == 422
    assert client.post("/login/phone", {"act": "check", "code": code}).status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)
    client.post("/logout")
    client.post("/login/phone", {"act": "check", "code": code})  # a code is good once
    assert "_auth_user_id" not in client.session


def test_second_factor_is_asked_for_after_a_phone_code(client, settings):
    person = with_phone(client, settings)
    totp.TOTP.activate(person, totp.generate_totp_secret())
    client.post("/login/phone", {"act": "send", "number": "13800138000"})
    answer = client.post("/login/phone", {"act": "check", "code": sent(settings)[-1][1]})
    assert "2fa" in answer["Location"]
    assert "_auth_user_id" not in client.session


def test_next_of_a_phone_sign_in_stays_here(client, settings):
    with_phone(client, settings)
    client.post("/login/phone", {"act": "send", "number": "13800138000"})
    answer = client.post("/login/phone", {"act": "check", "code": sent(settings)[-1][1], "next": "https://evil.example/"})
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]


def test_five_tries_end_a_code(client, settings):
    with_phone(client, settings)
    client.post("/login/phone", {"act": "send", "number": "13800138000"})
    code = sent(settings)[-1][1]
    wrong = "000000" if code != "000000" else "111111"
    for _number in range(5):
        assert client.post("/login/phone", {"act": "check", "code": wrong}).status_code == 422
    assert client.post("/login/phone", {"act": "check", "code": code}).status_code == 422


def test_unknown_numbers_look_like_known_ones(client, settings):
    answer = client.post("/login/phone", {"act": "send", "number": "13900139000"})
    assert answer.status_code == 200
    assert sent(settings) == []
    assert client.post("/login/phone", {"act": "check", "code": "123456"}).status_code == 422
    assert client.post("/login/phone", {"act": "send", "number": "abc"}).status_code == 422


def test_messages_are_limited(client, settings):
    with_phone(client, settings)
    answers = [client.post("/login/phone", {"act": "send", "number": "13800138000"}).status_code for _number in range(6)]
    assert answers[-1] == 422
    assert len(sent(settings)) == 5


def test_a_number_has_one_account(client, settings):
    first = with_phone(client, settings)
    person = make.person()
    client.post("/login", {"login": person.username, "password": PASSWORD})
    client.post("/settings/phone", {"act": "send", "number": "13800138000"})
    page = client.post("/settings/phone", {"act": "check", "code": sent(settings)[-1][1]})
    assert page.status_code == 422
    assert first.username not in page.content.decode()
    assert not Phone.objects.filter(user=person).exists()
    client.post("/settings/phone", {"act": "remove"})
    assert Phone.objects.filter(user=first).exists()


class FakeGitee(BaseHTTPRequestHandler):
    """Token, person, addresses."""

    def do_POST(self) -> None:
        fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer({"access_token": "t1", "token_type": "bearer"} if fields["code"] == ["good"] else {"error": "invalid_grant"})

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "token t1"
        person = {"id": 7, "login": "lin-yue", "name": "林越"}
        emails = [{"email": "lin@example.org", "state": "confirmed", "scope": ["primary"]}]
        self.answer(emails if self.path.endswith("emails") else person)

    def answer(self, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *parts: object) -> None: ...


@pytest.fixture
def gitee(settings) -> Iterator[None]:
    """Gitee switched on, at a loopback address."""
    server = HTTPServer(("127.0.0.1", 0), FakeGitee)
    thread = Thread(target=server.serve_forever)
    thread.start()
    registry.load()
    registry.register(GiteeProvider)
    settings.SOCIALACCOUNT_PROVIDERS = {
        "gitee": {"URL": f"http://127.0.0.1:{server.server_port}", "APPS": [{"client_id": "c", "secret": "s"}]}
    }
    yield
    del registry.provider_map["gitee"]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.urls("tests.accounts.gitee_urls")
def test_gitee_makes_an_account_with_a_namespace(client, gitee):
    make.organization("lin-yue")  # the login is taken here
    start = client.post("/-/account/gitee/login/")
    state = parse_qs(urlsplit(start["Location"]).query)["state"][0]
    answer = client.get("/-/account/gitee/login/callback/", {"code": "good", "state": state})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    person = User.objects.get(email="lin@example.org")
    assert Namespace.objects.get(user=person).slug == person.username == "lin-yue2"
    assert SocialAccount.objects.get(user=person).uid == "7"
    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.urls("tests.accounts.gitee_urls")
def test_gitee_asks_to_accept_the_legal_pages(client, gitee):
    for kind in ("terms", "privacy"):
        LegalDocument.objects.create(kind=kind, version="1", text_zh="约定", text_en="Terms")
    state = parse_qs(urlsplit(client.post("/-/account/gitee/login/")["Location"]).query)["state"][0]
    client.get("/-/account/gitee/login/callback/", {"code": "good", "state": state})
    form = {"username": "lin-yue", "email": "lin@example.org"}
    assert client.get("/-/account/3rdparty/signup/").status_code == 200
    client.post("/-/account/3rdparty/signup/", form)
    assert not User.objects.exists()
    assert client.post("/-/account/3rdparty/signup/", {**form, "accept": "on"}).status_code == 302
    person = User.objects.get()
    assert person.acceptances.count() == 2
    assert Namespace.objects.get(user=person).slug == "lin-yue"


@pytest.mark.urls("tests.accounts.gitee_urls")
def test_gitee_with_a_forged_state_signs_nobody_in(client, gitee):
    client.get("/-/account/gitee/login/callback/", {"code": "good", "state": "forged"})
    assert "_auth_user_id" not in client.session
    assert not User.objects.exists()
