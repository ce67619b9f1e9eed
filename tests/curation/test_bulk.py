"""Bulk edits: exact previews, chunks, undo with later changes told of, what a dead worker leaves."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.models import AuditEntry
from core.actors import SYSTEM
from core.errors import Conflict, Invalid, NotFound
from projects import commands, queries
from projects.commands import bulk
from projects.models import BulkChunk, BulkEdit, Category, Collection, CollectionMember, Curated, Mirror, Repository, Tag, Tagged
from projects.queries import shelves
from projects.queries.curation import Selection, overdue_edits
from tests.curation.conftest import state_of
from tests.factories.accounts import actor, person
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(bulk, "CHUNK", 3)
    monkeypatch.setattr(bulk, "AT_ONCE", 5)


def category(slug: str) -> Category:
    return Category.objects.get(slug=slug)


def test_only_curators(mirrors) -> None:
    mirrors(1)
    for who in (None, person()):
        for act in (commands.preview_edit, commands.request_edit):
            with pytest.raises(NotFound):
                act(actor(who), Selection(), {"sync": "now"})
    edit = commands.request_edit(actor(person(is_admin=True)), Selection(), {"watch": "pause"})
    with pytest.raises(NotFound):
        commands.undo_edit(actor(person()), edit)
    for act in (commands.run_edit, commands.inspect_mirror):
        with pytest.raises(NotFound):
            act(actor(person(is_admin=True)), edit.pk)
    for act in (commands.forget_edits, commands.forget_reporters):
        with pytest.raises(NotFound):
            act(actor(person(is_admin=True)))


def test_preview_counts_what_would_change_and_changes_nothing(mirrors, curator) -> None:
    rows = mirrors(4)
    Repository.objects.filter(pk=rows[0].pk).update(category=category("nlp"))
    with translation.override("en"):
        found = commands.preview_edit(actor(curator), Selection(), {"category": category("nlp").pk, "watch": "pause"})
    assert (found.total, found.changing) == (4, {"category": 3, "watch": 4})
    assert len(found.samples) == 4
    assert found.samples[1][1][0][1:] == ("Uncategorised", "Natural language processing")
    assert Repository.objects.filter(category=None).count() == 3
    assert not BulkEdit.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, ""),
        ({"nope": 1}, ""),
        ({"category": 10**6}, "category"),
        ({"add_tags": [77]}, "add_tags"),
        ({"watch": "stop"}, ""),
        ({"featured": [date(2026, 2, 2), date(2026, 1, 1)]}, "featured_until"),
        ({"collection": 5}, "collection"),
    ],
)
def test_bad_changes_are_refused(mirrors, curator, changes, field) -> None:
    mirrors(1)
    with pytest.raises(Invalid) as told:
        commands.request_edit(actor(curator), Selection(), changes)
    assert told.value.field == field
    assert not BulkEdit.objects.exists()
    with pytest.raises(Invalid):
        commands.request_edit(actor(curator), Selection(q="nothing-of-this-name"), {"sync": "now"})


def test_every_aspect_is_done_and_taken_back(mirrors, curator) -> None:
    rows = mirrors(3)
    old, new = (Tag.objects.create(slug=slug, name_zh=slug, name_en=slug) for slug in ("old", "new"))
    shelf = Collection.objects.create(slug="c", title_zh="甲", title_en="C")
    Tagged.objects.create(repository=rows[0], tag=old)
    Mirror.objects.filter(repository=rows[1]).update(state="failing", cause="slow", said="late", filled_at=timezone.now())
    before = everything()
    edit = commands.request_edit(
        actor(curator),
        Selection(),
        {
            "category": category("nlp").pk, "add_tags": [new.pk], "remove_tags": [old.pk], "watch": "pause", "hidden": True, "collection": shelf.pk,
            "featured": [date(2026, 1, 1), None], "boutique": [date(2026, 1, 1), date(2030, 1, 1)],
        },
        reason="order",
    )  # fmt: skip
    assert (edit.state, edit.total, edit.changed, edit.percent) == ("done", 3, 3, 100)
    assert set(Repository.objects.values_list("category__slug", flat=True)) == {"nlp"}
    assert sorted(Tagged.objects.values_list("repository_id", "tag__slug")) == [(row.pk, "new") for row in rows]
    assert set(Mirror.objects.values_list("state", flat=True)) == {"paused"}
    assert Curated.objects.filter(is_hidden=True, featured_until=None, boutique_until=date(2030, 1, 1)).count() == 3
    assert list(CollectionMember.objects.values_list("position", flat=True)) == [1, 2, 3]
    undo = commands.undo_edit(actor(curator), edit)
    assert (undo.state, undo.changed, undo.skipped) == ("done", 3, 0)
    assert everything() == before
    assert list(AuditEntry.objects.exclude(act="list_mirror").values_list("act", flat=True)) == ["bulk_edit", "undo_bulk_edit"]
    with pytest.raises(Conflict):
        commands.undo_edit(actor(curator), edit)
    with pytest.raises(Conflict):
        commands.undo_edit(actor(curator), undo)


def everything() -> list:
    """What an edit can change, of every project."""
    return [
        list(Repository.objects.order_by("pk").values_list("pk", "category_id", "deleted_at", "name")),
        list(Mirror.objects.order_by("pk").values_list("state", "cause", "said")),
        sorted(Tagged.objects.values_list("repository_id", "tag_id")),
        list(CollectionMember.objects.values_list("repository_id", flat=True)),
        list(Curated.objects.exclude(is_hidden=False, featured_from=None, boutique_from=None, featured_until=None, boutique_until=None)),
    ]


def test_undo_leaves_what_was_changed_later_and_tells_of_it(mirrors, curator) -> None:
    rows = mirrors(3)
    edit = commands.request_edit(actor(curator), Selection(), {"category": category("nlp").pk})
    Repository.objects.filter(pk=rows[1].pk).update(category=category("speech"))
    undo = commands.undo_edit(actor(curator), edit)
    assert (undo.changed, undo.skipped, undo.told) == (2, 1, [str(rows[1])])
    assert list(Repository.objects.order_by("pk").values_list("category__slug", flat=True)) == [None, "speech", None]


def test_undo_ends_after_thirty_days_and_old_values_go(mirrors, curator) -> None:
    mirrors(1)
    edit = commands.request_edit(actor(curator), Selection(), {"category": category("nlp").pk})
    assert commands.forget_edits(SYSTEM) == 0
    BulkEdit.objects.update(created_at=timezone.now() - timedelta(days=31))
    with pytest.raises(Conflict):
        commands.undo_edit(actor(curator), edit)
    assert commands.forget_edits(SYSTEM) == 1
    assert BulkEdit.objects.count() == 1


def test_a_large_edit_is_the_workers_and_walks_a_shrinking_selection(mirrors, curator, deliver, small_chunks) -> None:
    mirrors(8)
    edit = commands.request_edit(actor(curator), Selection(queue="uncategorised"), {"category": category("nlp").pk})
    assert (edit.state, edit.total) == ("queued", 8)
    assert Repository.objects.filter(category=None).count() == 8
    deliver()
    edit.refresh_from_db()
    assert (edit.state, edit.changed, edit.percent, BulkChunk.objects.count()) == ("done", 8, 100, 3)
    undo = commands.undo_edit(actor(curator), edit)
    deliver()
    undo.refresh_from_db()
    assert (undo.state, undo.changed) == ("done", 8)
    assert Repository.objects.filter(category=None).count() == 8


def test_an_edit_goes_on_where_its_worker_died(mirrors, curator, small_chunks, monkeypatch) -> None:
    mirrors(8)
    edit = commands.request_edit(actor(curator), Selection(), {"category": category("nlp").pk})
    real, calls = bulk._do_chunk, []

    def dies_in_the_second(*args):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit  # the process goes; nothing of its own runs after
        real(*args)

    monkeypatch.setattr(bulk, "_do_chunk", dies_in_the_second)
    with pytest.raises(SystemExit):
        commands.run_edit(SYSTEM, edit.pk)
    monkeypatch.setattr(bulk, "_do_chunk", real)
    assert Repository.objects.exclude(category=None).count() == 3
    assert commands.run_edit(SYSTEM, edit.pk) is None  # its lease still holds
    assert overdue_edits() == []
    BulkEdit.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=2))
    assert overdue_edits() == [edit.pk]
    done = commands.run_edit(SYSTEM, edit.pk)
    assert (done.state, done.changed, BulkChunk.objects.count()) == ("done", 8, 3)
    assert commands.run_edit(SYSTEM, edit.pk) is None
    assert commands.undo_edit(actor(curator), done).total == 8


def test_removal_hides_and_comes_back_unless_the_address_is_taken(mirrors, curator) -> None:
    rows = mirrors(2)
    hosted = repository(curator, name="mine")
    edit = commands.request_edit(actor(curator), Selection(kind="all"), {"removed": True})
    assert (edit.total, edit.changed) == (3, 2)  # a hosted project is its owner's
    assert list(Repository.objects.filter(deleted_at=None)) == [hosted]
    Repository.objects.filter(pk=rows[0].pk).update(deleted_at=timezone.now() - timedelta(days=20))
    assert not queries.overdue_deletions().exists()  # 30 days, as the undo
    Repository.objects.create(namespace=rows[1].namespace, name="M1")
    undo = commands.undo_edit(actor(curator), edit)
    assert (undo.changed, undo.skipped) == (1, 1)
    assert set(Repository.objects.filter(deleted_at=None).values_list("name", flat=True)) == {"mine", "m0", "M1"}
    Repository.objects.filter(pk=rows[1].pk).update(deleted_at=timezone.now() - timedelta(days=31))
    assert list(queries.overdue_deletions()) == [rows[1]]


def test_resuming_thousands_fetches_only_what_was_filled(mirrors, curator) -> None:
    listed, filled = mirrors(2)
    Mirror.objects.filter(repository=filled).update(state="fresh", filled_at=timezone.now())
    commands.request_edit(actor(curator), Selection(), {"watch": "pause"})
    Mirror.objects.update(is_urgent=False)
    commands.request_edit(actor(curator), Selection(), {"watch": "resume"})
    assert (state_of(listed), state_of(filled)) == ("listed", "failing")
    assert list(Mirror.objects.filter(is_urgent=True)) == [Mirror.objects.get(repository=filled)]


def test_a_pause_is_not_written_over_by_a_worker_in_the_middle(mirrors, curator) -> None:
    (row,) = mirrors(1)
    Mirror.objects.update(lease="x" * 32, leased_until=timezone.now() + timedelta(minutes=5))
    commands.request_edit(actor(curator), Selection(), {"watch": "pause"})
    assert Mirror.objects.get(repository=row).lease == ""


def test_sync_now_leaves_nothing_to_undo(mirrors, curator) -> None:
    mirrors(2)
    Mirror.objects.update(next_at=timezone.now() + timedelta(days=1))
    edit = commands.request_edit(actor(curator), Selection(), {"sync": "now"})
    assert edit.changed == Mirror.objects.filter(is_urgent=True, next_at__lte=timezone.now()).count() == 2
    with pytest.raises(Conflict):
        commands.undo_edit(actor(curator), edit)


def test_an_edit_costs_the_same_for_one_and_for_many(mirrors, curator) -> None:
    mirrors(12)
    nlp = category("nlp").pk
    counts = []
    commands.request_edit(actor(curator), Selection(), {"hidden": False, "category": nlp})  # the first one makes the version's row
    commands.request_edit(actor(curator), Selection(), {"category": 0})
    for rows in (Selection(q="m11"), Selection()):
        with CaptureQueriesContext(connection) as asked:
            commands.request_edit(actor(curator), rows, {"category": nlp, "hidden": True})
        counts.append(len(asked))
        commands.request_edit(actor(curator), rows, {"category": 0, "hidden": False})
    assert counts[0] == counts[1]


def test_featured_today_and_not_tomorrow(mirrors, curator) -> None:
    rows = mirrors(4)
    today = timezone.localdate()
    day = timedelta(days=1)
    spans = [(today, today), (today - day, None), (today + day, None), (today - 3 * day, today - day)]
    for row, span in zip(rows, spans, strict=True):
        commands.request_edit(actor(curator), Selection(ids=(row.pk,)), {"featured": list(span), "boutique": list(span)})
    found = shelves.shelf()
    assert {row.name for row in found.featured} == {row.name for row in found.boutique} == {"m0", "m1"}
    commands.request_edit(actor(curator), Selection(ids=(rows[0].pk,)), {"hidden": True})
    assert [row.name for row in shelves.shelf().featured] == ["m1"]
