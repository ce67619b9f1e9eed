"""Push mirrors and lists of mirrors in a narrow window, with things in them: one heading, names, labels, no sideways scroll."""

import os

import pytest
from playwright.sync_api import BrowserContext

from core.actors import SYSTEM
from projects import commands
from projects.commands import mirror_lists
from projects.models import Mirror, PushMirror, PushRun, Repository
from tests.factories import accounts as people
from tests.journeys.test_accessibility import faults_of, signed_in, stage

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "https://git.example.org/a-rather-long-group-name/another-one/and-a-repository-with-a-long-name.git"


def pushed(made: Repository) -> list[str]:
    """Push mirrors that work, fail and are stopped; the pages that show them."""
    rows = [
        PushMirror.objects.create(repository=made, address=f"{LONG}{state}", key=f"k{state}", host="git.example.org", cause=state, **more)
        for state, more in (("", {}), ("refused", {"failures": 3, "said": "remote: error: GH006: Protected branch update failed"}), ("host_key", {
            "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUEWUKYLqoDn3cG6xUBrF8NqEPHFm3YCdJAqhcPSbJx push-mirror-git.example.org",
            "host_key": "git.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUEWUKYLqoDn3cG6xUBrF8NqEPHFm3YCdJAqhcPSbJx\n", "is_paused": True}))
    ]  # fmt: skip
    for row in rows:
        PushRun.objects.create(
            mirror=row, refs_changed=2, changed=[["refs/heads/a-branch-with-a-rather-long-name/and-a-folder", "0" * 40, "1" * 40]]
        )
        PushRun.objects.create(
            mirror=row, cause="refused", said="hook declined", left=[["refs/heads/main", "[remote rejected] (hook declined)"]]
        )
    return [
        f"{made.get_absolute_url()}/settings/push-mirrors",
        *(f"{made.get_absolute_url()}/settings/push-mirrors?mirror={row.pk}" for row in rows),
    ]


def handed_in() -> list[str]:
    """A list to look at, one that waits, one that is done."""
    text = f"地址,描述,类别,一个没有用的列\n{LONG},{'a long description ' * 9},不存在的分类,x\nhttps://github.com/lab/one,,,\nbroken\n".encode()
    lists = [mirror_lists.hand_in_list(SYSTEM, [text], name="a-list-of-mirrors-with-a-rather-long-name.csv") for _ in range(3)]
    for row in lists[1:]:
        mirror_lists.begin_list(SYSTEM, row, columns={})
    mirror_lists.run_mirror_list(SYSTEM, lists[2].pk)
    return ["/-/admin/mirrors/import", *(f"/-/admin/mirrors/import/{row.pk}" for row in lists)]


def test_they_fit_a_narrow_screen(visit: BrowserContext, live_server) -> None:
    made, tab = stage(), visit.new_page()
    Mirror.objects.update(filled_at="2026-01-01T00:00Z", state="fresh")
    commands.set_collaborator(SYSTEM, made, people.person(), access="maintain")
    signed_in(visit, live_server.url)
    tab.set_viewport_size({"width": 390, "height": 844})
    paths = [*pushed(made), *handed_in(), f"{made.get_absolute_url()}/settings/upstream", "/github.com/Lab/Model/mirror", "/-/import"]
    faults = faults_of(tab, live_server.url, paths)
    if folder := os.environ.get("OPENI_SHOTS"):
        for number, path in enumerate(paths):
            tab.goto(live_server.url + path)
            tab.screenshot(path=f"{folder}/{number:02}.png", full_page=True)
    assert not faults, "\n".join(faults)
