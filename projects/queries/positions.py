"""Where in a repository's history and tree an address points."""

from dataclasses import dataclass

from core import filenames


@dataclass(frozen=True, slots=True)
class Position:
    """A commit by branch, tag or oid, and a path in its tree ("" is the root). `oid` is always the commit's, in full."""

    kind: str  # branch | tag | commit
    name: str  # as in the address, without refs/heads/
    oid: str
    path: str = ""

    @property
    def is_tip(self) -> bool:
        """True when a branch or tag leads here; other commits cost an anonymous reader budget."""
        return self.kind != "commit"

    @property
    def ref(self) -> str:
        """The name, encoded for an address."""
        return filenames.quoted(self.name)

    @property
    def shown(self) -> str:
        """The name for the page; an oid by its first ten digits."""
        return self.name[:10] if self.kind == "commit" else filenames.shown(self.name)

    @property
    def quoted_path(self) -> str:
        """`/a/b` encoded for an address, "" at the root."""
        return "/" + filenames.quoted(self.path) if self.path else ""

    @property
    def shown_path(self) -> str:
        """The path for the page."""
        return filenames.shown(self.path)

    @property
    def filename(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def directory(self) -> str:
        """The path without its last part."""
        return self.path.rpartition("/")[0]

    def folder(self) -> "Position":
        """The directory that holds this path."""
        return Position(self.kind, self.name, self.oid, self.directory)

    def crumbs(self, base: str) -> list[dict[str, str]]:
        """Each directory on the way with its address; `base` is the repository's. Deep paths keep the last 40."""
        parts = self.path.split("/") if self.path else []
        crumbs = []
        for depth in range(max(0, len(parts) - 40), len(parts)):
            address = filenames.quoted("/".join(parts[: depth + 1]))
            crumbs.append({"shown": filenames.shown(parts[depth]), "href": f"{base}/tree/{self.ref}/{address}"})
        return crumbs
