"""What a look or a fetch came to, in the mirror's row, its log, and what we know of the host."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from projects.commands.pushes import shown_ref
from projects.mirrors import addresses, pace, states
from projects.mirrors.advertisement import Advertised
from projects.mirrors.states import State, Turn
from projects.models import KEPT_RUNS, Mirror, MirrorHost, MirrorMove, MirrorRun
from projects.places import Update

log = structlog.get_logger(__name__)
PATIENCE = 3  # the same answer so often in a row before we believe that upstream is gone or shut
QUIET = timedelta(minutes=10)  # a host that timed out three times in a row is left alone for so long
SILENT = frozenset({"slow", "unreachable", "name"})  # causes that say something of the host rather than of the mirror
_OUTSIDE = {"missing": Turn.LOST, "password": Turn.SHUT}


class Trouble(Exception):
    """A look, fetch or push that failed: `cause` is a key of causes.CAUSES (of a push: outbound.PUSH_CAUSES), `said` what the other side or git said, without credentials."""

    def __init__(self, cause: str, said: str = "") -> None:
        super().__init__(cause)
        self.cause, self.said = cause, said[:600]


@dataclass
class Report:
    """What one run came to."""

    looked: Advertised | None = None
    bytes: int = 0
    updates: list[Update] = field(default_factory=list)
    rewritten: list[tuple[str, str]] = field(default_factory=list)  # ref, old oid


class Unchanged(Protocol):
    """Takes looks that found nothing new, to write them later and together."""

    def add(self, mirror: Mirror) -> None:
        """The lease ends when it is written."""


@dataclass(frozen=True, slots=True)
class Before:
    """The row as the look found it; what somebody changes meanwhile stands."""

    lease: str
    state: str
    next_at: datetime
    is_quiet: bool  # nothing but the times of looking would change if nothing moved
    digest: str
    refs_listed: int

    @classmethod
    def of(cls, mirror: Mirror) -> "Before":
        """As it is now."""
        quiet = mirror.state == State.FRESH and not (mirror.cause or mirror.failures or mirror.is_urgent) and mirror.filled_at is not None
        return cls(mirror.lease, mirror.state, mirror.next_at, quiet, mirror.digest, mirror.refs_listed)


def worked(mirror: Mirror, before: Before, report: Report, seen: Unchanged | None, *, seconds: float) -> None:
    """The row after success; a log line only if something was fetched, no statement at all if nothing moved and `seen` takes it."""
    now, looked = timezone.now(), report.looked
    fetched = mirror.filled_at is None or looked is None or looked.digest != mirror.digest
    if report.updates:
        mirror.changed_at = now
    mirror.interval = pace.interval_after(mirror.interval, changed=bool(report.updates), last_change=mirror.changed_at, now=now)
    if mirror.state == State.MOVED and _still_moved(mirror):
        mirror.state = states.after(mirror.state, Turn.SERVED)
    else:
        mirror.state = states.after(mirror.state, Turn.SYNCED)
        mirror.cause, mirror.said = "", ""
    mirror.failures, mirror.is_urgent = 0, False
    mirror.checked_at, mirror.next_at = now, pace.due(now, mirror.interval)
    if looked is not None:
        mirror.digest, mirror.refs_listed = looked.digest, max(looked.total, mirror.refs_listed)
    if seen is not None and not fetched and before.is_quiet and mirror.refs_listed == before.refs_listed:
        seen.add(mirror)
        return
    if fetched:
        mirror.synced_at, mirror.filled_at = now, mirror.filled_at or now
        rewritten = [(shown_ref(ref), old) for ref, old in report.rewritten[:50]]
        run = MirrorRun(seconds=seconds, bytes=report.bytes, refs_changed=len(report.updates), rewritten=rewritten)
        with transaction.atomic():
            if not _release(mirror, before):
                return
            _log(mirror, run)
    else:
        _release(mirror, before)
    _note_host(mirror.host, silent=False, received=report.bytes)


def failed(mirror: Mirror, before: Before, trouble: Trouble, *, seconds: float) -> None:
    """The row after trouble: back off; believe in a loss after the third answer in a row."""
    now = timezone.now()
    mirror.failures = mirror.failures + 1 if mirror.cause == trouble.cause or mirror.cause == "" else 1
    turn = Turn.FAILED
    if trouble.cause == "moved":
        turn = Turn.REDIRECTED
    elif trouble.cause == "emptied":
        turn = Turn.WIPED
    elif trouble.cause in _OUTSIDE and mirror.failures >= PATIENCE:
        turn = _OUTSIDE[trouble.cause]
    mirror.state = states.after(mirror.state, turn)
    mirror.cause, mirror.said, mirror.is_urgent = trouble.cause, trouble.said, False
    mirror.next_at = pace.due(now, pace.LONGEST if turn is not Turn.FAILED else pace.backoff(mirror.failures))
    with transaction.atomic():
        if not _release(mirror, before):
            return
        _log(mirror, MirrorRun(seconds=seconds, cause=trouble.cause, said=trouble.said))
        if trouble.cause == "moved":
            note_move(mirror, trouble.said, source=MirrorMove.Source.GIT)
    _note_host(mirror.host, silent=trouble.cause in SILENT)
    log.info("mirror_failed", mirror=mirror.pk, host=mirror.host, cause=trouble.cause)


def note_move(mirror: Mirror, address: str, *, source: str) -> None:
    """Upstream names another address, which the worker looks at; the same word again changes nothing. For a call inside the transaction."""
    found = addresses.parse(address)
    if found is None or found.scheme not in ("https", "http") or address == mirror.address:
        return
    waits = MirrorMove.objects.filter(mirror=mirror, taken_at=None, key=found.key).first()
    if waits is not None and (waits.address == address or source == MirrorMove.Source.API):
        return
    MirrorMove.objects.update_or_create(
        mirror=mirror,
        defaults={
            "address": address, "key": found.key, "source": source, "verdict": MirrorMove.Verdict.UNSEEN, "said": "", "is_wanted": False,
            "looked_at": None, "next_at": timezone.now(), "created_at": timezone.now(), "taken_at": None,
        },
    )  # fmt: skip


def _still_moved(mirror: Mirror) -> bool:
    """True if the host's API names a new address, though the old one is served; a redirect that went away is forgotten."""
    waiting = MirrorMove.objects.filter(mirror=mirror, taken_at=None)
    waiting.filter(source=MirrorMove.Source.GIT).delete()
    return waiting.exists()


