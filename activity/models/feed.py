"""What people follow, and what they did."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from projects.models import Repository


class Follow(models.Model):
    """A person wants to see on the dashboard what another does."""

    follower = models.ForeignKey(User, on_delete=models.CASCADE, related_name="following")
    followed = models.ForeignKey(User, on_delete=models.CASCADE, related_name="followers")
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["follower", "followed"], name="follow_once"),
            models.CheckConstraint(name="follow_others", condition=~Q(follower=F("followed"))),
        ]

    def __str__(self) -> str:
        return f"{self.follower_id} → {self.followed_id}"


class Act(models.Model):
    """One thing that somebody did in a repository, for feeds. Who may read the repository is asked when it is shown."""

    class Kind(models.TextChoices):
        PUSH = "push"
        CREATE = "create"
        FORK = "fork"
        STAR = "star"
        RELEASE = "release"
        ISSUE_OPENED = "issue_opened"
        ISSUE_CLOSED = "issue_closed"
        PULL_OPENED = "pull_opened"
        PULL_MERGED = "pull_merged"

    cause = models.CharField(max_length=40, unique=True)  # id of the fact
    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="acts")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="acts")
    object_id = models.BigIntegerField(default=0)  # of the thread, release or fork
    facts = models.JSONField(default=dict, blank=True)  # names as they were then: branch, tag
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["by", "-at", "-id"], name="act_by_person"),
            models.Index(fields=["repository", "-at", "-id"], name="act_by_repository"),
        ]

    def __str__(self) -> str:
        return f"{self.by_id} {self.kind} {self.repository_id}"
