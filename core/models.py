"""The outbox: facts that happened and who still has to hear of them."""

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

# `slug__lower=…`: what the unique indexes over Lower(…) answer. `iexact` is LIKE on SQLite and UPPER() on PostgreSQL, so it reads every row.
models.CharField.register_lookup(Lower)


class Event(models.Model):
    """One published fact; written in the transaction of the command that made it true."""

    name = models.CharField(max_length=100)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["name", "id"], name="event_by_name")]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class Delivery(models.Model):
    """One subscriber's copy of an event. `done_at` empty = still to be delivered."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(max_length=150)
    done_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)  # given up after MAX_ATTEMPTS; staff may retry
    leased_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    token = models.CharField(max_length=32, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="delivery_once")]
        indexes = [
            models.Index(fields=["id"], name="delivery_open", condition=models.Q(done_at=None, failed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} ← {self.event_id}"


class SiteSetting(models.Model):
    """One setting an administrator changed in the page; `value` is JSON."""

    key = models.CharField(max_length=60, primary_key=True)
    value = models.JSONField()
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.key


class LooseBlob(models.Model):
    """A blob that no row held when it was looked for; removed if that is still so after a grace time (`core.blobs.sweep`)."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256
