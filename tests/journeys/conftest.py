"""A real browser (Debian's Chromium) on a live server; what the browser complains about fails the test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


_running: list[Browser] = []  # a module that imports the fixture has one of its own; Playwright starts once in a thread


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all journeys."""
    if _running:
        yield _running[0]
        return
    if not Path(CHROMIUM).exists():
        pytest.skip(f"needs {CHROMIUM}")
    with sync_playwright() as playwright:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread; the tests use the database between its calls
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        _running.append(browser)
        yield browser
        _running.clear()
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(chromium: Browser) -> Iterator[BrowserContext]:
    """A reader of their own: no cookies, no storage, Chinese."""
    context = chromium.new_context(locale="zh-CN", permissions=["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture
def tab(visit: BrowserContext) -> Iterator[Page]:
    """A tab that collects complaints: script errors and violations of the content security policy."""
    page = visit.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield page
    assert not complaints
