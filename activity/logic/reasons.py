"""Which reason to be told weighs more, and which are one's own."""

ORDER = (
    "watching",
    "release",
    "owner",
    "subscribed",
    "changed",
    "commented",
    "team",
    "mentioned",
    "author",
    "review",
    "assigned",
)  # lightest first
WATCHED = frozenset({"watching", "release", "owner"})  # the rest: where one takes part


def stronger(held: str, new: str) -> str:
    """The one of two reasons to keep."""
    return max(held, new, key=ORDER.index)
