"""When a crowd reads without an account, it shares a part of each process; who is signed in keeps the rest.

Budgets of `core.budget` count expensive addresses. A crawl of cheap ones from hundreds of addresses passes them, so here
the processor time itself is what is shared: a bucket of seconds that fills at settings.ANONYMOUS_SHARE and that every anonymous answer empties.
A crowd is CROWD different addresses within WINDOW seconds while somebody signed in is about; fewer readers, however busy, are never held up.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from core.actors import ANONYMOUS
from core.clients import client_ip
from core.errors import LimitReached
from core.middleware import error_response

CROWD = 100  # different addresses that make a crowd
WINDOW = 10.0  # seconds within which they count
PRESENCE = 60.0  # seconds after a request of somebody signed in during which his pages are kept fast
BURST = 1.0  # seconds of processor time that may be spent at once after a quiet while
WAITING = 24  # requests that wait for their turn; one answer is made at a time
PATIENCE = 1.5  # seconds they wait
YIELD = 0.25  # seconds an answer being made waits at each of its queries while somebody signed in is answered
RETRY_SECONDS = 5
OPEN = ("/-/", "/login/", "/logout/", "/signup/", "/static/", "/robots.txt/", "/sitemap.xml/")  # never refused, nor is what lies below


class Bucket:
    """Seconds of processor time; fills by itself, may go below zero by the last answer."""

    def __init__(self, share: float, burst: float = BURST, clock: Callable[[], float] = time.monotonic) -> None:
        self._share, self._burst, self._clock = share, burst, clock
        self._left, self._seen = burst, clock()
        self._lock = threading.Lock()

    def left(self) -> float:
        """Seconds that may be spent now."""
        return self.spend(0.0)

    def spend(self, seconds: float) -> float:
        """Take some; returns what is left."""
        with self._lock:
            now = self._clock()
            self._left = min(self._burst, self._left + (now - self._seen) * self._share) - seconds
            self._seen = now
            return self._left


class Arrivals:
    """How many different addresses asked within the last WINDOW seconds; forgets in whole windows, so at most two are kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._began = clock, clock()
        self._now: set[str] = set()
        self._before: set[str] = set()
        self._lock = threading.Lock()

    def note(self, address: str) -> int:
        """Count one request; returns the number of different addresses in this window and the one before."""
        with self._lock:
            passed = self._clock() - self._began
            if passed >= WINDOW:
                self._before = self._now if passed < 2 * WINDOW else set()
                self._now, self._began = set(), self._clock()
            if len(self._now) < 100 * CROWD:
                self._now.add(address)
            return len(self._now | self._before) if len(self._before) < CROWD else len(self._before)


class Turns:
    """Whose turn it is in one process: threads share one interpreter, so an answer beside another takes twice as long as alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._first = 0  # answers being made that come before the crowd's
        self._busy = False  # one of the crowd's is being made

    @contextlib.contextmanager
    def first(self) -> Iterator[None]:
        """An answer that waits for nobody."""
        with self._changed:
            self._first += 1
        try:
            yield
        finally:
            with self._changed:
                self._first -= 1
                if not self._first:
                    self._changed.notify_all()

    def take(self, seconds: float) -> bool:
        """Wait for the crowd's turn, at most so long; `give_back` ends it. Who comes first may fill the time, but not for ever."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy and not self._first, seconds)
            mine = not self._busy
            self._busy = True
            return mine

    def give_back(self) -> None:
        """The next one of the crowd."""
        with self._changed:
            self._busy = False
            self._changed.notify_all()

    def let_pass(self, execute: Callable[..., object], *query: object) -> object:
        """Wrapper of a query of the crowd's answer: who comes first is answered first."""
        if self._first:
            with self._changed:
                self._changed.wait_for(lambda: not self._first, YIELD)
        return execute(*query)


class AnonymousShare:
    """Middleware behind ActorMiddleware: answers 429 with `Retry-After` while the anonymous share is used up.

    Signed-in people, requests with an access token, forms, Git and the pages behind OPEN are never held up.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if settings.ANONYMOUS_SHARE <= 0:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.bucket = Bucket(settings.ANONYMOUS_SHARE)
        self.arrivals = Arrivals()
        self._signed_in_at = -PRESENCE
        self.turns = Turns()
        self._waiting = threading.BoundedSemaphore(WAITING)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_shared(request):
            if getattr(request, "actor", ANONYMOUS).is_anonymous:
                return self.get_response(request)
            self._signed_in_at = time.monotonic()
            with self.turns.first():
                return self.get_response(request)
        if self.arrivals.note(client_ip(request)) < CROWD or time.monotonic() - self._signed_in_at > PRESENCE:
            return self.get_response(request)
        if self.bucket.left() <= 0 or not self._waiting.acquire(blocking=False):
            return crowded(request)
        try:
            if not self.turns.take(PATIENCE):
                return crowded(request)
        finally:
            self._waiting.release()
        began = time.thread_time()
        try:
            with connection.execute_wrapper(self.turns.let_pass):
                return self.get_response(request)
        finally:
            self.bucket.spend(time.thread_time() - began)
            self.turns.give_back()


def is_shared(request: HttpRequest) -> bool:
    """Whether the request pays from the anonymous share."""
    actor = getattr(request, "actor", ANONYMOUS)
    return (
        actor.is_anonymous
        and request.method in ("GET", "HEAD")
        and not ("HTTP_AUTHORIZATION" in request.META and request.path.startswith("/api/"))  # pages read no such header
        and not f"{request.path}/".startswith(OPEN)
    )


def crowded(request: HttpRequest) -> HttpResponse:
    """429 in a form that costs next to nothing: rendered once."""
    if request.path.startswith("/api/"):
        message = _("Too many requests. Try again in %d seconds.") % RETRY_SECONDS
        return error_response(request, LimitReached(message, code="crowded", retry_after=RETRY_SECONDS))
    if not _page:
        _page.append(render_to_string("errors/crowded.html", {"seconds": RETRY_SECONDS}))
    response = HttpResponse(_page[0], status=429)
    response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response


_page: list[str] = []
