"""What sorts and plans threads: labels and milestones."""

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models import Repository


class Label(models.Model):
    """A word for threads of one repository. `scope` is the part before the last `::` in lower case; of one scope a thread has one label.

    `colour` is RRGGBB in lower case, without "#"; pages draw it from a palette (`logic.colours`), so that it is readable in both themes.
    """

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="issue_labels", db_index=False)
    name = models.CharField(max_length=60)
    scope = models.CharField(max_length=60, blank=True)
    colour = models.CharField(max_length=6, default="6e7781")
    description = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint("repository", Lower("name"), name="issue_label_unique")]

    def __str__(self) -> str:
        return self.name


class Labelling(models.Model):
    """A thread has a label."""

    thread = models.ForeignKey("issues.Thread", on_delete=models.CASCADE, related_name="labellings", db_index=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="labellings", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "label"], name="labelling_once")]
        indexes = [models.Index(fields=["label", "-thread"], name="labelling_by_label")]

    def __str__(self) -> str:
        return f"{self.label_id} on {self.thread_id}"


class Milestone(models.Model):
    """A goal with a day; its progress is counted from its threads. `number` counts up within the repository."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="milestones", db_index=False)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    due_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "number"], name="milestone_number_unique"),
            models.UniqueConstraint("repository", Lower("title"), name="milestone_title_unique"),
        ]
        indexes = [models.Index(fields=["repository", "state", "due_on", "id"], name="milestone_by_day")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"{self.repository.get_absolute_url()}/milestones/{self.number}"
