"""What has to be pushed so that another host holds what we hold: the other side's refs, the difference, git's report, causes in words."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from django.utils.translation import gettext_lazy as _

from projects.mirrors import causes
from projects.mirrors.advertisement import NotGit, packets
from projects.mirrors.causes import CAUSES, Cause

ZERO = "0" * 40
Move = tuple[str, str, str]  # ref, oid there, oid to be; ZERO for none
Continues = Callable[[str, str], bool]  # (old, new): nothing of old is lost

PUSH_CAUSES: dict[str, Cause] = {
    **CAUSES,
    "password": Cause(
        _("The other side does not know the token or the key"), _("Enter a new token, or give the other side the public key.")
    ),
    "forbidden": Cause(_("The token or the key may not push there"), _("Give it the right to write on the other side.")),
    "missing": Cause(_("The other side says that there is none"), _("Make an empty repository there first, or correct the address.")),
    "moved": Cause(_("The other side redirects elsewhere"), _("Enter the new address if it is yours.")),
    "refused": Cause(
        _("The other side refused some branches or tags"), _("Its own rules forbid them, such as protected branches. See the log.")
    ),
    "diverged": Cause(
        _("Some branches or tags moved apart there"), _("Somebody else pushes there. Take their work over, or let it be overwritten.")
    ),
    "host_key": Cause(
        _("The host shows another key than before"), _("Ask its operators. If they changed it, forget the old key here and push again.")
    ),
    "too_large": Cause(
        _("The other side takes no push of this size"), _("Its operators set a limit. Push the first time from a computer.")
    ),
    "fault": Cause(_("The other side has a fault"), _("Its operators have to look at it. It is tried again.")),
    "loop": Cause(_("The address leads back to us"), _("Pushing to ourselves makes no sense. Remove it.")),
    "other": Cause(_("git could not push"), _("See what it said in the log.")),
}
_SAID = (
    (r"host key verification failed|host identification has changed", "host_key"),
    (r"permission denied \(|authentication failed|could not read username|error: 401", "password"),
    (r"error: 403|permission .*denied|denied to|not allowed to push|write access|read.only|deploy key", "forbidden"),
    (r"error: 413|pack exceeds|too large", "too_large"),
    (r"error: 30\d|redirect", "moved"),
    (r"not found|does not (exist|appear)|error: 404", "missing"),
    (r"connection (timed out|closed)|no route to host|network is unreachable", "unreachable"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), code) for pattern, code in _SAID)
_LINE = re.compile(r"([ +\-*!=])\t([^\t]*):([^\t:]+)\t(.*)")


def cause_of(said: str) -> str:
    """The cause git's complaint about a push stands for."""
    return next((code for pattern, code in _PATTERNS if pattern.search(said)), "") or causes.of_text(said)


def title(code: str) -> str:
    """What it means, in the reader's language."""
    return str(PUSH_CAUSES.get(code, PUSH_CAUSES["other"]).title)


def wanted(ref: str, *, branches: list[str], tags: list[str]) -> bool:
    """True for a branch or tag that the filters let through; nothing else of a repository ever leaves it."""
    if ref.startswith("refs/heads/"):
        patterns = branches
    elif ref.startswith("refs/tags/"):
        patterns = tags
    else:
        return False
    short = ref.split("/", 2)[2]
    return not patterns or any(fnmatchcase(short, pattern) for pattern in patterns)


def read_refs(chunks: Iterable[bytes], *, service: str = "git-receive-pack") -> dict[str, str]:
    """Branches and tags of the answer to `GET info/refs?service=…` (gitprotocol-pack(5)). Raises NotGit."""
    lines = packets(chunks)
    if (next(lines, b"") or b"").rstrip(b"\n") != f"# service={service}".encode():
        raise NotGit("no service line")
    found: dict[str, str] = {}
    for line in lines:
        if line is None:
            continue
        line, _nul, capabilities = line.rstrip(b"\n").partition(b"\0")
        if line.startswith(b"ERR "):
            raise NotGit(line[4:200].decode("utf-8", "replace"))
        if b"object-format=sha256" in capabilities.split(b" "):
            raise NotGit("sha256")
        oid, _space, name = line.partition(b" ")
        _take(found, oid.decode("ascii", "replace"), name.decode("utf-8", "surrogateescape"))
    return found


def listed_refs(output: bytes) -> dict[str, str]:
    """The same of what `git ls-remote` prints."""
    found: dict[str, str] = {}
    for line in output.decode("utf-8", "surrogateescape").splitlines():
        oid, _tab, name = line.partition("\t")
        _take(found, oid, name)
    return found


def _take(found: dict[str, str], oid: str, name: str) -> None:
    if name.startswith(("refs/heads/", "refs/tags/")) and not name.endswith("^{}"):
        found[name] = oid


@dataclass(slots=True)
class Plan:
    """`moves` in the order to push them, the default branch first; `left` stays as it is there, with the reason's code."""

    moves: list[Move] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)


def plan(
    here: Mapping[str, str], there: Mapping[str, str], *, first: str, wanted: Callable[[str], bool], prunes: bool, overwrites: bool,
    continues: Continues,
) -> Plan:  # fmt: skip
    """What to push so that `there` becomes `here`, as far as the choices allow."""
    made = Plan()
    for ref in sorted({*here, *there}, key=lambda name: (name != first, name)):
        new, old = here.get(ref, ZERO), there.get(ref, ZERO)
        if new == old or not wanted(ref):
            continue
        if new == ZERO:
            if prunes:
                made.moves.append((ref, old, new))
        elif old == ZERO or overwrites or (ref.startswith("refs/heads/") and continues(old, new)):
            made.moves.append((ref, old, new))
        else:
            made.left.append((ref, "diverged"))
    return made


def batches(moves: list[Move], *, most: int = 500, length: int = 400_000) -> Iterable[list[Move]]:
    """Pieces that fit on a command line (Linux allows 2 MB); a first push of 100,000 tags is some 200 of them."""
    piece: list[Move] = []
    size = 0
    for move in moves:
        cost = 2 * len(move[0].encode("utf-8", "surrogateescape")) + 160
        if piece and (len(piece) >= most or size + cost > length):
            yield piece
            piece, size = [], 0
        piece.append(move)
        size += cost
    if piece:
        yield piece


def arguments(moves: list[Move]) -> list[str]:
    """Refspecs by object id, each with the oid expected there: what moved meanwhile on either side is left for the next run."""
    leases = [f"--force-with-lease={ref}:{'' if old == ZERO else old}" for ref, old, _new in moves]
    return [*leases, "--end-of-options"]


def refspecs(moves: list[Move]) -> list[str]:
    """`<oid>:<ref>`, nothing before the colon for one that goes."""
    return [f"{'' if new == ZERO else new}:{ref}" for ref, _old, new in moves]


def refused(output: str) -> list[tuple[str, str]]:
    """(ref, what the other side said) of the refs that `git push --porcelain` reports as rejected."""
    found = []
    for line in output.splitlines():
        if (match := _LINE.fullmatch(line)) and match[1] == "!":
            found.append((match[3], match[4][:200]))
    return found
