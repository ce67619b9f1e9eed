"""Which index is in use, what waits to be indexed, and synonyms. States and constraints only; `commands` write."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Generation(models.Model):
    """One index of an engine. A new one is built aside while the current one answers, then takes its place."""

    class State(models.TextChoices):
        BUILDING = "building"
        CURRENT = "current"
        RETIRED = "retired"

    name = models.CharField(max_length=40, unique=True)
    engine = models.CharField(max_length=12)
    analysis = models.PositiveIntegerField()  # version of search.logic.analysis it was made with
    state = models.CharField(max_length=8, choices=State.choices)
    documents = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("state", name="one_current_generation", condition=models.Q(state="current")),
            models.UniqueConstraint("state", name="one_generation_in_work", condition=models.Q(state="building")),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"


class Pending(models.Model):
    """A document that changed and waits for its place in one generation. `version` grows with each change, so none is lost while one is written."""

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="pending")
    kind = models.CharField(max_length=20)
    document = models.BigIntegerField()
    version = models.PositiveIntegerField(default=1)
    taken_until = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["generation", "kind", "document"], name="pending_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.document}"


class Synonym(models.Model):
    """Terms that mean the same: whoever types one finds the others too."""

    terms = models.JSONField(default=list, verbose_name=_("Terms"))
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return " = ".join(self.terms)
