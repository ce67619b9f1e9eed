"""Threads: the one row behind an issue or a pull request, and who takes part in it.

Where an index named here begins with a foreign key, the key has none of its own (`db_index=False`).
"""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from issues.models.planning import Label, Milestone
from projects.models import Repository


class Counter(models.Model):
    """What is counted of one repository's threads, exact: every command that changes a number does so in its own transaction.

    `last` is the number given last; issues and pull requests share it (`commands.numbers.allocate_number`). A repository without a row has
    no threads. `has_issues` None: as the kind of repository has it by default (`rules.has_issues`).
    """

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, primary_key=True, related_name="thread_counter")
    last = models.PositiveIntegerField(default=0)
    last_milestone = models.PositiveIntegerField(default=0)
    open_issues = models.PositiveIntegerField(default=0)
    closed_issues = models.PositiveIntegerField(default=0)
    open_pulls = models.PositiveIntegerField(default=0)
    closed_pulls = models.PositiveIntegerField(default=0)  # merged ones too
    has_issues = models.BooleanField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.repository_id}: {self.last}"


class LockReason(models.TextChoices):
    """Why a talk was ended."""

    NONE = "", _("No reason")
    OFF_TOPIC = "off-topic", _("Off topic")
    TOO_HEATED = "too-heated", _("Too heated")
    RESOLVED = "resolved", _("Resolved")
    SPAM = "spam", _("Spam")


class Thread(models.Model):
    """An issue or a pull request: what both share. A pull request's own row (`pulls.Pull`) stands beside it.

    `version` grows with each change of title or body: a form or `If-Match` that names an older one is refused.
    `author` is null after the account is gone, and for imported threads nobody has claimed; those carry `author_name`.
    """

    class Kind(models.TextChoices):
        ISSUE = "issue", _("Issue")
        PULL = "pull", _("Pull request")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    class StateReason(models.TextChoices):
        NONE = ""
        COMPLETED = "completed", _("Completed")
        NOT_PLANNED = "not_planned", _("Not planned")
        DUPLICATE = "duplicate", _("Duplicate")
        MERGED = "merged", _("Merged")
        REOPENED = "reopened", _("Reopened")

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="threads", db_index=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=5, choices=Kind.choices)
    title = models.CharField(max_length=255)
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    state_reason = models.CharField(max_length=11, choices=StateReason.choices, blank=True, default="")
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="threads", db_index=False)
    author_name = models.CharField(max_length=120, blank=True)  # of an imported thread: the unclaimed name elsewhere
    imported_from = models.CharField(max_length=300, blank=True)  # its address elsewhere
    milestone = models.ForeignKey(Milestone, on_delete=models.SET_NULL, null=True, blank=True, related_name="threads", db_index=False)
    duplicate_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="duplicates")
    due_on = models.DateField(null=True, blank=True)
    comment_count = models.PositiveIntegerField(default=0)
    tasks_total = models.PositiveIntegerField(default=0)  # items of task lists in the body
    tasks_done = models.PositiveIntegerField(default=0)
    reactions = models.JSONField(default=dict, blank=True)  # to the body: kind → how many
    is_locked = models.BooleanField(default=False)
    lock_reason = models.CharField(max_length=10, choices=LockReason.choices, blank=True, default="")
    pinned_at = models.DateTimeField(null=True, blank=True)
    pin_order = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)  # title or body
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    labels: "models.ManyToManyField[Label, Label]" = models.ManyToManyField(Label, through="issues.Labelling", related_name="threads")
    body = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "number"], name="thread_number_unique")]
        indexes = [
            # one for each order of the list; the title stands in the first so that a search in titles reads the index alone
            models.Index(fields=["repository", "kind", "state", "-updated_at", "-id", "title"], name="thread_by_change"),
            models.Index(fields=["repository", "kind", "-updated_at", "-id"], name="thread_by_change_any"),
            models.Index(fields=["repository", "kind", "state", "-number"], name="thread_by_number"),
            models.Index(fields=["repository", "kind", "state", "-comment_count", "-id"], name="thread_by_comments"),
            models.Index(fields=["repository", "kind", "author", "state", "-updated_at"], name="thread_by_author_here"),
            models.Index(fields=["author", "kind", "state", "-updated_at"], name="thread_by_author"),
            models.Index(fields=["milestone", "kind", "state", "-updated_at"], name="thread_by_milestone"),
            models.Index(fields=["repository", "pin_order"], name="thread_pinned", condition=models.Q(pinned_at__isnull=False)),
            models.Index(fields=["repository", "due_on"], name="thread_due", condition=models.Q(due_on__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"

    def get_absolute_url(self) -> str:
        return f"{self.repository.get_absolute_url()}/{'issues' if self.kind == self.Kind.ISSUE else 'pulls'}/{self.number}"

    @property
    def is_open(self) -> bool:
        """Not closed, merged or refused."""
        return self.state == self.State.OPEN

    @property
    def is_issue(self) -> bool:
        """No pull request."""
        return self.kind == self.Kind.ISSUE


class Assignment(models.Model):
    """Somebody is to do it."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "user"], name="assignment_once")]
        indexes = [models.Index(fields=["user", "-thread"], name="assignment_by_person")]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.thread_id}"


class Reason(models.TextChoices):
    """Why somebody takes part in a thread; the first one stays, unless a later one weighs more (`logic.participation.stronger`)."""

    AUTHOR = "author", _("You wrote it")
    ASSIGNED = "assigned", _("It is assigned to you")
    REVIEW = "review", _("Your review is asked for")
    MENTIONED = "mentioned", _("You were mentioned")
    TEAM = "team", _("Your team was mentioned")
    COMMENTED = "commented", _("You commented")
    CHANGED = "changed", _("You changed its state")
    SUBSCRIBED = "subscribed", _("You follow it")


class Participation(models.Model):
    """A person takes part in a thread: what notifications go by. `is_muted`: they want to hear nothing more of it."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="participations", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="participations", db_index=False)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    is_muted = models.BooleanField(default=False)
    mentioned_at = models.DateTimeField(null=True, blank=True)  # last time, by name or by team
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "user"], name="participation_once")]
        indexes = [
            models.Index(fields=["user", "-thread"], name="participation_by_person"),
            models.Index(fields=["user", "-thread"], name="participation_mentioned", condition=models.Q(mentioned_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.reason} {self.thread_id}"
