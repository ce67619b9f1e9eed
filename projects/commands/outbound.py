"""Pushing to other hosts: ask what is there, push the difference, note how it went. The worker's half of push mirrors.

The lease in the row is the truth, as with mirrors: a worker that dies loses it within `LEASE`, its git dies with it, and the next run asks
the other side anew. What is pushed is named by object id with the id expected there, so that nothing that moved meanwhile is overwritten.
"""

import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

import gitstore
from core import sshclient
from core.actors import Actor
from core.errors import DomainError
from core.outgoing import REDIRECTS, Stream, Target, shown, streamed
from core.rules import HIDE
from core.secrets import decrypt
from projects import fetching
from projects.commands.leases import beating
from projects.commands.outcomes import Trouble
from projects.logic import matching_pattern
from projects.mirrors import outbound, pace
from projects.mirrors.advertisement import NotGit
from projects.mirrors.outbound import Plan
from projects.models import KEPT_PUSHES, PushMirror, PushRun, Repository
from projects.queries import pushing as reads

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=90)
AT_ONCE = 2  # runs of one host
SECONDS = 2 * 3600  # of one git
AGENT = {"User-Agent": "git/2.39 (OpenI push mirror)"}
CONTENT_TYPE = "application/x-git-receive-pack-advertisement"
KEPT = 50  # refs named in the log of a run


@dataclass
class Report:
    """What one run came to."""

    moved: list[outbound.Move] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)  # ref, code or what the other side said
    host_key: str = ""


def free(now: datetime) -> Q:
    """Condition on PushMirror: nobody holds it."""
    return Q(leased_until=None) | Q(leased_until__lte=now)


def claim_due_pushes(limit: int) -> list[tuple[int, str]]:
    """Lease up to `limit` push mirrors that are due: (id, lease). No host gets more than its places."""
    now, lease = timezone.now(), uuid.uuid4().hex
    busy = dict(PushMirror.objects.filter(leased_until__gt=now).values_list("host").annotate(n=Count("pk")).values_list("host", "n"))
    due: QuerySet[PushMirror] = PushMirror.objects.filter(reads.running(), free(now), next_at__lte=now)
    chosen: list[int] = []
    for pk, host in due.order_by("next_at", "pk").values_list("pk", "host")[: 20 * limit]:
        if len(chosen) < limit and busy.get(host, 0) < AT_ONCE:
            busy[host] = busy.get(host, 0) + 1
            chosen.append(pk)
    if chosen:
        PushMirror.objects.filter(free(now), pk__in=chosen).update(lease=lease, leased_until=now + LEASE)
    return [(pk, lease) for pk in PushMirror.objects.filter(lease=lease).values_list("pk", flat=True)]


def run_push(actor: Actor, mirror_id: int, *, lease: str = "") -> PushMirror | None:
    """Push what differs. Without `lease` it takes one first; None if somebody else works on it or it is not to run.

    Trouble ends in the row (`cause`, `said`) and its log. Only the system may.
    """
    if not actor.is_system:
        HIDE.require()
    lease = lease or _lease(mirror_id)
    rows = (
        PushMirror.objects.select_related("repository__namespace").filter(pk=mirror_id, lease=lease) if lease else PushMirror.objects.none()
    )
    mirror = rows.filter(reads.running()).first()
    if mirror is None:
        PushMirror.objects.filter(pk=mirror_id, lease=lease).exclude(lease="").update(lease="", leased_until=None)
        return None
    started, report = time.monotonic(), Report()
    held = PushMirror.objects.filter(pk=mirror.pk, lease=lease)
    try:
        with beating(lambda: held.update(leased_until=timezone.now() + LEASE), lease=LEASE, name=f"push-{mirror.pk}"):
            _push(mirror, report)
    except Trouble as trouble:
        _end(mirror, lease, report, cause=trouble.cause, said=trouble.said, seconds=time.monotonic() - started)
    except Exception as error:  # a fault of ours: shown, and not tried again at once
        _end(mirror, lease, report, cause="other", said=type(error).__name__, seconds=time.monotonic() - started)
        raise
    else:
        _end(mirror, lease, report, seconds=time.monotonic() - started)
    return mirror


