"""Keeping mirrors fresh: ask for the refs in process, fetch aside only if something moved, switch in one step.

The lease in the row (`lease`, `leased_until`) is the truth: a worker that dies loses it within `LEASE`, and the next run finds a repository
that readers could use all the time, because fetched refs land under `refs/internal/incoming/` and move over in one transaction.
"""

import shutil
import time
import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

import gitstore
from core.actors import SYSTEM, Actor
from core.errors import DomainError
from core.outgoing import REDIRECTS, Stream, Target, check_url, shown, streamed
from core.rules import HIDE
from core.secrets import decrypt
from projects import fetching, policies
from projects.commands.claims import LEASE, free
from projects.commands.leases import beating
from projects.commands.pushes import open_intent, record_push
from projects.mirrors import advertisement, causes, pace, states
from projects.mirrors.advertisement import Advertised
from projects.mirrors.states import State, Turn
from projects.models import KEPT_RUNS, Mirror, MirrorHost, MirrorRun, Repository
from projects.places import ZERO, Update

log = structlog.get_logger(__name__)
INCOMING = "refs/internal/incoming/"
KEEP = "refs/keep/"
KEPT_DAYS = 30
PATIENCE = 3  # the same answer so often in a row before we believe that upstream is gone or shut
MANY_REFS = 5000  # above: ask for branches and tags alone, by protocol v2
QUIET = timedelta(minutes=10)  # a host that timed out three times in a row is left alone for so long
AGENT = {"User-Agent": "git/2.39 (OpenI mirror)"}
CONTENT_TYPE = "application/x-git-upload-pack-advertisement"
_SLOW = frozenset({"slow", "unreachable", "name"})
_OUTSIDE = {"missing": Turn.LOST, "password": Turn.SHUT}


class Trouble(Exception):
    """A look or fetch that failed: `cause` is a key of causes.CAUSES, `said` what the other side or git said, without credentials."""

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


def sync_mirror(actor: Actor, mirror_id: int, *, lease: str = "") -> Mirror | None:
    """Look, and fetch if something moved. Without `lease` it takes one first; None if somebody else works on it or it is not to be synced.

    Trouble ends in the row (`state`, `cause`, `said`) and its log. Publishes RefsUpdated. Only the system may.
    """
    if not actor.is_system:
        HIDE.require()
    lease = lease or _take(mirror_id)
    mirror = Mirror.objects.select_related("repository__namespace").filter(pk=mirror_id, lease=lease).first() if lease else None
    if mirror is None or State(mirror.state) not in states.WATCHED or mirror.repository.deleted_at is not None:
        Mirror.objects.filter(pk=mirror_id, lease=lease).update(lease="", leased_until=None)
        return None
    started, report = time.monotonic(), Report()
    try:
        with _beat(mirror.pk, lease):
            _sync(mirror, report)
    except Trouble as trouble:
        _failed(mirror, lease, trouble, seconds=time.monotonic() - started)
    else:
        _worked(mirror, lease, report, seconds=time.monotonic() - started)
    return mirror


def _take(mirror_id: int) -> str:
    now, lease = timezone.now(), uuid.uuid4().hex
    return lease if Mirror.objects.filter(free(now), pk=mirror_id).update(lease=lease, leased_until=now + LEASE) else ""


def _beat(mirror_id: int, lease: str) -> AbstractContextManager[None]:
    """Renews the lease while git is at work."""
    rows = Mirror.objects.filter(pk=mirror_id, lease=lease)
    return beating(lambda: rows.update(leased_until=timezone.now() + LEASE), lease=LEASE, name=f"mirror-{mirror_id}")


def _sync(mirror: Mirror, report: Report) -> None:
    try:
        target = _target(mirror)
        report.looked = look(mirror, target)
        if report.looked.sha256:
            raise Trouble("sha256")
        if mirror.filled_at is None or report.looked.digest != mirror.digest:
            _fetch(mirror, report)
    except DomainError as error:
        cause = causes.of_code(error.code)
        raise Trouble(causes.of_text(error.message) if cause == "other" else cause, error.message) from error
    except gitstore.GitError as error:
        raise Trouble(causes.of_text(str(error)), str(error)) from error


def _target(mirror: Mirror) -> Target:
    """The checked address with its credentials. Raises Invalid, Trouble (loop)."""
    pair = decrypt(mirror.credentials_encrypted, purpose="mirror") if mirror.credentials_encrypted else ""
    userinfo = ":".join(quote(part, safe="") for part in pair.split(":", 1)) + "@" if pair else ""
    target = check_url(mirror.address.replace("://", f"://{userinfo}", 1))
    base = urlsplit(settings.BASE_URL)
    if (target.host, target.port) == (base.hostname, base.port or {"https": 443}.get(base.scheme, 80)):
        raise Trouble("loop")
    return target


