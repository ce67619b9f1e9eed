"""Threads are opened and their words changed."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import events
from core.actors import Actor
from core.errors import Conflict
from issues import rules
from issues.commands.numbers import allocate_number, count_threads, hold_numbers
from issues.commands.referring import note_names
from issues.commands.texts import TWICE, clean_body, clean_title, count_tasks, throttle
from issues.commands.timeline import locked_thread, person_of, record, take_part, touch
from issues.commands.triage import label_thread, plan_thread, put_on
from issues.events import IssueOpened, ThreadChanged
from issues.models import Happening, Label, Milestone, Reason, Revision, Thread
from issues.queries.naming import names_of
from projects.models import Repository


def open_issue(
    actor: Actor, repository: Repository, *, title: str, body: str = "", labels: Iterable[Label] = (), assignees: Iterable[User] = (),
    milestone: Milestone | None = None, due_on: date | None = None, template_labels: Sequence[Label] = (), template_assignees: Sequence[User] = (),
) -> Thread:  # fmt: skip
    """Open an issue. What a template of the repository brings needs no right; choosing labels, people, milestone or day does (rules.can_triage).

    The same words twice within TWICE are the first issue again (a double click). Raises NotFound or Forbidden (rules.can_open), Invalid,
    LimitReached. Publishes IssueOpened, and PersonMentioned.
    """
    rules.can_open(actor, repository).require()
    chosen, people = list(labels), list(assignees)
    if chosen or people or milestone is not None or due_on is not None:
        rules.can_triage(actor, repository).require()
    title, body = clean_title(title), clean_body(body)
    throttle(actor, "open-issue", minute=20, day=300)
    names = names_of(actor, repository, body)
    with transaction.atomic():
        hold_numbers(repository)  # a second click waits here
        if (twin := _twin(actor, repository, title, body)) is not None:
            return twin
        thread = start_thread(repository, allocate_number(repository), Thread.Kind.ISSUE, title=title, body=body, author=actor.person)
        label_thread(actor, thread, [*chosen, *template_labels], silent=True)
        put_on(actor, thread, [*people, *template_assignees], silent=True)
        plan_thread(thread, milestone=milestone, due_on=due_on)
        note_names(actor, thread, names)
        events.publish(IssueOpened(thread_id=thread.pk, repository_id=repository.pk, by_id=person_of(actor)))
    return thread


def start_thread(repository: Repository, number: int, kind: str, *, title: str, body: str, author: User | None) -> Thread:
    """The row of a new issue or pull request, in the caller's transaction: counted, its author takes part. Words are clean already."""
    now = timezone.now()
    thread = Thread.objects.create(
        repository=repository,
        number=number,
        kind=kind,
        title=title,
        body=body,
        author=author,
        created_at=now,
        updated_at=now,
        **count_tasks(body),
    )
    count_threads(repository, kind, opened=1)
    if author is not None:
        take_part(thread, [author.pk], Reason.AUTHOR)
    return thread


def _twin(actor: Actor, repository: Repository, title: str, body: str) -> Thread | None:
    since = timezone.now() - TWICE
    rows = Thread.objects.filter(
        repository=repository, kind=Thread.Kind.ISSUE, author=actor.person, title=title, body=body, created_at__gt=since
    )
    found = rows.first() if actor.person is not None else None
    if found is not None:
        found.repository = repository
    return found


def edit_thread(actor: Actor, thread: Thread, *, title: str | None = None, body: str | None = None, version: int | None = None) -> Thread:
    """Change title or body of an issue or pull request; what stood there is kept as a revision. None leaves it.

    `version`: the one the writer saw. Raises NotFound or Forbidden (rules.can_edit), Invalid, Conflict (somebody changed it meanwhile).
    Publishes ThreadChanged, and PersonMentioned.
    """
    rules.can_edit(actor, thread).require()
    wanted = thread.title if title is None else clean_title(title)
    words = thread.body if body is None else clean_body(body)
    throttle(actor, "edit-thread", minute=60, day=2000)
    before, names = names_of(actor, thread.repository, thread.body), names_of(actor, thread.repository, words)
    with transaction.atomic():
        row = locked_thread(thread)
        require_version(row.version, version)
        changes = [name for name, new in (("title", wanted if title is not None else row.title), ("body", words if body is not None else row.body))
                   if getattr(row, name) != new]  # fmt: skip
        if not changes:
            return row
        for name in changes:
            Revision.objects.create(thread=row, field=name, text=getattr(row, name), by=actor.person)
        if "title" in changes:
            record(row, actor.person, Happening.Kind.RENAMED, old=row.title, new=wanted)
        new = {"title": wanted, "body": words}
        counted = count_tasks(words) if "body" in changes else {}
        touch(row, **{name: new[name] for name in changes}, **counted, version=row.version + 1, edited_at=timezone.now())
        if "body" in changes:
            note_names(actor, row, names, before=before)
        events.publish(ThreadChanged(thread_id=row.pk, repository_id=row.repository_id, by_id=person_of(actor), changes=changes))
    return row


def require_version(held: int, seen: int | None) -> None:
    """Raise Conflict if the writer saw an older version."""
    if seen is not None and seen != held:
        raise Conflict(
            _("Somebody changed this meanwhile. Your words are still here: compare, then save again."), field="body", code="version"
        )
