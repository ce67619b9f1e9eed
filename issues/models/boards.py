"""Boards: columns of cards."""

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Namespace, User
from issues.models.threads import Thread
from projects.models import Repository


class Board(models.Model):
    """Threads in columns, of one repository or of the repositories of an organisation (`namespace`); one of the two is set.

    `by` says what a column stands for: the state of a thread, one of its labels, or a field of the board's own, kept in `Card.column`.
    `query` narrows what is shown.
    """

    class By(models.TextChoices):
        OWN = "own", _("Columns of its own")
        LABEL = "label", _("Labels")
        STATE = "state", _("State")

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, null=True, blank=True, related_name="boards")
    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, null=True, blank=True, related_name="boards")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    by = models.CharField(max_length=5, choices=By.choices, default=By.OWN)
    query = models.CharField(max_length=1000, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "number"], name="board_of_repository_unique", condition=models.Q(namespace=None)),
            models.UniqueConstraint(fields=["namespace", "number"], name="board_of_namespace_unique", condition=models.Q(repository=None)),
            models.CheckConstraint(
                condition=models.Q(repository=None, namespace__isnull=False) | models.Q(repository__isnull=False, namespace=None),
                name="board_has_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Column(models.Model):
    """A column. `value` is the label's name or the state ("open", "closed"); "" for a column of the board's own. `most`: cards it should hold."""

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="columns", db_index=False)
    name = models.CharField(max_length=60)
    value = models.CharField(max_length=60, blank=True)
    position = models.PositiveIntegerField(default=0)
    most = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("board", Lower("name"), name="column_name_unique")]
        indexes = [models.Index(fields=["board", "position"], name="column_in_order")]

    def __str__(self) -> str:
        return self.name


class Card(models.Model):
    """A thread on a board, at `position` (a number with room between) of `column`; None: it was put on the board, and nowhere yet."""

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="cards", db_index=False)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="cards")
    column = models.ForeignKey(Column, on_delete=models.SET_NULL, null=True, blank=True, related_name="cards")
    position = models.FloatField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["board", "thread"], name="card_once")]
        indexes = [models.Index(fields=["board", "column", "position"], name="card_in_order")]

    def __str__(self) -> str:
        return f"{self.thread_id} on {self.board_id}"
