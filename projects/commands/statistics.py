"""The mirrors' day figures: counted by a task every quarter of an hour, the last count of a day stays."""

from django.db import transaction
from django.utils import timezone

from core.actors import Actor
from core.rules import HIDE
from projects.models import MirrorDay
from projects.queries import statistics as reads


def roll_up_mirrors(actor: Actor) -> int:
    """Count how the mirrors stand and keep it as today's figures (UTC); returns how many rows. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    now = timezone.now()
    rows = [
        MirrorDay(day=now.date(), measure=measure, key=key, value=value)
        for measure, figures in reads.present(now).items()
        for key, value in figures.items()
    ]
    with transaction.atomic():
        today = MirrorDay.objects.filter(day=now.date())
        today.exclude(measure__in=(MirrorDay.Measure.BYTES, MirrorDay.Measure.FETCHES)).delete()  # a cause that is gone counts none
        MirrorDay.objects.bulk_create(rows, update_conflicts=True, unique_fields=["measure", "day", "key"], update_fields=["value"])
    return len(rows)
