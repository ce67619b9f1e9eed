"""Parts that take long: a few threads make them beside the pages; a page is shown without them and fills in.

Only for work that Git's own processes do: threads of one process share one interpreter, so long computations in Python go to the worker.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import Any, TypeVar

from projects.queries.parts import keep, kept

T = TypeVar("T")
PATIENCE = 0.15  # seconds a page waits for all that it lacks
QUEUE = 200  # parts in the making; beyond that a page stays without until it is asked for again
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="later")
_running: dict[tuple[object, ...], "Future[Any]"] = {}
_lock = Lock()


def later(key: tuple[object, ...], make: Callable[[], T], *, patience: float | None = None) -> T | None:
    """What `make` makes (never None), from the cache if it was made before; None while a thread still makes it.

    The answer is waited for `patience` seconds (by default PATIENCE). What `make` raises is raised to those who wait;
    the next who asks tries again.
    """
    found: Any = kept(key)
    if found is not None:
        return found  # type: ignore[no-any-return]
    with _lock:
        future = _running.get(key)
        if future is None:
            if len(_running) >= QUEUE:
                return None
            future = _running[key] = _threads.submit(_made, key, make)
            future.add_done_callback(lambda _done: _running.pop(key, None))
    with suppress(TimeoutError):
        return future.result(timeout=PATIENCE if patience is None else max(0.0, patience))  # type: ignore[no-any-return]
    return None


def _made(key: tuple[object, ...], make: Callable[[], T]) -> T:
    value = make()
    keep(key, value)
    return value
