"""Notifications: who is told of what, whether they have read it, and the mails about it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from projects.models import Repository


class Kind(models.TextChoices):
    """What a notification is about; `object_id` is the row's id."""

    THREAD = "thread", _("Issue or pull request")
    RELEASE = "release", _("Release")
    HOOK = "hook", _("Webhook")


class Why(models.TextChoices):
    """Why somebody is told; those of `issues.models.Reason` have their names. `logic.reasons.ORDER` says which weighs more."""

    ASSIGNED = "assigned", _("Assigned to you")
    REVIEW = "review", _("Your review is asked for")
    MENTIONED = "mentioned", _("You were mentioned")
    TEAM = "team", _("Your team was mentioned")
    AUTHOR = "author", _("You wrote it")
    COMMENTED = "commented", _("You commented")
    CHANGED = "changed", _("You changed its state")
    SUBSCRIBED = "subscribed", _("You follow it")
    RELEASE = "release", _("A release")
    WATCHING = "watching", _("You watch the repository")
    OWNER = "owner", _("You look after it")


class Notification(models.Model):
    """One person, one thing: what happened to it last, and whether they know. Whether they may still read it is asked each time it is shown."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    object_id = models.BigIntegerField()
    why = models.CharField(max_length=10, choices=Why.choices)
    what = models.CharField(max_length=20)  # key of logic.reasons.WORDS: what happened last
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    event_id = models.BigIntegerField(default=0)  # the newest fact it tells of: facts come in any order
    is_unread = models.BooleanField(default=True)
    is_done = models.BooleanField(default=False)
    is_saved = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "object_id"], name="notification_once")]
        indexes = [
            models.Index(fields=["user", "is_done", "-updated_at", "-id"], name="notification_inbox"),
            models.Index(fields=["user"], name="notification_unread", condition=Q(is_unread=True, is_done=False)),
            models.Index(fields=["user", "-updated_at", "-id"], name="notification_saved", condition=Q(is_saved=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} → {self.user_id}"


class Round(models.Model):
    """One fact on its way to everybody it concerns, in batches by id of the person: `after` is the last one told."""

    cause = models.CharField(max_length=40, unique=True)
    event_id = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    object_id = models.BigIntegerField()
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    what = models.CharField(max_length=20)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    fact = models.CharField(max_length=60)  # what one mail at most is sent about: "comment:12"
    facts = models.JSONField(default=dict, blank=True)  # people: only these; comment, review: ids of what is quoted
    after = models.BigIntegerField(default=0)
    told = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [models.Index(fields=["id"], name="round_open", condition=Q(done_at=None))]

    def __str__(self) -> str:
        return f"{self.what} {self.kind} {self.object_id}"


class Letter(models.Model):
    """One mail to one person about one fact. Marked as sent before it is handed over: a crash loses it, it never comes twice."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DIGEST = "digest"  # for the daily mail
        SENT = "sent"
        DROPPED = "dropped"  # no address, read meanwhile, muted, not allowed any more

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="letters")
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="letters")
    fact = models.CharField(max_length=60)  # of the round: several rounds may tell of one text
    why = models.CharField(max_length=10, choices=Why.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "fact"], name="letter_once")]
        indexes = [
            models.Index(fields=["next_at"], name="letter_waiting", condition=Q(state="waiting")),
            models.Index(fields=["user"], name="letter_digest", condition=Q(state="digest")),
        ]

    def __str__(self) -> str:
        return f"letter to {self.user_id}: {self.state}"


class Preferences(models.Model):
    """How a person wants to be told. Without a row: the defaults."""

    class Mail(models.TextChoices):
        AT_ONCE = "once", _("At once")
        DAILY = "daily", _("Once a day")
        NEVER = "never", _("Not by mail")

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="notification_preferences")
    mail_own = models.CharField(max_length=5, choices=Mail.choices, default=Mail.AT_ONCE)  # where they take part
    mail_watched = models.CharField(max_length=5, choices=Mail.choices, default=Mail.AT_ONCE)  # the rest of what they watch
    feed_key = models.UUIDField(
        null=True, blank=True
    )  # part of the key in their feeds' addresses; another one makes the old addresses void
    digest_on = models.DateField(null=True, blank=True)  # the last daily mail, by their calendar

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"
