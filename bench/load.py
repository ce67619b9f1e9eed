#!/usr/bin/env python3
"""Pages while others clone slowly, and while crawlers follow links: the portal alone, loaded from this machine. See `--help`."""

import argparse
import collections
import http.client
import http.cookiejar
import multiprocessing
import random
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import LOGIN, PASSWORD, Portal, percentile, table
from wire import discard, fetch_request

BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8",
}
SLOW_BYTES = 256 * 1024  # a second, of one slow clone
THINKING = 2.0  # seconds between two pages of a reader
LINK = re.compile(rb'href="(/[^"#]+)')


@dataclass
class Answers:
    """What clients saw: seconds of the good answers, and how often each status came (0: no answer)."""

    seconds: list[float] = field(default_factory=list)
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)

    def add(self, status: int, seconds: float) -> None:
        """Note one answer; 304 counts as good."""
        self.statuses[status] += 1
        if status in (200, 304):
            self.seconds.append(seconds)

    @property
    def faults(self) -> int:
        """Answers that are the portal's fault."""
        return sum(count for status, count in self.statuses.items() if status == 0 or status >= 500)


def ask(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> tuple[int, bytes, float]:
    """(status, body, seconds); status 0 if the connection broke."""
    began = time.perf_counter()
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, body, time.perf_counter() - began
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0, b"", time.perf_counter() - began


def sign_in(portal: Portal) -> str:
    """The session's cookies."""
    jar = http.cookiejar.CookieJar()
    opener = build_opener(HTTPCookieProcessor(jar))
    page = opener.open(f"{portal.url}/login").read().decode()
    secret = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert secret is not None
    form = urlencode({"login": LOGIN, "password": PASSWORD, "csrfmiddlewaretoken": secret[1]}).encode()
    opener.open(Request(f"{portal.url}/login", form, {"Referer": portal.url})).read()  # noqa: S310
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
    assert "session" in cookies, "signing in failed"
    return cookies


class Load:
    """A portal, a signed-in person, and pages of one large repository."""

    def __init__(self, portal: Portal, cookies: str) -> None:
        self.portal, self.base = portal, f"/{LOGIN}/big"
        self.signed = {**BROWSER, "Cookie": cookies}
        self.pages = self._pages()

    def connection(self) -> http.client.HTTPConnection:
        """One that is kept open between requests."""
        return http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=60)

    def _pages(self) -> list[str]:
        """The front page and what it links to, of each kind some."""
        body = ask(self.connection(), self.base, self.signed)[1]
        links = sorted({match.decode() for match in LINK.findall(body) if match.startswith(self.base.encode() + b"/")})
        chosen = [self.base, f"{self.base}/branches"]
        for kind, count in (("tree", 10), ("blob", 20), ("commit/", 15), ("commits", 1)):
            chosen += [link for link in links if link.startswith(f"{self.base}/{kind}")][:count]
        return [self._final(path) for path in chosen]

    def _final(self, path: str) -> str:
        """Where a link leads: those of listings have short commit ids."""
        connection = self.connection()
        connection.request("GET", path, headers=self.signed)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.headers.get("Location") or path

    def read(self, answers: Answers, stop: threading.Event, *, thinking: float, seed: int) -> None:
        """One signed-in reader until `stop`."""
        connection, order = self.connection(), random.Random(seed)  # noqa: S311
        stop.wait(order.random() * thinking)
        while not stop.is_set():
            status, _body, took = ask(connection, order.choice(self.pages), self.signed)
            answers.add(status, took)
            stop.wait(thinking * (0.5 + order.random()))

    def readers(self, count: int, duration: float, *, thinking: float = THINKING) -> Answers:
        """So many signed-in readers for so many seconds."""
        answers, stop = Answers(), threading.Event()
        threads = [
            threading.Thread(target=self.read, args=(answers, stop), kwargs={"thinking": thinking, "seed": number})
            for number in range(count)
        ]
        for thread in threads:
            thread.start()
        time.sleep(duration)
        stop.set()
        for thread in threads:
            thread.join()
        return answers

    def warm(self) -> None:
        """Every page a few times: each process of the server keeps its own memory."""
        connection = self.connection()
        for path in self.pages * 6:
            if (status := ask(connection, path, {**self.signed, "Connection": "close"})[0]) != 200:
                raise RuntimeError(f"{path}: {status}")


# --- slow clones --------------------------------------------------------------------------------------------------


