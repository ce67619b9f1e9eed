"""The market in a browser: filters and orders without a new page, the address that says it all, the way back."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.actors import SYSTEM
from projects import commands
from projects.models import Category, Repository
from tests.factories import accounts as people
from tests.factories import projects as factories

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
expect.set_options(timeout=30_000)  # ms, on a busy machine


def test_filters_change_the_list_and_the_address_without_a_new_page(tab: Page, live_server) -> None:
    owner, vision = people.person("ada"), Category.objects.get(slug="computer-vision")
    for name in ("first", "second"):
        factories.repository(owner, name=name)
    Repository.objects.filter(name="first").update(category=vision)
    commands.list_mirror(SYSTEM, "https://github.com/lab/model")
    tab.goto(f"{live_server.url}/market")
    tab.evaluate("window.same = true")
    shown = tab.locator("#market .item")
    expect(shown).to_have_count(3)
    tab.focus("#facets a:has-text('计算机视觉')")
    tab.keyboard.press("Enter")
    expect(shown).to_have_count(1)
    expect(tab).to_have_url(re.compile(r"/market\?category=computer-vision$"))
    expect(tab.locator("#facets a[aria-current]")).to_be_focused()
    tab.click(".applied .chip a")
    expect(shown).to_have_count(3)
    tab.select_option("#sort", "name")
    expect(tab).to_have_url(re.compile("sort=name$"))
    expect(shown.first).to_contain_text("first")
    assert tab.evaluate("window.same")
    _back(tab)
    expect(tab.locator(".applied")).to_have_count(0)
    _back(tab)
    expect(shown).to_have_count(1)
    expect(tab.locator(".applied .chip")).to_contain_text("计算机视觉")
    tab.fill("#mq", "https://github.com/lab/model")
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile("/github.com/lab/model$"))


def _back(tab: Page) -> None:
    """One step back: the page is fetched anew, nothing of it was kept in the browser."""
    tab.evaluate("document.documentElement.dataset.old = ''; setTimeout(() => history.back())")
    expect(tab.locator("html[data-old]")).to_have_count(0)
