"""Large files that were inflated for readers of their ranges."""

import gitstore
from core.actors import Actor
from projects.queries.browsing import spools


def forget_spools(actor: Actor) -> int:  # noqa: ARG001 - every command knows who asks
    """Remove those that nobody read for an hour; returns how many."""
    return gitstore.trim_spools(spools())