class SlowClones:
    """Many clients that take SLOW_BYTES a second each; one thread reads for all, in turns of a tenth of a second."""

    def __init__(self, portal: Portal, count: int, body: bytes) -> None:
        self.sockets: list[socket.socket] = []
        self.received = self.ended = 0
        self.stopping = threading.Event()
        head = (
            f"POST /{LOGIN}/big.git/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1\r\nGit-Protocol: version=2\r\n"
            f"Content-Type: application/x-git-upload-pack-request\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        for number in range(count):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            one.bind((f"127.0.{number + 1}.1", 0))  # a network of its own: one alone may not hold so many
            one.connect(("127.0.0.1", portal.port))
            one.sendall(head.encode() + body)
            one.setblocking(False)
            self.sockets.append(one)
        self.alive = set(self.sockets)
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        buffer = bytearray(SLOW_BYTES // 10)
        while not self.stopping.wait(0.1):
            for one in list(self.alive):
                try:
                    count = one.recv_into(buffer)
                except BlockingIOError:
                    continue
                except OSError:
                    count = 0
                self.received += count
                if not count:
                    self.alive.discard(one)
                    self.ended += 1

    def stop(self) -> None:
        """All clients go away."""
        self.stopping.set()
        self.thread.join()
        for one in self.sockets:
            one.close()


def slow_clones(load: Load, history: Path, clones: int, readers: int, duration: float) -> list[tuple[str, str, str]]:
    """Readers alone, then beside slow clones."""
    portal, rows = load.portal, []
    body = fetch_request(history)
    discard(portal.address("big"), body)  # the pack is kept from here on
    alone, some = load.readers(1, duration / 2, thinking=0.1), load.readers(readers, duration / 2)
    before = portal.python_pss()
    slow = SlowClones(portal, clones, body)
    peak = 0.0
    answers = Answers()
    reading = threading.Thread(target=lambda: vars(answers).update(vars(load.readers(readers, duration))))
    reading.start()
    while reading.is_alive():
        peak = max(peak, portal.python_pss())
        time.sleep(2)
    running, received = len(slow.alive), slow.received
    slow.stop()
    limit = percentile(alone.seconds, 0.95) * 5
    p95 = percentile(answers.seconds, 0.95)
    faults = answers.faults + (clones - running)
    rows.append((f"pages, 1 reader, p50 / p95 ({len(alone.seconds)} pages)", both(alone), ""))
    rows.append((f"pages, {readers} readers, a page each {THINKING:g} s ({len(some.seconds)})", both(some), ""))
    rows.append(
        (f"the same beside {clones} slow clones ({len(answers.seconds)})", both(answers), goal(p95, limit, f"p95 ≤ {limit * 1000:.0f} ms"))
    )
    rows.append(("errors of pages, clones that broke off", str(faults), goal(faults, 0, "0")))
    rows.append(("clones then running, MB they got", f"{running}, {received / 1e6:.0f}", ""))
    rows.append(("PSS of the portal's Python, after these readers", f"{before:.0f} MB", ""))
    rows.append(("PSS of the portal's Python, most", f"{peak:.0f} MB", goal(peak, 900, "≤ 900 MB")))
    return rows


# --- a crawl ------------------------------------------------------------------------------------------------------


class Crawl:
    """Addresses that follow every link they find, `rate` requests a second in all, with the headers of browsers."""

    def __init__(self, load: Load, addresses: int, rate: float, workers: int = 64) -> None:
        self.load, self.rate, self.answers = load, rate, Answers()
        order = random.Random(1)  # noqa: S311
        self.addresses = [
            f"{order.randint(1, 223)}.{order.randint(0, 255)}.{order.randint(0, 255)}.{order.randint(1, 254)}" for _ in range(addresses)
        ]
        self.queue: collections.deque[str] = collections.deque([load.base])
        self.seen = {load.base}
        self.stopping, self.lock, self.turn = threading.Event(), threading.Lock(), 0
        self.began = time.monotonic()
        self.threads = [threading.Thread(target=self._run) for _ in range(workers)]
        for thread in self.threads:
            thread.start()

    def _next(self) -> tuple[float, str, str]:
        """When, from which address, which path."""
        with self.lock:
            self.turn += 1
            path = self.queue.popleft() if self.queue else self.load.base
            if len(self.queue) < 50:
                self.queue.append(path)
            return self.began + self.turn / self.rate, self.addresses[self.turn % len(self.addresses)], path

    def _run(self) -> None:
        connection = self.load.connection()
        while not self.stopping.is_set():
            when, address, path = self._next()
            if self.stopping.wait(max(0.0, when - time.monotonic())):
                return
            status, body, took = ask(connection, path, {**BROWSER, "X-Forwarded-For": address})
            with self.lock:
                self.answers.add(status, took)
                for link in LINK.findall(body) if status == 200 else ():
                    target = link.decode(errors="replace").replace("&amp;", "&")
                    if target.startswith(self.load.base) and target not in self.seen and len(self.seen) < 200_000:
                        self.seen.add(target)
                        self.queue.append(target)

    def stop(self) -> float:
        """End it; requests a second it got out."""
        self.stopping.set()
        rate = sum(self.answers.statuses.values()) / (time.monotonic() - self.began)
        for thread in self.threads:
            thread.join()
        return rate


def _crawl(load: Load, addresses: int, rate: float, wire: Connection) -> None:
    """A crawl in a process of its own until told to stop; sends what it saw. Beside it a reader's clock would wait for our interpreter."""
    crawler = Crawl(load, addresses, rate)
    wire.recv()
    reached = crawler.stop()
    wire.send((reached, crawler.answers))


def crawl(load: Load, addresses: int, rate: float, duration: float) -> list[tuple[str, str, str]]:
    """One signed-in reader alone, then beside the crawl."""
    alone = load.readers(1, duration / 2, thinking=0.1)
    wire, theirs = multiprocessing.Pipe()
    crawler = multiprocessing.Process(target=_crawl, args=(load, addresses, rate, theirs))
    crawler.start()
    answers, peak = Answers(), 0.0
    reading = threading.Thread(target=lambda: vars(answers).update(vars(load.readers(1, duration, thinking=0.1))))
    reading.start()
    while reading.is_alive():
        peak = max(peak, load.portal.python_pss())
        time.sleep(2)
    wire.send(None)
    reached, crawled = wire.recv()
    crawler.join()
    limit, p95 = percentile(alone.seconds, 0.95) * 2, percentile(answers.seconds, 0.95)
    faults = answers.faults + crawled.faults
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(crawled.statuses.items()))
    return [
        (f"signed-in pages alone, p50 / p95 ({len(alone.seconds)})", both(alone), ""),
        (f"the same beside the crawl ({len(answers.seconds)})", both(answers), goal(p95, limit, f"p95 ≤ {limit * 1000:.0f} ms")),
        (f"crawl of {addresses} addresses, {rate:.0f}/s wanted", f"{reached:.0f}/s", ""),
        ("its answers", statuses, ""),
        ("answers 5xx or none", str(faults), goal(faults, 0, "0")),
        ("PSS of the portal's Python, most", f"{peak:.0f} MB", goal(peak, 900, "≤ 900 MB")),
    ]


def both(answers: Answers) -> str:
    """p50 / p95 in ms."""
    return f"{percentile(answers.seconds, 0.5) * 1000:.1f} / {percentile(answers.seconds, 0.95) * 1000:.1f} ms"


def goal(value: float, limit: float, text: str) -> str:
    """The goal, and whether it was missed."""
    return text if value <= limit else f"{text}  MISSED"


def main() -> None:
    """Start a portal behind a proxy that is trusted (this script), load it, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=Path, required=True, help="a bare repository with a long history, such as git's own")
    parser.add_argument("--data", type=Path, help="data directory to keep and use again (the import takes minutes)")
    parser.add_argument("--only", default="clones,crawl", help="parts to measure, with commas")
    parser.add_argument("--seconds", type=float, default=40, help="how long each load lasts")
    parser.add_argument("--quick", action="store_true", help="a few seconds of little load: does it run?")
    given = parser.parse_args()
    clones, readers, addresses, rate, duration = (3, 2, 5, 20.0, 3.0) if given.quick else (100, 50, 500, 200.0, given.seconds)
    folder = Path(tempfile.mkdtemp(prefix="openi-bench-"))
    try:
        portal = Portal(given.data or folder / "portal", OPENI_TRUSTED_PROXIES="1")
        portal.prepare({"big": given.history})
        with portal:
            load = Load(portal, sign_in(portal))
            idle = portal.python_pss()
            load.warm()
            rows = [("PSS of the portal's Python, idle", f"{idle:.0f} MB", goal(idle, 450, "≤ 450 MB"))]
            if "clones" in given.only:
                rows += slow_clones(load, Path(portal.folder("big")), clones, readers, duration)
            if "crawl" in given.only:
                rows += crawl(load, addresses, rate, duration)
        table(("what", "measured", "goal"), rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
