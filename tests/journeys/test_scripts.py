"""The small scripts of static/js in a browser, and the same page without them."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.factories import accounts as people
from tests.factories import projects as factories

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def test_gallery_with_scripts(tab: Page, live_server) -> None:
    """Copy, menus, keys, theme, focus on a refused form; the policy is not violated."""
    tab.goto(f"{live_server.url}/_components/")
    assert tab.evaluate("document.activeElement.className") == "error-summary"

    tab.locator("#g-button summary").first.click()
    assert tab.locator("details.menu[open]").count() == 1
    tab.keyboard.press("Escape")
    assert tab.locator("details.menu[open]").count() == 0
    tab.locator("#g-button summary").first.click()
    tab.locator("h1").click()
    assert tab.locator("details.menu[open]").count() == 0

    tab.locator("[data-copy]").first.click()
    tab.locator("[role=status]", has_text="已复制").wait_for(state="attached")
    assert tab.evaluate("navigator.clipboard.readText()") == "git@git.example.org:PCL-Platform.Intelligence/PanGu-Alpha.git"

    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.name") == "q"
    tab.keyboard.type("t/")
    assert tab.input_value(".site-search input") == "t/", "keys are shortcuts only outside of fields"


def test_theme_is_kept(tab: Page, live_server) -> None:
    tab.emulate_media(color_scheme="light")
    tab.goto(f"{live_server.url}/_components/")
    tab.click("#theme")
    assert tab.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    tab.reload()
    assert tab.evaluate("document.documentElement.dataset.bsTheme") == "dark"


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_scrolls_sideways(tab: Page, live_server, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    for path in ("/", "/market", "/login", "/_components/"):
        tab.goto(live_server.url + path)
        assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


def test_gallery_without_scripts(chromium: Browser, live_server) -> None:
    """Menus open, forms are there, and no button pretends to work."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/_components/")
    page.locator("#g-button summary").first.click()
    assert page.locator("#g-button details[open] a").first.is_visible()
    assert page.locator("[data-copy]:visible").count() == 0
    assert not page.locator("#theme").is_visible()
    context.close()


def test_lines_are_chosen_and_shared(tab: Page, live_server) -> None:
    """A click chooses a line, Shift a range; the address and the permanent link carry it."""
    repository = factories.repository(people.person(), files={"a.py": b"".join(b"x = %d\n" % n for n in range(50))})
    tab.goto(f"{live_server.url}{repository.get_absolute_url()}/blob/main/a.py")

    def chosen() -> list[str]:
        return tab.eval_on_selector_all("tr.hit", "rows => rows.map(row => row.id)")  # type: ignore[no-any-return]

    tab.click("#L6 .ln a")
    assert chosen() == ["L6"]
    tab.click("#L4 .ln a", modifiers=["Shift"])
    assert chosen() == ["L4", "L5", "L6"]
    assert tab.url.endswith("/a.py#L4-L6")
    tab.reload()
    assert chosen() == ["L4", "L5", "L6"]
    tab.keyboard.press("y")
    tab.wait_for_url(re.compile(r"/blob/[0-9a-f]{40}/a\.py#L4-L6$"))
    assert chosen() == ["L4", "L5", "L6"]
    tab.goto(tab.url.split("#")[0] + "#L999")
    assert chosen() == []
