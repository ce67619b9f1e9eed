"""What programs say about commits: statuses and check runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events
from core.actors import Actor
from core.errors import Conflict, Forbidden, Invalid, LimitReached
from core.limits import take
from projects import rules
from projects.events import CommitStatusSet
from projects.models import CheckAnnotation, CheckRun, CheckSetting, CommitStatus, Repository
from projects.queries.statuses import require_commit, result_of

PER_COMMIT = 1000  # statuses, and check runs, of one commit
PER_MINUTE = 300  # words of one person in a minute
ANNOTATIONS = 50  # in one request
ANNOTATIONS_OF_RUN = 1000
TEXT_MAX = 65535  # characters of a Markdown text
FIELDS = {"external_id": 200, "details": 1000, "title": 255, "summary": TEXT_MAX, "text": TEXT_MAX}


def set_status(
    actor: Actor, repository: Repository, *, oid: str, state: str, context: str = "default", description: str = "", target: str = ""
) -> CommitStatus:
    """Say something about a commit; it becomes the latest of its context.

    Raises NotFound (commit) or Forbidden (rules.can_set_status), Invalid, LimitReached. Publishes CommitStatusSet.
    """
    _require_right(actor, repository)
    context, description = _line(context, "context", 255), _line(description, "description", 255)
    if state not in CommitStatus.State.values:
        raise Invalid(_("There is no such state."), field="state")
    if not context:
        raise Invalid(_("Give the status a name."), field="context")
    address = _address(target, "target")
    require_commit(repository, oid)
    rows = CommitStatus.objects.filter(repository=repository, oid=oid)
    if rows.count() >= PER_COMMIT:
        raise LimitReached(_("A commit holds at most %d statuses.") % PER_COMMIT, code="statuses")
    try:
        with transaction.atomic():
            rows.filter(context=context, is_latest=True).update(is_latest=False)
            made = CommitStatus.objects.create(
                repository=repository, oid=oid, context=context, state=state, description=description, target=address, creator=actor.person
            )
            _note_change(repository)
            events.publish(_fact(actor, repository, oid, context, state))
    except IntegrityError as error:  # another one of the same context at the same moment
        raise Conflict(_("This changed meanwhile.")) from error
    return made


def create_check_run(actor: Actor, repository: Repository, *, oid: str, name: str, source: str = "", **given: Any) -> CheckRun:
    """Begin a check run, or tell of one that is over; it becomes the latest of its name. `given` as in `update_check_run`.

    Raises NotFound (commit) or Forbidden (rules.can_set_status), Invalid, LimitReached. Publishes CommitStatusSet.
    """
    _require_right(actor, repository)
    if source and not actor.is_system:
        raise Forbidden(_("Only this site itself may do that."))
    name = _line(name, "name", 255)
    if not name:
        raise Invalid(_("Give the check a name."), field="name")
    require_commit(repository, oid)
    rows = CheckRun.objects.filter(repository=repository, oid=oid)
    if rows.count() >= PER_COMMIT:
        raise LimitReached(_("A commit holds at most %d check runs.") % PER_COMMIT, code="check_runs")
    run = CheckRun(repository=repository, oid=oid, name=name, source=source, creator=actor.person)
    notes = _apply(run, given)
    try:
        with transaction.atomic():
            rows.filter(name=name, is_latest=True).update(is_latest=False)
            _store(actor, run, notes)
    except IntegrityError as error:
        raise Conflict(_("This changed meanwhile.")) from error
    return run


def update_check_run(actor: Actor, run: CheckRun, **given: Any) -> CheckRun:
    """Change a run: status, conclusion, started_at, completed_at, details, external_id, title, summary, text; `annotations` are added.

    A conclusion completes it. Raises NotFound or Forbidden (rules.can_set_status; another's run), Invalid, LimitReached.
    Publishes CommitStatusSet.
    """
    _require_right(actor, run.repository)
    if run.source and not actor.is_system:
        raise Forbidden(_("This check is the site's own."))
    notes = _apply(run, given)
    if notes and run.annotations.count() + len(notes) > ANNOTATIONS_OF_RUN:
        raise LimitReached(_("A check run holds at most %d annotations.") % ANNOTATIONS_OF_RUN, field="annotations", code="annotations")
    with transaction.atomic():
        _store(actor, run, notes)
    return run


def set_house_check(actor: Actor, repository: Repository, *, is_on: bool) -> None:
    """Switch this site's own check of pushes to topic branches. Raises NotFound or Forbidden (rules.can_administer)."""
    rules.can_administer(actor, repository).require()
    with transaction.atomic():
        CheckSetting.objects.update_or_create(repository=repository, defaults={"is_on": is_on})


def _require_right(actor: Actor, repository: Repository) -> None:
    rules.can_set_status(actor, repository).require()
    if actor.person is not None:
        take(f"statuses:{actor.person.pk}", limit=PER_MINUTE, seconds=60)


def _store(actor: Actor, run: CheckRun, notes: list[CheckAnnotation]) -> None:
    run.save()
    for note in notes:
        note.run = run
    CheckAnnotation.objects.bulk_create(notes)
    _note_change(run.repository)
    if run.is_latest:
        events.publish(_fact(actor, run.repository, run.oid, run.name, result_of(run).state))


def _note_change(repository: Repository) -> None:
    """Kept pages of the repository are made anew."""
    if not CheckSetting.objects.filter(repository=repository).update(version=F("version") + 1):
        CheckSetting.objects.get_or_create(repository=repository, defaults={"version": 1})


def _fact(actor: Actor, repository: Repository, oid: str, context: str, state: str) -> CommitStatusSet:
    by = actor.person.pk if actor.person else None
    return CommitStatusSet(repository_id=repository.pk, oid=oid, context=context, state=state, by_id=by)


def _apply(run: CheckRun, given: Mapping[str, Any]) -> list[CheckAnnotation]:
    """Put the given values into the run; the annotations to add. Raises Invalid."""
    for field, most in FIELDS.items():
        if field in given:
            setattr(run, field, _text(given[field], field, most))
    run.details = _address(run.details, "details")
    run.title = _line(run.title, "title", 255)
    _apply_state(run, given)
    return [_annotation(one) for one in _bounded(given.get("annotations", ()))]


def _apply_state(run: CheckRun, given: Mapping[str, Any]) -> None:
    """Status, conclusion and times that fit each other. Raises Invalid."""
    conclusion, status = given.get("conclusion", run.conclusion) or "", given.get("status", "") or ""
    if status and status not in CheckRun.Status.values:
        raise Invalid(_("There is no such status."), field="status")
    if conclusion and conclusion not in CheckRun.Conclusion.values:
        raise Invalid(_("There is no such conclusion."), field="conclusion")
    if status == CheckRun.Status.COMPLETED and not conclusion:
        raise Invalid(_("Say how the check ended."), field="conclusion")
    if status and status != CheckRun.Status.COMPLETED:
        if given.get("conclusion"):
            raise Invalid(_("A check that is not over has no conclusion."), field="conclusion")
        conclusion = ""
    now = timezone.now()
    run.conclusion = conclusion
    run.status = CheckRun.Status.COMPLETED if conclusion else status or run.status
    run.started_at = given.get("started_at") or run.started_at or (None if run.status == CheckRun.Status.QUEUED else now)
    ended: datetime | None = given.get("completed_at") or run.completed_at or now
    run.completed_at = ended if conclusion else None


def _bounded(notes: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    if len(notes) > ANNOTATIONS:
        raise Invalid(_("At most %d annotations at once; send the others with further changes.") % ANNOTATIONS, field="annotations")
    return notes


def _annotation(given: Mapping[str, Any]) -> CheckAnnotation:
    """Raises Invalid."""
    start, end = given["start_line"], given.get("end_line") or given["start_line"]
    if not 1 <= start <= end < 2**31:
        raise Invalid(_("An annotation ends before it begins."), field="annotations")
    if given["level"] not in CheckAnnotation.Level.values:
        raise Invalid(_("There is no such level."), field="annotations")
    columns = {name: given.get(name) for name in ("start_column", "end_column")}
    path = _text(given["path"], "annotations", 1000).strip("/")
    if not path:
        raise Invalid(_("Say which file an annotation is about."), field="annotations")
    return CheckAnnotation(
        path=path, start_line=start, end_line=end, **columns, level=given["level"],
        title=_line(given.get("title", ""), "annotations", 255), message=_text(given["message"], "annotations", TEXT_MAX),
        raw_details=_text(given.get("raw_details", ""), "annotations", TEXT_MAX),
    )  # fmt: skip


def _text(value: str | None, field: str, most: int) -> str:
    """Raises Invalid for a text that is too long; what no database takes is left out."""
    text = (value or "").replace("\0", "")
    if len(text) > most:
        raise Invalid(_("This text is too long; at most %d characters.") % most, field=field)
    return text


def _line(value: str | None, field: str, most: int) -> str:
    """One line."""
    return _text(" ".join((value or "").split()), field, most)


def _address(value: str, field: str) -> str:
    """An http(s) address, or nothing. Raises Invalid."""
    text = _text(value, field, 1000).strip()
    if not text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.username or any(ord(one) < 33 for one in text):
        raise Invalid(_("Give an address that begins with http:// or https://."), field=field)
    return text