def _lease(mirror_id: int) -> str:
    now, lease = timezone.now(), uuid.uuid4().hex
    taken = PushMirror.objects.filter(free(now), pk=mirror_id).update(lease=lease, leased_until=now + LEASE)
    return lease if taken else ""


def _push(mirror: PushMirror, report: Report) -> None:
    """Ask, compare, push. Raises Trouble."""
    path = mirror.repository.path
    try:
        target = reads.target_of(mirror)
        if reads.is_ourselves(target):
            raise Trouble("loop")
        with _way(mirror, target, report) as way:
            there = _refs_there(way)
            plan = _plan(mirror, fetching.refs_of(path), there)
            report.left = plan.left
            for moves in outbound.batches(plan.moves):
                _send(path, way, moves, report)
    except DomainError as error:
        raise Trouble(_cause_of(error), error.message) from error
    except gitstore.GitError as error:
        raise Trouble(outbound.cause_of(str(error)), str(error)) from error
    if report.left:
        refused = any(why != "diverged" for _ref, why in report.left)
        raise Trouble("refused" if refused else "diverged", next((why for _ref, why in report.left if why != "diverged"), ""))


def _cause_of(error: DomainError) -> str:
    known = {"unknown_host": "name", "address": "other", "scheme": "other"}
    return error.code if error.code in outbound.PUSH_CAUSES else known.get(error.code, "") or outbound.cause_of(error.message)


@dataclass(frozen=True, slots=True)
class Way:
    """How to reach the other side: what git is given, and in which environment."""

    target: Target
    argument: str
    environment: dict[str, str]


@contextmanager
def _way(mirror: PushMirror, target: Target, report: Report) -> Iterator[Way]:
    """Ready for git as long as the block runs; the first key a host shows over SSH is written down if the push works."""
    if target.scheme != "ssh":
        origin = fetching.origin_of(reads.with_credentials(mirror))
        with fetching.routed(origin, fetching.environment_of(origin)) as environment:
            yield Way(target, origin.argument, environment)
        return
    private = decrypt(mirror.private_key_encrypted, purpose="push-mirror-key")
    with sshclient.session(target, private, mirror.host_key) as session:
        extra = {**session.environment, "GIT_ALLOW_PROTOCOL": "ssh"}
        yield Way(target, sshclient.address_of(target), gitstore.environment({"protocol.ssh.allow": "always"}, extra))
        report.host_key = mirror.host_key or session.known[:1200]


def _refs_there(way: Way) -> dict[str, str]:
    """Branches and tags of the other side. Raises Trouble, Unavailable."""
    if way.target.scheme == "ssh":
        return outbound.listed_refs(
            _git(way, ["ls-remote", "--end-of-options", way.argument, "refs/heads/*", "refs/tags/*"], seconds=300)[0]
        )
    target = way.target
    asked = Target(
        target.url.rstrip("/") + "/info/refs?service=git-receive-pack", target.scheme, target.host, target.port, target.addresses,
        target.username, target.password,
    )  # fmt: skip
    try:
        with streamed(asked, headers=AGENT) as answer:
            _require_git(answer)
            return outbound.read_refs(answer.chunks)
    except NotGit as error:
        raise Trouble("sha256" if str(error) == "sha256" else "not_git", str(error)) from error


def _require_git(answer: Stream) -> None:
    """Raise Trouble unless the answer is an advertisement of what may be pushed to."""
    causes = {401: "password", 403: "forbidden", 404: "missing", 410: "missing", 413: "too_large", 429: "busy", 451: "missing"}
    if answer.status in causes:
        raise Trouble(causes[answer.status], f"HTTP {answer.status}")
    if answer.status in REDIRECTS:
        raise Trouble("moved", shown(answer.headers.get("location", "")).partition("/info/refs")[0])
    if answer.status >= 500:
        raise Trouble("fault", f"HTTP {answer.status}")
    if answer.status != 200 or answer.headers.get("content-type", "") != CONTENT_TYPE:
        raise Trouble("not_git", f"HTTP {answer.status} {answer.headers.get('content-type', '')}")


