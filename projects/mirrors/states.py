"""The life of a mirror as one table. `docs/reference/mirror-states.md` draws it; a test keeps the picture true."""

from enum import StrEnum


class State(StrEnum):
    """Where a mirror stands."""

    LISTED = "listed"  # known with its metadata; no objects here yet
    FRESH = "fresh"  # filled; the last look worked
    FAILING = "failing"  # the last look or fetch failed; the last good copy is served
    GONE = "gone"  # upstream says there is none, again and again
    HIDDEN = "hidden"  # upstream asks for a password, again and again
    MOVED = "moved"  # upstream redirects to another repository
    EMPTIED = "emptied"  # upstream has no branch any more
    PAUSED = "paused"  # an administrator stopped it
    PROMOTED = "promoted"  # hosted here now; nothing is fetched


class Turn(StrEnum):
    """What can happen to it."""

    SYNCED = "synced"  # looked and, where something moved, fetched
    FAILED = "failed"
    LOST = "lost"  # the third answer in a row that there is none
    SHUT = "shut"  # the third answer in a row that asks for a password
    REDIRECTED = "redirected"
    SERVED = "served"  # looked and fetched at the old address, while the host's API names a new one
    FOLLOW = "follow"  # the new address was taken over
    RELIST = "relist"  # likewise, or resumed, before anything was copied
    WIPED = "wiped"  # no branch where there was one
    PAUSE = "pause"
    RESUME = "resume"
    PROMOTE = "promote"
    RETURN = "return"  # a hosted repository becomes a mirror again


_OUTSIDE = (State.GONE, State.HIDDEN, State.MOVED, State.EMPTIED)
_LIVING = (State.LISTED, State.FRESH, State.FAILING, *_OUTSIDE)
_TO = {
    Turn.SYNCED: State.FRESH,
    Turn.LOST: State.GONE,
    Turn.SHUT: State.HIDDEN,
    Turn.REDIRECTED: State.MOVED,
    Turn.WIPED: State.EMPTIED,
    Turn.PAUSE: State.PAUSED,
    Turn.PROMOTE: State.PROMOTED,
}
TRANSITIONS: dict[tuple[State, Turn], State] = {
    **{(state, turn): to for state in _LIVING for turn, to in _TO.items()},
    (State.LISTED, Turn.FAILED): State.LISTED,  # still to be filled; the cause is kept beside
    (State.FRESH, Turn.FAILED): State.FAILING,
    (State.FAILING, Turn.FAILED): State.FAILING,
    **{(state, Turn.FAILED): state for state in _OUTSIDE},
    (State.MOVED, Turn.SERVED): State.MOVED,
    **{(state, Turn.FOLLOW): State.FAILING for state in _LIVING if state is not State.LISTED},  # due at once, as after a pause
    **{(state, Turn.RELIST): State.LISTED for state in (State.LISTED, *_OUTSIDE, State.PAUSED)},  # waits for its turn to be copied
    (State.PAUSED, Turn.RESUME): State.FAILING,  # due at once; the next look says how it stands
    (State.PAUSED, Turn.PROMOTE): State.PROMOTED,
    (State.PROMOTED, Turn.RETURN): State.FAILING,
}
WATCHED = tuple(_LIVING)  # states in which the engine looks


def after(state: str, turn: Turn) -> State:
    """The state that follows. Raises KeyError if the turn cannot happen there."""
    return TRANSITIONS[State(state), turn]


def picture() -> str:
    """The table as a Mermaid state diagram, arrows with the same ends joined."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, turn), to in TRANSITIONS.items():
        arrows.setdefault((state, to), []).append(turn)
    lines = [f"    {state} --> {to}: {', '.join(turns)}" for (state, to), turns in arrows.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> listed", *lines])
