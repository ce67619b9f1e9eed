"""Webhooks of upstreams: genuine ones move the mirror to the front, all others are refused and said."""

import hashlib
import hmac
import json
import re
import time
from base64 import b64decode, b64encode
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from core.actors import SYSTEM
from core.errors import Forbidden, NotFound
from projects import commands
from projects.commands import hooks as hook_commands
from projects.hosts import hooks
from projects.models import HookDelivery, Mirror, MirrorHook
from tests.factories.accounts import actor, person, sign_in

pytestmark = pytest.mark.django_db
BODY = json.dumps({"ref": "refs/heads/main", "after": "a" * 40, "repository": {"full_name": "Lab/Model", "pushed_at": 1700000000}}).encode()


@pytest.fixture
def hook():
    """A mirror that is not due, its webhook and the secret."""
    mirror = commands.list_mirror(SYSTEM, "https://github.com/Lab/Model")
    Mirror.objects.update(state="fresh", filled_at=timezone.now(), next_at=timezone.now() + timedelta(hours=5))
    made, secret = commands.renew_hook(SYSTEM, mirror)
    return made, secret


def send(hook: MirrorHook, body: bytes = BODY, *, content_type: str = "application/json", **headers: str):
    names = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return Client(enforce_csrf_checks=True).post(f"/-/hooks/mirrors/{hook.key}", body, content_type=content_type, **names)


