"""What programs say about commits: statuses and check runs. States and constraints only; `commands` write."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User


class CommitStatus(models.Model):
    """One word of a program about a commit under a context of its own; the latest of each context counts, the others are its history."""

    class State(models.TextChoices):
        PENDING = "pending", pgettext_lazy("check", "Pending")
        SUCCESS = "success", pgettext_lazy("check", "Passed")
        FAILURE = "failure", pgettext_lazy("check", "Failed")
        ERROR = "error", pgettext_lazy("check", "Error")

    repository = models.ForeignKey("projects.Repository", on_delete=models.CASCADE, related_name="statuses")
    oid = models.CharField(max_length=64)
    context = models.CharField(max_length=255)
    state = models.CharField(max_length=7, choices=State.choices)
    description = models.CharField(max_length=255, blank=True)
    target = models.CharField(max_length=1000, blank=True)  # http(s) address of the details
    is_latest = models.BooleanField(default=True)
    creator = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "commit statuses"
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "oid", "context"], condition=models.Q(is_latest=True), name="commit_status_latest_once"
            )
        ]
        indexes = [models.Index(fields=["repository", "oid", "-id"], name="commit_status_of_commit")]

    def __str__(self) -> str:
        return f"{self.oid[:10]} {self.context} {self.state}"


class CheckRun(models.Model):
    """One run of a check on a commit. The latest of each name counts; this site's own check has no creator and `source` says so."""

    class Status(models.TextChoices):
        QUEUED = "queued", pgettext_lazy("check", "Queued")
        IN_PROGRESS = "in_progress", pgettext_lazy("check", "Running")
        COMPLETED = "completed", pgettext_lazy("check", "Completed")

    class Conclusion(models.TextChoices):
        SUCCESS = "success", pgettext_lazy("check", "Passed")
        FAILURE = "failure", pgettext_lazy("check", "Failed")
        NEUTRAL = "neutral", pgettext_lazy("check", "Neutral")
        CANCELLED = "cancelled", pgettext_lazy("check", "Cancelled")
        SKIPPED = "skipped", pgettext_lazy("check", "Skipped")
        TIMED_OUT = "timed_out", pgettext_lazy("check", "Timed out")
        ACTION_REQUIRED = "action_required", pgettext_lazy("check", "Action required")
        STALE = "stale", pgettext_lazy("check", "Stale")

    repository = models.ForeignKey("projects.Repository", on_delete=models.CASCADE, related_name="check_runs")
    oid = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    source = models.CharField(max_length=20, blank=True)  # "house": this site's own check
    external_id = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.QUEUED)
    conclusion = models.CharField(max_length=15, choices=Conclusion.choices, blank=True)
    details = models.CharField(max_length=1000, blank=True)  # http(s) address
    title = models.CharField(max_length=255, blank=True)
    summary = models.TextField(blank=True)  # Markdown
    text = models.TextField(blank=True)  # Markdown
    is_latest = models.BooleanField(default=True)
    creator = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "oid", "name"], condition=models.Q(is_latest=True), name="check_run_latest_once")
        ]
        indexes = [models.Index(fields=["repository", "oid", "-id"], name="check_run_of_commit")]

    def __str__(self) -> str:
        return f"{self.oid[:10]} {self.name} {self.conclusion or self.status}"


class CheckAnnotation(models.Model):
    """What a check run says about lines of a file."""

    class Level(models.TextChoices):
        NOTICE = "notice", _("Notice")
        WARNING = "warning", _("Warning")
        FAILURE = "failure", pgettext_lazy("check", "Failed")

    run = models.ForeignKey(CheckRun, on_delete=models.CASCADE, related_name="annotations")
    path = models.CharField(max_length=1000)
    start_line = models.PositiveIntegerField()  # from 1
    end_line = models.PositiveIntegerField()
    start_column = models.PositiveIntegerField(null=True, blank=True)
    end_column = models.PositiveIntegerField(null=True, blank=True)
    level = models.CharField(max_length=7, choices=Level.choices)
    title = models.CharField(max_length=255, blank=True)
    message = models.TextField()
    raw_details = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.path}:{self.start_line} {self.level}"


class CheckSetting(models.Model):
    """Whether this site's own check looks at what is pushed to a repository's topic branches; no row: it does not, and nothing was ever said."""

    repository = models.OneToOneField("projects.Repository", on_delete=models.CASCADE, related_name="check_setting")
    is_on = models.BooleanField(default=False)
    version = models.PositiveBigIntegerField(default=0)  # grows with every word about a commit, so that kept pages are made anew

    def __str__(self) -> str:
        return f"{self.repository_id} {'on' if self.is_on else 'off'}"
