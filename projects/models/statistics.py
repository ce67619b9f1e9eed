"""Day figures of the mirrors. `commands` write."""

from django.db import models


class MirrorDay(models.Model):
    """One figure of one day (UTC), as it stood at the last look of that day. Counters of hosts are totals since the beginning: a day's
    share is the difference to the day before."""

    class Measure(models.TextChoices):
        FRESHNESS = "freshness"  # key: bucket of the age of the last look that worked; mirrors
        FAILURES = "failures"  # key: cause; mirrors failing for it
        BYTES = "bytes"  # key: host; bytes received since the beginning
        FETCHES = "fetches"  # key: host; requests that fetched or failed, since the beginning
        BACKLOG = "backlog"  # key: due | late | listed; mirrors
        CURATED = "curated"  # key: sorted | other | unsorted; mirrors

    day = models.DateField()
    measure = models.CharField(max_length=9, choices=Measure.choices)
    key = models.CharField(max_length=120)
    value = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["measure", "day", "key"], name="mirror_day_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.measure} {self.key}: {self.value}"
