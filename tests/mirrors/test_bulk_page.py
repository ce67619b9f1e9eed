"""Lists of mirrors in the page: encodings, columns, preview, the run in the worker, killed and taken up again, the report."""

import csv
import io
import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from core import live
from core.actors import SYSTEM
from core.errors import Conflict, Invalid, NotFound
from projects import tasks
from projects.commands import listing, mirror_lists
from projects.mirrors import lists
from projects.models import Mirror, MirrorList, MirrorListPart, Repository
from search.models import Pending
from tests.factories.accounts import actor, person, sign_in

ENGLISH = {"accept-language": "en"}
IMPORT = "/-/admin/mirrors/import"
TABLE = "仓库地址,描述,分类,标签\r\nhttps://gitee.com/Lab/one,视觉,计算机视觉,a;b\r\nhttps://gitee.com/lab/two,,,\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_are_recognised(tmp_path, encoding) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TABLE.encode(encoding))
    seen = lists.preview(path)
    assert (seen.kind, seen.rows) == ("csv", 2)
    assert seen.columns == [("仓库地址", "address"), ("描述", "description"), ("分类", "category"), ("标签", "topics")]
    assert seen.samples[0] == lists.Wish(2, "https://gitee.com/Lab/one", "视觉", ("a", "b"), "计算机视觉")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_are_parted_by_what_the_head_uses(tmp_path, delimiter) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"address{delimiter}stars\nhttps://github.com/a/b{delimiter}7\n")
    assert lists.preview(path).samples == [lists.Wish(2, "https://github.com/a/b", stars=7)]


def test_one_column_with_a_head_and_odd_json(tmp_path) -> None:
    path = tmp_path / "a"
    path.write_text("url\nhttps://github.com/a/b\n")
    assert [wish.address for wish in lists.read(path)] == ["https://github.com/a/b"]
    path.write_text('{"url": "https://github.com/a/b", "topics": 7, "stars": [1]}\n{"url": null}\n')
    assert [(wish.address, wish.topics, wish.stars) for wish in lists.read(path)] == [("https://github.com/a/b", (), 0), ("", (), 0)]


pytestmark = pytest.mark.django_db


@pytest.fixture
def curator() -> User:
    return person(is_admin=True)


@pytest.fixture
def client(curator) -> Client:
    made = Client()
    sign_in(made, curator)
    return made


def handed_in(curator: User, text: str, *, columns: dict[str, str] | None = None) -> MirrorList:
    row = mirror_lists.hand_in_list(actor(curator), [text.encode()], name="list.csv")
    mirror_lists.begin_list(actor(curator), row, columns=columns or {})
    return row


def test_from_the_upload_to_the_report(client, curator, deliver) -> None:
    head = "源,说明二,分类,x\n"
    content = head + (
        "https://github.com/Lab/One,first,计算机视觉,1\n"
        "git@github.com:lab/one.git,,,\n"
        "https://github.com/lab/two,,No such field,\n"
        "https://unknown.example/a/b,,,\n"
        "=cmd|' /C calc'!A0,,,\n"
        "too,few\n"
    )
    answer = client.post(IMPORT, {"file": SimpleUploadedFile("mirrors.csv", content.encode("gbk"))})
    row = MirrorList.objects.get()
    assert answer.headers["Location"] == f"{IMPORT}/{row.pk}"
    page = client.get(f"{IMPORT}/{row.pk}", headers=ENGLISH).content.decode()
    assert "gb18030" in page
    assert "源" in page
    refused = client.post(f"{IMPORT}/{row.pk}", {"act": "begin", "c0": "", "c1": "description"}, headers=ENGLISH)
    assert refused.status_code == 422
    assert "Say which column holds the addresses." in refused.content.decode()
    again = client.post(f"{IMPORT}/{row.pk}", {"act": "look", "c0": "address", "c1": "description"}, headers=ENGLISH)
    assert "<code>https://github.com/Lab/One</code>" in again.content.decode()
    assert Mirror.objects.count() == 0
    choice = {"act": "begin", "c0": "address", "c1": "description", "c2": "category"}
    assert client.post(f"{IMPORT}/{row.pk}", choice).headers["Location"] == f"{IMPORT}/{row.pk}"
    assert "Waiting for a free worker" in client.get(f"{IMPORT}/{row.pk}", headers=ENGLISH).content.decode()
    deliver()
    row.refresh_from_db()
    assert (row.state, row.percent) == ("done", 100)
    assert row.counts == {"listed": 2, "duplicate": 1, "host": 1, "address": 1, "columns": 1}
    assert row.unknown_categories == {"No such field": 1}
    one = Repository.objects.select_related("category").get(name="One")
    assert (one.description, one.category.slug) == ("first", "computer-vision")
    told = client.get(f"{IMPORT}/{row.pk}/report.csv", headers=ENGLISH)
    lines = list(csv.reader(io.StringIO(b"".join(told.streaming_content).decode("utf-8-sig"))))
    assert [line[0] for line in lines[1:]] == ["2", "3", "4", "5", "6", "7"]
    assert lines[2][1] == "twice in the list"
    assert lines[5][2].startswith("'=")  # a spreadsheet computes nothing
    assert "No such field" in client.get(f"{IMPORT}/{row.pk}", headers=ENGLISH).content.decode()
    assert "added" in client.get(IMPORT, headers=ENGLISH).content.decode()
    assert AuditEntry.objects.get(act="list_mirrors").detail["listed"] == 2
    assert Mirror.objects.first().created_by == curator


