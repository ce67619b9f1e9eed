"""Commits made in the browser: objects are written beside the work of others, then the branch moves if nobody was faster."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

import gitstore
from core.actors import Actor
from core.errors import Conflict, Invalid, LimitReached, NotFound
from projects import policies, rules
from projects.commands.creation import require_branch_name
from projects.commands.identity import signature_of
from projects.commands.refs import apply_updates
from projects.models import Repository

TRIES = 4
FILES_MAX = 200


@dataclass(frozen=True, slots=True)
class Write:
    """Put `content` (or a blob that is in the store already, `blob`) at `path`.

    `expected` is the oid the path must still hold: "" = there must be nothing, None = whatever. `executable` None keeps the mode.
    """

    path: str
    content: bytes = b""
    blob: str = ""
    expected: str | None = ""


@dataclass(frozen=True, slots=True)
class Remove:
    """Take the file at `path` away; `expected` as in `Write`."""

    path: str
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class Rename:
    """Move `path` to `to`, with new `content` (None: as it is)."""

    path: str
    to: str
    expected: str
    content: bytes | None = None


Change = Write | Remove | Rename


class Edited(Conflict):
    """Somebody changed the same file meanwhile; `present` is the oid it has now, "" if it is gone."""

    def __init__(self, path: str, present: str) -> None:
        super().__init__(_("“%s” was changed by someone else meanwhile.") % path, field="content", code="edited")
        self.path, self.present = path, present


def commit_files(
    actor: Actor,
    repository: Repository,
    *,
    branch: str,
    changes: Sequence[Change],
    message: str,
    new_branch: str = "",
    default_message: str = "",
) -> str:
    """Commit `changes` on top of `branch`, onto it or onto `new_branch`; returns the commit's oid.

    Commits of others that touch other files do not matter: the changes are put on top of them.
    Raises NotFound or Forbidden (rules.can_push, policies), Invalid (paths, message, branch name), Edited (a file is not what was
    expected),
    Conflict (the new branch exists, too much traffic), LimitReached (quota). Publishes RefsUpdated.
    """
    rules.can_push(actor, repository).require()
    _require_changes(changes)
    _require_room(repository, changes)
    text = _message(message, default_message)
    if new_branch:
        require_branch_name(new_branch, field="new_branch")
        if gitstore.ref_oid(repository.path, f"refs/heads/{new_branch}"):
            raise Conflict(_("There is a branch “%s” already.") % new_branch, field="new_branch")
    for attempt in range(TRIES):
        head = _head(repository, branch)
        commit = _commit(actor, repository, head, changes, text)
        ref, old = (f"refs/heads/{new_branch}", gitstore.ZERO) if new_branch else (f"refs/heads/{branch}", head or gitstore.ZERO)
        try:
            apply_updates(actor, repository, [(ref, old, commit)])
        except Conflict:
            if new_branch or attempt == TRIES - 1:
                raise
        else:
            return commit
    raise AssertionError("unreachable")


def _head(repository: Repository, branch: str) -> str:
    """The tip; "" only in an empty repository. Raises NotFound."""
    head = gitstore.ref_oid(repository.path, f"refs/heads/{branch}")
    if not head and not repository.is_empty:
        raise NotFound(_("There is no branch “%s”.") % branch)
    if not head:
        require_branch_name(branch, field="branch")
    return head


def _require_changes(changes: Sequence[Change]) -> None:
    if not changes:
        raise Invalid(_("There is nothing to commit."), field="content", code="empty")
    if len(changes) > FILES_MAX:
        raise Invalid(_("At most %d files at once.") % FILES_MAX, field="files")
    for path in _paths(changes):
        try:
            gitstore.check_path(path)
        except gitstore.NameInvalid as error:
            raise Invalid(_("“%s” cannot be the path of a file.") % path[:200], field="path", code="path") from error


def _require_room(repository: Repository, changes: Sequence[Change]) -> None:
    """Raise LimitReached if the new content does not fit into the owner's quota (a push is measured in its quarantine, this is not)."""
    size = sum(_size(repository, change) for change in changes)
    if size > 0 and size > policies.quota_left(repository):
        raise LimitReached(_("The quota of “%s” is used up.") % repository.namespace.slug, code="quota")


def _size(repository: Repository, change: Change) -> int:
    """Bytes the change brings."""
    if isinstance(change, Write):
        return gitstore.blob_size(repository.path, change.blob) if change.blob else len(change.content)
    return len(change.content or b"") if isinstance(change, Rename) else 0


def _paths(changes: Iterable[Change]) -> Iterable[str]:
    for change in changes:
        yield change.path
        if isinstance(change, Rename):
            yield change.to


def _message(message: str, default: str) -> str:
    """Unix line ends, no trailing space, one newline at the end."""
    text = message.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip() or default.strip()
    if not text:
        raise Invalid(_("Say what the commit does."), field="message")
    return text + "\n"


def _commit(actor: Actor, repository: Repository, head: str, changes: Sequence[Change], message: str) -> str:
    """Write blobs, trees and the commit on top of `head` ("" for none); no ref moves."""
    edits: list[gitstore.Edit] = []
    for change in changes:
        edits += _edits(repository, head, change)
    signature = signature_of(actor)
    return gitstore.write_commit(repository.path, parent=head, edits=edits, message=message, author=signature, committer=signature)


def _edits(repository: Repository, head: str, change: Change) -> "list[gitstore.Edit]":
    path = repository.path
    present = gitstore.entry_at(path, head, change.path) if head else None
    held = present.oid if present else ""
    if change.expected is not None and change.expected != held:
        raise Edited(change.path, held)
    mode = present.mode if present and present.mode in (0o100644, 0o100755) else 0o100644
    if isinstance(change, Write):
        return [gitstore.Edit(change.path, change.blob or gitstore.write_blob(path, change.content), mode)]
    if not held:
        raise Edited(change.path, "")
    if isinstance(change, Remove):
        return [gitstore.Edit(change.path, "", 0)]
    if gitstore.entry_at(path, head, change.to) is not None:
        raise Conflict(_("There is a file “%s” already.") % change.to, field="path")
    blob = held if change.content is None else gitstore.write_blob(path, change.content)
    return [gitstore.Edit(change.path, "", 0), gitstore.Edit(change.to, blob, mode)]
