"""Pushes: recorded in one transaction, and never forgotten.

Before git moves a ref, an intent file with what is about to happen is written and locked; it goes when the push is recorded.
A file whose lock is free belongs to a process that died: `settle_intents` looks at the refs and records what did happen.
"""

import fcntl
import json
import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pygit2
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from core import events
from core.actors import SYSTEM, Actor
from projects.events import RefsUpdated
from projects.models import Push, Repository
from projects.places import ZERO, Update

log = structlog.get_logger(__name__)
KEPT_UPDATES = 50
SETTLE_SECONDS = 5.0


def record_push(actor: Actor, repository: Repository, updates: Sequence[Update]) -> Push:
    """Write down that refs moved: one Push row and one event, whatever the number of refs. Publishes RefsUpdated.

    A first push to a repository without its default branch makes a pushed branch the default one.
    """
    now = timezone.now()
    changes: dict[str, object] = {"pushed_at": now, "updated_at": now, "pushes_since_maintenance": F("pushes_since_maintenance") + 1}
    heads = [ref for ref, _old, new in updates if ref.startswith("refs/heads/") and new != ZERO]
    named = [ref for ref in heads if shown_ref(ref) == ref]
    default = _first_default(repository, named) if repository.is_empty and named else ""
    if heads:
        changes["is_empty"] = False
    if default:
        changes["default_branch"] = default
    kept = [[shown_ref(ref), old, new] for ref, old, new in updates[:KEPT_UPDATES]]
    by_id = actor.person.pk if actor.person else None
    with transaction.atomic():
        push = Push.objects.create(repository=repository, user_id=by_id, updates=kept, updates_total=len(updates), at=now)
        Repository.objects.filter(pk=repository.pk).update(**changes)
        events.publish(RefsUpdated(repository_id=repository.pk, push_id=push.pk, by_id=by_id, updates=kept, total=len(updates)))
    repository.pushed_at = repository.updated_at = now
    repository.is_empty = repository.is_empty and not heads
    repository.default_branch = default or repository.default_branch
    return push


def shown_ref(name: str) -> str:
    """The name of a ref as a row keeps it: Git takes any bytes, a database text alone. Names in other encodings lose what is no UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def count_objects(repository: Repository) -> None:
    """Objects came in although no branch moved: maintenance measures and packs them as it does after a push."""
    Repository.objects.filter(pk=repository.pk).update(pushes_since_maintenance=F("pushes_since_maintenance") + 1)


def _first_default(repository: Repository, heads: list[str]) -> str:
    """The branch that HEAD should name after a first push, "" if it need not change; moves HEAD on disk."""
    names = [ref.removeprefix("refs/heads/") for ref in heads]
    if repository.default_branch in names:
        return ""
    chosen = next((name for name in ("main", "master") if name in names), names[0])
    pygit2.Repository(str(repository.path)).set_head(f"refs/heads/{chosen}")
    return chosen


@dataclass
class Intent:
    """An open intent file; its lock lives as long as this process holds `descriptor`."""

    path: Path
    descriptor: int
    repository_id: int

    def close(self) -> None:
        """The push is recorded, or did not happen."""
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)

    def release(self) -> None:
        """Leave the file to `settle_intents`."""
        os.close(self.descriptor)


def _folder() -> Path:
    folder: Path = settings.DATA_DIR / "pushes"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_intent(actor: Actor, repository: Repository, updates: Sequence[Update]) -> Intent:
    """Write and lock the intent before refs move. Complete on disk under its final name, or not there at all."""
    name = uuid.uuid4().hex
    aside, path = _folder() / f"{name}.new", _folder() / f"{name}.json"
    descriptor = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    content = {"repository": repository.pk, "by": actor.person.pk if actor.person else None, "at": time.time(), "updates": list(updates)}
    os.write(descriptor, json.dumps(content).encode())
    aside.rename(path)
    return Intent(path, descriptor, repository.pk)


def settle_intents(repository_id: int | None = None) -> int:
    """Record what pushes whose process died have moved, of one repository if it is given; returns how many were recorded."""
    recorded = sum(_settle(path, repository_id) for path in sorted(_folder().glob("*.json")))
    return recorded + sum(_drop_stale(path) for path in _folder().glob("*.new"))


def _drop_stale(path: Path) -> int:
    if path.exists() and time.time() - path.stat().st_mtime > 600:
        path.unlink(missing_ok=True)
    return 0


def _settle(path: Path, repository_id: int | None) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return 0
    intent = Intent(path, descriptor, 0)
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        intent.close()
        return 0
    if repository_id not in (None, content["repository"]):
        os.close(descriptor)
        return 0
    if time.time() - content["at"] < SETTLE_SECONDS:  # its git may still be running although its parent died
        os.close(descriptor)
        return 0
    recorded = _record_dead(content)
    intent.close()
    return recorded


def _record_dead(content: dict[str, Any]) -> int:
    repository = Repository.objects.select_related("namespace").filter(pk=int(content["repository"]), deleted_at=None).first()
    if repository is None or not repository.path.is_dir():
        return 0
    moved = moved_updates(repository, [(str(ref), str(old), str(new)) for ref, old, new in content["updates"]])
    since = datetime.fromtimestamp(float(content["at"]), tz=UTC)
    known = {json.dumps(push.updates) for push in Push.objects.filter(repository=repository, at__gte=since)}
    if not moved or json.dumps([[shown_ref(ref), old, new] for ref, old, new in moved[:KEPT_UPDATES]]) in known:
        return 0
    person = User.objects.filter(pk=content["by"]).first() if content["by"] else None
    record_push(Actor(person=person) if person else SYSTEM, repository, moved)
    log.warning("push_recorded_late", repository=repository.pk, refs=len(moved))
    return 1


def moved_updates(repository: Repository, updates: Sequence[Update]) -> list[Update]:
    """Those of `updates` that are true on disk: the ref is at its new oid, or already further on from it."""
    store = pygit2.Repository(str(repository.path))
    return [update for update in updates if _has_moved(store, update)]


def _has_moved(store: pygit2.Repository, update: Update) -> bool:
    ref, _old, new = update
    found = store.references.get(ref)
    if found is None or new == ZERO:
        return found is None and new == ZERO
    now = str(found.target)
    try:
        return now == new or store.descendant_of(now, new)
    except (KeyError, ValueError):
        return False
