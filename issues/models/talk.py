"""What is said and what happens in a thread."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from issues.models.threads import Thread
from projects.models import Repository


class HiddenReason(models.TextChoices):
    """Why a comment is folded away."""

    NONE = ""
    SPAM = "spam", _("Spam")
    ABUSE = "abuse", _("Abuse")
    OFF_TOPIC = "off-topic", _("Off topic")
    OUTDATED = "outdated", _("Outdated")
    DUPLICATE = "duplicate", _("Duplicate")
    RESOLVED = "resolved", _("Resolved")


class Comment(models.Model):
    """One contribution to the talk of a thread. `version` as of Thread. Comments on lines of a pull request are rows of `pulls`."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="comments", db_index=False)
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="thread_comments", db_index=False)
    author_name = models.CharField(max_length=120, blank=True)  # of an imported comment
    body = models.TextField()
    reactions = models.JSONField(default=dict, blank=True)  # kind → how many
    hidden_reason = models.CharField(max_length=10, choices=HiddenReason.choices, blank=True, default="")
    hidden_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    edited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["thread", "id"], name="comment_by_thread"),
            models.Index(fields=["author", "-id"], name="comment_by_author"),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk} of {self.thread_id}"


class Revision(models.Model):
    """What stood there before an edit of a title, a body or a comment (`comment` null: of the thread itself)."""

    class Field(models.TextChoices):
        TITLE = "title"
        BODY = "body"

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, null=True, blank=True, related_name="revisions")
    field = models.CharField(max_length=5, choices=Field.choices, default=Field.BODY)
    text = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["thread", "id"], name="revision_by_thread")]

    def __str__(self) -> str:
        return f"revision {self.pk} of {self.thread_id}"


class Reference(models.Model):
    """A text names a thread: the text is the body of `source` (`comment` null), one of its comments, or the message of a commit.

    `key` names the text (`thread:<id>`, `comment:<id>`, `commit:<repository>:<oid>`), so that a text names a thread once. `closes`: with a
    word like “closes #3”, which counts when the pull request is merged or the commit reaches the default branch.
    Whether a reader sees it depends on `source_repository`.
    """

    target = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="references", db_index=False)
    key = models.CharField(max_length=120)
    source_repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(Thread, on_delete=models.CASCADE, null=True, blank=True, related_name="references_made")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, null=True, blank=True, related_name="references_made")
    oid = models.CharField(max_length=64, blank=True)
    title = models.CharField(max_length=200, blank=True)  # first line of the commit's message
    closes = models.BooleanField(default=False)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["target", "key"], name="reference_once")]
        indexes = [models.Index(fields=["key"], name="reference_by_text")]

    def __str__(self) -> str:
        return f"{self.key} → {self.target_id}"


class Happening(models.Model):
    """One entry of a thread's timeline, in the order of `id`; comments are entries too, so that one index pages through all.

    `kind` is open to higher packages (pull requests add reviews, pushes, merges); `issues.logic.happenings.WORDS` says how ours are told.
    `facts` holds names as they were then: {"label": "bug", "colour": "d73a4a"}, {"from": "…", "to": "…"}, {"person": "ada"}, {"reason": "spam"}.
    """

    class Kind(models.TextChoices):
        COMMENTED = "commented"
        CLOSED = "closed"
        REOPENED = "reopened"
        RENAMED = "renamed"
        LABELLED = "labelled"
        UNLABELLED = "unlabelled"
        ASSIGNED = "assigned"
        UNASSIGNED = "unassigned"
        MILESTONED = "milestoned"
        UNMILESTONED = "unmilestoned"
        DUE = "due"
        LOCKED = "locked"
        UNLOCKED = "unlocked"
        PINNED = "pinned"
        UNPINNED = "unpinned"
        REFERENCED = "referenced"
        DUPLICATED = "duplicated"
        TRANSFERRED = "transferred"

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="happenings", db_index=False)
    kind = models.CharField(max_length=20)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    facts = models.JSONField(default=dict, blank=True)
    comment = models.OneToOneField(Comment, on_delete=models.CASCADE, null=True, blank=True, related_name="happening")
    reference = models.ForeignKey(Reference, on_delete=models.CASCADE, null=True, blank=True, related_name="happenings")

    class Meta:
        indexes = [models.Index(fields=["thread", "id"], name="happening_by_thread")]

    def __str__(self) -> str:
        return f"{self.kind} {self.thread_id}"


class Reaction(models.Model):
    """A person's reaction to a thread's body or to a comment, one of a kind each. Sums stand in `reactions` of what is reacted to."""

    class Kind(models.TextChoices):
        THUMBS_UP = "+1"
        THUMBS_DOWN = "-1"
        LAUGH = "laugh"
        HOORAY = "hooray"
        CONFUSED = "confused"
        HEART = "heart"
        ROCKET = "rocket"
        EYES = "eyes"

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="reaction_rows")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, null=True, blank=True, related_name="reaction_rows")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reactions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["thread", "user", "kind"], condition=models.Q(comment=None), name="reaction_to_thread_once"),
            models.UniqueConstraint(
                fields=["comment", "user", "kind"], condition=models.Q(comment__isnull=False), name="reaction_to_comment_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"
