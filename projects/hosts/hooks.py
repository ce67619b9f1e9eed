"""Requests by which an upstream tells of a push: who sent one, whether it is genuine, and what makes it one of its kind.

GitHub (also Gitea, Forgejo): `X-Hub-Signature-256`, HMAC-SHA-256 of the body. Gitee: `X-Gitee-Token`, the password itself or, with
`X-Gitee-Timestamp` (milliseconds, at most an hour off), the Base64 of HMAC-SHA-256 over "timestamp\\nsecret". GitLab: `X-Gitlab-Token`, or
with a signing token `webhook-signature` (Standard Webhooks: `v1,` and the Base64 of HMAC-SHA-256 over "id.timestamp.body", several of
them with blanks between; the key is what stands after `whsec_`, in Base64).
"""

import hashlib
import hmac
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

STALE = timedelta(hours=1)
PUSHES = frozenset({"push", "create", "delete", "push hook", "tag push hook", "push_hooks", "tag_push_hooks", "system hook"})
PINGS = frozenset({"ping"})
EVENT_MAX = 60
SIGNATURES_MAX = 10


@dataclass(frozen=True, slots=True)
class Sent:
    """A genuine request. `digest`: of what was signed, the same again for a replay."""

    sender: str
    event: str
    digest: str
    is_push: bool
    is_ping: bool


class Refused(Exception):
    """Not genuine: `outcome` is bad_sign or stale."""

    def __init__(self, outcome: str, sender: str = "", event: str = "") -> None:
        super().__init__(outcome)
        self.outcome, self.sender, self.event = outcome, sender, event[:EVENT_MAX]


def read(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> Sent:
    """Judge a request; `headers` have names in lower case. Raises Refused."""
    if "x-gitee-event" in headers or "x-gitee-token" in headers:
        return _sent("gitee", headers.get("x-gitee-event", ""), _gitee(headers, body, secret, now))
    if "webhook-signature" in headers:
        return _sent("gitlab", headers.get("x-gitlab-event", ""), _standard(headers, body, secret, now))
    if "x-gitlab-event" in headers or "x-gitlab-token" in headers:
        return _sent("gitlab", headers.get("x-gitlab-event", ""), _gitlab(headers, body, secret))
    return _sent("github", headers.get("x-github-event", ""), _github(headers, body, secret))


def _sent(sender: str, event: str, signed: bytes) -> Sent:
    event = event.strip()[:EVENT_MAX]
    return Sent(sender, event, hashlib.sha256(signed).hexdigest(), event.lower() in PUSHES, event.lower() in PINGS)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _github(headers: Mapping[str, str], body: bytes, secret: str) -> bytes:
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not _same(headers.get("x-hub-signature-256", ""), expected):
        raise Refused("bad_sign", "github", headers.get("x-github-event", ""))
    return b"github\0" + body  # the delivery number is not signed, the body with its times is


def _gitee(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bytes:
    given, stamp, event = headers.get("x-gitee-token", ""), headers.get("x-gitee-timestamp", ""), headers.get("x-gitee-event", "")
    signature = b64encode(hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()).decode()
    if not (_same(given, signature) or _same(given, secret)):
        raise Refused("bad_sign", "gitee", event)
    if not stamp and _same(given, secret):
        return b"gitee\0" + body
    if (
        not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16)
        or abs(now.timestamp() * 1000 - int(stamp)) > STALE.total_seconds() * 1000
    ):
        raise Refused("stale", "gitee", event)
    return b"gitee\0" + stamp.encode()  # a signed time is good for one request


def _gitlab(headers: Mapping[str, str], body: bytes, secret: str) -> bytes:
    if not _same(headers.get("x-gitlab-token", ""), secret):
        raise Refused("bad_sign", "gitlab", headers.get("x-gitlab-event", ""))
    number = headers.get("idempotency-key", "") or headers.get("x-gitlab-event-uuid", "")
    return b"gitlab\0" + number[:200].encode("utf-8", "replace") + b"\0" + body


def signing_token(secret: str) -> str:
    """Our secret as GitLab takes a signing token: `whsec_` and the Base64 of 32 bytes."""
    return "whsec_" + b64encode(_key(secret)).decode()


def _key(secret: str) -> bytes:
    """The bytes that our secret spells (secrets.token_urlsafe)."""
    return urlsafe_b64decode(secret + "=" * (-len(secret) % 4))


def _standard(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bytes:
    number, stamp, event = headers.get("webhook-id", ""), headers.get("webhook-timestamp", ""), headers.get("x-gitlab-event", "")
    signed = b".".join((number.encode("utf-8", "surrogateescape"), stamp.encode("utf-8", "surrogateescape"), body))
    expected = "v1," + b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()
    if not number or not any(_same(given, expected) for given in headers["webhook-signature"].split()[:SIGNATURES_MAX]):
        raise Refused("bad_sign", "gitlab", event)
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13) or abs(now.timestamp() - int(stamp)) > STALE.total_seconds():
        raise Refused("stale", "gitlab", event)
    return b"gitlab\0" + number.encode("utf-8", "surrogateescape") + b"\0" + body
