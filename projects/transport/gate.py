"""A push that is larger than what the quota leaves, or names its objects by SHA-256: stopped while it arrives, and answered with a
sentence as git itself would.

Whoever cuts the connection leaves the person with "the remote end hung up". So what still comes is read and thrown away, and then the
client gets a report (gitprotocol-pack(5), "Report Status") that refuses each ref.
"""

import re
from collections.abc import Collection, Iterable

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from core.actors import Actor
from core.rules import Decision
from projects import policies, rules
from projects.models import Repository
from projects.places import guest_refs, push_door

SLACK = 64 * 1024**2  # bytes more than the quota that a pack may have: the policy knows better what it weighs once it is unpacked
DRAINED = 16 * 1024**3  # bytes that are read and thrown away at most; whoever sends more is cut
MAX_COMMANDS = 64 * 1024**2
PACKET = 65515  # bytes of content in one packet of the side band


class Gate:
    """Watches the bytes of a push on their way to git: counts them and remembers the commands at their head."""

    def __init__(self, limit: int, sentence: str, *, outsider: Decision | None = None, guest: Collection[str] = ()) -> None:
        self.limit, self.sentence, self.size = limit, sentence, 0  # bytes
        self._outsider, self._guest = outsider, guest
        self.reason = _("over the quota")
        self._head, self._reading = bytearray(), True
        self._capabilities: frozenset[str] = frozenset()
        self._refs: list[bytes] = []
        self.is_foreign = False

    @property
    def exceeded(self) -> bool:
        """True once more came than may, or what cannot be kept here."""
        return self.size > self.limit or self.is_foreign

    @property
    def drained(self) -> bool:
        """True once so much came that nobody is listened to any longer."""
        return self.size > self.limit + DRAINED

    def look(self, data: bytes) -> bool:
        """Count `data`; True while it may be passed on."""
        self.size += len(data)
        if self._reading:
            self._head += data
            self._parse()
        return not self.exceeded

    def _parse(self) -> None:
        at = 0
        while self._reading and len(self._head) >= at + 4:
            try:
                length = int(self._head[at : at + 4], 16)
            except ValueError:
                length = 0  # no pkt-line: git will say so
            if length < 4:
                self._reading = False
            elif len(self._head) < at + length:
                break
            else:
                self._command(bytes(self._head[at + 4 : at + length]))
                at += length
        del self._head[:at]
        if not self._reading or len(self._refs) * 50 > MAX_COMMANDS:
            self._reading = False
            self._head.clear()

    def _command(self, line: bytes) -> None:
        text, _nul, capabilities = line.rstrip(b"\n").partition(b"\0")
        if capabilities:
            self._capabilities = frozenset(capabilities.decode(errors="replace").split())
        parts = text.split(b" ", 2)
        if len(parts) == 3 and len(parts[0]) == len(parts[1]) and len(parts[0]) in (40, 64):
            self._refs.append(parts[2])
            ref = parts[2].decode(errors="surrogateescape")
            if self._outsider is not None and ref not in self._guest and push_door(ref) is None:
                self.is_foreign, self.reason, self.sentence = True, _("no write access"), self._outsider.reason
            if len(parts[0]) == 64 or is_foreign(self._capabilities):
                self.is_foreign, self.reason, self.sentence = True, _("other object format"), foreign()

    def refusal(self) -> bytes:
        """What the client reads: the sentence, and that no ref moved."""
        reason = self.reason.encode()
        report = b""
        if self._capabilities & {"report-status", "report-status-v2"}:
            report = b"".join(
                [_packet(b"unpack " + reason + b"\n"), *(_packet(b"ng " + ref + b" " + reason + b"\n") for ref in self._refs), b"0000"]
            )
        if "side-band-64k" not in self._capabilities:
            return report
        text = f"\n{_('This push was not accepted:')}\n  {self.sentence}\n\n".encode()
        pieces = [report[at : at + PACKET] for at in range(0, len(report), PACKET)]
        return _packet(b"\2" + text) + b"".join(_packet(b"\1" + piece) for piece in pieces) + b"0000"


def is_foreign(capabilities: Iterable[str]) -> bool:
    """True if a client names objects otherwise than by SHA-1 (gitprotocol-capabilities(5), object-format)."""
    return any(one.startswith("object-format=") and one != "object-format=sha1" for one in capabilities)


def foreign() -> str:
    """The sentence for a repository of another object format."""
    return _("Your repository names its objects by SHA-256; only SHA-1 repositories can be hosted here.")


def refused_fetch(request: bytes) -> bytes:
    """The answer to a fetch, given its first bytes, that asks for another object format (gitprotocol-v2(5)); b"" for every other.

    Git itself compares what the server offers, and gives up with a sentence of its own; other clients ask.
    """
    head = request.partition(b"0001")[0][:4096]
    found = re.findall(rb"object-format=[0-9a-z]+", head)
    return _packet(b"ERR " + foreign().encode() + b"\n") if is_foreign(one.decode() for one in found) else b""


def _packet(content: bytes) -> bytes:
    return b"%04x%s" % (len(content) + 4, content)


def gate_of(actor: Actor, repository: Repository) -> Gate:
    """The gate of one push, in the language that is active now; people who may only propose are stopped at any other ref, and bring less."""
    left = max(policies.quota_left(repository), 0)
    sentence = _("The quota of “%(name)s” is used up: %(left)s are left, and this push is larger.") % {
        "name": repository.namespace.slug,
        "left": filesizeformat(left),
    }
    pushing = rules.can_push(actor, repository)
    if pushing:
        return Gate(left + SLACK, sentence)
    guest = guest_refs(actor, repository)
    if left + SLACK < settings.PROPOSAL_BYTES:
        return Gate(left + SLACK, sentence, outsider=pushing, guest=guest)
    sentence = _("What you propose here may have at most %s.") % filesizeformat(settings.PROPOSAL_BYTES)
    return Gate(settings.PROPOSAL_BYTES, sentence, outsider=pushing, guest=guest)