def _plan(mirror: PushMirror, here: dict[str, str], there: dict[str, str]) -> Plan:
    """The difference, as far as the choices of the row let it go."""
    repository = mirror.repository
    rules = list(repository.protections.filter(kind="branch").values_list("pattern", flat=True)) if mirror.only_protected else []

    def wanted(ref: str) -> bool:
        if not outbound.wanted(ref, branches=mirror.branches, tags=mirror.tags):
            return False
        return not mirror.only_protected or ref.startswith("refs/tags/") or bool(matching_pattern(rules, ref.removeprefix("refs/heads/")))

    return outbound.plan(
        here, there, first=f"refs/heads/{repository.default_branch}", wanted=wanted, prunes=mirror.prunes, overwrites=mirror.overwrites,
        continues=partial(_continues, repository),
    )  # fmt: skip


def _continues(repository: Repository, old: str, new: str) -> bool:
    """True if we know `old` and `new` grew from it."""
    try:
        gitstore.commit(repository.path, old)  # somebody else's commit is not here
        return gitstore.is_ancestor(repository.path, old, new)
    except gitstore.GitError:
        return False


def _send(path: Path, way: Way, moves: list[outbound.Move], report: Report) -> None:
    """One `git push`. Raises Trouble where nothing was reported, as when the connection broke."""
    options = ["push", "--porcelain", "--no-verify", "--recurse-submodules=no", *outbound.arguments(moves)]
    output, errors, code = _run(way, [f"--git-dir={path}", *options, way.argument, *outbound.refspecs(moves)], seconds=SECONDS)
    refused = outbound.refused(output.decode("utf-8", "surrogateescape"))
    if code and not refused:
        said = fetching.reason(errors)
        raise Trouble(outbound.cause_of(errors.decode("utf-8", "replace")), said)
    kept = {ref for ref, _why in refused}
    report.moved += [move for move in moves if move[0] not in kept]
    report.left += refused


def _git(way: Way, arguments: list[str], *, seconds: float) -> tuple[bytes, bytes]:
    output, errors, code = _run(way, arguments, seconds=seconds)
    if code:
        raise Trouble(outbound.cause_of(errors.decode("utf-8", "replace")), fetching.reason(errors))
    return output, errors


def _run(way: Way, arguments: list[str], *, seconds: float) -> tuple[bytes, bytes, int]:
    """git, which dies with us; killed with its children after `seconds`. Raises Trouble (slow)."""
    child = subprocess.Popen(
        [*fetching.DIES_WITH_US, "git", *arguments], env=way.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, cwd="/", start_new_session=True,
    )  # fmt: skip
    try:
        output, errors = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise Trouble("slow") from error
    finally:
        gitstore.end(child)
    return output, errors, child.returncode


def _end(mirror: PushMirror, lease: str, report: Report, *, seconds: float, cause: str = "", said: str = "") -> None:
    """The row after a run, and its log if something was pushed or failed. A change that came meanwhile is due at once."""
    now = timezone.now()
    failures = mirror.failures + 1 if cause else 0
    values = {"cause": cause, "said": said, "failures": failures, "lease": "", "leased_until": None}
    if report.host_key:
        values["host_key"] = report.host_key
    if not cause:
        values["checked_at"] = now
    with transaction.atomic():
        held = PushMirror.objects.filter(pk=mirror.pk, lease=lease)
        asked = held.values_list("next_at", flat=True).first()
        following = pace.due(now, pace.backoff(failures)) if cause else None if asked == mirror.next_at else asked
        if not held.update(**values, next_at=following):
            return
        if cause or report.moved:
            _log(mirror, report, cause=cause, said=said, seconds=seconds)
    if cause:
        log.info("push_mirror_failed", mirror=mirror.pk, host=mirror.host, cause=cause)


def _log(mirror: PushMirror, report: Report, *, cause: str, said: str, seconds: float) -> None:
    PushRun.objects.create(
        mirror=mirror, seconds=seconds, cause=cause, said=said, refs_changed=len(report.moved),
        changed=[list(move) for move in report.moved[:KEPT]], left=[list(one) for one in report.left[:KEPT]],
    )  # fmt: skip
    older = PushRun.objects.filter(mirror=mirror).order_by("-at", "-pk").values("pk")[KEPT_PUSHES : KEPT_PUSHES + 50]
    PushRun.objects.filter(pk__in=[row["pk"] for row in older]).delete()
