"""From rows to suggestions: what is learnt from, what never is, decisions, undo, the blind sample, automatic sorting."""

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry
from core import site
from core.actors import SYSTEM
from core.errors import Conflict, Invalid, NotFound
from projects import commands
from projects.commands import labelling, sorting
from projects.models import (
    CatalogueVersion,
    Category,
    Classifier,
    Label,
    LabelItem,
    LabelSample,
    Repository,
    SortingAct,
    SortingDecision,
    Suggestion,
)
from projects.queries import suggesting as reads
from projects.suggesting import model
from tests.factories.accounts import actor, person
from tests.factories.histories import History, repository, settle
from tests.factories.suggesting import catalogue, mirror

pytestmark = pytest.mark.django_db


def run() -> Classifier:
    made = commands.suggest_categories(SYSTEM)
    assert made is not None
    return made


def category(slug: str) -> Category:
    return Category.objects.get(slug=slug)


def test_fields_without_examples_are_suggested_from_their_names():
    rows = catalogue()
    made = run()
    assert (made.state, made.percent, made.error) == ("done", 100, "")
    said = {one.repository_id: one for one in Suggestion.objects.select_related("category")}
    assert len(said) == sum(map(len, rows.values()))
    for subject, projects in rows.items():
        for one in projects:
            assert (said[one.pk].category.slug if said[one.pk].category else "") == subject, (subject, one.description, said[one.pk])
            assert said[one.pk].is_open
            assert subject == "" or said[one.pk].words
    assert made.counts["pool"] == len(said)
    assert made.counts["sources"]["name"] > 30
    assert "decision" not in made.counts["sources"]
    assert made.parameters["words"] > 50
    kept = model.from_bytes(bytes(made.arrays))
    assert "quantum-computing" in kept.classes


def test_only_public_unsorted_mirrors_are_asked_about_and_only_public_words_are_learnt():
    open_one = mirror("a/quantum-one", "Quantum circuits")
    sorted_one = mirror("a/quantum-two", "Quantum gates", category="quantum-computing")
    owner = person()
    hosted, _ = repository(owner, "own-quantum", description="quantum", category=category("other"))
    secret, _ = repository(owner, "hidden", description="zanzibar secretword", visibility="private", category=category("nlp"))
    down = mirror("a/down", "Quantum", taken_down_at=timezone.now())
    gone = mirror("a/gone", "Quantum", deleted_at=timezone.now())
    made = run()
    assert set(Suggestion.objects.values_list("repository_id", flat=True)) == {open_one.pk}
    assert not Suggestion.objects.filter(repository__in=[sorted_one, hosted, secret, down, gone]).exists()
    words = set(model.from_bytes(bytes(made.arrays)).words)
    assert "quantum" in words
    assert not {"zanzibar", "secretword"} & words


def test_the_readme_counts_where_it_is():
    row = mirror("lab/thing", "Some experiments")
    history = History(row.path)
    history.write({"README.md": "# Thing\n\nA quantum circuit simulator: qubit gates, qiskit, quantum computing.\n"})
    settle(row)
    mirror("lab/other-thing", "Some experiments")
    catalogue(each=2)
    run()
    with_readme, without = (Suggestion.objects.get(repository__name=name) for name in ("thing", "other-thing"))
    assert with_readme.category == category("quantum-computing")
    assert without.category is None


@pytest.mark.django_db(transaction=True)
def test_others_write_while_projects_are_read_and_progress_is_noted():
    catalogue(each=2)

    def elsewhere() -> None:
        Repository.objects.filter(name="misc-0").update(website="https://example.org/")
        connection.close()

    asked = Classifier.objects.create(state="running")
    seen = 0
    for _one in reads.material(chunk=3):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        Classifier.objects.filter(pk=asked.pk).update(percent=seen)
        seen += 1
    assert seen == 8


def test_decisions_teach_the_next_version():
    catalogue(each=2)
    for number in range(6):
        mirror(f"stab/tool{number}", f"Stabilizer tableau sampler {number}")
    asked = mirror("stab/new", "Fast stabilizer tableau code")
    run()
    before = Suggestion.objects.get(repository=asked)
    assert before.category != category("quantum-computing")
    curator = actor(person(is_admin=True))
    ids = Suggestion.objects.filter(repository__name__startswith="tool").values_list("pk", flat=True)
    act = commands.decline_suggestions(curator, ids=list(ids), category=category("quantum-computing"))
    assert (act.total, act.kind) == (6, "changed")
    made = run()
    assert made.counts["sources"]["decision"] == 6
    assert made.counts["classes"]["quantum-computing"] == 6
    after = Suggestion.objects.get(repository=asked)
    assert after.category == category("quantum-computing")
    assert {"stabilizer", "tableau", "stabilizer tableau"} & {word for word, _share in after.words}
    assert Suggestion.objects.filter(repository__name__startswith="tool").count() == 0, "sorted ones leave the queue"


