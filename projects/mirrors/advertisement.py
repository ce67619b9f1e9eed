"""What a Git server says it has: the ref advertisement of protocol v0 and the `ls-refs` answer of v2.

Read as a stream (a million refs are some 60 MB): what is kept is a digest of the wanted refs, HEAD's branch, and counts.
Formats: gitprotocol-pack(5) "Reference Discovery", gitprotocol-v2(5) "ls-refs", pkt-lines: gitprotocol-common(5).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

Wanted = Callable[[str], bool]


def _packet(text: bytes) -> bytes:
    return b"%04x%s" % (len(text) + 4, text)


_PREFIXES = (b"ref-prefix HEAD\n", b"ref-prefix refs/heads/\n", b"ref-prefix refs/tags/\n")
LS_REFS = b"".join((_packet(b"command=ls-refs\n"), b"0001", _packet(b"symrefs\n"), *map(_packet, _PREFIXES), b"0000"))


class NotGit(ValueError):
    """The answer is not a ref advertisement."""


@dataclass(frozen=True, slots=True)
class Advertised:
    """The other side's branches and tags in short."""

    digest: str  # of the wanted refs and HEAD; the same text for the same refs
    head: str  # the branch HEAD names, "" if it says none
    branches: int
    tags: int
    total: int  # all refs it listed, pull requests too
    sha256: bool = False  # objects of the other format


def packets(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    """pkt-lines of a stream, None for a flush or delimiter. Raises NotGit for anything else."""
    buffer = b""
    for chunk in chunks:
        buffer += chunk
        start = 0
        while len(buffer) - start >= 4:
            length = _length(buffer[start : start + 4])
            if length < 4:
                start += 4
                yield None
                continue
            if len(buffer) - start < length:
                break
            yield buffer[start + 4 : start + length]
            start += length
        buffer = buffer[start:]
    if buffer:
        raise NotGit("the answer ends in the middle")


def _length(head: bytes) -> int:
    try:
        length = int(head, 16)
    except ValueError as error:
        raise NotGit("not a pkt-line") from error
    if length == 3:
        raise NotGit("not a pkt-line")
    return length


def read_v0(chunks: Iterable[bytes], *, wanted: Wanted) -> Advertised:
    """The answer to `GET info/refs?service=git-upload-pack` without `Git-Protocol`. Raises NotGit."""
    lines = packets(chunks)
    if (next(lines, b"") or b"").rstrip(b"\n") != b"# service=git-upload-pack":
        raise NotGit("no service line")
    gather = _Gather(wanted)
    first = True
    for line in lines:
        if line is None:
            continue
        line = line.rstrip(b"\n")
        if line.startswith(b"ERR "):
            raise NotGit(line[4:200].decode("utf-8", "replace"))
        if first:
            line, _nul, capabilities = line.partition(b"\0")
            gather.capabilities(capabilities)
            first = False
        oid, _space, name = line.partition(b" ")
        gather.ref(oid, name)
    return gather.done()


def read_v2(chunks: Iterable[bytes], *, wanted: Wanted) -> Advertised:
    """The answer to `ls-refs`. Raises NotGit."""
    gather = _Gather(wanted)
    for line in packets(chunks):
        if line is None:
            continue
        line = line.rstrip(b"\n")
        if line.startswith(b"ERR "):
            raise NotGit(line[4:200].decode("utf-8", "replace"))
        oid, name, *attributes = line.split(b" ")
        for attribute in attributes:
            if name == b"HEAD" and attribute.startswith(b"symref-target:"):
                gather.symref(attribute.removeprefix(b"symref-target:"))
        gather.ref(oid, name)
    return gather.done()


def read_listing(text: bytes, *, wanted: Wanted) -> Advertised:
    """What `git ls-remote --symref` prints (git-ls-remote(1)). Raises NotGit."""
    gather = _Gather(wanted)
    for line in text.splitlines():
        left, _tab, name = line.partition(b"\t")
        if left.startswith(b"ref: "):
            gather.symref(left.removeprefix(b"ref: ")) if name == b"HEAD" else None
        else:
            gather.ref(left, name)
    return gather.done()


def digest_of(refs: Mapping[str, str], head: str) -> str:
    """The digest under which the other side would advertise these branches and tags (full name → oid), HEAD naming the branch `head`."""
    gather = _Gather(lambda _ref: True)
    gather.head = head
    for name, oid in refs.items():
        gather.ref(oid.encode(), name.encode("utf-8", "surrogateescape"))
    return gather.done().digest


class _Gather:
    """Order does not matter: each ref's hash is added up (mod 2^256), so no list is kept."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted, self.sum = wanted, 0
        self.head, self.branches, self.tags, self.total, self.sha256 = "", 0, 0, 0, False

    def capabilities(self, text: bytes) -> None:
        for word in text.split(b" "):
            if word.startswith(b"symref=HEAD:"):
                self.symref(word.removeprefix(b"symref=HEAD:"))
            self.sha256 = self.sha256 or word == b"object-format=sha256"

    def symref(self, target: bytes) -> None:
        self.head = target.removeprefix(b"refs/heads/").decode("utf-8", "replace") if target.startswith(b"refs/heads/") else ""

    def ref(self, oid: bytes, name: bytes) -> None:
        if name.endswith(b"^{}") or name in (b"HEAD", b"capabilities^{}", b""):
            return
        if len(oid) not in (40, 64) or oid.strip(b"0123456789abcdef"):
            raise NotGit("not a ref line")
        self.total += 1
        self.sha256 = self.sha256 or len(oid) == 64
        text = name.decode("utf-8", "surrogateescape")
        if not name.startswith((b"refs/heads/", b"refs/tags/")) or not self.wanted(text):
            return
        self.branches += name.startswith(b"refs/heads/")
        self.tags += name.startswith(b"refs/tags/")
        self.sum = (self.sum + int.from_bytes(hashlib.sha256(oid + b" " + name).digest())) % (1 << 256)

    def done(self) -> Advertised:
        digest = hashlib.sha256(f"{self.sum:x} {self.head}".encode("utf-8", "surrogateescape")).hexdigest()
        return Advertised(digest, self.head, self.branches, self.tags, self.total, self.sha256)
