"""Views and downloads by day. Nothing here says who: see `projects.counting.visits`."""

from django.db import models
from django.utils import timezone


class TrafficDay(models.Model):
    """What counted for one repository on one day (UTC)."""

    repository = models.ForeignKey("projects.Repository", on_delete=models.CASCADE, related_name="traffic_days")
    day = models.DateField()
    views = models.PositiveIntegerField(default=0)
    clones = models.PositiveIntegerField(default=0)
    archives = models.PositiveIntegerField(default=0)
    assets = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)  # of all four, those of settled accounts

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "day"], name="traffic_day_once")]
        indexes = [models.Index(fields=["day"], name="traffic_by_day")]

    def __str__(self) -> str:
        return f"{self.repository_id} {self.day}"

    @property
    def downloads(self) -> int:
        """Clones, archives and files of releases."""
        return self.clones + self.archives + self.assets


class Traffic(models.Model):
    """Sums of a repository's days, and whether it is rising (`counting.rising`)."""

    repository = models.OneToOneField("projects.Repository", on_delete=models.CASCADE, related_name="traffic")
    views = models.PositiveIntegerField(default=0)
    downloads = models.PositiveIntegerField(default=0)
    rising = models.FloatField(default=0)

    class Meta:
        verbose_name_plural = "traffic"

    def __str__(self) -> str:
        return f"{self.repository_id}: {self.views}"


class Visit(models.Model):
    """That somebody was here today, under hashes of that day; kept for two days to count nobody twice."""

    key = models.CharField(max_length=32, unique=True)  # of day, repository, kind and person
    repository = models.ForeignKey("projects.Repository", on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    kind = models.CharField(max_length=7)
    who = models.CharField(max_length=24)
    network = models.CharField(max_length=24)
    region = models.CharField(max_length=24)
    is_known = models.BooleanField()
    is_counted = models.BooleanField()
    at = models.DateTimeField(default=timezone.now)  # when it was taken from its batch

    class Meta:
        indexes = [
            models.Index(fields=["day", "who"], name="visit_by_person"),
            models.Index(fields=["day", "network"], name="visit_by_network"),
            models.Index(fields=["repository", "day"], name="visit_by_repository"),
            models.Index(fields=["at"], name="visit_by_age"),
        ]

    def __str__(self) -> str:
        return self.key


class CountedBatch(models.Model):
    """A batch of visits (`core.spool`) that has been counted and must not be again."""

    key = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "counted batches"

    def __str__(self) -> str:
        return self.key