def github(secret: str, body: bytes = BODY, event: str = "push") -> dict[str, str]:
    return {"x_github_event": event, "x_hub_signature_256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def gitee(secret: str, at: float) -> dict[str, str]:
    stamp = str(int(at * 1000))
    signed = b64encode(hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()).decode()
    return {"x_gitee_event": "Push Hook", "x_gitee_timestamp": stamp, "x_gitee_token": signed}


def gitlab(token: str, at: float, body: bytes = BODY, number: str = "f5e5f430-f57b-4e6e-9fac-d9128cd7232f") -> dict[str, str]:
    """As GitLab signs with the token that was entered there."""
    stamp, key = str(int(at)), b64decode(token.removeprefix("whsec_"), validate=True)
    assert len(key) == 32, "GitLab takes no other"
    signature = b64encode(hmac.new(key, f"{number}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
    return {
        "x_gitlab_event": "Push Hook", "webhook_id": number, "webhook_timestamp": stamp, "webhook_signature": f"v1,{signature}", "idempotency_key": number,
    }  # fmt: skip


def is_urgent() -> bool:
    mirror = Mirror.objects.get()
    return mirror.is_urgent and mirror.next_at <= timezone.now()


def test_github_puts_the_mirror_to_the_front_at_once(hook) -> None:
    made, secret = hook
    answer = send(made, **github(secret))
    assert (answer.status_code, answer.json()) == (202, {"outcome": "taken"})
    assert is_urgent()
    row = HookDelivery.objects.get()
    assert (row.sender, row.event, row.outcome) == ("github", "push", "taken")


def test_a_form_of_github_is_signed_as_it_was_sent(hook) -> None:
    made, secret = hook
    body = b"payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D"
    assert send(made, body, content_type="application/x-www-form-urlencoded", **github(secret, body)).status_code == 202


def test_gitee_signs_a_time_and_gitlab_sends_the_secret(hook) -> None:
    made, secret = hook
    assert send(made, **gitee(secret, time.time())).status_code == 202
    Mirror.objects.update(is_urgent=False)
    plain = {"x_gitee_event": "Push Hook", "x_gitee_timestamp": str(int(time.time() * 1000) + 5), "x_gitee_token": secret}
    assert send(made, **plain).status_code == 202
    Mirror.objects.update(is_urgent=False)
    headers = {"x_gitlab_event": "Tag Push Hook", "x_gitlab_token": secret, "x_gitlab_event_uuid": "1"}
    assert send(made, **headers).status_code == 202
    assert is_urgent()
    assert send(made, **{**headers, "x_gitlab_event_uuid": "2"}).status_code == 202
    assert [row.sender for row in HookDelivery.objects.order_by("pk")] == ["gitee", "gitee", "gitlab", "gitlab"]


def test_wrong_ones_are_refused(hook) -> None:
    made, secret = hook
    good = github(secret)
    wrong = [
        {},
        {"x_github_event": "push"},
        {**good, "x_hub_signature_256": "sha256=" + "0" * 64},
        {**good, "x_hub_signature_256": ""},
        {**good, "x_hub_signature_256": "sha256=é"},
        github("another"),
        github(secret, BODY + b" "),
        {"x_gitlab_event": "Push Hook", "x_gitlab_token": "guess"},
        {"x_gitlab_event": "Push Hook"},
        {"x_gitee_event": "Push Hook", "x_gitee_token": "guess", "x_gitee_timestamp": "1"},
        gitee("another", time.time()),
        {"x_hub_signature": "sha1=" + hmac.new(secret.encode(), BODY, hashlib.sha1).hexdigest(), "x_github_event": "push"},
    ]
    for headers in wrong:
        answer = send(made, **headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "bad_sign"), headers
    assert not is_urgent()
    assert set(HookDelivery.objects.values_list("outcome", flat=True)) == {"bad_sign"}


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_signed_time_that_is_off_is_refused(hook, hours) -> None:
    made, secret = hook
    answer = send(made, **gitee(secret, time.time() + hours * 3600))
    assert (answer.status_code, answer.json()["code"]) == (403, "stale")
    assert not is_urgent()


def test_the_same_request_again_is_refused(hook) -> None:
    made, secret = hook
    for headers, other in ((github(secret), {"x_github_delivery": "other"}), (gitee(secret, time.time()), {})):
        assert send(made, **headers).status_code == 202
        Mirror.objects.update(is_urgent=False)
        answer = send(made, **headers, **other)
        assert (answer.status_code, answer.json()["code"]) == (409, "replay")
        assert not is_urgent()
    assert HookDelivery.objects.filter(outcome="replay").count() == 2


def test_a_signed_time_is_good_for_one_body(hook) -> None:
    made, secret = hook
    headers = gitee(secret, time.time())
    assert send(made, **headers).status_code == 202
    assert send(made, BODY + b" ", **headers).status_code == 409


def test_gitlab_signs_with_the_token_that_the_page_shows(hook) -> None:
    made, secret = hook
    client = Client()
    sign_in(client, person(is_admin=True))
    page = client.post("/github.com/Lab/Model/mirror/hook", {"act": "renew"}, headers={"accept-language": "en"}).content.decode()
    token = re.search(r"whsec_[A-Za-z0-9+/]{43}=", page)[0]
    good = gitlab(token, time.time())
    assert send(made, **good).status_code == 202
    assert is_urgent()
    Mirror.objects.update(is_urgent=False)
    assert send(made, **good).status_code == 409
    old = f"v1,{b64encode(bytes(32)).decode()}"
    rotated = gitlab(token, time.time(), number="second")
    assert send(made, **{**rotated, "webhook_signature": f"{old} {rotated['webhook_signature']}"}).status_code == 202
    Mirror.objects.update(is_urgent=False)
    wrong = [
        {**gitlab(token, time.time(), number="3"), "webhook_id": "4"},
        {**gitlab(token, time.time(), number="5"), "webhook_timestamp": str(int(time.time()) + 1)},
        {**gitlab(token, time.time(), number="6"), "webhook_signature": old, "x_gitlab_token": token},
        {**gitlab(token, time.time(), number="7"), "webhook_signature": "é"},
        gitlab(token, time.time(), BODY + b" ", number="8"),
        gitlab(token, time.time(), number=""),
        gitlab(hooks.signing_token(secret), time.time(), number="9"),  # of the secret before
    ]
    for headers in wrong:
        assert (send(made, **headers).json()["code"], is_urgent()) == ("bad_sign", False), headers
    assert send(made, **gitlab(token, time.time() - 7200, number="10")).json()["code"] == "stale"
    assert token not in client.get("/github.com/Lab/Model/mirror/hook").content.decode()


def test_pings_other_events_and_a_paused_mirror(hook) -> None:
    made, secret = hook
    assert send(made, b"{}", **github(secret, b"{}", "ping")).json() == {"outcome": "ping"}
    assert send(made, b"[]", **github(secret, b"[]", "issues")).json() == {"outcome": "ignored"}
    assert not is_urgent()
    Mirror.objects.update(state="paused")
    assert send(made, **github(secret)).json() == {"outcome": "asleep"}
    assert Mirror.objects.get().state == "paused"


def test_a_new_secret_ends_the_old_one(hook) -> None:
    made, old = hook
    again, new = commands.renew_hook(SYSTEM, made.mirror)
    assert again.key == made.key
    assert send(made, **github(old)).status_code == 403
    assert send(made, **github(new)).status_code == 202
    assert new not in MirrorHook.objects.get().secret_encrypted
    commands.remove_hook(SYSTEM, made.mirror)
    assert send(made, b"x", **github(new, b"x")).status_code == 404


def test_sizes_methods_and_unknown_addresses(hook) -> None:
    made, secret = hook
    large = b"x" * (5 * 1024**2 + 1)
    answer = send(made, large, **github(secret, large))
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert Client().get(f"/-/hooks/mirrors/{made.key}").status_code == 405
    for key in ("nothing", "00000000-0000-4000-8000-000000000000", "%2e%2e"):
        assert Client().post(f"/-/hooks/mirrors/{key}", BODY, content_type="application/json").status_code == 404


def test_a_flood_is_turned_away_and_writes_little(hook, monkeypatch) -> None:
    made, secret = hook
    monkeypatch.setattr(hook_commands, "PER_MINUTE", 5)
    answers = [send(made, b"%d" % number, **github("guess")).status_code for number in range(24)]
    assert set(answers) == {403, 429}
    assert HookDelivery.objects.count() <= hook_commands.KEPT_REFUSED
    assert send(made, **github(secret)).status_code == 202, "wrong ones keep no genuine one out"
    bodies = [b"push %d" % number for number in range(24)]
    told = [send(made, body, **github(secret, body)) for body in bodies]
    late = [answer for answer in told if answer.status_code == 429]
    assert late
    assert int(late[0].headers["Retry-After"]) <= 60


def test_refused_ones_push_no_genuine_one_out(hook, monkeypatch) -> None:
    made, secret = hook
    monkeypatch.setattr(hook_commands, "KEPT_REFUSED", 2)
    monkeypatch.setattr(hook_commands, "KEPT", 3)
    for number in range(5):
        body = b"%d" % number
        send(made, body, **github(secret, body))
        send(made, body, **github("guess", body))
    assert HookDelivery.objects.filter(digest=None).count() == 2
    assert HookDelivery.objects.exclude(digest=None).count() == 3


def test_who_sets_it_up_and_what_the_page_shows() -> None:
    other = person()
    made = commands.list_mirror(SYSTEM, "https://github.com/Lab/Model")
    with pytest.raises(Forbidden):
        commands.renew_hook(actor(other), made)
    with pytest.raises((Forbidden, NotFound)):
        commands.remove_hook(actor(other), made)
    client, admin = Client(), person(is_admin=True)
    sign_in(client, admin)
    address = "/github.com:Lab/Model/mirror/hook"
    assert "Make a webhook" in client.get(address, headers={"accept-language": "en"}).content.decode()
    shown = client.post(address, {"act": "renew"}, headers={"accept-language": "en"})
    assert shown.headers["Cache-Control"] == "no-store"
    hook = MirrorHook.objects.get()
    text = shown.content.decode()
    assert str(hook.key) in text
    assert "not shown again" in text
    assert "not shown again" not in client.get(address, headers={"accept-language": "en"}).content.decode()
    send(hook, x_github_event="push")
    assert "wrong secret or signature" in client.get(address, headers={"accept-language": "en"}).content.decode()
    sign_in(client, other)
    assert client.get(address).status_code == 403
    assert Client().get(address).status_code in (302, 403)


def test_the_owner_of_a_private_mirror_sets_it_up_and_nobody_else_learns_of_it(settings) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    owner, client = person("hooker"), Client()
    commands.mirror_into(actor(owner), owner.namespace, address="http://127.0.0.1:9/lab/x.git", name="mine", visibility="private")
    sign_in(client, owner)
    assert client.post("/hooker/mine/mirror/hook", {"act": "renew"}).status_code == 200
    hook = MirrorHook.objects.get()
    sign_in(client, person())
    assert client.get("/hooker/mine/mirror/hook").status_code == 404
    assert client.post("/hooker/mine/mirror/hook", {"act": "renew"}).status_code == 404
    assert MirrorHook.objects.get().secret_encrypted == hook.secret_encrypted
    sign_in(client, owner)
    assert client.post("/hooker/mine/mirror/hook", {"act": "remove"}).status_code == 302
    assert not MirrorHook.objects.exists()
