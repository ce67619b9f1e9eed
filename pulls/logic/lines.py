"""Where a line of one content is in another one: comments follow their line, or say that it changed."""

from collections.abc import Sequence
from difflib import SequenceMatcher

MAX_LINES = 20_000


def followed(old: Sequence[bytes], new: Sequence[bytes], first: int, last: int) -> tuple[int, int] | None:
    """Lines `first`…`last` (from 1) of `old` in `new`; None if one of them was changed, or something came between them."""
    if not 1 <= first <= last <= len(old):
        return None
    start = _common(old, new)
    if last <= start:
        return first, last
    end = _common(old[start:][::-1], new[start:][::-1])
    if first > len(old) - end:
        shift = len(new) - len(old)
        return first + shift, last + shift
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(middle_old), len(middle_new)) > MAX_LINES:
        return None
    places: dict[int, int] = dict(zip(range(start), range(start), strict=True))
    for block in SequenceMatcher(None, middle_old, middle_new, autojunk=len(middle_old) > 2000).get_matching_blocks():
        places.update({start + block.a + step: start + block.b + step for step in range(block.size)})
    places.update({len(old) - end + step: len(new) - end + step for step in range(end)})
    found = [places.get(line - 1) for line in range(first, last + 1)]
    if None in found:
        return None
    here = [place for place in found if place is not None]
    if here[-1] - here[0] != last - first:
        return None
    return here[0] + 1, here[-1] + 1


def _common(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    """Length of the common beginning."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
