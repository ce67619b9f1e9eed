"""Run as a program inside a network name space of its own (`unshare -n`): a portal with its demo, a browser that walks through it, and an
ear on the only way out. Prints JSON: `pages` visited, `asked` (addresses that pages wanted from elsewhere), `packets` that left.

    unshare -n python -m tests.operate.walled DATA_DIRECTORY
"""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from playwright.sync_api import Page, sync_playwright

from tests.journeys.conftest import CHROMIUM, FLAGS
from tests.operate.servers import Server, eventually, manage, serving

ELSEWHERE = "192.0.2.1"  # RFC 5737: documentation; nobody is there
MAX_PAGES = 90
SECONDS = 100.0


def listen(heard: list[str]) -> None:
    """Make the way to everywhere lead back to this machine, and note what is sent to other hosts, names that are looked up included."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "route", "add", "default", "dev", "lo"], check=True)
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    ear.bind(("lo", 0))

    def note() -> None:
        while True:
            frame = ear.recv(2048)
            if frame[12:14] == b"\x08\x00" and frame[30] != 127:  # IPv4
                target = socket.inet_ntoa(frame[30:34])
                heard.append(f"protocol {frame[23]} to {target}: {bytes(c for c in frame[42:] if 32 <= c < 127)[:60].decode()}")

    threading.Thread(target=note, daemon=True).start()


def shape(address: str) -> str:
    """Addresses of one shape show one template: digits, object ids, mirrors and what stands behind a repository's second part are alike."""
    path = re.sub(r"^/git(?:hub|ee)\.com/[^/]+(?:/[^/]+)?", "/a-mirror", urlsplit(address).path)
    return re.sub(r"[0-9a-f]{40}|\d+", "0", re.sub(r"^(/[^/]+/[^/]+/(?:blob|raw|blame|commits|tree)/).*", r"\1", path))


def walk(page: Page, base: str, until: float, visited: dict[str, str]) -> None:
    """Breadth first over links, one page of each shape, whatever status it answers."""
    waiting = [f"{base}/"]
    while waiting and len(visited) < MAX_PAGES and time.monotonic() < until:
        address = waiting.pop(0)
        if shape(address) in visited:
            continue
        visited[shape(address)] = address
        if re.search(r"/(raw|archive|logout)(/|$)|\.(zip|tar\.gz|atom|json|patch|diff)$", urlsplit(address).path):
            continue
        page.goto(address, wait_until="load", timeout=30_000)
        links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
        found = (urldefrag(urljoin(address, link)).url for link in links)
        waiting += [link for link in found if link.startswith(f"{base}/") and shape(link) not in visited]


def browse(server: Server, login: str, password: str, asked: list[str]) -> dict[str, str]:
    """As a stranger, then as the demo's administrator."""
    visited: dict[str, str] = {}
    with sync_playwright() as playwright:
        arguments = [*FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        walk(page, server.base, time.monotonic() + SECONDS / 2, visited)
        page.goto(f"{server.base}/login")
        page.fill("#id_login", login)
        page.fill("#id_password", password)
        page.press("#id_password", "Enter")
        page.wait_for_url(lambda address: "/login" not in address)
        visited.pop("/")
        walk(page, server.base, time.monotonic() + SECONDS / 2, visited)
        browser.close()
    return visited


def main(data: Path) -> None:
    """The whole walk."""
    heard: list[str] = []
    asked: list[str] = []
    listen(heard)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:  # the ear hears
        probe.sendto(b"x" * 20 + b"is anybody there", (ELSEWHERE, 53))
    eventually(lambda: heard, 5)
    time.sleep(0.2)  # the loop shows each packet twice, out and in
    assert "is anybody there" in heard[0], heard
    heard.clear()
    with serving(data) as server:
        server.await_ready(300)
        eventually(lambda: "Ctrl-C stops it." in server.lines, 10)
        login, password = next(line for line in server.lines if line.startswith("logins")).split()[1:]
        visited = browse(server, login, password, asked)
        reset = "from django.test import Client; print(Client(HTTP_HOST='127.0.0.1').post('/-/account/password/reset/', {'email': 'x@example.org'}))"
        manage(data, "shell", "-c", reset)
        time.sleep(12)  # beat and worker: two rounds
    outside = sorted({address for address in asked if not address.startswith((server.base, "data:", "blob:", "about:"))})
    print(json.dumps({"pages": sorted(visited.values()), "asked": outside, "packets": heard}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