def test_stays_is_learnt_and_not_asked_again():
    rows = catalogue(each=2)
    for number in range(8):
        mirror(f"farm/chip-{number}", f"Potato chip factory {number}")
    asked = mirror("farm/chip-new", "Potato chip shop")
    run()
    curator = actor(person(is_admin=True))
    ids = list(Suggestion.objects.filter(repository__description__startswith="Potato chip factory").values_list("pk", flat=True))
    act = commands.decline_suggestions(curator, ids=ids, category=None)
    assert act.kind == "stays"
    made = run()
    assert made.counts["sources"]["decision"] == 8
    assert Suggestion.objects.get(repository=asked).category is None
    decided = Suggestion.objects.filter(pk__in=ids)
    assert decided.count() == 8
    assert not decided.filter(is_open=True).exists()
    assert rows


def test_accepting_moves_and_undo_puts_back_what_nobody_moved_since():
    rows = catalogue()["quantum-computing"]
    run()
    curator = actor(person(is_admin=True))
    number = CatalogueVersion.objects.values_list("number", flat=True).first() or 0
    act = commands.accept_group(curator, category=category("quantum-computing"), threshold=0.0)
    assert act.total == len(rows)
    assert CatalogueVersion.objects.get().number > number, "the market's index must see it"
    assert Repository.objects.filter(category=category("quantum-computing")).count() == len(rows)
    assert reads.suggestions(category("quantum-computing")).count() == 0
    assert SortingDecision.objects.filter(act=act, before=category("other"), chosen=category("quantum-computing")).count() == len(rows)
    Repository.objects.filter(pk=rows[0].pk).update(category=category("nlp"))
    back, left = commands.undo_sorting(curator, act.pk)
    assert (back, left) == (len(rows) - 1, 1)
    assert Repository.objects.get(pk=rows[0].pk).category == category("nlp")
    assert Repository.objects.filter(pk__in=[one.pk for one in rows[1:]], category=category("other")).count() == len(rows) - 1
    assert reads.suggestions(category("quantum-computing")).count() == len(rows) - 1
    assert reads.decided() == {}
    with pytest.raises(Conflict):
        commands.undo_sorting(curator, act.pk)
    assert [entry.act for entry in AuditEntry.objects.order_by("pk")][-2:] == ["sort_mirrors", "undo_sort_mirrors"]


def test_acts_are_refused_where_they_cannot_be():
    catalogue(each=1)
    run()
    curator, reader = actor(person(is_admin=True)), actor(person())
    one = Suggestion.objects.exclude(category=None).first()
    for refused in (
        lambda: commands.accept_suggestions(reader, ids=[one.pk]),
        lambda: commands.accept_group(reader, category=None, threshold=0),
        lambda: commands.decline_suggestions(reader, ids=[one.pk], category=None),
        lambda: commands.undo_sorting(reader, 1),
        lambda: commands.ask_for_suggestions(reader),
        lambda: commands.change_suggesting(reader, threshold=0.9, automatic=False),
        lambda: commands.draw_sample(reader, size=20),
        lambda: commands.label_item(reader, 1, category=None),
        lambda: commands.suggest_categories(curator),
        lambda: commands.sort_automatically(curator),
        lambda: commands.roll_up_mirrors(curator),
        lambda: commands.undo_sorting(curator, 99),
        lambda: commands.label_item(curator, 99, category=None),
    ):
        with pytest.raises(NotFound):
            refused()
    merged = Category.objects.create(slug="old", name_zh="旧", name_en="Old", merged_into=category("nlp"))
    for refused in (
        lambda: commands.accept_suggestions(curator, ids=[]),
        lambda: commands.accept_group(curator, category=category("nlp"), threshold=0.99),
        lambda: commands.accept_group(curator, category=category("nlp"), threshold=1.5),
        lambda: commands.decline_suggestions(curator, ids=[one.pk], category=merged),
        lambda: commands.decline_suggestions(curator, ids=[one.pk], category=category("other")),
        lambda: commands.change_suggesting(curator, threshold=0.3, automatic=False),
        lambda: commands.draw_sample(curator, size=5),
        lambda: commands.draw_sample(curator, size=20, seed="a b"),
    ):
        with pytest.raises(Invalid):
            refused()
    act = commands.accept_suggestions(curator, ids=[one.pk])
    SortingAct.objects.filter(pk=act.pk).update(at=timezone.now() - timedelta(days=31))
    with pytest.raises(Conflict):
        commands.undo_sorting(curator, act.pk)
    with pytest.raises(Invalid):
        commands.accept_suggestions(curator, ids=[one.pk])  # decided already