def _release(mirror: Mirror, before: Before) -> bool:
    """Write the row if the lease is still ours; who lost it changes nothing, and what somebody did meanwhile (a pause, a wish) stands."""
    result = ("digest", "refs_listed", "interval", "checked_at", "synced_at", "changed_at", "filled_at")
    stand = ("state", "cause", "said", "failures", "next_at", "is_urgent")
    values = {name: getattr(mirror, name) for name in (*result, *stand)}
    rows, ended = Mirror.objects.filter(pk=mirror.pk, lease=before.lease), {"lease": "", "leased_until": None}
    if rows.filter(state=before.state, next_at=before.next_at).update(**values, **ended):
        return True
    if rows.filter(state=before.state).update(**{name: values[name] for name in (*result, "state", "cause", "said", "failures")}, **ended):
        return True
    return bool(rows.update(**{name: values[name] for name in result}, **ended))


def _log(mirror: Mirror, run: MirrorRun) -> None:
    run.mirror = mirror
    run.save()
    older = MirrorRun.objects.filter(mirror=mirror).order_by("-at", "-pk").values("pk")[KEPT_RUNS : KEPT_RUNS + 50]
    MirrorRun.objects.filter(pk__in=[row["pk"] for row in older]).delete()


def _note_host(host: str, *, silent: bool, received: int = 0) -> None:
    """Count, and leave a host alone that timed out three times in a row; the usual look writes nothing."""
    if not silent and not received:
        MirrorHost.objects.filter(host=host, silences__gt=0).update(silences=0, quiet_until=None)
        return
    row, _made = MirrorHost.objects.get_or_create(host=host)
    silences = row.silences + 1 if silent else 0
    MirrorHost.objects.filter(pk=row.pk).update(
        silences=silences,
        quiet_until=timezone.now() + QUIET if silences >= PATIENCE else None,
        fetches=F("fetches") + 1,
        bytes=F("bytes") + received,
    )