def look(mirror: Mirror, target: Target) -> Advertised:
    """Ask for the refs: one request, two where the host lists thousands of pull requests. No git process. Raises Trouble, Unavailable."""
    wanted = partial(_wanted, mirror)
    try:
        if mirror.refs_listed > MANY_REFS:
            with streamed(
                _at(target, "/git-upload-pack"),
                method="POST",
                content=advertisement.LS_REFS,
                headers={**AGENT, "Git-Protocol": "version=2", "Content-Type": "application/x-git-upload-pack-request"},
            ) as answer:
                if answer.status == 200 and answer.headers.get("content-type", "").startswith("application/x-git-upload-pack-result"):
                    return advertisement.read_v2(answer.chunks, wanted=wanted)
        with streamed(_at(target, "/info/refs?service=git-upload-pack"), headers=AGENT) as answer:
            _require_git(answer)
            return advertisement.read_v0(answer.chunks, wanted=wanted)
    except advertisement.NotGit as error:
        raise Trouble("not_git", str(error)) from error


def _at(target: Target, tail: str) -> Target:
    return Target(
        target.url.rstrip("/") + tail, target.scheme, target.host, target.port, target.addresses, target.username, target.password
    )


def _require_git(answer: Stream) -> None:
    """Raise Trouble unless the answer is an advertisement."""
    if answer.status in (401, 403):
        raise Trouble("password")
    if answer.status in (404, 410, 451):
        raise Trouble("missing")
    if answer.status in REDIRECTS:
        where = shown(answer.headers.get("location", "")).partition("/info/refs")[0]
        raise Trouble("moved", where)
    if answer.status == 429:
        raise Trouble("busy", answer.headers.get("retry-after", ""))
    if answer.status >= 500:
        raise Trouble("fault", f"HTTP {answer.status}")
    if answer.status != 200 or answer.headers.get("content-type", "") != CONTENT_TYPE:
        raise Trouble("not_git", f"HTTP {answer.status} {answer.headers.get('content-type', '')}")


def _wanted(mirror: Mirror, ref: str) -> bool:
    """True if the filters let the branch or tag through."""
    patterns = mirror.branches if ref.startswith("refs/heads/") else mirror.tags
    short = ref.split("/", 2)[2]
    return not patterns or any(fnmatchcase(short, pattern) for pattern in patterns)


def _refspecs(mirror: Mirror) -> list[str]:
    """What to fetch, and where to put it: aside, where readers do not look."""
    return [
        f"+refs/{kind}/{pattern}:{INCOMING}{kind}/{pattern}"
        for kind, patterns in (("heads", mirror.branches), ("tags", mirror.tags))
        for pattern in (patterns or ["*"])
        if pattern != "-"
    ]


def _fetch(mirror: Mirror, report: Report) -> None:
    """Fetch aside, then switch. Raises Trouble, DomainError, GitError."""
    repository, looked = mirror.repository, report.looked
    if looked is not None and looked.branches == 0:
        raise Trouble("emptied" if mirror.filled_at else "missing", "no branches")
    if looked is not None and looked.branches + looked.tags > fetching.REFS_MAX:
        raise Trouble("too_many_refs", str(looked.branches + looked.tags))
    if not repository.path.exists():
        gitstore.init_bare(repository.path, repository.default_branch)
    if shutil.disk_usage(repository.path).free < settings.MIRROR_FREE_BYTES:
        raise Trouble("disk")
    origin = fetching.origin_of(_with_credentials(mirror))
    before = fetching.folder_size(repository.path / "objects")
    room = settings.MIRROR_MAX_BYTES if mirror.is_public_mirror else policies.quota_left(repository)
    environment = fetching.environment_of(origin)
    for _phase, _percent in fetching.fetch(repository.path, origin, environment, limit=before + max(room, 0), refspecs=_refspecs(mirror)):
        pass  # the beat keeps the lease
    report.bytes = max(fetching.folder_size(repository.path / "objects") - before, 0)
    _switch(repository, looked.head if looked else "", report)


def _with_credentials(mirror: Mirror) -> str:
    if not mirror.credentials_encrypted:
        return mirror.address
    user, _colon, secret = decrypt(mirror.credentials_encrypted, purpose="mirror").partition(":")
    return mirror.address.replace("://", f"://{quote(user, safe='')}:{quote(secret, safe='')}@", 1)


def _switch(repository: Repository, head: str, report: Report) -> None:
    """Make what was fetched what readers see, in one transaction of refs; what is lost upstream stays under a hidden ref for 30 days."""
    path = repository.path
    fetched = {"refs/" + ref.removeprefix(INCOMING): oid for ref, oid in gitstore.refs(path, INCOMING.rstrip("/")).items()}
    served = fetching.refs_of(path)
    names = sorted({*fetched, *served})
    report.updates = [(ref, served.get(ref, ZERO), fetched.get(ref, ZERO)) for ref in names if served.get(ref) != fetched.get(ref)]
    if report.updates:
        report.rewritten = [(ref, old) for ref, old, new in report.updates if old != ZERO and not _continues(path, ref, old, new)]
        intent = open_intent(SYSTEM, repository, report.updates)
        try:
            _move(path, report)
            with transaction.atomic():
                record_push(SYSTEM, repository, report.updates)
            intent.close()
        except BaseException:
            intent.release()
            raise
    branch = fetching.default_branch(head, fetched)
    if branch and gitstore.head(path)[0] != branch:
        gitstore.set_head(path, branch)
    if branch and branch != repository.default_branch:
        Repository.objects.filter(pk=repository.pk).update(default_branch=branch)
        repository.default_branch = branch