def test_what_somebody_sorted_meanwhile_is_left_alone():
    rows = catalogue(each=2)["speech"]
    run()
    held = Suggestion.objects.select_related("category").get(repository=rows[0])
    Repository.objects.filter(pk=rows[0].pk).update(category=category("nlp"))
    act = sorting._sort(actor(person(is_admin=True)), [held], None, SortingAct.Kind.ACCEPTED)
    assert act.total == 0
    assert Repository.objects.get(pk=rows[0].pk).category == category("nlp")


def test_a_run_that_waits_a_run_that_died_and_two_at_once():
    catalogue(each=1)
    assert reads.is_due()
    curator = actor(person(is_admin=True))
    asked = commands.ask_for_suggestions(curator)
    with pytest.raises(Conflict):
        commands.ask_for_suggestions(curator)
    assert reads.is_due()
    made = run()
    assert made.pk == asked.pk
    assert not reads.is_due()
    at_work = Classifier.objects.create(state="running", heartbeat_at=timezone.now())
    assert commands.suggest_categories(SYSTEM) is None
    assert not reads.is_due()
    Classifier.objects.filter(pk=at_work.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=6))
    assert reads.is_due()
    run()
    at_work.refresh_from_db()
    assert (at_work.state, at_work.error) == ("failed", "the process was killed")


def test_it_is_due_each_day_and_after_fifty_decisions(monkeypatch):
    catalogue(each=3)
    made = run()
    assert not reads.is_due()
    monkeypatch.setattr(reads, "RETRAIN_DECISIONS", 3)
    commands.accept_group(actor(person(is_admin=True)), category=category("speech"), threshold=0)
    assert reads.is_due()
    again = run()
    assert not reads.is_due()
    Classifier.objects.filter(pk=again.pk).update(created_at=timezone.now() - timedelta(hours=25))
    assert reads.is_due()
    assert made.pk < again.pk


