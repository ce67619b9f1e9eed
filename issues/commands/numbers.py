"""Numbers of threads, and how many are open."""

from django.db import connection, transaction
from django.db.models import Count, F, Max

from issues.models import Counter, Milestone, Thread
from projects.models import Repository


def _row(repository: Repository) -> None:
    """Make sure that the counter exists; two at once make one."""
    if not connection.in_atomic_block:
        raise RuntimeError("numbers belong inside the command's transaction")
    Counter.objects.bulk_create([Counter(repository=repository)], ignore_conflicts=True)


def hold_numbers(repository: Repository) -> None:
    """Nobody else opens a thread here until the caller's transaction ends."""
    _row(repository)
    Counter.objects.select_for_update(no_key=True).get(repository=repository)


def allocate_number(repository: Repository) -> int:
    """The next number of an issue or pull request of the repository, in the transaction of the command that makes it.

    The UPDATE holds the counter's row until that transaction ends (on SQLite the transaction is the only writer), so two commands never
    get the same one; a command that fails gives its number back.
    """
    return _next(repository, "last")


def allocate_milestone_number(repository: Repository) -> int:
    """The same for milestones."""
    return _next(repository, "last_milestone")


def _next(repository: Repository, field: str) -> int:
    _row(repository)
    row = Counter.objects.filter(repository=repository)
    row.update(**{field: F(field) + 1})
    return int(row.values_list(field, flat=True).get())


def count_threads(repository: Repository, kind: str, *, opened: int = 0, closed: int = 0) -> None:
    """Add to the numbers of open and closed threads of `kind` ("issue", "pull"); negative numbers take away."""
    _row(repository)
    names = (f"open_{kind}s", opened), (f"closed_{kind}s", closed)
    Counter.objects.filter(repository=repository).update(**{name: F(name) + change for name, change in names if change})


def recount(repository: Repository) -> None:
    """Count everything anew: after an import, and as a repair."""
    with transaction.atomic():
        _row(repository)
        found = dict.fromkeys(("open_issues", "closed_issues", "open_pulls", "closed_pulls"), 0)
        for kind, state, total in Thread.objects.filter(repository=repository).values_list("kind", "state").annotate(n=Count("pk")):
            found[f"{state}_{kind}s"] = total
        last = Thread.objects.filter(repository=repository).aggregate(last=Max("number"))["last"] or 0
        milestone = Milestone.objects.filter(repository=repository).aggregate(last=Max("number"))["last"] or 0
        row = Counter.objects.select_for_update(no_key=True).get(repository=repository)
        Counter.objects.filter(pk=row.pk).update(last=max(row.last, last), last_milestone=max(row.last_milestone, milestone), **found)
