"""Marks of signed tags, with real gpg and ssh-keygen: on the page of tags, on releases and in the API, by the same keys as commits."""

import subprocess

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import gitstore
from accounts import commands
from projects import queries
from projects.commands import save_release
from tests.factories import accounts as make
from tests.projects.test_signing import Bench, ada, add, bench, by_gpg, gpg

__all__ = ["ada", "bench", "gpg"]
pytestmark = pytest.mark.django_db


def tag(bench: Bench, name: str, *config: str, annotated: bool = True, sign: bool = True) -> None:
    """Make a tag in the clone and push it."""
    options = [part for value in config for part in ("-c", value)]
    kind = ["-s" if sign else "-a", "-m", f"about {name}"] if annotated else ["--no-sign"]
    bench.git.run(*options, "tag", *kind, name, cwd=bench.folder)
    bench.git.run("push", "-q", "-f", str(bench.row.path), "HEAD:refs/heads/main", f"refs/tags/{name}", cwd=bench.folder)
    bench.row.is_empty = False
    bench.row.save()


def marks(bench: Bench) -> dict[str, str]:
    """Name of each signed tag → colour class of its mark."""
    found = {ref.oid: ref.short for ref in gitstore.tags(bench.row.path)}
    return {found[oid]: mark.tag for oid, mark in queries.tag_marks(bench.row, gitstore.tags(bench.row.path)).items()}


@pytest.fixture
def ssh(ada, tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", str(tmp_path / "key")], check=True)
    key = add(ada, (tmp_path / "key.pub").read_text())
    return ["gpg.format=ssh", f"user.signingkey={tmp_path / 'key'}"], key


def test_signed_by_gpg_and_by_ssh_others_have_no_mark(bench, ada, gpg, ssh):
    config = by_gpg(gpg, gpg.make())
    tag(bench, "unknown", *config)
    assert marks(bench) == {"unknown": ""}
    add(ada, gpg.public())
    tag(bench, "v1-gpg", *config)
    tag(bench, "v2-ssh", *ssh[0])
    tag(bench, "v3-plain", sign=False)
    tag(bench, "v4-light", annotated=False)
    tag(bench, "v5-other", *ssh[0], "user.email=else@example.org")
    assert marks(bench) == {"unknown": "tag-ok", "v1-gpg": "tag-ok", "v2-ssh": "tag-ok", "v5-other": "tag-warn"}


def test_a_changed_tag_and_a_removed_key_are_not_verified(bench, ada, ssh):
    tag(bench, "v1", *ssh[0])
    raw = bench.git.run("cat-file", "tag", "v1", cwd=bench.folder, text=False).stdout
    forged = bench.git.run(
        "hash-object", "-t", "tag", "-w", "--stdin", cwd=bench.folder, input=raw.replace(b"about v1", b"about v9"), text=False
    )
    bench.git.run("push", "-q", str(bench.row.path), f"{forged.stdout.decode().strip()}:refs/tags/v9", cwd=bench.folder)
    assert marks(bench) == {"v1": "tag-ok", "v9": "tag-warn"}
    commands.remove_signing_key(make.actor(ada), ssh[1].pk)
    assert marks(bench) == {"v1": "", "v9": ""}
    add(ada, ssh[1].public_key)
    assert marks(bench)["v1"] == "tag-ok"


def test_pages_and_api_show_the_mark(bench, ada, ssh, client: Client):
    tag(bench, "v1", *ssh[0])
    tag(bench, "v2", sign=False)
    for name in ("v1", "v2"):
        save_release(make.actor(ada), bench.row, tag=name, title="")
    word = 'class="tag tag-ok" title="Signed with a key of ada."'
    headers = {"Accept-Language": "en"}
    base = bench.row.get_absolute_url()
    for page, times in (("tags", 1), ("releases", 1), ("releases/tag/v1", 1), ("releases/tag/v2", 0)):
        text = client.get(f"{base}/{page}", headers=headers).content.decode()
        assert text.count(word) == times, page
    for name, state in (("v1", "verified"), ("v2", "unsigned")):
        told = client.get(f"/api/v1/repositories/ada/demo/tags/{name}", headers=headers).json()
        assert told["verification"]["state"] == state


def test_many_tags_cost_the_queries_of_one_and_gpg_is_asked_once_a_day(bench, ada, gpg, ssh, monkeypatch):
    config = by_gpg(gpg, gpg.make())
    add(ada, gpg.public())

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert set(marks(bench).values()) == {"tag-ok"}
        return len(asked)

    tag(bench, "v1", *config)
    one = cost()
    for number in range(2, 6):
        tag(bench, f"v{number}", *(config if number % 2 else ssh[0]))
    assert cost() == one
    monkeypatch.setattr(gitstore, "check_gpg", lambda *_args: pytest.fail("asked again"))
    assert cost() == one
