"""Releases, tags, feeds."""

import hashlib
import re
import xml.etree.ElementTree as ET

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.models import Event
from projects import commands, queries
from projects.models import Release, ReleaseAsset
from tests.factories.accounts import actor, person, sign_in
from tests.factories.projects import commit, git, repository

pytestmark = pytest.mark.django_db


def test_publishing_makes_the_tag():
    owner = person()
    made = repository(owner, files={"a": b"1"})
    release = commands.save_release(actor(owner), made, tag="v1.0", title="One", notes="*n*")
    assert git(made.path, "rev-parse", "v1.0") == git(made.path, "rev-parse", "main")
    assert Event.objects.get(name="projects.ReleasePublished").payload["release_id"] == release.pk
    first = git(made.path, "rev-parse", "main")
    commit(made, {"a": b"2"})
    commands.save_release(actor(owner), made, tag="v0.9", target=first)
    assert git(made.path, "rev-parse", "v0.9") == first
    with pytest.raises(Conflict):
        commands.save_release(actor(owner), made, tag="v1.0")
    with pytest.raises(Invalid):
        commands.save_release(actor(owner), made, tag="v2", target="nowhere")
    for tag in ("", "-x", "a..b", "a b", "x.lock"):
        with pytest.raises(Invalid):
            commands.save_release(actor(owner), made, tag=tag)
    with pytest.raises(Invalid):
        commands.save_release(actor(owner), made, tag="other", release=release)


def test_drafts_are_for_maintainers():
    owner, reader = person(), person()
    made = repository(owner, files={"a": b"1"})
    draft = commands.save_release(actor(owner), made, tag="v1", is_draft=True)
    assert git(made.path, "tag") == ""
    assert list(queries.releases(actor(reader), made)) == []
    assert list(queries.releases(actor(owner), made)) == [draft]
    with pytest.raises(NotFound):
        queries.release(actor(reader), made, "v1")
    assert not Event.objects.filter(name="projects.ReleasePublished").exists()
    commands.save_release(actor(owner), made, tag="v1", release=draft)
    commands.save_release(actor(owner), made, tag="v1", notes="again", release=draft)
    assert Event.objects.filter(name="projects.ReleasePublished").count() == 1
    with pytest.raises(Forbidden):
        commands.save_release(actor(reader), made, tag="v2")


def test_protected_tag():
    owner, writer = person(), person()
    made = repository(owner, files={"a": b"1"})
    commands.set_collaborator(actor(owner), made, writer, access="maintain")
    commands.save_protection(actor(owner), made, kind="tag", pattern="v*", push_access="admin", merge_access="write")
    with pytest.raises(Forbidden):
        commands.save_release(actor(writer), made, tag="v1")
    commands.save_release(actor(owner), made, tag="v1")


def test_latest():
    owner = person()
    made = repository(owner, files={"a": b"1"})
    assert queries.latest_release(made) is None
    commands.save_release(actor(owner), made, tag="v1")
    commands.save_release(actor(owner), made, tag="v2-rc1", is_prerelease=True)
    assert queries.latest_release(made).tag == "v1"


def test_asset_names():
    assert commands.asset_name("C:\\x\\file.zip") == "file.zip"
    for name in ("", "..", "a\x00b", "x" * 300):
        with pytest.raises(Invalid):
            commands.asset_name(name)


def test_pages_assets_and_ranges(client):
    owner = person("rel")
    made = repository(owner, name="p", files={"a": b"1"})
    sign_in(client, owner)
    body = bytes(range(256)) * 40
    assert client.get("/rel/p/releases").status_code == 200
    assert client.get("/rel/p/releases/new").status_code == 200
    sent = {
        "tag": "v/1",
        "target": "main",
        "title": "T",
        "notes": "**bold** <script>alert(1)</script>",
        "files": [SimpleUploadedFile("x 1.bin", body)],
    }
    assert client.post("/rel/p/releases/new", sent)["Location"] == "/rel/p/releases/tag/v/1"
    page = client.get("/rel/p/releases/tag/v/1")
    assert hashlib.sha256(body).hexdigest().encode() in page.content
    assert b"<script>alert" not in page.content
    assert client.get("/rel/p/releases/latest")["Location"] == "/rel/p/releases/tag/v/1"
    client.logout()
    url = "/rel/p/releases/download/v/1/x%201.bin"
    answer = client.get(url)
    assert b"".join(answer) == body
    assert "attachment" in answer["Content-Disposition"]
    ranged = client.get(url, headers={"Range": "bytes=10-19"})
    assert ranged.status_code == 206
    assert b"".join(ranged) == body[10:20]
    assert ReleaseAsset.objects.get().downloads == 1
    assert client.get("/rel/p/releases/latest/download/x%201.bin").status_code == 302
    sign_in(client, owner)
    edited = {"tag": "v/1", "target": "", "title": "T2", "notes": "", "remove": [str(ReleaseAsset.objects.get().pk)]}
    assert client.post("/rel/p/releases/edit/v/1", edited).status_code == 302
    assert not ReleaseAsset.objects.exists()
    assert client.post("/rel/p/releases/delete/v/1").status_code == 302
    assert not Release.objects.exists()
    assert git(made.path, "tag") == "v/1"


