"""When SSH keys were used."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import SSHKey


def note_key_use(key: SSHKey) -> None:
    """Remember the last use, to the minute (one write a minute at most)."""
    now = timezone.now()
    if key.used_at is None or now - key.used_at > timedelta(minutes=1):
        SSHKey.objects.filter(Q(used_at=None) | Q(used_at__lt=now), pk=key.pk).update(used_at=now)
