"""Where the base and a pull request contradict each other, file by file, as an editor shows it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

import gitstore
from core.errors import Conflict, Unavailable
from pulls.logic.names import path_key
from pulls.models import Pull

FILES_MAX = 60  # that are settled in a browser
TEXT_MAX = 1_500_000  # bytes of all texts together; what comes after is settled by choosing a side


@dataclass(frozen=True, slots=True)
class InConflict:
    """One file. `text` holds conflict markers; None where there is none to edit. `sides`: what may be chosen (ours | theirs | delete)."""

    key: str
    path: str
    shown: str
    why: str
    text: str | None
    sides: tuple[str, ...]

    @property
    def settled_here(self) -> bool:
        """False for what only git can settle: names that clash, submodules."""
        return self.text is not None or bool(self.sides)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """All files in conflict between the two tips `base` and `head`."""

    base: str
    head: str
    files: tuple[InConflict, ...]

    @property
    def settled_here(self) -> bool:
        """True if every file can be settled in a browser."""
        return len(self.files) <= FILES_MAX and all(file.settled_here for file in self.files)


def contradiction(pull: Pull) -> Contradiction:
    """What to settle now; no files if there is nothing. Raises Conflict (the base is gone, no common history), Unavailable."""
    path = pull.repository.path
    base = gitstore.ref_oid(path, f"refs/heads/{pull.base_branch}")
    if not base:
        raise Conflict(_("The branch “%s” is gone; choose another base first.") % pull.base_branch, code="no_base")
    trial = gitstore.mergeable(path, pull.head_oid, base)
    if trial.state == "unrelated":
        raise Conflict(_("The two branches share no history."), code="unrelated")
    if trial.state == "failed":
        raise Unavailable(_("Git could not answer in time. Try again."), retry_after=10)
    left = TEXT_MAX
    files: list[InConflict] = []
    for conflict in trial.conflicts:
        text = _text(pull, conflict) if len(files) < FILES_MAX else None
        if text is not None and len(text) > left:
            text = None
        left -= len(text or "")
        files.append(
            InConflict(path_key(conflict.path), conflict.path, shown_path(conflict.path), why_of(conflict.kind), text, _sides(conflict))
        )
    return Contradiction(base, pull.head_oid, tuple(files))


def shown_path(path: str) -> str:
    """A path as a page can hold it."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _text(pull: Pull, conflict: gitstore.Conflict) -> str | None:
    """The text with markers, None for what is no UTF-8 text."""
    if not gitstore.is_text(pull.repository.path, conflict):
        return None
    ours = pull.head_branch or pull.topic or pull.head_oid[:10]
    try:
        return gitstore.marked_text(pull.repository.path, conflict, ours=ours, theirs=pull.base_branch).decode()
    except UnicodeDecodeError:
        return None


def _sides(conflict: gitstore.Conflict) -> tuple[str, ...]:
    if not gitstore.is_resolvable(conflict):
        return ()
    held = [name for name, side in (("ours", conflict.ours), ("theirs", conflict.theirs)) if side is not None]
    return tuple(held) if len(held) == 2 else (*held, "delete")


def why_of(kind: str) -> str:
    """What kind of conflict it is, for people."""
    words = {
        "content": _("changed on both sides"),
        "add/add": _("added on both sides"),
        "modify/delete": _("changed on one side, deleted on the other"),
        "binary": _("changed on both sides, and no text"),
        "distinct modes": _("of another kind on each side"),
        "rename/rename": _("renamed on both sides"),
        "rename/delete": _("renamed on one side, deleted on the other"),
        "file/directory": _("a file here, a folder there"),
        "submodule": _("a submodule at two commits"),
    }
    return words.get(kind, _("names contradict each other"))
