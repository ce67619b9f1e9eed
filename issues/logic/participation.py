"""Which reason to take part weighs more."""

WEIGHT = ("subscribed", "changed", "commented", "team", "mentioned", "author", "review", "assigned")  # lightest first


def stronger(held: str, new: str) -> str:
    """The one of two reasons to keep."""
    return max(held, new, key=WEIGHT.index)