def test_pasted_addresses_and_bad_input(client) -> None:
    assert client.post(IMPORT, {}, headers=ENGLISH).status_code == 422
    assert client.post(IMPORT, {"text": "  \n# nothing\n"}, headers=ENGLISH).status_code == 422
    empty = client.post(IMPORT, {"file": SimpleUploadedFile("a.csv", b"")}, headers=ENGLISH)
    assert "There is no address in it." in empty.content.decode()
    assert client.post(IMPORT, {"text": "https://github.com/a/b\nhttps://github.com/a/c"}).status_code == 302
    row = MirrorList.objects.get()
    assert client.post(f"{IMPORT}/{row.pk}", {"act": "begin"}).status_code == 302
    with pytest.raises(Conflict):
        mirror_lists.begin_list(SYSTEM, row, columns={})
    with pytest.raises(Conflict):
        mirror_lists.discard_list(SYSTEM, row)
    tasks.resume_mirror_lists()  # it waits for less than a minute
    assert Mirror.objects.count() == 0
    MirrorList.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    tasks.resume_mirror_lists()
    assert Mirror.objects.count() == 2
    assert client.get(f"{IMPORT}/999999").status_code == 404


def test_a_list_can_be_forgotten_before_it_is_begun(client) -> None:
    client.post(IMPORT, {"text": "https://github.com/a/b"})
    row = MirrorList.objects.get()
    assert client.post(f"{IMPORT}/{row.pk}", {"act": "discard"}).status_code == 302
    assert not MirrorList.objects.exists()


def test_two_columns_cannot_be_the_same_thing(curator) -> None:
    row = mirror_lists.hand_in_list(actor(curator), [b"a,b\nhttps://github.com/a/b,https://github.com/a/c\n"])
    with pytest.raises(Invalid):
        mirror_lists.begin_list(actor(curator), row, columns={"a": "address", "b": "address"})


def test_only_curators(curator) -> None:
    row = mirror_lists.hand_in_list(actor(curator), [b"https://github.com/a/b\n"])
    other = Client()
    sign_in(other, person())
    for path in (IMPORT, f"{IMPORT}/{row.pk}", f"{IMPORT}/{row.pk}/report.csv"):
        assert other.get(path).status_code == 404
        assert Client().get(path).status_code in (302, 404)
    assert other.post(IMPORT, {"text": "https://github.com/a/b"}).status_code == 404
    with pytest.raises(NotFound):
        mirror_lists.hand_in_list(actor(person()), [b"x"])
    with pytest.raises(NotFound):
        mirror_lists.run_mirror_list(actor(curator), row.pk)
    mirror_lists.begin_list(actor(curator), row, columns={})
    User.objects.filter(pk=curator.pk).update(is_staff=False)  # no curator any more when its turn comes
    assert mirror_lists.run_mirror_list(SYSTEM, row.pk).state == "failed"
    assert Mirror.objects.count() == 0


def test_killed_and_taken_up_again_with_a_whole_report(curator, monkeypatch) -> None:
    text = "address\n" + "".join(f"https://github.com/lab/m{number}\n" for number in range(450)) + "https://github.com/lab/m3\nnot one\n"
    row = handed_in(curator, text)
    real, calls = listing._store, []

    def dies(*args, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(listing, "_store", dies)
        with pytest.raises(KeyboardInterrupt):
            mirror_lists.run_mirror_list(SYSTEM, row.pk)
    assert (Mirror.objects.count(), MirrorListPart.objects.count()) == (200, 1)
    assert mirror_lists.run_mirror_list(SYSTEM, row.pk) is None  # its lease holds
    MirrorList.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert mirror_lists.overdue_mirror_lists() == [row.pk]
    done = mirror_lists.run_mirror_list(SYSTEM, row.pk)
    assert (done.state, done.counts) == ("done", {"listed": 450, "duplicate": 1, "address": 1})
    told = [one for part in MirrorListPart.objects.order_by("pk") for one in part.outcomes]
    assert [number for number, _code, _text in told] == list(range(2, 454))


def test_progress_is_live(curator) -> None:
    row = handed_in(curator, "https://github.com/a/b\n")
    values, over = live.sources["mirror-lists"](f"{row.pk}.en")
    assert (values["percent"], over) == (0, False)
    mirror_lists.run_mirror_list(SYSTEM, row.pk)
    values, over = live.sources["mirror-lists"](f"{row.pk}.en")
    assert (values["phase"], over) == ("1 of 1 rows, 1 added", True)


def test_the_index_takes_a_batch_at_once(curator, deliver) -> None:
    from search.commands import rebuild_index

    rebuild_index(SYSTEM)
    deliver()
    row = handed_in(curator, "".join(f"https://github.com/lab/needle{number}\n" for number in range(300)))
    mirror_lists.run_mirror_list(SYSTEM, row.pk)
    assert deliver() <= 4  # two batches and what begins them, not 300
    assert not Pending.objects.exists()


def test_many_rows_in_time(curator) -> None:
    """The whole catalogue, 25,741 rows, is allowed three minutes; a tenth here within a fifth of that."""
    text = "address,description,category,stars\n" + "".join(
        f"https://github.com/o{number % 900}/m{number},A description of some length {number},计算机视觉,{number}\n"
        for number in range(2574)
    )
    row = handed_in(curator, text)
    started = time.monotonic()
    assert mirror_lists.run_mirror_list(SYSTEM, row.pk).counts == {"listed": 2574}
    assert time.monotonic() - started < 36