def test_tags_page_and_deletion(client):
    owner = person("tagger")
    made = repository(owner, name="p", files={"a": b"1"})
    for tag in ("v1.9", "v1.10", "v1.10-rc1"):
        git(made.path, "tag", tag, "main")
    text = client.get("/tagger/p/tags").content.decode()
    assert text.index(">v1.10<") < text.index(">v1.10-rc1<") < text.index(">v1.9<") if ">v1.10<" in text else "v1.10" in text
    oid = git(made.path, "rev-parse", "v1.9")
    assert client.post("/tagger/p/tags/delete", {"tag": "v1.9", "oid": oid}).status_code == 403
    sign_in(client, owner)
    assert client.post("/tagger/p/tags/delete", {"tag": "v1.9", "oid": "0" * 40}).status_code == 409
    assert client.post("/tagger/p/tags/delete", {"tag": "v1.9", "oid": oid}).status_code == 302
    assert "v1.9" not in git(made.path, "tag").split()


ATOM = "{http://www.w3.org/2005/Atom}"


def test_feeds_are_valid_atom_and_carry_no_html_of_strangers(client):
    """RFC 4287: id, title, updated and an author for each entry; what is typed html is HTML, so messages are escaped in it."""
    owner = person("feed-html")
    made = repository(owner, name="p", files={"a": b"1"})
    commit(made, {"b": b"1"}, message="Add <script>alert(1)</script> & more\n\nif a<b")
    oid = git(made.path, "rev-parse", "main")
    tagged = f"object {oid}\ntype commit\ntag v#2\ntagger Tag Ger <t@example.org> 1700000000 +0000\n\nSecond <img src=x onerror=alert(1)>\n"
    git(made.path, "update-ref", "refs/tags/v#2", git(made.path, "mktag", data=tagged.encode()))
    commands.record_push(SYSTEM, made, [("refs/tags/v#2", "0" * 40, git(made.path, "rev-parse", "v#2"))])
    commands.save_release(actor(owner), made, tag="v#2", title="T <b>", notes="# Notes\n\n<script>alert(1)</script>\n\n[a](a)")
    for name in ("commits", "tags", "releases"):
        root = ET.fromstring(client.get(f"/feed-html/p/{name}.atom").content)
        assert all(root.findtext(ATOM + part) for part in ("id", "title", "updated"))
        assert root.find(f"{ATOM}author/{ATOM}name") is not None
        entries = root.findall(ATOM + "entry")
        assert entries
        for entry in entries:
            assert all(entry.findtext(ATOM + part) for part in ("id", "title", "updated"))
            summary = entry.find(ATOM + "summary")
            assert summary is not None
            assert summary.get("type") == "html"
            assert not re.search(r"<(script|img)", summary.text or ""), name
            address = entry.find(ATOM + "link").get("href")
            assert client.get(address.removeprefix("http://testserver").split("#")[0]).status_code == 200, address
    notes = ET.fromstring(client.get("/feed-html/p/releases.atom").content).findtext(f"{ATOM}entry/{ATOM}summary")
    assert ">Notes</h" in notes
    assert 'href="http://testserver/feed-html/p/blob/' in notes
    tag = ET.fromstring(client.get("/feed-html/p/tags.atom").content).find(ATOM + "entry")
    assert tag.findtext(f"{ATOM}author/{ATOM}name") == "Tag Ger"
    assert "Second &lt;img" in tag.findtext(ATOM + "summary")


def test_feeds_are_atom_and_survive_control_characters(client):
    owner = person("feed")
    made = repository(owner, name="p")
    assert client.get("/feed/p/commits.atom").status_code == 200
    commit(made, {"a": b"1"}, message="bell \x07 and <b>")
    commands.save_release(actor(owner), made, tag="v1", title="T", notes="n\x08")
    for name, entries in (("commits", 1), ("tags", 1), ("releases", 1)):
        answer = client.get(f"/feed/p/{name}.atom")
        assert answer["Content-Type"].startswith("application/atom+xml")
        root = ET.fromstring(answer.content)
        assert len(root.findall("{http://www.w3.org/2005/Atom}entry")) == entries
    private = repository(owner, name="q", visibility="private")
    assert client.get(f"/feed/{private.name}/commits.atom").status_code == 404
