"""A list as rows of a table, read a part at a time."""

from collections.abc import Iterator

from django.db.models import Prefetch, QuerySet

from issues.models import Assignment, Labelling, Thread

HEAD = (
    "number", "kind", "title", "state", "reason", "author", "assignees", "labels", "milestone", "due", "comments", "created", "updated", "closed",
    "address",
)  # fmt: skip
PART = 500


def exported(rows: QuerySet[Thread], base: str) -> Iterator[tuple[object, ...]]:
    """The head, then each thread by its number; `base` is the site's address. Four queries for each PART rows."""
    yield HEAD
    after = 0
    rows = (
        rows.select_related("author", "milestone", "repository__namespace")
        .defer("body")
        .prefetch_related(
            Prefetch("labellings", Labelling.objects.select_related("label").order_by("label__name")),
            Prefetch("assignments", Assignment.objects.select_related("user").order_by("pk")),
        )
        .order_by("number")
    )
    while part := list(rows.filter(number__gt=after)[:PART]):
        for row in part:
            yield _row(row, base)
        after = part[-1].number


def _row(row: Thread, base: str) -> tuple[object, ...]:
    return (
        row.number, row.kind, row.title, row.state, row.state_reason, row.author.username if row.author else row.author_name,
        " ".join(each.user.username for each in row.assignments.all()), ", ".join(each.label.name for each in row.labellings.all()),
        row.milestone.title if row.milestone else "", row.due_on or "", row.comment_count, row.created_at.isoformat(timespec="seconds"),
        row.updated_at.isoformat(timespec="seconds"), row.closed_at.isoformat(timespec="seconds") if row.closed_at else "",
        base + row.get_absolute_url(),
    )  # fmt: skip
