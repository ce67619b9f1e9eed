"""What people say of the lines of a pull request, and what they conclude."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from pulls.models.pulls import Pull, Version


class Review(models.Model):
    """One person's verdict on one version; pending until it is sent, with its comments, at once."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        COMMENT = "comment", _("Comment")
        APPROVED = "approved", _("Approved")
        CHANGES = "changes", _("Changes requested")

    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="reviews")
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    body = models.TextField(blank=True)
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+")
    oid = models.CharField(max_length=64)  # the head that was looked at
    created_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")  # None with a date: a new version did
    dismissed_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pull", "author"], condition=models.Q(state="pending"), name="review_pending_once"),
        ]
        indexes = [models.Index(fields=["pull", "submitted_at"], name="review_by_pull")]

    def __str__(self) -> str:
        return f"review {self.state} of {self.pull_id}"


class LineThread(models.Model):
    """A conversation at one place of the changes: lines `start_line`…`line` of `path` at the commit `oid`; line 0 is the whole file."""

    class Side(models.TextChoices):
        OLD = "old"  # `oid` is the merge base
        NEW = "new"  # `oid` is the head

    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="line_threads")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+")
    path = models.TextField()
    side = models.CharField(max_length=3, choices=Side.choices, default=Side.NEW)
    start_line = models.PositiveIntegerField(default=0)
    line = models.PositiveIntegerField(default=0)
    oid = models.CharField(max_length=64)
    context = models.JSONField(default=list)  # [[number, text], …]: the lines as they were, three before them included
    created_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class LineComment(models.Model):
    """One contribution to a conversation; invisible to others while its review is pending."""

    thread = models.ForeignKey(LineThread, on_delete=models.CASCADE, related_name="comments")
    review = models.ForeignKey(Review, on_delete=models.CASCADE, null=True, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    applied_oid = models.CharField(max_length=64, blank=True)  # the commit its suggestion became

    class Meta:
        indexes = [models.Index(fields=["thread", "created_at"], name="line_comment_by_thread")]

    def __str__(self) -> str:
        return f"comment on {self.thread_id}"


class ReviewRequest(models.Model):
    """A person or a team is asked for a review; the row goes when they send one."""

    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="review_requests")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    as_owner = models.BooleanField(default=False)  # named by CODEOWNERS
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pull", "user"], condition=models.Q(team=None), name="review_request_user_once"),
            models.UniqueConstraint(fields=["pull", "team"], condition=models.Q(user=None), name="review_request_team_once"),
            models.CheckConstraint(condition=models.Q(user=None) ^ models.Q(team=None), name="review_request_of_one"),
        ]

    def __str__(self) -> str:
        return f"review of {self.pull_id} asked for"


class ViewedFile(models.Model):
    """A person has looked at a file as it is in `blob_oid`; another content is not viewed. Names have any length and any bytes: `path_key`."""

    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="viewed_files")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    path_key = models.CharField(max_length=32)  # logic.paths.key
    blob_oid = models.CharField(max_length=64)  # oid on the new side, zeros for a deleted file
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pull", "user", "path_key"], name="viewed_file_once")]

    def __str__(self) -> str:
        return f"{self.path_key} of {self.pull_id}"
