"""Pure rules of repositories."""

import re
from fnmatch import fnmatchcase
from itertools import pairwise

ACCESS_ORDER = ("read", "write", "maintain", "admin")
ROLE_ACCESS = {"owner": "admin", "maintainer": "maintain", "developer": "write", "reader": "read"}

LONG_HISTORY = 3_000  # commits


def is_long_history(commits: int) -> bool:
    """True where walking all commits is work for the worker, not for a thread beside the pages."""
    return commits > LONG_HISTORY


def includes(held: str, needed: str) -> bool:
    """True if access level `held` ("" for none) includes `needed`."""
    return bool(held) and ACCESS_ORDER.index(held) >= ACCESS_ORDER.index(needed)


def highest(*levels: str) -> str:
    """The highest of some access levels ("" for none)."""
    return max((level for level in levels if level), key=ACCESS_ORDER.index, default="")


def matching_pattern(patterns: list[str], name: str) -> str:
    """The longest pattern that matches `name`, "" if none does. `*` does not cross nothing: it matches slashes too, as in fnmatch."""
    return max((pattern for pattern in patterns if fnmatchcase(name, pattern)), key=len, default="")


def ridge_path(values: list[int], *, width: int = 1440, base: int = 280, height: int = 200, lift: int = 0) -> str:
    """SVG path of one mountain range: `values` (oldest first) as heights over `base`, smoothed by midpoints.

    The highest value reaches `height` px; without any value the ridge is a flat line `lift` px above the base.
    """
    top = max(values, default=0) or 1
    step = width / max(len(values) - 1, 1)
    points = [(round(index * step, 1), round(base - lift - value / top * (height - lift), 1)) for index, value in enumerate(values)]
    if not points:
        points = [(0, base - lift), (width, base - lift)]
    line = f"M{points[0][0]} {points[0][1]}"
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = round((x0 + x1) / 2, 1)
        line += f"C{middle} {y0} {middle} {y1} {x1} {y1}"
    return line


def quantity_class(value: int, top: int) -> str:
    """`q0` for nothing, `q1`…`q4` by share of the busiest day."""
    if value <= 0 or top <= 0:
        return "q0"
    return f"q{min(4, 1 + int(4 * (value - 1) / top))}"


def version_key(name: str) -> list[tuple[int, int, str]]:
    """Sorts v2.9 before v2.10, v2.0-rc1 before v2.0, and words by themselves before numbers."""
    parts = re.findall(r"\d+|[^\d.]+", name.lower())
    key = [(2, int(part), "") if part.isdecimal() else (0 if part.startswith(("-", "rc", "a", "b")) else 1, 0, part) for part in parts]
    return [*key, (1, 0, "")]


IMPORT_PHASES = {  # git's words (and ours for the end) → msgid
    "Counting objects": "The other side counts objects",
    "Compressing objects": "The other side compresses objects",
    "Receiving objects": "Receiving objects",
    "Resolving deltas": "Checking objects",
    "finish": "Building indexes",
}


def best_paths(paths: list[str], wanted: str) -> list[str]:
    """The paths that hold the characters of `wanted` in this order (case ignored), best first.

    Better: as one piece, in the last part, at the beginning of a part, and shorter. Spaces in `wanted` do not count.
    """
    letters = wanted.casefold().replace(" ", "")
    if not letters:
        return paths
    pattern = re.compile(".*?".join(re.escape(letter) for letter in letters), re.DOTALL)
    ranked = []
    for path in paths:
        folded = path.casefold()
        if not pattern.search(folded):
            continue
        name = folded.rpartition("/")[2]
        if letters in name:
            rank = 0 if name.startswith(letters) else 1
        elif letters in folded:
            rank = 2
        else:
            rank = 3 if pattern.search(name) else 4
        ranked.append((rank, len(path), path))
    return [path for _rank, _length, path in sorted(ranked)]
