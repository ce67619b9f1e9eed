"""The box of every page in a browser: suggestions by keyboard, and the same box without scripts."""

import pytest
from playwright.sync_api import Browser, Page

from core.actors import SYSTEM
from search import commands
from tests.factories import accounts as people
from tests.factories import projects as factories

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def found() -> None:
    """Two projects in the index."""
    owner = people.person("ada")
    for name in ("pangu-alpha", "pangu-beta"):
        factories.repository(owner, name=name, files={"README.md": "盘古大模型".encode()})
    commands.rebuild_index(SYSTEM)


def test_suggestions_by_keyboard(tab: Page, live_server, found) -> None:
    tab.goto(f"{live_server.url}/_components/")
    tab.keyboard.press("/")
    tab.keyboard.type("pan")
    tab.locator(".suggestions [role=option]").nth(1).wait_for()
    assert tab.get_attribute(".site-search input", "aria-expanded") == "true"
    tab.keyboard.press("Escape")
    assert tab.locator(".suggestions:visible").count() == 0
    tab.keyboard.type("g")
    tab.locator(".suggestions [role=option]").nth(1).wait_for()
    tab.keyboard.press("ArrowDown")
    chosen = tab.locator(".suggestions [aria-selected=true] b").inner_text()
    assert tab.locator(".site-search input").get_attribute("aria-activedescendant")
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{live_server.url}/{chosen}")


def test_the_box_without_scripts(chromium: Browser, live_server, found) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{live_server.url}/search")
    page.fill("#q", "盘古")
    page.click("main form button[type=submit]")
    assert page.locator(".item-list > .item").count() == 2
    assert page.locator("mark").first.inner_text() == "盘古"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
