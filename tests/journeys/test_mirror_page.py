"""The page of a mirror over SSH: the key can be copied, long fingerprints and addresses fit a phone."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from projects import commands
from projects.models import Mirror, MirrorKey, MirrorStore
from tests.factories import accounts as people

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
SESSION = settings.SESSION_COOKIE_NAME
HOST_KEY = "git.example.org-22 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n"


@pytest.mark.parametrize("width", [390, 1440])
def test_the_key_and_what_is_not_mirrored(visit: BrowserContext, tab: Page, live_server, monkeypatch, width: int) -> None:
    monkeypatch.setattr("core.outgoing._resolve", lambda host, port: ["140.82.121.4"])
    owner = people.person("owner")
    address = "git@git.example.org:a-group-with-a-long-name/another-group/a-project-with-a-long-name.git"
    mirror = commands.mirror_into(people.actor(owner), owner.namespace, address=address, name="model")
    Mirror.objects.update(cause="host_key", failures=2, state="failing")
    MirrorKey.objects.update(host_key=HOST_KEY, host_key_at=mirror.created_at)
    MirrorStore.objects.create(mirror=mirror, lfs_count=12, lfs_bytes=5 * 1024**3, lender=mirror.repository, saved_bytes=10**7)
    client = Client()
    people.sign_in(client, owner)
    visit.add_cookies([{"name": SESSION, "value": client.cookies[SESSION].value, "url": live_server.url}])
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(f"{live_server.url}/owner/model/mirror")
    assert tab.locator("#public-key").input_value().startswith("ssh-ed25519 ")
    assert "12 个大文件" in tab.locator("main").inner_text()
    assert "SHA256:" in tab.locator("main").inner_text()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.locator("button[value=trust]").click()
    tab.wait_for_load_state()
    assert MirrorKey.objects.get().host_key == ""
    assert Mirror.objects.get().is_urgent
