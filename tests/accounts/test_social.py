"""Signing in through GitHub, Gitee, DingTalk, Feishu and WeChat, on a server that speaks like each of them."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers import registry
from django.core import mail

from accounts.models import Namespace, User
from accounts.providers.gitee.provider import GiteeProvider
from tests.factories import accounts as make

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.social_urls")]
HOSTS = ("github.com", "api.github.com", "gitee.com", "api.dingtalk.com", "open.feishu.cn", "api.weixin.qq.com")
PROVIDERS = ("github", "gitee", "dingtalk", "feishu", "weixin")
UIDS = {"github": "7", "gitee": "7", "dingtalk": "dt-1", "feishu": "ou-1", "weixin": "wx-1"}
MAILING = ("github", "gitee")  # these tell addresses


class FakeSites(BaseHTTPRequestHandler):
    """All five, by path. Class attributes are what the test wants them to say."""

    email = "lin@example.org"
    verified = True
    broken = ""
    seen: list[str] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        fields = {key: value[0] for key, value in parse_qs(body).items()} if "=" in body and body[0] != "{" else json.loads(body or "{}")
        good = fields.get("code") == "good"
        refused = {"error": "invalid_grant", "code": 40029}
        answers = {
            "/login/oauth/access_token": {"access_token": "t1", "token_type": "bearer"} if good else refused,
            "/oauth/token": {"access_token": "t1", "token_type": "bearer"} if good else refused,
            "/v1.0/oauth2/userAccessToken": {"accessToken": "t1", "refreshToken": "r", "expireIn": 7200} if good else refused,
            "/open-apis/auth/v3/app_access_token/internal/": {"code": 0, "app_access_token": "a1"},
            "/open-apis/authen/v1/access_token": {"code": 0, "data": {"access_token": "t1"}} if good else refused,
            "/sns/oauth2/access_token": {"access_token": "t1", "openid": "wx-1"} if good else refused,
        }
        self.answer(answers)

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/sns/oauth2/access_token":
            good = parse_qs(urlsplit(self.path).query).get("code") == ["good"]
            self.answer({"/sns/oauth2/access_token": {"access_token": "t1", "openid": "wx-1"} if good else {"errcode": 40029}})
            return
        gitee = [{"email": self.email, "state": "confirmed" if self.verified else "unconfirmed", "scope": ["primary"]}]
        self.answer(
            {
                "/user": {"id": 7, "login": "lin-yue", "name": "林越", "email": self.email},
                "/user/emails": [{"email": self.email, "verified": self.verified, "primary": True}],
                "/api/v5/user": {"id": 7, "login": "lin-yue", "name": "林越"},
                "/api/v5/emails": gitee,
                "/v1.0/contact/users/me": {"nick": "林越", "unionId": "u", "openId": "dt-1"},
                "/open-apis/authen/v1/user_info": {"code": 0, "data": {"name": "林越", "open_id": "ou-1"}},
                "/sns/userinfo": {"openid": "wx-1", "nickname": "林越"},
            }
        )

    def answer(self, answers: dict[str, object]) -> None:
        path = urlsplit(self.path).path
        type(self).seen.append(path)
        body = answers.get(path)
        text = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(200 if body is not None and self.broken != path else 500)
        # WeChat calls its JSON text/plain, and what follows depends on it
        self.send_header("Content-Type", "text/plain" if path.startswith("/sns/") else "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *parts: object) -> None: ...


@pytest.fixture
def sites(settings) -> Iterator[type[FakeSites]]:
    """The five switched on, at a loopback address."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    class Handler(FakeSites):
        seen: list[str] = []

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    registry.load()
    known = dict(registry.provider_map)
    registry.register(GiteeProvider)
    for name in ("github", "dingtalk", "feishu", "weixin"):
        registry.register(import_module(f"allauth.socialaccount.providers.{name}.provider").provider_classes[0])
    base = f"http://127.0.0.1:{server.server_port}"
    settings.SOCIALACCOUNT_PROVIDERS = {name: {"APPS": [{"client_id": "c", "secret": "the-secret"}]} for name in PROVIDERS}
    settings.SOCIAL_HOSTS = dict.fromkeys(HOSTS, base)
    yield Handler
    registry.provider_map.clear()
    registry.provider_map.update(known)
    server.shutdown()
    thread.join()
    server.server_close()


def start(client, provider: str, **fields: str) -> tuple[str, dict[str, list[str]]]:
    """(address, its query) that the browser is sent to."""
    answer = client.post(f"/-/account/{provider}/login/", fields)
    assert answer.status_code == 302
    parts = urlsplit(answer["Location"])
    return f"{parts.scheme}://{parts.netloc}{parts.path}", parse_qs(parts.query)


def come_back(client, provider: str, *, code: str = "good", state: str | None = None, **fields: str):
    if state is None:
        state = start(client, provider, **fields)[1]["state"][0]
    name = "authCode" if provider == "dingtalk" else "code"
    return client.get(f"/-/account/{provider}/login/callback/", {name: code, "state": state})


