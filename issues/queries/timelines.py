"""The timeline of a thread, a page at a time, with what the reader may not know left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from core.actors import Actor
from issues import rules
from issues.models import Comment, Happening, Thread
from issues.places import happening_kinds
from issues.queries.rendering import rendered
from projects import rules as projects_rules
from projects.models import Repository

PER_PAGE = 30


@dataclass(slots=True)
class Entry:
    """One entry as the page shows it. `html` is the comment's text; `template` the one that draws an entry of a higher package."""

    happening: Happening
    html: str = ""
    template: str = ""
    may_edit: bool = False
    may_delete: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def comment(self) -> Comment | None:
        """The comment, if it is one."""
        return self.happening.comment


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of entries; `number` of `total` pages, from 1."""

    entries: list[Entry]
    number: int
    total: int
    body: str  # HTML of the thread's own text


def visible(actor: Actor, thread: Thread) -> QuerySet[Happening]:
    """Entries the actor may know of: a reference from what he may not read is none."""
    readable = Repository.objects.filter(projects_rules.readable_by(actor), taken_down_at=None)
    shown = (
        Q(reference=None) | Q(reference__source_repository=thread.repository_id) | Q(reference__source_repository__in=readable.values("pk"))
    )
    return Happening.objects.filter(shown, thread=thread)


def timeline(actor: Actor, thread: Thread, *, page: int = 1, at_comment: int | None = None) -> Timeline:
    """The page of the timeline, or the one a comment is on. The number of queries does not grow with the entries."""
    rows = visible(actor, thread)
    total = max(1, -(-rows.count() // PER_PAGE))
    if at_comment is not None and (found := rows.filter(comment=at_comment).values_list("pk", flat=True).first()) is not None:
        page = 1 + rows.filter(pk__lt=found).count() // PER_PAGE
    page = max(1, min(page, total))
    related = ("by", "comment__author", "comment__edited_by", "comment__hidden_by", "reference__source__repository__namespace",
               "reference__source_repository__namespace")  # fmt: skip
    chosen = list(rows.select_related(*related).order_by("pk")[(page - 1) * PER_PAGE : page * PER_PAGE])
    texts = [row.comment.body if row.comment is not None else "" for row in chosen]
    htmls = rendered(actor, thread.repository, [thread.body, *texts])
    return Timeline(_entries(actor, thread, chosen, htmls[1:]), page, total, htmls[0])


def _entries(actor: Actor, thread: Thread, rows: Sequence[Happening], htmls: Sequence[str]) -> list[Entry]:
    templates = {each.kind: each.template for each in happening_kinds}
    triages, commenting = bool(rules.can_triage(actor, thread.repository)), bool(rules.can_comment(actor, thread))
    found = []
    for row, html in zip(rows, htmls, strict=True):
        row.thread = thread
        entry = Entry(row, html, templates.get(row.kind, ""), facts=row.facts)
        if row.comment is not None:
            row.comment.thread = thread
            entry.may_edit = entry.may_delete = triages or (commenting and rules.is_author(actor, row.comment))
        found.append(entry)
    return found
