"""Boards, their columns, and cards that move."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Namespace
from core.actors import Actor
from core.errors import Conflict, Invalid, LimitReached
from issues import rules
from issues.commands.states import close_issue, reopen_issue
from issues.commands.triage import change_labels
from issues.logic.query import parse
from issues.models import Board, Card, Column, Label, Thread
from projects.models import Repository

BOARDS_MAX, COLUMNS_MAX, CARDS_MAX = 30, 20, 2_000
STEP = 1024.0  # between the positions of neighbours


def make_board(
    actor: Actor, owner: Repository | Namespace, *, name: str, by: str = Board.By.OWN, query: str = "", columns: Sequence[str] = ()
) -> Board:
    """A new board of a repository or an organisation. `columns`: names of its own columns, or of labels.

    Raises NotFound or Forbidden (rules.can_make_board), Invalid (name, columns, query), LimitReached.
    """
    rules.can_make_board(actor, owner).require()
    name, wanted = _clean_name(name), _clean_columns(by, columns)
    of = {"repository": owner} if isinstance(owner, Repository) else {"namespace": owner}
    with transaction.atomic():
        rows = Board.objects.filter(**of)
        if rows.count() >= BOARDS_MAX:
            raise LimitReached(_("There are at most %d boards here.") % BOARDS_MAX, field="name")
        number = (rows.aggregate(last=Max("number"))["last"] or 0) + 1
        try:
            with transaction.atomic():
                board = Board.objects.create(number=number, name=name, by=by, query=_clean_query(query), created_by=actor.person, **of)
        except IntegrityError as error:
            raise Conflict(_("Somebody made a board at the same moment. Try again."), field="name") from error
        Column.objects.bulk_create(
            [Column(board=board, name=shown, value=value, position=place) for place, (shown, value) in enumerate(wanted)]
        )
    return board


def change_board(actor: Actor, board: Board, *, name: str, query: str) -> Board:
    """Another name or query. Raises NotFound or Forbidden (rules.can_change_board), Invalid."""
    rules.can_change_board(actor, board).require()
    board.name, board.query, board.updated_at = _clean_name(name), _clean_query(query), timezone.now()
    board.save(update_fields=["name", "query", "updated_at"])
    return board


def delete_board(actor: Actor, board: Board) -> None:
    """Remove it; the issues stay. Raises NotFound or Forbidden (rules.can_change_board)."""
    rules.can_change_board(actor, board).require()
    board.delete()


def save_column(actor: Actor, board: Board, *, name: str, most: int | None = None, column: Column | None = None) -> Column:
    """A new column at the end, or another name or limit for `column`. On a board of labels the name is the label's.

    Raises NotFound or Forbidden (rules.can_change_board), Invalid (name; a board of states has its two), Conflict (taken), LimitReached.
    """
    rules.can_change_board(actor, board).require()
    if board.by == Board.By.STATE:
        raise Invalid(_("A board of states has its two columns."), field="name")
    name = _clean_name(name, longest=60)
    row = column or Column(board=board)
    if board.by == Board.By.LABEL:
        row.value = name
    row.name, row.most = name, most
    try:
        with transaction.atomic():
            rows = Column.objects.filter(board=board)
            if column is None:
                if rows.count() >= COLUMNS_MAX:
                    raise LimitReached(_("A board has at most %d columns.") % COLUMNS_MAX, field="name")
                row.position = (rows.aggregate(last=Max("position"))["last"] or 0) + 1
            row.save()
    except IntegrityError as error:
        raise Conflict(_("There is a column “%s” already.") % name, field="name") from error
    return row


def move_column(actor: Actor, column: Column, *, left: bool) -> None:
    """One place to the left or right. Raises NotFound or Forbidden (rules.can_change_board)."""
    rules.can_change_board(actor, column.board).require()
    with transaction.atomic():
        rows = list(Column.objects.select_for_update().filter(board=column.board).order_by("position", "pk"))
        at = next((place for place, row in enumerate(rows) if row.pk == column.pk), 0)
        other = at - 1 if left else at + 1
        if 0 <= other < len(rows):
            rows[at], rows[other] = rows[other], rows[at]
            for place, row in enumerate(rows):
                row.position = place
            Column.objects.bulk_update(rows, ["position"])


def delete_column(actor: Actor, column: Column) -> None:
    """Remove a column; its cards are unsorted then. Raises NotFound or Forbidden (rules.can_change_board), Invalid (of states)."""
    rules.can_change_board(actor, column.board).require()
    if column.board.by == Board.By.STATE:
        raise Invalid(_("A board of states has its two columns."), field="name")
    column.delete()


def add_card(actor: Actor, board: Board, thread: Thread, column: Column | None = None) -> Card:
    """Put a thread on a board of its own columns, at the end of `column`. Raises NotFound, Forbidden, Invalid (not of the board's), LimitReached."""
    rules.can_change_board(actor, board).require()
    rules.can_read(actor, thread).require()
    if board.by != Board.By.OWN:
        raise Invalid(_("What is on this board follows from labels or states."), field="number")
    if not belongs(board, thread):
        raise Invalid(_("It is of a project that this board is not for."), field="number")
    with transaction.atomic():
        if (held := Card.objects.filter(board=board, thread=thread).first()) is not None:
            return held
        if Card.objects.filter(board=board).count() >= CARDS_MAX:
            raise LimitReached(_("A board holds at most %d cards.") % CARDS_MAX, field="number")
        card, _made = Card.objects.get_or_create(
            board=board, thread=thread, defaults={"column": column, "position": _last(board, column) + STEP}
        )
    return card


def remove_card(actor: Actor, card: Card) -> None:
    """Take it off the board; the thread stays. Raises NotFound or Forbidden (rules.can_change_board)."""
    rules.can_change_board(actor, card.board).require()
    card.delete()


def move_card(actor: Actor, board: Board, thread: Thread, *, column: Column | None, before: Thread | None = None) -> None:
    """Put a thread into `column` (None: unsorted), before another card or at the end.

    On a board of labels the labels change, on one of states the issue is closed or opened: by the commands for that, with their rules.
    Raises NotFound, Forbidden (rules.can_change_board), Invalid, Conflict (the column is gone).
    """
    rules.can_change_board(actor, board).require()
    rules.can_read(actor, thread).require()
    if column is not None and column.board_id != board.pk:
        raise Conflict(_("This column is gone."), field="column")
    if board.by == Board.By.LABEL:
        _relabel(actor, board, thread, column)
    elif board.by == Board.By.STATE:
        _restate(actor, thread, column)
    else:
        _place(actor, board, thread, column, before)


def belongs(board: Board, thread: Thread) -> bool:
    """Whether threads of that repository can be on the board."""
    if board.repository_id is not None:
        return thread.repository_id == board.repository_id
    return thread.repository.namespace_id == board.namespace_id


def _place(actor: Actor, board: Board, thread: Thread, column: Column | None, before: Thread | None) -> None:
    card = add_card(actor, board, thread, column)
    with transaction.atomic():
        Board.objects.select_for_update().get(pk=board.pk)
        rows = list(Card.objects.filter(board=board, column=column).exclude(pk=card.pk).order_by("position", "pk"))
        at = next((place for place, row in enumerate(rows) if before is not None and row.thread_id == before.pk), len(rows))
        low = rows[at - 1].position if at else (rows[0].position - 2 * STEP if rows else 0.0)
        high = rows[at].position if at < len(rows) else low + 2 * STEP
        if high - low < 1e-6:  # no room left: all get room again
            for place, row in enumerate(rows):
                row.position = (place + (place >= at)) * STEP
            Card.objects.bulk_update(rows, ["position"])
            low, high = (at - 1) * STEP, (at + 1) * STEP
        Card.objects.filter(pk=card.pk).update(column=column, position=(low + high) / 2)


def _last(board: Board, column: Column | None) -> float:
    return float(Card.objects.filter(board=board, column=column).aggregate(last=Max("position"))["last"] or 0.0)


def _relabel(actor: Actor, board: Board, thread: Thread, column: Column | None) -> None:
    if not belongs(board, thread):
        raise Invalid(_("It is of a project that this board is not for."), field="number")
    labels = {label.name.lower(): label for label in Label.objects.filter(repository=thread.repository)}
    others = [labels[row.value.lower()] for row in board.columns.all() if row.value.lower() in labels]
    if column is not None and column.value.lower() not in labels:
        raise Invalid(_("The project has no label “%s”.") % column.value, field="column")
    chosen = [labels[column.value.lower()]] if column is not None else []
    change_labels(actor, thread, add=chosen, remove=[label for label in others if label not in chosen])


def _restate(actor: Actor, thread: Thread, column: Column | None) -> None:
    if not thread.is_issue:
        raise Invalid(_("A pull request is closed on its own page."), field="column")
    if column is None:
        raise Conflict(_("This column is gone."), field="column")
    if column.value == Thread.State.OPEN:
        reopen_issue(actor, thread)
    else:
        close_issue(actor, thread)


def _clean_name(name: str, *, longest: int = 80) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= longest or not name.isprintable():
        raise Invalid(_("Give a name of at most %d characters.") % longest, field="name")
    return name


def _clean_query(query: str) -> str:
    cleaned = str(parse(query))
    if len(cleaned) > 1000:
        raise Invalid(_("The query is too long."), field="query")
    return cleaned


def _clean_columns(by: str, columns: Sequence[str]) -> list[tuple[str, str]]:
    """Shown name and value of each. Raises Invalid."""
    if by not in Board.By.values:
        raise Invalid(_("Choose what the columns stand for."), field="by")
    if by == Board.By.STATE:
        return [(_("Open"), "open"), (_("Closed"), "closed")]
    wanted = list(dict.fromkeys(_clean_name(name, longest=60) for name in columns if name.strip()))
    if len({name.lower() for name in wanted}) != len(wanted):
        raise Invalid(_("Two columns have the same name."), field="columns")
    if not wanted or len(wanted) > COLUMNS_MAX:
        raise Invalid(_("A board has 1 to %d columns.") % COLUMNS_MAX, field="columns")
    return [(name, name if by == Board.By.LABEL else "") for name in wanted]
