"""Branches and tags: read from packed-refs and the loose files at once, so that 10,000 refs cost milliseconds."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pygit2

from gitstore import process
from gitstore.errors import GitFailed, PathMissing, RefConflict, RefMissing, RepositoryMissing
from gitstore.objects import signature
from gitstore.store import object_of, opened, peeled
from gitstore.types import ZERO, Ref, Resolved, TagDetails

_OID = re.compile(r"[0-9a-f]{4,40}")


def _packed(path: Path) -> dict[str, tuple[str, str]]:
    """Ref name → (oid, peeled oid or ""); a tag that cannot be peeled has its own oid where the file says that all are peeled."""
    found: dict[str, tuple[str, str]] = {}
    try:
        text = (path / "packed-refs").read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return found
    last = ""
    peeled_all = " fully-peeled " in text.partition("\n")[0] + " "
    for line in text.split("\n"):
        if line.startswith("^"):
            found[last] = (found[last][0], line[1:41])
        elif line and not line.startswith("#"):
            oid, _, last = line.partition(" ")
            found[last] = (oid, oid if peeled_all else "")
    return found


def _loose(path: Path, under: str) -> Iterator[tuple[str, str]]:
    root = path / under
    for folder, _folders, files in os.walk(root):
        for name in files:
            if name.endswith(".lock"):
                continue
            full = os.path.join(folder, name)
            try:
                oid = Path(full).read_text().strip()
            except (FileNotFoundError, UnicodeDecodeError):
                continue
            if len(oid) == 40:
                yield os.path.relpath(full, path), oid


def refs(path: Path, under: str = "refs") -> dict[str, str]:
    """Every ref below `under` (a folder such as refs/heads) → oid, sorted by name."""
    if not (path / "HEAD").exists():
        raise RepositoryMissing(str(path))
    prefix = under.rstrip("/") + "/"
    found = {name: oid for name, (oid, _peeled) in _packed(path).items() if name.startswith(prefix)}
    found.update(_loose(path, under))
    return dict(sorted(found.items()))


def branches(path: Path) -> list[Ref]:
    """All branches by name."""
    return [Ref(name, oid, oid, "branch") for name, oid in refs(path, "refs/heads").items()]


def tags(path: Path) -> list[Ref]:
    """All tags by name, peeled to their commit where they lead to one."""
    packed = _packed(path)
    answer = []
    for name, oid in refs(path, "refs/tags").items():
        known = packed.get(name)
        commit = known[1] if known and known[0] == oid and known[1] else _peel(path, oid)
        answer.append(Ref(name, oid, commit, "tag"))
    return answer


def _peel(path: Path, oid: str) -> str:
    try:
        return peeled(opened(path), oid)[1]
    except PathMissing:
        return oid


def tag_details(path: Path, oid: str) -> TagDetails:
    """Tagger and message of the tag object `oid`; empty for a lightweight tag."""
    found = object_of(path, oid)
    if not isinstance(found, pygit2.Tag):
        return TagDetails(None, "")
    return TagDetails(signature(found.tagger) if found.tagger else None, found.raw_message.decode("utf-8", "replace"))


def ref_oid(path: Path, ref: str) -> str:
    """The oid a full ref name holds, "" if there is no such ref."""
    try:
        found = opened(path).references.get(ref)
    except (ValueError, pygit2.GitError):
        return ""
    return str(found.resolve().target) if found is not None else ""


def _commit_at(path: Path, oid: str) -> str:
    """The commit an oid peels to, "" if to none."""
    try:
        kind, found, _content = peeled(opened(path), oid)
    except PathMissing:
        return ""
    return found if kind == "commit" else ""


def commit_oid(path: Path, name: str) -> str:
    """The commit that a branch, a tag, a full ref name or an oid (4–40 digits) means, "" for none."""
    for ref in (f"refs/heads/{name}", f"refs/tags/{name}", name if name.startswith("refs/") else ""):
        if ref and (oid := ref_oid(path, ref)):
            return _commit_at(path, oid)
    if name == "HEAD":
        return head(path)[1]
    if not _OID.fullmatch(name):
        return ""
    if len(name) == 40:
        return _commit_at(path, name)
    try:
        return _commit_at(path, str(opened(path)[name].id))
    except (KeyError, ValueError, pygit2.GitError):  # none, several, or a malformed one
        return ""


def head(path: Path) -> tuple[str, str]:
    """(branch that HEAD names, its commit or "")."""
    reference = opened(path).references.get("HEAD")
    if reference is None or not isinstance(reference.raw_target, bytes):
        return "", ""
    name = str(reference.target).removeprefix("refs/heads/")
    return name, ref_oid(path, f"refs/heads/{name}")


def resolve(path: Path, tail: str) -> Resolved:
    """Split `<ref>/<path>`: the longest branch, else tag, else HEAD, else the first part as an oid. Raises RefMissing.

    Refs cannot be prefixes of each other (directory/file rule), so the first prefix that is a ref is the only one.
    """
    parts = tail.strip("/").split("/")
    for kind, folder in (("branch", "refs/heads"), ("tag", "refs/tags")):
        name = ""
        for depth in range(1, min(len(parts), 60) + 1):
            name = "/".join(parts[:depth])
            if len(name) > 250:
                break
            oid = ref_oid(path, f"{folder}/{name}")
            if oid and (commit := _commit_at(path, oid)):
                return Resolved(kind, name, commit, "/".join(parts[depth:]))
    rest = "/".join(parts[1:])
    if parts[0] == "HEAD" and (found := head(path))[1]:
        return Resolved("branch", found[0], found[1], rest)
    if _OID.fullmatch(parts[0]) and (commit := commit_oid(path, parts[0])):
        return Resolved("commit", commit, commit, rest)
    raise RefMissing(tail)


def update_refs(path: Path, updates: Sequence[tuple[str, str, str]], *, reason: str = "") -> None:
    """Move refs in one transaction: (full name, expected old oid or ZERO, new oid or ZERO). Raises RefConflict if one is elsewhere."""
    lines = []
    for ref, old, new in updates:
        if new == ZERO:
            lines.append(f"delete {ref}\0{old if old != ZERO else ''}\0")
        elif old == ZERO:
            lines.append(f"create {ref}\0{new}\0")
        else:
            lines.append(f"update {ref}\0{new}\0{old}\0")
    stdin = ("start\0" + "".join(lines) + "prepare\0commit\0").encode("utf-8", "surrogateescape")
    try:
        process.run(path, ["update-ref", "-z", "--stdin", *(["-m", reason] if reason else [])], input=stdin, timeout=120)
    except GitFailed as error:
        raise RefConflict(error.stderr) from error


def set_head(path: Path, branch: str) -> None:
    """Make HEAD name `branch` (it need not exist yet)."""
    process.run(path, ["symbolic-ref", "HEAD", f"refs/heads/{branch}"])
