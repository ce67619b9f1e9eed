"""What changed between two versions of the same proposal: commits set against each other, and the difference without what the base brought."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gitstore import process
from gitstore.errors import TooLarge
from gitstore.objects import commit
from gitstore.replays import three_way

COMMITS_MAX = 250  # of one version; git compares each with each
SECONDS = 20.0
_HEADING = re.compile(r" *(\d+|-): +([0-9a-f]{40}|-{40}) ([=!<>]) +(\d+|-): +([0-9a-f]{40}|-{40}) (.*)")
_STATUS = {"=": "same", "!": "changed", "<": "gone", ">": "new"}


@dataclass(frozen=True, slots=True)
class RangeLine:
    """One line of a change of a change: `kind` " ", "+", "-" or "@" is how the versions differ, `text` a line of the commit's own diff."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class RangePair:
    """A commit of the old version beside its successor; status: same | changed | gone | new. Numbers count from 1, 0 where there is none."""

    status: str
    old_number: int
    old: str
    new_number: int
    new: str
    subject: str
    lines: tuple[RangeLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Interdiff:
    """What to compare for "what the author changed since": `old` (a commit or tree) with `new`.

    `clean` is False if the old version does not go onto the new base without conflicts; its tree then holds markers.
    """

    old: str
    new: str
    clean: bool = True


def range_diff(path: Path, old_base: str, old_head: str, new_base: str, new_head: str) -> list[RangePair]:
    """Commits of two versions in pairs (git-range-diff(1)), in the order of the new one. Raises TooLarge, TimedOut, GitFailed.

    Bases are the merge bases of each version. Pairs that differ in nothing but the headings of hunks are the same.
    """
    old, new = _listed(path, old_base, old_head), _listed(path, new_base, new_head)
    if not old or not new:  # git takes no empty range
        gone = [RangePair("gone", number, oid, 0, "", commit(path, oid).subject) for number, oid in enumerate(old, 1)]
        return gone + [RangePair("new", 0, "", number, oid, commit(path, oid).subject) for number, oid in enumerate(new, 1)]
    arguments = [
        "range-diff",
        "--no-color",
        "--no-notes",
        "--no-ext-diff",
        "--no-textconv",
        f"{old_base}..{old_head}",
        f"{new_base}..{new_head}",
    ]
    output = process.run(path, arguments, timeout=SECONDS, limit=16 * 1024**2, config={"core.abbrev": "40"})
    return list(_pairs(output.decode("utf-8", "replace")))


def _listed(path: Path, base: str, head: str) -> list[str]:
    """The commits of one version, oldest first. Raises TooLarge."""
    arguments = ["rev-list", "--reverse", "--no-merges", f"--max-count={COMMITS_MAX + 1}", "--end-of-options", f"{base}..{head}"]
    oids = process.run(path, arguments, timeout=SECONDS).decode().split()
    if len(oids) > COMMITS_MAX:
        raise TooLarge(f"{len(oids)} commits")
    return oids


def _pairs(output: str) -> Iterator[RangePair]:
    heading: re.Match[str] | None = None
    lines: list[RangeLine] = []
    for line in output.split("\n"):
        found = _HEADING.fullmatch(line)
        if found is not None:
            if heading is not None:
                yield _pair(heading, lines)
            heading, lines = found, []
        elif heading is not None and line.startswith("    "):
            kind = line[4:5] or " "
            lines.append(RangeLine(kind if kind in "+-@" else " ", line[4:] if kind == "@" else line[5:]))
    if heading is not None:
        yield _pair(heading, lines)


def _pair(heading: re.Match[str], lines: list[RangeLine]) -> RangePair:
    old_number, old, sign, new_number, new, subject = heading.groups()
    status = _STATUS[sign]
    if status == "changed" and all(line.kind not in "+-" or line.text.startswith("@@") for line in lines):
        status, lines = "same", []
    numbers = (int(number) if number != "-" else 0 for number in (old_number, new_number))
    first, second = numbers
    return RangePair(status, first, old.strip("-"), second, new.strip("-"), subject, tuple(lines))


def interdiff(path: Path, old_base: str, old_head: str, new_base: str, new_head: str) -> Interdiff:
    """The old version as it would stand on the new base, to be compared with the new version: what a rebase brings along is in both.

    Raises GitFailed, TimedOut.
    """
    if old_base == new_base:
        return Interdiff(old_head, new_head)
    trees = [commit(path, oid).tree for oid in (old_base, new_base, old_head)]
    trial = three_way(path, *trees)
    return Interdiff(trial.tree or old_head, new_head, trial.clean)
