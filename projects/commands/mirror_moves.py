"""Projects that moved upstream: the new address is looked at, and taken over once it is found to hold the same history.

`outcomes.note_move` writes what Git or the host's API says. A mirror of the catalogue moves to the place of its new address; the old one
leads there, for readers and for Git.
"""

import tempfile
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from accounts.commands import change_site_setting, note_act
from core import events
from core.actors import Actor
from core.errors import Conflict, DomainError
from core.outgoing import Target, check_url
from core.rules import HIDE
from core.secrets import decrypt
from core.site import setting
from gitstore import families
from projects import fetching, rules
from projects.commands.claims import free
from projects.commands.looking import Way, refs_there
from projects.commands.mirrors import host_namespace
from projects.commands.outcomes import Trouble, note_move
from projects.commands.settings import move_repository
from projects.events import MirrorAsked, RepositoryChanged
from projects.mirrors import addresses, causes, states
from projects.mirrors.states import Turn
from projects.models import Mirror, MirrorMove, UpstreamFacts
from projects.queries import mirror_moves as reads
from projects.queries.pushing import is_ourselves

log = structlog.get_logger(__name__)
AGAIN, SOON = timedelta(days=1), timedelta(minutes=5)  # between two looks; after a look or a take-over that could not be done
FETCH_BYTES = 200 * 1024**2  # what a look may fetch to see whether two histories meet
TIPS_MAX = 50  # of ours that are compared
AT_ONCE = 20  # chosen ones that are taken over while the administrator waits
Verdict = MirrorMove.Verdict


def look_at_move(actor: Actor, move_id: int) -> MirrorMove | None:
    """Ask the new address what it holds; None if it was looked at meanwhile or taken over. Only the system may.

    One that somebody chose is taken over then, and where the site's setting says so every one with the same history.
    """
    if not actor.is_system:
        HIDE.require()
    now = timezone.now()
    due = MirrorMove.objects.filter(pk=move_id, taken_at=None, next_at__lte=now)
    if not due.update(next_at=now + SOON):
        return None
    move = MirrorMove.objects.select_related("mirror__repository__namespace").get(pk=move_id)
    verdict, said = _judged(move)
    values = {"verdict": verdict, "said": said[:300], "looked_at": timezone.now()}
    waits = MirrorMove.objects.filter(pk=move.pk, taken_at=None, address=move.address)
    if not waits.update(**values, next_at=timezone.now() + (SOON * 12 if verdict == Verdict.FAILED else AGAIN)):
        return None
    move.refresh_from_db(fields=["verdict", "said", "looked_at", "is_wanted"])
    if verdict in reads.READY and (move.is_wanted or (verdict == Verdict.SAME and setting("mirror_moves")["automatic"])):
        _try(actor, move)
    return move


def _try(actor: Actor, move: MirrorMove) -> bool:
    """Take it over; what stands in the way is written down and tried again soon."""
    try:
        take_over_move(actor, move)
    except DomainError as error:
        MirrorMove.objects.filter(pk=move.pk, taken_at=None).update(said=error.message[:300], next_at=timezone.now() + SOON)
        return False
    return True


def _judged(move: MirrorMove) -> tuple[str, str]:
    """The verdict, and why if there is none."""
    mirror = move.mirror
    if (stop := reads.obstacle(move)) is not None:
        return stop, ""
    try:
        target = _target(move)
        if is_ourselves(target):
            return Verdict.FAILED, str(causes.title("loop"))
        way = Way(target, None, {})
        return _compared(mirror, way, refs_there(way)), ""
    except Trouble as trouble:
        if trouble.cause == "moved" and addresses.parse(trouble.said) is not None and trouble.said not in (move.address, mirror.address):
            note_move(mirror, trouble.said, source=MirrorMove.Source.GIT)  # it leads on: looked at next
        return Verdict.FAILED, f"{causes.title(trouble.cause)} {trouble.said}".strip()
    except (DomainError, gitstore.GitError) as error:
        return Verdict.FAILED, error.message if isinstance(error, DomainError) else str(error)


def _target(move: MirrorMove) -> Target:
    """The new address judged as any; the credentials go along only to the host that they were given for. Raises Invalid."""
    target = check_url(move.address)
    before = addresses.parse(move.mirror.address)
    if not move.mirror.credentials_encrypted or before is None or not _keeps_credentials(move):
        return target
    user, _colon, secret = decrypt(move.mirror.credentials_encrypted, purpose="mirror").partition(":")
    return replace(target, username=user, password=secret)


def _keeps_credentials(move: MirrorMove) -> bool:
    """True for the same host, and no less encryption."""
    before, after = addresses.parse(move.mirror.address), addresses.parse(move.address)
    same = before is not None and after is not None and before.host == after.host
    return same and (move.address.startswith("https:") or move.mirror.address.startswith("http:"))


def _compared(mirror: Mirror, way: Way, there: dict[str, str]) -> str:
    """SAME if both have a branch or tag in common, or their default branches a commit."""
    if not any(ref.startswith("refs/heads/") for ref in there):
        raise Trouble("emptied")
    if mirror.filled_at is None:
        return Verdict.NEW
    path = mirror.repository.path
    here = fetching.refs_of(path)
    if set(here.values()) & set(there.values()):
        return Verdict.SAME
    branch = fetching.default_branch(mirror.repository.default_branch, there)
    ours = [oid for ref, oid in here.items() if ref.startswith("refs/heads/")][:TIPS_MAX]
    with tempfile.TemporaryDirectory(prefix="openi-move-") as folder:
        aside = Path(folder) / "aside.git"
        gitstore.init_bare(aside, branch)
        config, extra = families.fetching_beside(aside, [path])
        wanted = [f"+refs/heads/{branch}:refs/heads/{branch}"]
        for _progress in fetching.fetch(aside, way.origin, {**way.environment(config), **extra}, limit=FETCH_BYTES, refspecs=wanted):
            pass
        met = families.has_common_commit(aside, there[f"refs/heads/{branch}"], [path], ours)
    return Verdict.SAME if met else Verdict.OTHER