@pytest.mark.parametrize("provider", PROVIDERS)
def test_account_is_made_and_found_again(client, sites, provider):
    answer = come_back(client, provider)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    if provider not in MAILING:
        assert answer["Location"].endswith("/3rdparty/signup/"), "no address was told: a form asks for one"
        page = client.get(answer["Location"])
        assert page.status_code == 200
        made = client.post("/-/account/3rdparty/signup/", {"username": "lin-yue", "email": "lin@example.org"})
        assert made.status_code == 302, made.content.decode()
        assert "confirm-email" in made["Location"], "an address that somebody typed has to be confirmed"
        assert "_auth_user_id" not in client.session
        EmailAddress.objects.update(verified=True)
    person = User.objects.get()
    assert Namespace.objects.get(user=person).slug == person.username == "lin-yue"
    account = SocialAccount.objects.get(user=person)
    assert (account.provider, account.uid) == (provider, UIDS[provider])
    assert not person.has_usable_password()
    client.cookies.clear()
    assert come_back(client, provider).status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)
    assert User.objects.count() == 1


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("state", ["forged", ""])
def test_forged_state_signs_nobody_in(client, sites, provider, state):
    start(client, provider)
    come_back(client, provider, state=state)
    assert "_auth_user_id" not in client.session
    assert not SocialAccount.objects.exists()
    assert not sites.seen, "the code is not even exchanged"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_state_is_of_one_session_and_used_once(client, sites, provider):
    from django.test import Client

    state = start(client, provider)[1]["state"][0]
    stranger = Client()
    come_back(stranger, provider, state=state)
    assert "_auth_user_id" not in stranger.session
    assert not sites.seen
    come_back(client, provider, state=state)
    seen = len(sites.seen)
    client.post("/logout")
    come_back(client, provider, state=state)
    assert len(sites.seen) == seen


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_refused_code_and_a_broken_site_are_pages_not_errors(client, sites, provider):
    assert come_back(client, provider, code="bad").status_code in (200, 401)
    sites.broken = {
        "github": "/user", "gitee": "/api/v5/user", "dingtalk": "/v1.0/contact/users/me", "feishu": "/open-apis/authen/v1/user_info",
        "weixin": "/sns/userinfo",
    }[provider]  # fmt: skip
    page = come_back(client, provider)
    assert page.status_code in (200, 401)
    assert "the-secret" not in page.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("provider", MAILING)
@pytest.mark.parametrize("verified", [True, False])
def test_a_known_address_never_signs_into_its_account(client, sites, provider, verified):
    """Whoever controls an account over there under someone's address gets nothing here, confirmed there or not."""
    person = make.person()
    sites.email, sites.verified = person.email, verified
    answer = come_back(client, provider)
    client.post("/-/account/3rdparty/signup/", {"username": "someone-new", "email": person.email})
    assert answer.status_code in (200, 302)
    assert "_auth_user_id" not in client.session
    assert not SocialAccount.objects.exists()
    assert list(User.objects.all()) == [person]
    assert all(letter.to == [person.email] for letter in mail.outbox), "only the holder of the address hears of it"


@pytest.mark.parametrize("provider", MAILING)
def test_an_unconfirmed_address_is_not_taken_as_confirmed(client, sites, provider):
    sites.verified = False
    come_back(client, provider)
    client.post("/-/account/3rdparty/signup/", {"username": "lin-yue", "email": "lin@example.org"})
    assert not EmailAddress.objects.filter(verified=True).exists()
    assert "_auth_user_id" not in client.session


def proven(client, person: User) -> None:
    """A session that has just proved itself again, as connecting asks for."""
    make.sign_in(client, person)
    client.post("/-/account/reauthenticate/", {"password": "correct horse 7"})


def test_an_old_session_connects_nothing(client, sites):
    person = make.person()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/-/account/github/login/", {"process": "connect"})
    assert answer["Location"].startswith("/-/account/reauthenticate/")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_connect_and_disconnect(client, sites, provider, deliver):
    person, other = make.person(), make.person()
    proven(client, person)
    come_back(client, provider, process="connect")
    account = SocialAccount.objects.get()
    assert account.user == person
    assert client.get("/-/account/3rdparty/").status_code == 200
    proven(client, other)
    come_back(client, provider, process="connect")
    assert SocialAccount.objects.get().user == person, "it belongs to one account"
    proven(client, person)
    client.post("/-/account/3rdparty/", {"account": account.pk})
    assert not SocialAccount.objects.exists()
    deliver()
    assert set(person.security_events.values_list("kind", flat=True)) >= {"social_added", "social_removed"}


def test_starting_takes_a_post_with_a_form_token(sites):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/-/account/github/login/").status_code == 403
    assert strict.get("/-/account/github/login/").status_code == 200, "a link alone starts nothing"


def test_addresses_of_the_sites(client, sites):
    assert start(client, "github")[0] == "https://github.com/login/oauth/authorize"
    assert start(client, "weixin")[0] == "https://open.weixin.qq.com/connect/qrconnect"
    assert start(client, "dingtalk")[0] == "https://login.dingtalk.com/oauth2/auth"
    where, query = start(client, "feishu")
    assert where == "https://open.feishu.cn/open-apis/authen/v1/index"
    assert urlsplit(query["redirect_uri"][0]).path == "/-/account/feishu/login/callback/"


def test_buttons_appear_where_configured(client, sites, settings):
    page = client.get("/login").content.decode()
    for provider in PROVIDERS:
        assert f"/-/account/{provider}/login/" in page
    settings.SOCIALACCOUNT_PROVIDERS = {"gitee": settings.SOCIALACCOUNT_PROVIDERS["gitee"]}
    page = client.get("/login").content.decode()
    assert "/-/account/gitee/login/" in page
    assert "/-/account/github/login/" not in page
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "/login/?process" not in client.get("/login").content.decode()


def test_sign_up_by_invitation_holds_for_outside_accounts(client, sites):
    from accounts import commands
    from core.actors import SYSTEM

    commands.change_site_setting(SYSTEM, "signup", "invitation")
    come_back(client, "github")
    assert not User.objects.exists()