def test_old_arrays_go_and_a_failure_is_told(monkeypatch):
    catalogue(each=1)
    for _ in range(2):
        run()
    from projects.commands import suggesting

    monkeypatch.setattr(suggesting, "KEPT", 1)
    newest = run()
    assert list(Classifier.objects.filter(arrays__isnull=False)) == [newest]
    monkeypatch.setattr(suggesting, "_suggest", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        commands.suggest_categories(SYSTEM)
    failed = reads.last_run()
    assert (failed.state, failed.error) == ("failed", "ZeroDivisionError: division by zero")
    assert reads.classifier() == newest


def test_the_command(capsys):
    catalogue(each=1)
    call_command("suggest_categories")
    out = capsys.readouterr().out
    assert "examples in" in out
    assert "4 projects in" in out
    Classifier.objects.create(state="running", heartbeat_at=timezone.now())
    call_command("suggest_categories")
    assert "another process" in capsys.readouterr().out


# the blind sample


def test_a_draw_is_repeatable_and_never_takes_a_project_twice():
    rows = catalogue(each=10)
    curator = actor(person(is_admin=True))
    ids = sorted(one.pk for projects in rows.values() for one in projects)
    sample = commands.draw_sample(curator, size=20, seed="seven")
    drawn = list(LabelItem.objects.order_by("position").values_list("repository_id", flat=True))
    assert drawn == labelling.drawn(ids, "seven", 20)
    assert drawn != labelling.drawn(ids, "eight", 20)
    assert (sample.size, sample.pool) == (20, 40)
    assert LabelItem.objects.filter(is_double=True).count() == 4
    second = commands.draw_sample(curator, size=2000)
    assert (second.size, second.pool) == (20, 20)
    assert LabelItem.objects.values("repository_id").distinct().count() == 40
    with pytest.raises(Conflict):
        commands.draw_sample(curator, size=20)
    assert LabelSample.objects.count() == 2


def test_sorted_and_hosted_projects_are_never_drawn():
    rows = catalogue(each=6)
    mirror("a/curated", "Quantum", category="quantum-computing")
    repository(person(), "hosted", category=category("other"))
    commands.draw_sample(actor(person(is_admin=True)), size=2000)
    assert set(LabelItem.objects.values_list("repository_id", flat=True)) == {one.pk for projects in rows.values() for one in projects}


def test_the_sample_is_judged_but_never_learnt_from_and_hidden_until_labelled():
    catalogue(each=3)
    special = [mirror(f"odd/rare{number}", f"Frobnicator widget {number}") for number in range(20)]
    curator = person(is_admin=True)
    run()
    commands.draw_sample(actor(curator), size=2000)
    assert reads.open_suggestions().count() == 0, "nothing is seen before it is labelled"
    for one in special[:10]:
        Repository.objects.filter(pk=one.pk).update(category=category("nlp"))  # curated, yet held out
    made = run()
    assert "curated" not in made.counts["sources"]
    assert "words" not in made.counts["sources"]
    assert "frobnicator" not in model.from_bytes(bytes(made.arrays)).words
    assert Suggestion.objects.filter(repository__in=special).count() == 20, "judged all the same"
    assert reads.open_suggestions().count() == 0
    while (item := reads.next_item(curator)) is not None:
        commands.label_item(actor(curator), item.pk, category=None)
    second = person(is_admin=True)
    while (item := reads.next_item(second)) is not None:
        assert item.is_double
        commands.label_item(actor(second), item.pk, category=None, is_unclear=True)
    run()
    unsorted = Repository.objects.filter(pk__in=LabelItem.objects.values("repository_id"), category=category("other"))
    assert reads.open_suggestions().count() == unsorted.count() > 0


def test_labels_of_two_people_and_the_figure():
    rows = catalogue(each=5)["quantum-computing"]
    run()
    first, second, third = person(is_admin=True), person(is_admin=True), person(is_admin=True)
    sample = LabelSample.objects.create(seed="s", size=5, pool=20)
    items = [
        LabelItem.objects.create(sample=sample, repository=one, position=place, is_double=place == 0) for place, one in enumerate(rows)
    ]
    assert reads.next_item(first) == items[0]
    commands.label_item(actor(first), items[0].pk, category=category("quantum-computing"))
    assert reads.next_item(first) == items[1]
    assert reads.next_item(second) == items[0], "every fifth is asked twice"
    commands.label_item(actor(second), items[0].pk, category=category("nlp"))
    assert reads.next_item(third) == items[1]
    with pytest.raises(Conflict):
        commands.label_item(actor(third), items[0].pk, category=None)
    commands.label_item(actor(first), items[1].pk, category=category("quantum-computing"))
    with pytest.raises(Conflict):
        commands.label_item(actor(second), items[1].pk, category=None)
    commands.label_item(actor(first), items[2].pk, category=None, is_unclear=True)
    commands.label_item(actor(first), items[3].pk, category=None)
    found = reads.figure(0.0)
    assert (found.precision.asked, found.precision.right) == (4, 1)
    agreement = reads.agreement_of_people()
    assert (agreement.both, agreement.same) == (1, 0)
    commands.label_item(actor(second), items[0].pk, category=category("quantum-computing"))  # one's own can be given anew
    assert Label.objects.count() == 5
    assert reads.figure(0.0).precision.right == 2
    assert reads.agreement_of_people().same == 1
    assert found.pool == 20
    assert found.above == Suggestion.objects.exclude(category=None).count()


def proven(rows: list[Repository], *, right: int) -> None:
    """Labels for these: the first `right` agree with what is suggested."""
    sample = LabelSample.objects.create(seed="s", size=len(rows), pool=len(rows))
    someone = person(is_admin=True)
    for place, one in enumerate(rows):
        item = LabelItem.objects.create(sample=sample, repository=one, position=place)
        Label.objects.create(item=item, by=someone, category=category("quantum-computing") if place < right else None)


def test_automatic_sorting_is_refused_until_the_bound_allows_it_and_stops_by_itself():
    rows = [mirror(f"q{number}/quantum", f"Quantum circuit qubit gates {number}") for number in range(130)]
    catalogue(each=2)
    run()
    curator = actor(person(is_admin=True))
    threshold = 0.5
    assert Suggestion.objects.filter(repository__in=rows, category=category("quantum-computing"), confidence__gte=threshold).count() == 130
    with pytest.raises(Conflict):
        commands.change_suggesting(curator, threshold=threshold, automatic=True)
    proven(rows[:110], right=110)
    commands.change_suggesting(curator, threshold=threshold, automatic=True)
    run()
    automatic = SortingAct.objects.get()
    assert (automatic.kind, automatic.by) == ("automatic", None)
    assert Repository.objects.filter(pk__in=[one.pk for one in rows], category=category("quantum-computing")).count() == 130
    made = run()
    assert "curated" not in made.counts["sources"], "what was sorted automatically teaches nothing"
    back, left = commands.undo_sorting(curator, automatic.pk)
    assert left == 0
    assert back == automatic.total
    Label.objects.filter(item__position__lt=8).update(category=category("nlp"))  # now 102 of 110
    run()
    assert SortingAct.objects.count() == 1
    assert site.setting("suggestions") == {"threshold": threshold, "automatic": False}
    assert AuditEntry.objects.filter(act="stop_sorting").exists()


def test_no_process_but_the_one_that_trains_loads_the_libraries():
    """100 MB each: pages, tasks and subscribers are loaded, numpy and scikit-learn are not."""
    code = (
        "import django, sys; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns; import openi.celery, projects.tasks;"
        "print(sorted({'numpy', 'scipy', 'sklearn'} & set(sys.modules)))"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "openi.settings"}
    done = subprocess.run([sys.executable, "-c", code], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
