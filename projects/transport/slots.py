"""Who may transfer at once in one process. A crowd without account, one network or one person can never hold everything.

Nobody waits here: who finds no slot is told when to come again. Slots are counted per process, as the threads are that they stand for.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from core.actors import Actor
from core.clients import network_of
from projects.transport import errors

KEPT = 4  # one slot of so many is kept for those who are signed in: pushes, and their own fetches
SHARES = 2  # of what there is for all, one network (without account), person or deploy key holds at most 1 / SHARES


@dataclass(slots=True)
class Slots:
    """`total` slots; those without account share what is not kept."""

    total: int
    taken: int = 0
    _anonymous: int = 0
    _holders: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, actor: Actor) -> Callable[[], None]:
        """A slot for this actor; call the answer once or more often to give it back. Raises WireError 503 (all taken) or 429 (its share is)."""
        holder, room = holder_of(actor), self.room(anonymous=actor.is_anonymous)
        with self._lock:
            if self.taken >= self.total or (actor.is_anonymous and self._anonymous >= room):
                raise errors.busy(anonymous=actor.is_anonymous)
            if self._holders[holder] >= max(room // SHARES, 1):
                raise errors.share_taken(anonymous=actor.is_anonymous)
            self.taken += 1
            self._anonymous += actor.is_anonymous
            self._holders[holder] += 1
        return self._returning(holder, actor.is_anonymous)

    def room(self, *, anonymous: bool) -> int:
        """Slots that all readers without account, or all signed-in people, can hold together."""
        return self.total - max(self.total // KEPT, 1) if anonymous else self.total

    def _returning(self, holder: str, anonymous: bool) -> Callable[[], None]:
        """Gives the slot back the first time it is called: an answer may end in more than one way."""
        left = [holder]

        def give_back() -> None:
            with self._lock:
                if not left:
                    return
                left.clear()
                self.taken -= 1
                self._anonymous -= anonymous
                self._holders[holder] -= 1
                if not self._holders[holder]:
                    del self._holders[holder]

        return give_back


def holder_of(actor: Actor) -> str:
    """Whose slot it is: a person's, a deploy key's, or the network's of somebody without account."""
    if actor.person is not None:
        return f"person {actor.person.pk}"
    return f"key {actor.deploy_key}" if actor.deploy_key is not None else network_of(actor.ip)
