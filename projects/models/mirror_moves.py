"""Rows of upstreams that say they have moved. `commands` write."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.mirrors import Mirror
from projects.models.repositories import Repository


class MirrorMove(models.Model):
    """Where upstream says a project went, and what was found there. `taken_at` None: it waits for a look or a decision."""

    class Source(models.TextChoices):
        GIT = "git", _("Git answers with a redirect")
        API = "api", _("the host's API names another address")

    class Verdict(models.TextChoices):
        UNSEEN = "unseen", _("Not looked at yet")
        SAME = "same", _("The same history")
        NEW = "new", _("Nothing copied yet to compare with")
        OTHER = "other", _("Another history")
        TAKEN = "taken", _("Mirrored here already")
        HOST = "host", _("On a host that is not mirrored here")
        FAILED = "failed", _("It could not be looked at")

    mirror = models.OneToOneField(Mirror, on_delete=models.CASCADE, related_name="move")
    address = models.CharField(max_length=600)  # the new one, without credentials
    key = models.CharField(max_length=600)  # addresses.Address.key of it
    source = models.CharField(max_length=3, choices=Source.choices)
    verdict = models.CharField(max_length=6, choices=Verdict.choices, default=Verdict.UNSEEN)
    said = models.CharField(max_length=300, blank=True)  # why a look or the last try to take it over failed
    is_wanted = models.BooleanField(default=False)  # somebody chose to take it over; the worker does it
    looked_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True, blank=True)
    old_address = models.CharField(max_length=600, blank=True)  # of one that was taken over
    old_key = models.CharField(max_length=600, blank=True, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["taken_at", "next_at"], name="mirror_move_due")]

    def __str__(self) -> str:
        return f"{self.mirror_id} → {self.address}: {self.verdict}"


class UpstreamKey(models.Model):
    """A deploy key made for an upstream over SSH before the repository follows it: the other side has to learn it first."""

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="upstream_key")
    address = models.CharField(max_length=600)  # for which it was made
    public_key = models.CharField(max_length=200)
    private_key_encrypted = models.TextField()  # OpenSSH form, purpose "mirror-key"
    host_key = models.TextField(blank=True)  # lines of known_hosts(5) of the first connection
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"key for {self.address}"
