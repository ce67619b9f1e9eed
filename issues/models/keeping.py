"""What people keep beside threads: filters of lists, files of texts."""

import uuid

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import User
from projects.models import Repository


class SavedFilter(models.Model):
    """A query with a name: a person's own (`user`), in one repository or in the lists across all (`repository` null); or the repository's (`user` null)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="saved_filters")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, null=True, blank=True, related_name="saved_filters")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "user",
                "repository",
                Lower("name"),
                name="filter_of_person_unique",
                condition=models.Q(user__isnull=False, repository__isnull=False),
            ),
            models.UniqueConstraint("user", Lower("name"), name="filter_across_unique", condition=models.Q(repository=None)),
            models.UniqueConstraint("repository", Lower("name"), name="filter_shared_unique", condition=models.Q(user=None)),
            models.CheckConstraint(condition=models.Q(user__isnull=False) | models.Q(repository__isnull=False), name="filter_has_owner"),
        ]

    def __str__(self) -> str:
        return self.name


class Attachment(models.Model):
    """A file that somebody put into a text; its bytes are a blob. Who may read `repository` may fetch it by `key`, which nobody can guess.

    `kind` is the content type we found, not the one that was claimed; `width` and `height` are set for images, which were drawn anew.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="attachments", db_index=False)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="attachments")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()  # bytes
    kind = models.CharField(max_length=100, default="application/octet-stream")
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["repository", "-id"], name="attachment_of_repository")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        """Shown in the text, not as a link."""
        return self.width is not None
