"""The curators' desk by keyboard alone: choose, preview, apply, undo."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from core.actors import SYSTEM
from projects import commands
from projects.models import BulkEdit, Mirror
from tests.factories import accounts as people

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
SESSION = settings.SESSION_COOKIE_NAME


@pytest.fixture
def desk(visit: BrowserContext, tab: Page, live_server) -> Page:
    """A curator's tab with four mirrors on the desk."""
    for number in range(4):
        commands.list_mirror(SYSTEM, f"https://github.com/lab/m{number}")
    client = Client()
    people.sign_in(client, people.person("root", is_admin=True))
    visit.add_cookies([{"name": SESSION, "value": client.cookies[SESSION].value, "url": live_server.url}])
    tab.goto(f"{live_server.url}/-/admin/mirrors")
    return tab


def test_mirrors_are_paused_and_resumed_without_a_mouse(desk: Page) -> None:
    for key in "jxjjx":
        desk.keyboard.press(key)
    assert desk.locator("[data-count]").inner_text() == "2"
    assert desk.locator("tr.is-current").count() == 1
    chosen = "boxes => boxes.map((box) => box.closest('tr').rowIndex)"
    assert desk.locator("input[name=pick]:checked").evaluate_all(chosen) == [1, 3]
    desk.keyboard.press("a")
    assert desk.locator("[data-count]").inner_text() == "4"
    desk.keyboard.press("a")
    desk.keyboard.press("x")
    with desk.expect_navigation():
        desk.keyboard.press("3")
    with desk.expect_navigation():
        desk.locator("button[value=apply]").press("Enter")
    assert list(Mirror.objects.filter(state="paused").values_list("repository__name", flat=True)) == ["m2"]
    with desk.expect_navigation():
        desk.locator("#edit button[type=submit]").press("Enter")
    assert BulkEdit.objects.filter(undoes__isnull=False, changed=1).exists()
    assert not Mirror.objects.filter(state="paused").exists()


def test_letters_typed_into_a_field_choose_nothing(desk: Page) -> None:
    desk.locator("#q").press_sequentially("jxa1")
    assert desk.locator("#q").input_value() == "jxa1"
    assert desk.locator("input[name=pick]:checked").count() == 0
    assert desk.locator("h2").first.is_visible()
