"""Rows of category suggestions: classifiers, what they say, what curators decided, labels of the blind sample. `commands` write."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from projects.models.market import Category
from projects.models.repositories import Repository, Run


class Classifier(Run):
    """One version of the classifier and the run that made it; the newest five keep their arrays. `by` is None for the schedule's own."""

    trained_at = models.DateTimeField(null=True, blank=True)
    seconds_training = models.FloatField(default=0)
    seconds_suggesting = models.FloatField(default=0)
    parameters = models.JSONField(default=dict, blank=True)  # model.PARAMETERS and the versions of the libraries
    counts = models.JSONField(default=dict, blank=True)  # examples by source and by class, rows judged
    metrics = models.JSONField(default=dict, blank=True)  # agreement with examples it had not seen; precision on the blind sample then
    arrays = models.BinaryField(null=True, blank=True)  # npz, read with pickles forbidden

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state"], name="classifier_one_queued", condition=models.Q(state="queued")),
            models.UniqueConstraint(fields=["state"], name="classifier_one_running", condition=models.Q(state="running")),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.state}"


class Suggestion(models.Model):
    """What the newest classifier says of one mirror."""

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="suggestion")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="+")  # None: stays in “other”
    confidence = models.FloatField()  # 0…1
    words = models.JSONField(default=list, blank=True)  # [[word, share], …]: what speaks for it, the strongest first
    classifier = models.ForeignKey(Classifier, on_delete=models.CASCADE, related_name="+")
    is_open = models.BooleanField(default=True)  # waits for a decision

    class Meta:
        indexes = [models.Index(fields=["is_open", "category", "-confidence", "id"], name="suggestion_queue")]

    def __str__(self) -> str:
        return f"{self.repository_id} → {self.category_id} {self.confidence:.2f}"


class SortingAct(models.Model):
    """One press of a button, or one automatic round: everything it decided is undone together."""

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        CHANGED = "changed", _("Another category")
        STAYS = "stays", _("Stays in “other”")
        AUTOMATIC = "automatic", _("Sorted automatically")

    kind = models.CharField(max_length=9, choices=Kind.choices)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")  # None: automatic
    at = models.DateTimeField(default=timezone.now)
    total = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="sorting_act_recent")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.total}"


class SortingDecision(models.Model):
    """What was decided for one project: an example for the next classifier, and the way back."""

    act = models.ForeignKey(SortingAct, on_delete=models.CASCADE, related_name="decisions")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    suggested = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    confidence = models.FloatField(default=0)
    chosen = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="+")  # None: stays in “other”
    before = models.ForeignKey(Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    classifier = models.ForeignKey(Classifier, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.repository_id}: {self.chosen_id}"


class LabelSample(models.Model):
    """A draw from what lies in “other”: the projects with the smallest SHA-256 of “seed:id” that were not drawn before."""

    seed = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    pool = models.PositiveIntegerField()  # projects it was drawn from
    drawn_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    drawn_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.size} of {self.pool}, seed {self.seed}"


class LabelItem(models.Model):
    """One project of a sample. It is never an example for a classifier."""

    sample = models.ForeignKey(LabelSample, on_delete=models.CASCADE, related_name="items")
    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="label_item")
    position = models.PositiveIntegerField()
    is_double = models.BooleanField(default=False)  # a second person is asked too

    class Meta:
        indexes = [models.Index(fields=["sample", "position"], name="label_item_order")]

    def __str__(self) -> str:
        return f"{self.sample_id}/{self.position}"


class Label(models.Model):
    """What one person says, without having seen a suggestion."""

    item = models.ForeignKey(LabelItem, on_delete=models.CASCADE, related_name="labels")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")  # None: has left; the label stays
    category = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="+")  # None: stays in “other”
    is_unclear = models.BooleanField(default=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "by"], name="label_once")]

    def __str__(self) -> str:
        return f"{self.item_id}: {'?' if self.is_unclear else self.category_id}"
