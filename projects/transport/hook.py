"""The one hook: git asks over inherited pipes, a thread of the process that started git answers. No HTTP, no second Python."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import DomainError
from gitstore.names import INTERNAL
from projects import policies, rules
from projects.commands import pushes
from projects.models import Repository
from projects.places import ZERO, Proposal, Refusal, Update, guest_refs, push_door
from projects.transport.packets import FLUSH, Packets, escaped, packet

log = structlog.get_logger(__name__)
FOLDER = Path(__file__).resolve().parent / "hooks"
MAX_REQUEST = 64 * 1024**2  # bytes of refs in one push
SHOWN_REFUSALS = 20
PROPOSAL = b"proc-receive\0"  # how that hook begins what it carries


@dataclass(frozen=True, slots=True)
class HookRequest:
    """What git told the hook. `quarantine` is None after the push."""

    hook: str  # pre-receive | post-receive
    quarantine: Path | None
    options: frozenset[str]
    updates: list[Update]


def parse(data: bytes) -> HookRequest | None:
    """The request in `data`, None while it is incomplete. Raises ValueError for lines git would not write."""
    if not data.endswith(b"\0"):
        return None
    fields = data.split(b"\0")
    if len(fields) < 5 or len(fields) < 5 + int(fields[2]):
        return None
    count = int(fields[2])
    hook, quarantine = fields[0].decode(), os.fsdecode(fields[1])
    options = frozenset(option.decode(errors="replace") for option in fields[3 : 3 + count])
    updates = []
    for line in fields[3 + count].splitlines():
        old, new, ref = line.decode(errors="surrogateescape").split(" ", 2)
        if len(old) != 40 or len(new) != 40 or not ref:
            raise ValueError("only SHA-1 repositories are served")
        updates.append((ref, old, new))
    return HookRequest(hook, Path(quarantine) if quarantine else None, options, updates)


class HookChannel:
    """The pipes of one push and the thread that answers on them.

    Give `environment` and `descriptors` to the child, call `start` once it runs and `finish` when it has ended.
    """

    def __init__(self, actor: Actor, repository: Repository, language: str) -> None:
        self.actor, self.repository, self.language = actor, repository, language
        self._in, self._child_out = os.pipe()
        self._child_in, self._out = os.pipe()
        self._intent: pushes.Intent | None = None
        self._updates: list[Update] = []
        self._options: frozenset[str] = frozenset()
        self._recorded = False
        self._thread = threading.Thread(target=self._serve, name="git-hook", daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """Variables the hook reads."""
        return {"OPENI_HOOK_TO": str(self._child_out), "OPENI_HOOK_FROM": str(self._child_in)}

    @property
    def descriptors(self) -> tuple[int, int]:
        """File descriptors the child inherits."""
        return self._child_out, self._child_in

    def start(self) -> None:
        """The child runs: keep our ends only, and answer."""
        self._close_child_ends()
        self._thread.start()

    def abandon(self) -> None:
        """The child never ran."""
        self._close_child_ends()
        os.close(self._in)
        os.close(self._out)

    def finish(self, seconds: float = 30) -> None:
        """Wait until what the child did is recorded."""
        self._thread.join(seconds)

    @property
    def accepted(self) -> bool:
        """True from the moment the policies said yes: git is about to move refs and should not be killed any more."""
        return self._intent is not None

    def _close_child_ends(self) -> None:
        os.close(self._child_out)
        os.close(self._child_in)

    def _serve(self) -> None:
        with translation.override(self.language):
            try:
                while (request := self._next()) is not None:
                    lines, good = self._propose(request) if isinstance(request, Packets) else self._answer(request)
                    self._say("".join(f"|{line}\n" for line in lines) + ("ok\n" if good else "no\n"))
            except BrokenPipeError:
                pass
            finally:
                self._settle()
                os.close(self._in)
                os.close(self._out)
                connection.close()

    def _say(self, text: str) -> None:
        data = text.encode(errors="replace")
        while data:
            data = data[os.write(self._out, data) :]

    def _next(self) -> "HookRequest | Packets | None":
        data = bytearray()
        while chunk := os.read(self._in, 1 << 16):
            data += chunk
            if len(data) > MAX_REQUEST:
                return None
            if data.startswith(PROPOSAL):
                return Packets(self._in, bytes(data[len(PROPOSAL) :]))
            if chunk.endswith(b"\0") and (request := parse(bytes(data))) is not None:
                return request
        return None

    def _answer(self, request: HookRequest) -> tuple[list[str], bool]:
        """Lines for the user, and whether git may go on. A fault of ours refuses the push: nothing slips through."""
        try:
            return self._judge(request) if request.hook == "pre-receive" else self._record(request)
        except Exception:  # noqa: BLE001 - git waits for an answer, whatever went wrong here
            log.exception("push_hook_failed", repository=self.repository.pk, hook=request.hook)
            return [_("The push could not be checked because of a fault on the site. Try again in a moment.")], False

    def _judge(self, request: HookRequest) -> tuple[list[str], bool]:
        weight = policies.directory_bytes(request.quarantine) if request.quarantine else 0
        proposal = Proposal(
            self.actor,
            self.repository,
            rules.access(self.actor, self.repository),
            request.updates,
            request.options,
            request.quarantine,
            weight,
        )
        refused = self._misplaced(request.updates) or policies.refusals(proposal) or self._looked_at(request, weight)
        if refused:
            log.info("push_refused", repository=self.repository.pk, codes=sorted({refusal.code for refusal in refused}))
            return refusal_lines(refused), False
        self._updates, self._options = request.updates, request.options
        self._intent = pushes.open_intent(self.actor, self.repository, request.updates)
        return [], True

    def _misplaced(self, updates: list[Update]) -> list[Refusal]:
        """Refs that this person may not move at all: those who may only propose came in through a door."""
        found, pushing = [], rules.can_push(self.actor, self.repository)
        guest = set() if pushing else guest_refs(self.actor, self.repository)
        for ref, _old, new in updates:
            door = push_door(ref)
            may = pushing if door is None else door.may(self.actor, self.repository)
            if door is None and ref in guest and new != ZERO:
                continue
            if not may:
                found.append(Refusal(ref, may.reason or _("You need write access to this repository."), may.code))
            elif door is not None and new == ZERO:
                found.append(Refusal(ref, _("There is nothing to delete; close the pull request instead."), "door"))
        return found

    def _looked_at(self, request: HookRequest, weight: int) -> list[Refusal]:
        """What the doors say before anything comes in."""
        found = []
        for ref, _old, _new in request.updates:
            if (door := push_door(ref)) is not None:
                try:
                    door.look(self.actor, self.repository, ref.removeprefix(door.prefix), request.options, weight)
                except DomainError as error:
                    found.append(Refusal(ref, error.message, error.code))
        return found

    def _propose(self, packets: Packets) -> tuple[list[str], bool]:
        """Speak proc-receive: each command is handed to its door, and git is told which ref moved instead."""
        try:
            list(packets.until_flush())  # version and features
            self._say("!" + escaped(packet("version=1") + FLUSH) + "\n")
            commands = [line.decode(errors="surrogateescape").split(" ", 2) for line in packets.until_flush()]
        except (EOFError, ValueError):
            return [], False
        lines: list[str] = []
        report = b""
        for _old, new, ref in commands:
            told, answer = self._take(ref, new)
            lines += told
            report += b"".join(packet(line) for line in answer)
        self._say("!" + escaped(report + FLUSH) + "\n")
        return lines, True

    def _take(self, ref: str, oid: str) -> tuple[list[str], list[str]]:
        """(lines for the person, lines of the report)."""
        door = push_door(ref)
        if door is None:
            return [], [f"ng {ref} {_('This is not possible here.')}"]
        try:
            taken = door.take(self.actor, self.repository, ref.removeprefix(door.prefix), oid, self._options)
        except DomainError as error:
            return refusal_lines([Refusal(ref, error.message)]), [f"ng {ref} {error.code}"]
        except Exception:  # noqa: BLE001 - git waits for an answer, whatever went wrong here
            log.exception("push_door_failed", repository=self.repository.pk, ref=ref)
            return [_("The site has a fault. Try again in a moment.")], [f"ng {ref} failed"]
        options = [f"option refname {taken.ref}", f"option old-oid {taken.old}", f"option new-oid {taken.new}"]
        return taken.lines, [f"ok {ref}", *options, *(["option forced-update"] if taken.forced else [])]

    def _record(self, request: HookRequest) -> tuple[list[str], bool]:
        """Refs of ours that moved instead of what was pushed are no push."""
        moved = [update for update in request.updates if not update[0].startswith(INTERNAL)]
        if moved:
            pushes.record_push(self.actor, self.repository, moved)
        self._recorded = True
        return [], True

    def _settle(self) -> None:
        """Git ended: if it said yes to nothing, or died before its last hook, look at the refs themselves."""
        if self._intent is None:
            return
        try:
            if not self._recorded and (moved := pushes.moved_updates(self.repository, self._updates)):
                pushes.record_push(self.actor, self.repository, moved)
            self._intent.close()
        except Exception:  # noqa: BLE001 - the intent file stays; the sweep records it later
            log.exception("push_not_recorded", repository=self.repository.pk)
            self._intent.release()


def refusal_lines(refused: list[Refusal]) -> list[str]:
    """What the person reads after `remote:`, one refusal a line."""
    lines = ["", _("This push was not accepted:")]
    for refusal in refused[:SHOWN_REFUSALS]:
        lines.append(f"  {refusal.ref}: {refusal.reason}" if refusal.ref else f"  {refusal.reason}")
    if len(refused) > SHOWN_REFUSALS:
        lines.append("  " + _("… and %d more reasons.") % (len(refused) - SHOWN_REFUSALS))
    return [*lines, ""]