def take_over_move(actor: Actor, move: MirrorMove) -> Mirror:
    """The mirror follows its new address from now on, and of the catalogue it moves to that place; the old address leads there.

    Raises NotFound or Forbidden (rules.can_curate, of people's own rules.can_administer), Conflict (not looked at, another history, the place
    is taken, being fetched at the moment). Publishes MirrorAsked and RepositoryChanged, and RepositoryRenamed if it moves.
    """
    mirror = move.mirror
    (rules.can_curate(actor) if mirror.is_public_mirror else rules.can_administer(actor, mirror.repository)).require()
    if move.taken_at is not None or move.verdict not in reads.READY or reads.obstacle(move) is not None:
        raise Conflict(_("The new address was not found to hold the same project."), code="verdict")
    after = addresses.parse(move.address)
    if after is None:
        raise Conflict(_("The new address was not found to hold the same project."), code="verdict")
    try:
        with transaction.atomic():
            old = mirror.address, mirror.key
            _follow(move, after.host)
            taken = {"taken_at": timezone.now(), "old_address": old[0], "old_key": old[1], "is_wanted": False, "said": ""}
            if not MirrorMove.objects.filter(pk=move.pk, taken_at=None, address=move.address).update(**taken):
                raise Conflict(_("Upstream names yet another address by now."), code="verdict")
            if mirror.is_public_mirror and old[1] != move.key:
                move_repository(mirror.repository, host_namespace(after), after.name, field="address")
            UpstreamFacts.objects.filter(mirror=mirror).update(
                state=UpstreamFacts.State.OK, etag="", moved_to="", said="", next_at=timezone.now()
            )
            note_act(actor, "take_over_move", mirror.key, detail={"from": old[1], "address": move.address})
            events.publish(MirrorAsked(mirror_id=mirror.pk), RepositoryChanged(repository_id=mirror.repository_id))
    except IntegrityError as error:
        raise Conflict(_("%s is here already.") % move.key, code="name_taken") from error
    log.info("mirror_moved", mirror=mirror.pk, key=mirror.key)
    return mirror


def _follow(move: MirrorMove, host: str) -> None:
    """The row of the mirror. Raises Conflict where a worker is at it, or its state does not allow it."""
    mirror, now = move.mirror, timezone.now()
    try:
        to = states.after(mirror.state, Turn.FOLLOW if mirror.filled_at else Turn.RELIST)
    except KeyError as error:
        raise Conflict(_("This is not possible in its present state.")) from error
    values = {
        "address": move.address, "key": move.key, "host": host, "state": to, "cause": "", "said": "", "failures": 0, "digest": "",
        "refs_listed": 0, "next_at": now, "is_urgent": mirror.filled_at is not None, "lease": "", "leased_until": None,
    }  # fmt: skip
    if not _keeps_credentials(move):
        values["credentials_encrypted"] = ""
    if not Mirror.objects.filter(free(now), pk=mirror.pk, state=mirror.state, address=mirror.address).update(**values):
        raise Conflict(_("It is being fetched at the moment. Try again in a minute."), code="busy")
    for name, value in values.items():
        setattr(mirror, name, value)


def take_over_moves(actor: Actor, chosen: Collection[int] | None) -> tuple[int, int]:
    """Those of `chosen` (None: all) that were found to hold the same project; (taken over, left to the worker). Raises NotFound (rules.can_curate)."""
    rules.can_curate(actor).require()
    rows = reads.moves().filter(verdict__in=reads.READY)
    ids = list((rows if chosen is None else rows.filter(pk__in=list(chosen))).values_list("pk", flat=True))
    with transaction.atomic():
        wanted = MirrorMove.objects.filter(pk__in=ids, taken_at=None).update(is_wanted=True, next_at=timezone.now())
        note_act(actor, "choose_moves", str(wanted), detail={"moves": ids[:500]})
    taken = sum(_try(actor, move) for move in rows.filter(pk__in=ids[:AT_ONCE]))
    return taken, wanted - taken


def look_again(actor: Actor, chosen: Collection[int]) -> int:
    """The worker looks at them next; how many. Raises NotFound (rules.can_curate)."""
    rules.can_curate(actor).require()
    return reads.moves().filter(pk__in=list(chosen)).update(next_at=timezone.now())


def follow_moves_by_itself(actor: Actor, *, automatic: bool) -> None:
    """Whether the engine takes over by itself what it found to be the same. Raises NotFound (rules.can_curate). What was found before is looked at anew."""
    rules.can_curate(actor).require()
    with transaction.atomic():
        change_site_setting(actor, "mirror_moves", {"automatic": automatic})
        if automatic:
            reads.moves().filter(verdict=Verdict.SAME).update(next_at=timezone.now())


def due_moves(actor: Actor, *, limit: int = 200) -> list[int]:
    """Moves that are to be looked at now, the chosen ones first. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    rows = reads.moves().filter(Q(next_at__lte=timezone.now()))
    return list(rows.order_by("-is_wanted", "next_at", "pk").values_list("pk", flat=True)[:limit])