def _continues(path: Path, ref: str, old: str, new: str) -> bool:
    """True if nothing of `old` is lost: a branch that moved forward."""
    return new != ZERO and ref.startswith("refs/heads/") and gitstore.is_ancestor(path, old, new)


def _move(path: Path, report: Report) -> None:
    today = timezone.now().date().isoformat()
    kept = gitstore.refs(path, f"{KEEP}{today}")
    keep: list[Update] = [(f"{KEEP}{today}/{old}", ZERO, old) for old in sorted({old for _ref, old in report.rewritten})]
    keep = [update for update in keep if update[0] not in kept]
    going = [update for update in report.updates if update[2] == ZERO]
    coming = [update for update in report.updates if update[2] != ZERO]
    if _clash({ref for ref, _old, _new in going}, {ref for ref, old, _new in coming if old == ZERO}):
        gitstore.update_refs(path, [*keep, *going], reason="mirror")  # git cannot turn a file into a folder in one transaction
        gitstore.update_refs(path, coming, reason="mirror")
    else:
        gitstore.update_refs(path, [*keep, *going, *coming], reason="mirror")


def _clash(going: set[str], coming: set[str]) -> bool:
    """True if a name that goes is a folder of one that comes, or the other way round."""
    parents = {ref.rsplit("/", depth)[0] for ref in coming for depth in range(1, ref.count("/") - 1)}
    return bool(going & parents) or any(ref.rsplit("/", depth)[0] in coming for ref in going for depth in range(1, ref.count("/") - 1))


def drop_kept(path: Path) -> int:
    """Forget lost history older than 30 days; returns how many refs went."""
    oldest = (timezone.now() - timedelta(days=KEPT_DAYS)).date().isoformat()
    old = [(ref, oid, ZERO) for ref, oid in gitstore.refs(path, KEEP.rstrip("/")).items() if ref.removeprefix(KEEP)[:10] < oldest]
    if old:
        gitstore.update_refs(path, old, reason="mirror")
    return len(old)


def _worked(mirror: Mirror, lease: str, report: Report, *, seconds: float) -> None:
    """The row after success; a log line only if something was fetched."""
    now, looked = timezone.now(), report.looked
    fetched = mirror.filled_at is None or looked is None or looked.digest != mirror.digest
    if report.updates:
        mirror.changed_at = now
    mirror.interval = pace.interval_after(mirror.interval, changed=bool(report.updates), last_change=mirror.changed_at, now=now)
    mirror.state = states.after(mirror.state, Turn.SYNCED)
    mirror.cause, mirror.said, mirror.failures, mirror.is_urgent = "", "", 0, False
    mirror.checked_at, mirror.next_at = now, pace.due(now, mirror.interval)
    if looked is not None:
        mirror.digest, mirror.refs_listed = looked.digest, max(looked.total, mirror.refs_listed)
    if fetched:
        mirror.synced_at, mirror.filled_at = now, mirror.filled_at or now
    if fetched:
        run = MirrorRun(seconds=seconds, bytes=report.bytes, refs_changed=len(report.updates), rewritten=report.rewritten[:50])
        with transaction.atomic():
            if not _release(mirror, lease):
                return
            _log(mirror, run)
    else:
        _release(mirror, lease)
    _note_host(mirror.host, silent=False, received=report.bytes)


def _failed(mirror: Mirror, lease: str, trouble: Trouble, *, seconds: float) -> None:
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
        if not _release(mirror, lease):
            return
        _log(mirror, MirrorRun(seconds=seconds, cause=trouble.cause, said=trouble.said))
    _note_host(mirror.host, silent=trouble.cause in _SLOW)
    log.info("mirror_failed", mirror=mirror.pk, host=mirror.host, cause=trouble.cause)


def _release(mirror: Mirror, lease: str) -> bool:
    """Write the row if the lease is still ours; who lost it changes nothing."""
    kept = (
        "state", "cause", "said", "failures", "digest", "refs_listed", "interval", "next_at", "is_urgent", "checked_at", "synced_at",
        "changed_at", "filled_at",
    )  # fmt: skip
    values = {name: getattr(mirror, name) for name in kept}
    return bool(Mirror.objects.filter(pk=mirror.pk, lease=lease).update(**values, lease="", leased_until=None))


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
