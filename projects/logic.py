"""Pure rules of repositories."""

from fnmatch import fnmatchcase

ACCESS_ORDER = ("read", "write", "maintain", "admin")
ROLE_ACCESS = {"owner": "admin", "maintainer": "maintain", "developer": "write", "reader": "read"}


def includes(held: str, needed: str) -> bool:
    """True if access level `held` ("" for none) includes `needed`."""
    return bool(held) and ACCESS_ORDER.index(held) >= ACCESS_ORDER.index(needed)


def highest(*levels: str) -> str:
    """The highest of some access levels ("" for none)."""
    return max((level for level in levels if level), key=ACCESS_ORDER.index, default="")


def matching_pattern(patterns: list[str], name: str) -> str:
    """The longest pattern that matches `name`, "" if none does. `*` does not cross nothing: it matches slashes too, as in fnmatch."""
    return max((pattern for pattern in patterns if fnmatchcase(name, pattern)), key=len, default="")
