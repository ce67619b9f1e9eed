"""Facts kept in memory and put aside by a thread a second later: who notes one writes nothing, and a killed process loses a second of them.

What is put aside is a batch with an id. Whoever takes batches records their ids in the transaction that uses them, so none is used twice, whatever
dies between the two. Batches wait in Redis where there is one, else as files of the data directory.
"""

import atexit
import json
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)
EVERY = 1.0  # seconds
BATCH = 500  # facts
KEPT = 50_000  # facts in memory while nothing can be put aside; older ones are lost
SECRETS_KEPT = timedelta(days=2)
Fact = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Facts that were put aside together."""

    id: str
    facts: list[list[Any]]


class Store(Protocol):
    """Where batches wait. Putting the same id twice keeps one."""

    def put(self, batch_id: str, text: str) -> None: ...

    def take(self, limit: int) -> list[tuple[str, str]]: ...

    def forget(self, ids: Iterable[str]) -> None: ...

    def secret(self, day: str) -> bytes: ...


class Files:
    """A file a batch, complete from the moment it has its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, batch_id: str, text: str) -> None:
        """Written aside, then renamed."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = self.folder / f"{batch_id}.new"
        aside.write_text(text, encoding="utf-8")
        aside.replace(self.folder / f"{batch_id}.batch")

    def take(self, limit: int) -> list[tuple[str, str]]:
        """The oldest ones; they stay until `forget`."""
        paths = sorted(self.folder.glob("*.batch"))[:limit]
        return [(path.stem, path.read_text(encoding="utf-8")) for path in paths]

    def forget(self, ids: Iterable[str]) -> None:
        """Remove them."""
        for batch_id in ids:
            (self.folder / f"{batch_id}.batch").unlink(missing_ok=True)

    def secret(self, day: str) -> bytes:
        """32 random bytes, the same for every process; those of older days are destroyed."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{day}.secret"
        if not path.exists():
            aside = self.folder / f"{day}.{secrets.token_hex(4)}.new"
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as handle:
                handle.write(secrets.token_bytes(32))
            try:
                os.link(aside, path)  # whoever is first
            except FileExistsError:
                pass
            finally:
                aside.unlink()
            oldest = (datetime.now(UTC) - SECRETS_KEPT).date().isoformat()
            for old in self.folder.glob("*.secret"):
                if old.stem < oldest:
                    old.unlink(missing_ok=True)
        return path.read_bytes()


class Redis:
    """A hash of batches by id; every web server's."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, f"spool:{name}"

    @cached_property
    def client(self) -> Any:
        """One for the process."""
        import redis  # here: the embedded stack needs none of it

        return redis.Redis.from_url(self.url, socket_timeout=5)

    def put(self, batch_id: str, text: str) -> None:
        """One command."""
        self.client.hset(self.name, batch_id, text)

    def take(self, limit: int) -> list[tuple[str, str]]:
        """The oldest ones; they stay until `forget`."""
        ids = sorted(self.client.hkeys(self.name))[:limit]
        texts = self.client.hmget(self.name, ids) if ids else []
        return [(key.decode(), text.decode()) for key, text in zip(ids, texts, strict=True) if text is not None]

    def forget(self, ids: Iterable[str]) -> None:
        """Remove them."""
        if some := list(ids):
            self.client.hdel(self.name, *some)

    def secret(self, day: str) -> bytes:
        """32 random bytes, the same for every server; Redis destroys it."""
        key = f"{self.name}:secret:{day}"
        self.client.set(key, secrets.token_bytes(32), nx=True, ex=SECRETS_KEPT)
        return bytes(self.client.get(key))


class Spool:
    """Facts of one kind. `encode` makes what is put aside of a fact, or None for one that is not wanted; it runs in the thread, with the secret of a day."""

    def __init__(self, name: str, encode: Callable[[Fact, Callable[[str], bytes]], list[Any] | None]) -> None:
        self.name, self.encode = name, encode
        self._facts: deque[Fact] = deque(maxlen=KEPT)
        self._pending: tuple[str, str] | None = None
        self._secrets: dict[str, bytes] = {}
        self._process = 0
        self._lock = threading.Lock()

    @cached_property
    def store(self) -> Store:
        """Where batches wait."""
        return Redis(settings.REDIS_URL, self.name) if settings.REDIS_URL else Files(settings.DATA_DIR / "spool" / self.name)

    def note(self, *fact: Any) -> None:
        """Keep a fact; never waits, never fails."""
        self._facts.append(fact)
        if self._process != os.getpid():
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._process == os.getpid():
                return
            if self._process:  # forked: what the parent has in memory is the parent's to put aside
                self._facts = deque([self._facts[-1]], maxlen=KEPT)
                self._pending = None
            self._process = os.getpid()
        threading.Thread(target=self._run, name=f"spool-{self.name}", daemon=True).start()
        atexit.register(self.flush)

    def _run(self) -> None:
        while True:
            time.sleep(EVERY)
            self.flush()

    def flush(self) -> bool:
        """Put aside what is in memory; False if the store does not take it (it is tried again)."""
        with self._lock:
            try:
                while self._pending or self._facts:
                    if self._pending is None:
                        self._pending = self._batch()
                    if self._pending is not None:
                        self.store.put(*self._pending)
                    self._pending = None
            except Exception as error:  # noqa: BLE001 - a store may fail in any way; the next second tries again
                log.warning("spool_not_put_aside", spool=self.name, error=str(error)[:200])
                return False
        return True

    def _batch(self) -> tuple[str, str] | None:
        facts = [self._facts.popleft() for _ in range(min(len(self._facts), BATCH))]
        rows = [row for fact in facts if (row := self.encode(fact, self._secret)) is not None]
        if not rows:
            return None
        return f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}", "\n".join(
            json.dumps(row, separators=(",", ":")) for row in rows
        )

    def _secret(self, day: str) -> bytes:
        if day not in self._secrets:
            if len(self._secrets) > 2:
                self._secrets.clear()
            self._secrets[day] = self.store.secret(day)
        return self._secrets[day]

    def batches(self, limit: int) -> list[Batch]:
        """The oldest batches; a line that cannot be read is left out."""
        return [
            Batch(batch_id, [row for line in text.splitlines() if (row := _row(line)) is not None])
            for batch_id, text in self.store.take(limit)
        ]

    def forget(self, batches: Iterable[Batch]) -> None:
        """They have been used."""
        self.store.forget(batch.id for batch in batches)


def _row(line: str) -> list[Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, list) else None
