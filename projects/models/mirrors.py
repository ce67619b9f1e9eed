"""Rows of mirrors. States and constraints only; `commands` write."""

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from projects.mirrors.states import State

KEPT_RUNS = 50


class Mirror(models.Model):
    """A repository whose branches and tags come from another host."""

    class States(models.TextChoices):
        LISTED = State.LISTED, _("Listed")
        FRESH = State.FRESH, _("Up to date")
        FAILING = State.FAILING, _("Failing")
        GONE = State.GONE, _("Gone")
        HIDDEN = State.HIDDEN, _("Made private")
        MOVED = State.MOVED, _("Moved")
        EMPTIED = State.EMPTIED, _("Emptied")
        PAUSED = State.PAUSED, _("Paused")
        PROMOTED = State.PROMOTED, _("Hosted here")

    repository = models.OneToOneField("projects.Repository", on_delete=models.CASCADE, related_name="mirror")
    address = models.CharField(max_length=600)  # without credentials
    key = models.CharField(max_length=600, db_index=True)  # addresses.Address.key: two spellings share it
    host = models.CharField(max_length=120, db_index=True)
    is_public_mirror = models.BooleanField(default=True)  # of the catalogue, at /<host>/…; else someone's own under their name
    credentials_encrypted = models.TextField(blank=True)  # "user:token", purpose "mirror"
    branches = models.JSONField(default=list, blank=True)  # patterns with at most one *; empty: all
    tags = models.JSONField(default=list, blank=True)  # likewise; ["-"]: none
    state = models.CharField(max_length=8, choices=States.choices, default=States.LISTED)
    cause = models.CharField(max_length=20, blank=True)  # key of causes.CAUSES; "" while all is well
    said = models.CharField(max_length=600, blank=True)  # what git or the host said, or the new address
    failures = models.PositiveSmallIntegerField(default=0)  # in a row
    digest = models.CharField(max_length=64, blank=True)  # of the refs at the last fetch (advertisement.Advertised)
    refs_listed = models.PositiveIntegerField(default=0)  # by the other side, pull requests too
    interval = models.DurationField(default=timedelta(hours=1))
    next_at = models.DateTimeField(default=timezone.now)
    is_urgent = models.BooleanField(default=False)  # asked for by a person or a webhook
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.CharField(max_length=32, blank=True)  # token of whoever works on it
    checked_at = models.DateTimeField(null=True, blank=True)  # last look that worked
    synced_at = models.DateTimeField(null=True, blank=True)  # last time something was fetched
    changed_at = models.DateTimeField(null=True, blank=True)  # upstream's newest commit date seen moving
    filled_at = models.DateTimeField(null=True, blank=True)
    upstream_stars = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="mirror_key_unique", condition=models.Q(is_public_mirror=True))]
        indexes = [
            models.Index(fields=["state", "-is_urgent", "next_at"], name="mirror_due"),
            models.Index(fields=["state", "cause"], name="mirror_by_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.state}"


class MirrorRun(models.Model):
    """One look that fetched or failed; the last 50 of each mirror are kept. Looks that found nothing new leave none."""

    mirror = models.ForeignKey(Mirror, on_delete=models.CASCADE, related_name="runs")
    at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(default=0)
    cause = models.CharField(max_length=20, blank=True)  # "" for a success
    said = models.CharField(max_length=600, blank=True)
    bytes = models.BigIntegerField(default=0)  # received
    refs_changed = models.PositiveIntegerField(default=0)
    rewritten = models.JSONField(default=list, blank=True)  # refs whose history was rewritten or that went: [[ref, old oid], …]

    class Meta:
        indexes = [models.Index(fields=["mirror", "-at"], name="mirror_run_recent")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.cause or 'ok'}"


class MirrorHost(models.Model):
    """What we know of one host: how many at once, and until when it is left alone."""

    host = models.CharField(max_length=120, unique=True)
    at_once = models.PositiveSmallIntegerField(default=2)
    quiet_until = models.DateTimeField(null=True, blank=True)
    silences = models.PositiveSmallIntegerField(default=0)  # time-outs in a row, over all its mirrors
    fetches = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return self.host


class Nomination(models.Model):
    """A repository somebody would like to find here."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    address = models.CharField(max_length=600)
    key = models.CharField(max_length=600, db_index=True)
    reason = models.CharField(max_length=1000)
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="nominations")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    answer = models.CharField(max_length=1000, blank=True)  # the reason of the decision, shown to the nominator
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    mirror = models.ForeignKey(Mirror, on_delete=models.SET_NULL, null=True, blank=True, related_name="nominations")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="nomination_open_once", condition=models.Q(state="open"))]
        indexes = [models.Index(fields=["state", "created_at"], name="nomination_queue")]

    def __str__(self) -> str:
        return f"{self.address}: {self.state}"
