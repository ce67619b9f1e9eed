"""Where repositories live: a folder per storage id, so that renames and transfers never move bytes."""

from pathlib import Path
from uuid import UUID


def repository(root: Path, storage: UUID | str) -> Path:
    """`<root>/<first two>/<next two>/<id>.git`."""
    name = UUID(str(storage)).hex
    return root / name[:2] / name[2:4] / f"{name}.git"


def pool(root: Path, pool: UUID | str) -> Path:
    """`<root>/pools/<id>.git`: the shared object store of a fork network."""
    return root / "pools" / f"{UUID(str(pool)).hex}.git"
