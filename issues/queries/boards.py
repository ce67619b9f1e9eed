"""Boards, and the cards of their columns as a reader may see them."""

from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Namespace
from core.actors import Actor
from core.errors import NotFound
from issues import rules
from issues.logic.query import Query, parse
from issues.models import Board, Card, Column, Thread
from issues.queries.filtering import filtered
from issues.queries.threads import listed
from projects.models import Repository

SHOWN = 50  # cards of a column


@dataclass(slots=True)
class Lane:
    """A column with its first cards; `column` is None for what is unsorted. `total` may be more than `cards`."""

    column: Column | None
    cards: list[Thread] = field(default_factory=list)
    total: int = 0

    @property
    def key(self) -> str:
        """Its id in forms."""
        return str(self.column.pk) if self.column is not None else "0"

    @property
    def is_over(self) -> bool:
        """More cards than it should hold."""
        return self.column is not None and self.column.most is not None and self.total > self.column.most


def boards(owner: Repository | Namespace) -> QuerySet[Board]:
    """Of a repository or an organisation, in the order they were made. Who may see them is asked of the owner."""
    rows = Board.objects.filter(repository=owner) if isinstance(owner, Repository) else Board.objects.filter(namespace=owner)
    return rows.order_by("number")


def board(actor: Actor, owner: Repository | Namespace, number: int) -> Board:
    """One of them. Raises NotFound."""
    rules.can_see_boards(actor, owner).require()
    found = boards(owner).filter(number=number).first() if number < 2**31 else None
    if found is None:
        raise NotFound(_("There is no such board."))
    if isinstance(owner, Repository):
        found.repository = owner
    else:
        found.namespace = owner
    return found


def column(board: Board, key: str) -> Column | None:
    """The column of a form's value; None for "0" (unsorted). Raises NotFound."""
    if key in ("", "0"):
        return None
    found = board.columns.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) < 16 else None
    if found is None:
        raise NotFound(_("This column is gone."))
    found.board = board
    return found


def board_page(actor: Actor, board: Board) -> list[Lane]:
    """Its columns with cards; what is unsorted comes first where there is some. A number of queries that grows with the columns alone."""
    columns = list(board.columns.order_by("position", "pk"))
    rows = _threads(actor, board)
    if board.by == Board.By.OWN:
        return _own(board, rows, columns)
    if board.by == Board.By.STATE:
        return [_lane(row, rows.filter(state=row.value)) for row in columns]
    query = parse(board.query)
    lanes = [_lane(row, rows.filter(labels__name__lower=row.value.lower())) for row in columns]
    named = [row.value.lower() for row in columns]
    rest = rows.exclude(labels__name__lower__in=named)
    return [_lane(None, rest if query.state else rest.filter(state=Thread.State.OPEN)), *lanes]


def _threads(actor: Actor, board: Board) -> QuerySet[Thread]:
    """What can be on the board: issues and pull requests that the reader may read and its query finds."""
    rows = Thread.objects.filter(rules.threads_readable_by(actor))
    rows = rows.filter(repository=board.repository) if board.repository is not None else rows.filter(repository__namespace=board.namespace)
    query = Query(parse(board.query).without("sort").terms)
    return filtered(actor, rows, query, repository=board.repository)


def _lane(column: Column | None, rows: QuerySet[Thread]) -> Lane:
    chosen = list(listed(rows).order_by("-updated_at", "-pk")[: SHOWN + 1])
    return Lane(column, chosen[:SHOWN], rows.count() if len(chosen) > SHOWN else len(chosen))


def _own(board: Board, rows: QuerySet[Thread], columns: list[Column]) -> list[Lane]:
    """Two queries for the cards and those of their rows, however many columns there are."""
    lanes = {row.pk: Lane(row) for row in columns}
    unsorted = Lane(None)
    shown: list[tuple[Lane, int]] = []
    for thread, place in (
        Card.objects.filter(board=board, thread__in=rows.values("pk")).order_by("position", "pk").values_list("thread", "column")
    ):
        lane = lanes.get(place, unsorted) if place is not None else unsorted
        lane.total += 1
        if lane.total <= SHOWN:
            shown.append((lane, thread))
    found = {row.pk: row for row in listed(Thread.objects.filter(pk__in=[pk for _lane, pk in shown]))}
    for lane, pk in shown:
        if pk in found:
            lane.cards.append(found[pk])
    return [unsorted, *lanes.values()] if unsorted.total else list(lanes.values())
