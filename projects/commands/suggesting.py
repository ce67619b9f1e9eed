"""The classifier is trained and asked. Long work: a process of its own does it (`manage.py suggest_categories`)."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.documents import segmentation
from core.errors import Conflict, Unavailable
from core.rules import HIDE
from projects import rules
from projects.commands import leases
from projects.commands.leases import Report
from projects.commands.sorting import sort_automatically
from projects.models import Category, Classifier, SortingAct, Suggestion
from projects.queries import suggesting as reads
from projects.suggesting import fields
from projects.suggesting.bags import Bag, Lexicon
from projects.suggesting.features import features, shown
from projects.suggesting.fields import STAYS

if TYPE_CHECKING:
    from projects.suggesting.model import Example, Judged, Model

KEPT = 5  # classifiers that keep their arrays
CHUNK = 1000  # projects judged at once; rows a transaction
CLEAR_EACH = 400  # projects of one field that its words name clearly: more teach nothing new
TRUSTED = 0.2  # what a phrase must say to stand for its field by itself
CLEAR_NONE = 3000  # likewise of those that no word of any field is found in


def ask_for_suggestions(actor: Actor) -> Classifier:
    """Have a new classifier trained now. Raises NotFound (rules.can_curate), Conflict (one waits or works)."""
    rules.can_curate(actor).require()
    waits = reads.unfinished_run()
    if waits is not None and waits.state == Classifier.State.QUEUED:
        raise Conflict(_("A run waits already."), code="running")
    try:
        with transaction.atomic():
            return Classifier.objects.create(by=actor.person)
    except IntegrityError as error:
        raise Conflict(_("A run waits already."), code="running") from error


def suggest_categories(actor: Actor, *, on_progress: Report | None = None) -> Classifier | None:
    """Train on what is known now and say of every unsorted mirror where it belongs; None if another process is at it.

    Only the system may. A run that was killed is begun anew. What fails is told in the row and raised again.
    """
    if not actor.is_system:
        HIDE.require()
    run = _take()
    if run is None:
        return None
    try:
        with leases.heart(run):
            _run(run, leases.reporter(run, on_progress))
    except BaseException as error:
        run.state, run.error = Classifier.State.FAILED, f"{type(error).__name__}: {error}"[:1000]
        raise
    else:
        run.state, run.percent = Classifier.State.DONE, 100
    finally:
        run.phase, run.finished_at = "", timezone.now()
        run.save()
    _forget_old(run)
    sort_automatically(actor)
    return run


def _take() -> Classifier | None:
    """The run that waits, or a new one; those whose process fell silent are given up first."""
    now = timezone.now()
    try:
        with transaction.atomic():
            running = Classifier.objects.filter(state=Classifier.State.RUNNING)
            running.filter(heartbeat_at__lte=now - reads.SILENT).update(
                state=Classifier.State.FAILED, error="the process was killed", finished_at=now
            )
            if running.exists():
                return None
            run = Classifier.objects.select_for_update().filter(state=Classifier.State.QUEUED).first() or Classifier()
            run.state, run.heartbeat_at = Classifier.State.RUNNING, now
            run.save()
            return run
    except IntegrityError:  # another process was faster
        return None


@dataclass
class _Gathered:
    """All projects of one run."""

    lexicon: Lexicon = field(default_factory=Lexicon)
    pool: dict[int, Bag] = field(default_factory=dict)  # unsorted
    held_out: dict[int, Bag] = field(default_factory=dict)  # of the blind sample
    sorted: dict[int, tuple[str, Bag]] = field(default_factory=dict)


def _run(run: Classifier, report: Report) -> None:
    from projects.suggesting import model  # numpy, scipy, scikit-learn: 100 MB that no other process pays for

    words = next(iter(segmentation), None)
    if words is None:
        raise Unavailable("nothing cuts texts into words")
    known = fields.phrases(reads.fields(), words)
    report("reading", 1)
    found = _gather(words, known, report)
    decided = reads.decided()
    report("training", 60)
    started = time.monotonic()
    stays = {pk for pk, (slug, _kind) in decided.items() if slug == STAYS}
    taught = list(_from_people(found, decided))
    parents = {one.slug: one.parent for one in reads.fields()}
    trusted = fields.trust(((one.features, one.slug) for one in taught), known, parents)
    rare = fields.rarity(found.pool.values(), known)
    weights = {phrase: rare.get(phrase, 1.0) * trusted.get(phrase, 1.0) for phrase in known.fields}
    examples = [*taught, *_from_words(found, known, weights, stays), *_from_names(known, trusted)]
    made = model.fit(examples)
    run.metrics = {"agreement": model.agreement(examples)}
    run.seconds_training = time.monotonic() - started
    run.trained_at, run.arrays = timezone.now(), made.to_bytes()
    run.parameters = {**model.PARAMETERS, "format": model.FORMAT, "words": len(made.words)}
    run.counts = {
        "sources": model.sources(examples), "classes": model.by_class(examples), "pool": len(found.pool), "held_out": len(found.held_out),
    }  # fmt: skip
    run.save()
    report("suggesting", 80)
    started = time.monotonic()
    _suggest(run, made, found, known.spelled, stays, report)
    run.seconds_suggesting = time.monotonic() - started


def _gather(words: Callable[[str], list[str]], known: fields.Phrases, report: Report) -> _Gathered:
    found, held_out = _Gathered(), reads.held_out()
    total = reads.pool().count() or 1
    for number, one in enumerate(reads.material()):
        bag = found.lexicon.bag(features(one.project, words, known.fields))
        if one.project.id in held_out:
            found.held_out[one.project.id] = bag
        if one.is_pool:
            found.pool[one.project.id] = bag
        elif one.slug not in ("", reads.OTHER):
            found.sorted[one.project.id] = (one.slug, bag)
        if number % 500 == 0:
            report("reading", min(59, 1 + 58 * number // total))
    return found


def _from_people(found: _Gathered, decided: Mapping[int, tuple[str, str]]) -> Iterator["Example"]:
    """Categories people gave, and “stays in other”. What was sorted automatically teaches nothing, nor does the blind sample."""
    from projects.suggesting.model import Example

    for pk, (slug, bag) in found.sorted.items():
        chosen, kind = decided.get(pk, ("", ""))
        if pk in found.held_out or kind == SortingAct.Kind.AUTOMATIC:
            continue
        yield Example(bag, slug, "decision" if chosen == slug else "curated")
    for pk, bag in found.pool.items():
        if pk not in found.held_out and decided.get(pk, ("?", ""))[0] == STAYS:
            yield Example(bag, STAYS, "decision")


def _from_words(found: _Gathered, known: fields.Phrases, weights: Mapping[str, float], stays: Collection[int]) -> Iterator["Example"]:
    """Unsorted projects whose own words name one field clearly, or none at all."""
    from projects.suggesting.model import Example

    parents = {one.slug: one.parent for one in reads.fields()}
    left: dict[str, int] = {STAYS: CLEAR_NONE}
    for pk, bag in found.pool.items():
        if pk in found.held_out or pk in stays:
            continue
        slug = fields.clear_field(fields.spoken_for(bag, known, weights), parents)
        if slug is None and not fields.mentions(bag, known):
            slug = STAYS
        if slug is not None and left.setdefault(slug, CLEAR_EACH):
            left[slug] -= 1
            yield Example(bag, slug, "words")


def _from_names(known: fields.Phrases, trusted: Mapping[str, float]) -> Iterator["Example"]:
    """Each phrase that is trusted by itself, for every field that is known by it; and a project without any word, which stays where it is."""
    from projects.suggesting.model import Example

    for phrase, slugs in known.fields.items():
        if trusted.get(phrase, 1.0) >= TRUSTED:
            for slug in sorted(slugs):
                yield Example({phrase: 1.0}, slug, "name")
    yield Example({}, STAYS, "name")


def _suggest(run: Classifier, made: "Model", found: _Gathered, spelled: Mapping[str, str], stays: Collection[int], report: Report) -> None:
    """Write what the model says of the pool and of the sample, then forget what older classifiers said of others."""
    rows = {row.slug: row for row in Category.objects.filter(merged_into=None)}
    asked = {**found.held_out, **found.pool}
    waiting = reads.unlabelled()
    ids = list(asked)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        judged = made.judge([asked[pk] for pk in part])
        is_open = [pk in found.pool and pk not in stays and pk not in waiting for pk in part]
        _write(run, part, [(one, shown(one.words, spelled)) for one in judged], is_open, rows)
        report("suggesting", 80 + 19 * start // len(ids))
    Suggestion.objects.exclude(classifier=run).delete()


def _write(
    run: Classifier,
    ids: Sequence[int],
    judged: Sequence[tuple["Judged", list[tuple[str, float]]]],
    is_open: Sequence[bool],
    rows: Mapping[str, Category],
) -> None:
    made = [
        Suggestion(
            repository_id=pk, category=rows.get(one.slug), confidence=one.confidence, words=words,
            classifier=run, is_open=waits,
        )
        for pk, (one, words), waits in zip(ids, judged, is_open, strict=True)
    ]  # fmt: skip
    with transaction.atomic():
        Suggestion.objects.bulk_create(
            made,
            update_conflicts=True,
            unique_fields=["repository"],
            update_fields=["category", "confidence", "words", "classifier", "is_open"],
        )


def _forget_old(run: Classifier) -> None:
    """Arrays of all but the newest classifiers, and rows of runs that failed long ago."""
    kept = Classifier.objects.filter(state=Classifier.State.DONE).order_by("-pk").values_list("pk", flat=True)[:KEPT]
    Classifier.objects.exclude(pk__in=[*kept, run.pk]).filter(arrays__isnull=False).update(arrays=None)
