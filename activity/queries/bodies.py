"""A dispatch as bytes and headers, in the format of its hook."""

import json
import time
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from activity.logic import chats
from activity.logic.chats import Message
from activity.models import Dispatch, Format, Hook
from activity.queries import shapes
from activity.queries.telling import Telling, telling
from core.actors import Actor
from core.secrets import decrypt

AGENT = "OpenI-Hookshot/1"
BODY_MOST = 1024**2  # bytes; longer ones lose their commits


@dataclass(frozen=True, slots=True)
class Composed:
    """What is posted. `address` is secret."""

    address: str
    headers: dict[str, str]
    body: bytes


def composed(hook: Hook, dispatch: Dispatch) -> Composed:
    """In the language of the hook's owner. Raises telling.Hidden if the owner may not see it."""
    owner = hook.owner
    assert owner is not None  # noqa: S101 - hook_stop has been asked
    address = decrypt(hook.address_encrypted, purpose="hook-address")
    secret = decrypt(hook.secret_encrypted, purpose="hook") if hook.secret_encrypted else ""
    with override(owner.language or "zh-hans"):
        told = None if dispatch.kind == "ping" else telling(Actor(person=owner), hook, dispatch)
        if hook.format in (Format.OPENI, Format.GITHUB):
            body = _github(hook, dispatch, told) if hook.format == Format.GITHUB else _ours(hook, dispatch, told)
            return Composed(address, _headers(hook, dispatch, secret, content := _encoded(body)), content)
        message = told.message if told else Message(_("Test of the webhook of %s") % _place(hook), shapes.base(), [(_("It works."), "")])
        ready = chats.ready(hook.format, message, secret=secret, keyword=hook.keyword, now=time.time())
        plain = {"Content-Type": "application/json; charset=utf-8", "User-Agent": AGENT}
        return Composed(chats.with_query(address, ready.query), plain, _encoded(ready.body))


def _place(hook: Hook) -> str:
    return str(hook.repository or hook.organization)


def _encoded(body: dict[str, Any]) -> bytes:
    """UTF-8; names that are none are escaped."""
    try:
        content = json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        content = json.dumps(body).encode()
    if len(content) > BODY_MOST and "commits" in body:
        return _encoded({**body, "commits": [], "head_commit": None})
    return content


def _headers(hook: Hook, dispatch: Dispatch, secret: str, content: bytes) -> dict[str, str]:
    key = str(dispatch.key)
    kind = "repository" if hook.repository_id else "organization"
    headers = {
        "Content-Type": "application/json",
        "User-Agent": AGENT if hook.format == Format.OPENI else f"GitHub-Hookshot/openi {AGENT}",
        "X-OpenI-Event": dispatch.kind, "X-OpenI-Delivery": key,
        "X-GitHub-Event": dispatch.kind, "X-GitHub-Delivery": key, "X-GitHub-Hook-ID": str(hook.pk),
        "X-GitHub-Hook-Installation-Target-Type": kind,
        "X-GitHub-Hook-Installation-Target-ID": str(hook.repository_id or hook.organization_id),
    }  # fmt: skip
    if secret:
        signed = f"sha256={chats.signature(secret, content)}"
        headers |= {"X-OpenI-Signature-256": signed, "X-Hub-Signature-256": signed}
    return headers


def _hook_itself(hook: Hook) -> dict[str, Any]:
    return {
        "id": hook.pk, "type": "Repository" if hook.repository_id else "Organization", "name": "web", "active": hook.is_active,
        "events": hook.events or ["*"], "created_at": hook.created_at.isoformat(),
    }  # fmt: skip


def _tester(dispatch: Dispatch) -> User | None:
    return User.objects.filter(pk=dispatch.about.get("by", 0)).first()


def _github(hook: Hook, dispatch: Dispatch, told: Telling | None) -> dict[str, Any]:
    """GitHub's webhook payload: docs.github.com, "Webhook events and payloads"."""
    if told is None:
        sender = _tester(dispatch)
        body: dict[str, Any] = {"zen": "Keep it logically awesome.", "hook_id": hook.pk, "hook": _hook_itself(hook)}
        row = hook.repository
    else:
        body = {"action": dispatch.action, **told.github} if dispatch.action else dict(told.github)
        row, sender = told.repository, told.sender
    if row is not None:
        body["repository"] = shapes.github_repository(row)
    organization = hook.organization or (row.namespace.organization if row is not None and row.namespace.kind == "organization" else None)
    if organization is not None:
        body["organization"] = shapes.github_owner(organization.namespace)
    return {**body, "sender": shapes.github_user(sender)}


def _ours(hook: Hook, dispatch: Dispatch, told: Telling | None) -> dict[str, Any]:
    sender = told.sender if told else _tester(dispatch)
    row = told.repository if told else hook.repository
    head = {
        "event": dispatch.kind, "action": dispatch.action, "delivery": str(dispatch.key), "hook": hook.pk,
        "happened_at": dispatch.created_at.isoformat(), "sent_at": timezone.now().isoformat(), "sender": shapes.our_person(sender),
        "repository": shapes.our_repository(row) if row is not None else None,
        "organization": hook.organization.slug if hook.organization else None,
    }  # fmt: skip
    return {**head, dispatch.kind: told.ours} if told else head
