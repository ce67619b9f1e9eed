"""What a look into a mirror finds: twins by their first commit, secrets, malware, changed licences; what a person settled stays settled."""

import stat

import pytest

from core.actors import SYSTEM
from projects import commands
from projects.models import Finding, Mirror, Repository, RootCommit
from projects.queries.curation import Selection, queue_counts, selected, twins
from tests.factories.accounts import actor
from tests.factories.histories import History, settle

pytestmark = pytest.mark.django_db
TOKEN = "ghp_" + "aB3" * 12
FILES = {"a.py": "x = 1\n", "keys.txt": f"token {TOKEN}\n"}


def filled(row: Repository, history: History) -> None:
    """As the sync engine and the indexer leave a mirror."""
    settle(row)
    row.refresh_from_db()
    Repository.objects.filter(pk=row.pk).update(indexed_oid=row.head_oid, is_empty=False)
    Mirror.objects.filter(repository=row).update(filled_at="2026-01-01T00:00Z", state="fresh")


@pytest.fixture
def pair(mirrors) -> list[Repository]:
    """Two mirrors with one history, a third with its own."""
    rows = mirrors(3)
    for number, row in enumerate(rows):
        history = History(row.path)
        history.write({"start": "third" if number == 2 else "same"}, when=1_600_000_000)
        history.write({"n": str(number)})
        filled(row, history)
    return rows


def test_copies_are_found_by_their_first_commit(pair, curator) -> None:
    assert commands.due_inspections() == [row.pk for row in pair]
    for pk in commands.due_inspections():
        commands.inspect_mirror(SYSTEM, pk)
    assert commands.due_inspections() == []
    assert set(selected(Selection(queue="duplicate"))) == set(pair[:2])
    assert queue_counts()["duplicate"] == 2
    assert {pk: found for pk, found in twins(pair).items() if found} == {pair[0].pk: [pair[1]], pair[1].pk: [pair[0]]}
    commands.settle_findings(actor(curator), [row.pk for row in pair[:2]], kind="duplicate")
    assert queue_counts()["duplicate"] == 0
    copy = pair[2]
    copy.default_branch = "other"
    Repository.objects.filter(pk=copy.pk).update(default_branch="other")
    history = History(copy.path, "other")
    history.write({"start": "same"}, when=1_600_000_000)
    copy.refresh_from_db()
    filled(copy, history)
    assert commands.due_inspections() == [copy.pk]
    commands.inspect_mirror(SYSTEM, copy.pk)
    assert queue_counts()["duplicate"] == 3  # a new copy asks about all of them once more
    Repository.objects.filter(pk__in=[pair[0].pk, pair[1].pk]).update(deleted_at="2026-01-01T00:00Z")
    assert queue_counts()["duplicate"] == 0
    assert RootCommit.objects.count() == 4  # the first one of its former branch is known still


def test_secrets_are_named_by_file_and_never_kept(pair, curator) -> None:
    row = pair[0]
    history = History(row.path)
    history.write(FILES)
    filled(row, history)
    commands.inspect_mirror(SYSTEM, row.pk)
    finding = Finding.objects.get(kind="secret")
    assert finding.detail == ["keys.txt: GitHub token"]
    assert TOKEN not in str(finding.detail)
    assert list(selected(Selection(queue="secret"))) == [row]
    commands.settle_findings(actor(curator), [row.pk], kind="secret")
    history.write({"b.py": "y = 2\n"})
    filled(row, history)
    commands.inspect_mirror(SYSTEM, row.pk)
    assert queue_counts()["secret"] == 0  # the same as a person has seen
    history.write({"more.txt": f"again {TOKEN}\n"})
    filled(row, history)
    commands.inspect_mirror(SYSTEM, row.pk)
    assert queue_counts()["secret"] == 1
    history.write({"more.txt": None, "keys.txt": None})
    filled(row, history)
    commands.inspect_mirror(SYSTEM, row.pk)
    assert not Finding.objects.filter(kind="secret").exists()


def test_a_changed_licence_is_told_with_old_and_new(pair) -> None:
    row = pair[0]
    Repository.objects.filter(pk=row.pk).update(licence="MIT")
    commands.inspect_mirror(SYSTEM, row.pk)
    assert queue_counts()["licence"] == 0
    assert queue_counts()["no_licence"] == 2
    Repository.objects.filter(pk=row.pk).update(licence="AGPL-3.0-only")
    commands.inspect_mirror(SYSTEM, row.pk)
    commands.inspect_mirror(SYSTEM, row.pk)
    assert Finding.objects.get(kind="licence").detail == ["MIT", "AGPL-3.0-only"]
    assert queue_counts()["licence"] == 1


def test_malware_only_where_a_scanner_is_installed(pair, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    commands.inspect_mirror(SYSTEM, pair[0].pk)
    assert not commands.has_virus_scanner()
    assert not Finding.objects.filter(kind="malware").exists()
    fake = tmp_path / "clamscan"
    fake.write_text(
        '#!/bin/sh\nfor last; do :; done\ngzip -dc "$last" | grep -q EICAR-LIKE || exit 0\necho "$last: Test.Virus FOUND"\nexit 1\n'
    )
    fake.chmod(fake.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setattr("shutil.which", lambda name: str(fake))
    commands.inspect_mirror(SYSTEM, pair[0].pk)
    assert not Finding.objects.filter(kind="malware").exists()
    history = History(pair[1].path)
    history.write({"x": "EICAR-LIKE"})
    filled(pair[1], history)
    commands.inspect_mirror(SYSTEM, pair[1].pk)
    assert Finding.objects.get(kind="malware").detail == ["Test.Virus FOUND"]
    assert queue_counts()["malware"] == 1


def test_queues_of_columns(mirrors, curator) -> None:
    from accounts import commands as people

    rows = mirrors(4)
    people.change_site_setting(actor(curator), "oversized_bytes", 1000)
    Repository.objects.filter(pk=rows[0].pk).update(size_bytes=1001)
    Mirror.objects.filter(repository=rows[1]).update(state="gone", cause="missing")
    Mirror.objects.filter(repository=rows[2]).update(state="failing", cause="slow")
    Mirror.objects.filter(repository=rows[3]).update(state="paused", cause="slow")
    counts = queue_counts()
    assert {name: n for name, n in counts.items() if n} == {
        "total": 4,
        "failing": 2,
        "gone": 1,
        "uncategorised": 4,
        "oversized": 1,
        "paused": 1,
    }
    for name, n in counts.items():
        assert selected(Selection(queue="" if name == "total" else name)).count() == n, name
    commands.settle_findings(actor(curator), [rows[0].pk], kind="oversized")
    commands.settle_findings(actor(curator), [rows[1].pk], kind="gone")
    assert (queue_counts()["oversized"], queue_counts()["gone"]) == (0, 0)
