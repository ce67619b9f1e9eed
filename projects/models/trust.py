"""What was found out about a repository's care and safety."""

from django.db import models
from django.utils import timezone


class TrustReport(models.Model):
    """Facts of one repository at one moment, read from it by the worker; `trust.checks` judges them."""

    repository = models.OneToOneField("projects.Repository", on_delete=models.CASCADE, related_name="trust")
    oid = models.CharField(max_length=64, blank=True)  # the commit that was looked at, "" for an empty repository
    facts = models.JSONField(default=dict)  # trust.Facts
    passed = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(default=0)
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["computed_at"], name="trust_by_age")]

    def __str__(self) -> str:
        return f"{self.repository_id}: {self.passed}/{self.total}"
