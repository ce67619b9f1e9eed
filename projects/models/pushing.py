"""Push mirrors: other hosts that a repository is pushed to. States and constraints only; `commands` write."""

from django.db import models
from django.utils import timezone

from accounts.models import User

KEPT_PUSHES = 50


class PushMirror(models.Model):
    """A repository on another host that follows one of ours: branches and tags are pushed there on every change."""

    repository = models.ForeignKey("projects.Repository", on_delete=models.CASCADE, related_name="push_mirrors")
    address = models.CharField(max_length=600)  # without credentials
    key = models.CharField(max_length=600)  # addresses.Address.key: two spellings share it
    host = models.CharField(max_length=120, db_index=True)
    credentials_encrypted = models.TextField(blank=True)  # "user:token", purpose "push-mirror"
    private_key_encrypted = models.TextField(blank=True)  # OpenSSH form, purpose "push-mirror-key"; made here, never shown
    public_key = models.CharField(max_length=200, blank=True)  # one line, to be entered on the other side
    host_key = models.CharField(max_length=1200, blank=True)  # known_hosts(5) of the first push; another key ends the run
    branches = models.JSONField(default=list, blank=True)  # patterns with at most one *; empty: all
    tags = models.JSONField(default=list, blank=True)  # likewise; ["-"]: none
    only_protected = models.BooleanField(default=False)  # of the branches, those that a protection rule names
    prunes = models.BooleanField(default=False)  # what is gone here goes there
    overwrites = models.BooleanField(default=False)  # what moved apart there is set to what is here
    may_publish = models.BooleanField(default=False)  # ticked by a person: goes out although the repository is not public
    is_paused = models.BooleanField(default=False)
    cause = models.CharField(max_length=20, blank=True)  # key of causes.CAUSES; "" while all is well
    said = models.CharField(max_length=600, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)  # in a row
    wanted = models.BigIntegerField(default=0)  # id of the newest push that is to go there
    next_at = models.DateTimeField(null=True, blank=True)  # None: nothing waits
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.CharField(max_length=32, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)  # last run that worked
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "key"], name="push_mirror_once")]
        indexes = [models.Index(fields=["next_at"], name="push_mirror_due")]

    def __str__(self) -> str:
        return self.address


class PushRun(models.Model):
    """One run that pushed or failed; the last 50 of each push mirror are kept. Runs that had nothing to push leave none."""

    mirror = models.ForeignKey(PushMirror, on_delete=models.CASCADE, related_name="runs")
    at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(default=0)
    cause = models.CharField(max_length=20, blank=True)  # "" for a success
    said = models.CharField(max_length=600, blank=True)
    refs_changed = models.PositiveIntegerField(default=0)
    changed = models.JSONField(default=list, blank=True)  # the first 50 as [ref, old oid, new oid]
    left = models.JSONField(default=list, blank=True)  # the first 50 that did not go, as [ref, why]

    class Meta:
        indexes = [models.Index(fields=["mirror", "-at"], name="push_run_recent")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.cause or 'ok'}"
