"""Rows beside a mirror: what its objects are and where they lie, and the key it opens SSH upstreams with. `commands` write."""

from django.db import models
from django.utils import timezone

from projects.models.mirrors import Mirror
from projects.models.repositories import Repository


class MirrorStore(models.Model):
    """What was found out about a mirror's objects when something was fetched."""

    mirror = models.OneToOneField(Mirror, on_delete=models.CASCADE, related_name="store")
    lender = models.ForeignKey(Repository, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")  # whose objects it shares
    saved_bytes = models.BigIntegerField(default=0)  # of objects it reaches and does not hold itself, on disk
    lfs_oid = models.CharField(max_length=64, blank=True)  # commit of the default branch whose LFS pointers were counted
    lfs_count = models.PositiveIntegerField(default=0)  # different objects that its pointers name
    lfs_bytes = models.BigIntegerField(default=0)  # their size, as the pointers say

    def __str__(self) -> str:
        return f"objects of {self.mirror_id}"


class MirrorKey(models.Model):
    """A deploy key made here for an upstream over SSH, and the key by which we know the other side."""

    mirror = models.OneToOneField(Mirror, on_delete=models.CASCADE, related_name="ssh")
    public_key = models.CharField(max_length=200)  # one line, for the other side's list of deploy keys
    private_key_encrypted = models.TextField()  # OpenSSH form, purpose "mirror-key"
    host_key = models.TextField(blank=True)  # lines of known_hosts(5), pinned at the first connection; "" before it
    host_key_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"key of {self.mirror_id}"
