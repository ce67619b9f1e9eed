"""How threads hang together: what blocks what, what is part of what, and where a moved one was."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from issues.models.threads import Thread
from projects.models import Repository


class Dependency(models.Model):
    """`blocked` waits for `blocker`; there are no circles (`commands.relations.add_dependency`)."""

    blocked = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="blockers", db_index=False)
    blocker = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="blocking")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "dependencies"
        constraints = [models.UniqueConstraint(fields=["blocked", "blocker"], name="dependency_once")]

    def __str__(self) -> str:
        return f"{self.blocked_id} waits for {self.blocker_id}"


class Parentage(models.Model):
    """`child` is a part of `parent`, in the order of `position`; a thread is part of one other at most, and there are no circles."""

    child = models.OneToOneField(Thread, on_delete=models.CASCADE, primary_key=True, related_name="parentage")
    parent = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="parts", db_index=False)
    position = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["parent", "position"], name="parentage_in_order")]

    def __str__(self) -> str:
        return f"{self.child_id} is part of {self.parent_id}"


class FormerNumber(models.Model):
    """The address a thread had before it went to another repository; it leads to the thread for ever."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="former_numbers", db_index=False)
    number = models.PositiveIntegerField()
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="former_numbers")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "number"], name="former_number_unique")]

    def __str__(self) -> str:
        return f"{self.repository_id}#{self.number}"
