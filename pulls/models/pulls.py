"""A pull request and what was pushed to it. Number, title, text, state, labels and talk are its `issues.Thread`."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from issues.models import Thread
from projects.models import Repository


class Method(models.TextChoices):
    """How commits come into the base branch."""

    MERGE = "merge", _("Merge commit")
    SQUASH = "squash", _("Squash and merge")
    REBASE = "rebase", _("Rebase and merge")
    FORWARD = "forward", _("Fast-forward")
    BY_HAND = "by_hand", _("Merged by hand")  # pushed from a command line; never asked for


class Pull(models.Model):
    """Commits of `head_branch` that somebody wants in `base_branch` of `repository`.

    `head_oid` is the newest version, `base_oid` the tip of the base branch when it was last looked at, `merge_base` the common ancestor of
    both, all of them kept under hidden refs. Without `head_branch` (or after its repository went) the commits live here alone.
    """

    class Mergeability(models.TextChoices):
        """What a merge of (`checked_base`, `checked_head`) would do."""

        UNKNOWN = "unknown", _("Not looked at yet")
        CLEAN = "clean", _("No conflicts")
        FORWARD = "forward", _("Can be fast-forwarded")
        CONFLICTS = "conflicts", _("Conflicts")
        CONTAINED = "contained", _("Nothing to merge")
        FAILED = "failed", _("Cannot be merged")  # unrelated histories, or git gave up

    thread = models.OneToOneField(Thread, on_delete=models.CASCADE, related_name="pull")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="pulls")  # the base; the thread's too
    head_repository = models.ForeignKey(Repository, on_delete=models.SET_NULL, null=True, related_name="+")
    head_branch = models.CharField(max_length=200, blank=True)  # "" for one that was pushed to refs/for/…
    topic = models.CharField(max_length=200, blank=True)  # of a push to refs/for/…, one for each author and base branch
    base_branch = models.CharField(max_length=200)
    base_oid = models.CharField(max_length=64)
    head_oid = models.CharField(max_length=64)
    merge_base = models.CharField(max_length=64, blank=True)
    is_draft = models.BooleanField(default=False)
    maintainers_may_push = models.BooleanField(default=True)
    commits = models.PositiveIntegerField(default=0)  # of merge_base..head_oid
    files = models.PositiveIntegerField(null=True)  # changed files and lines of merge_base..head_oid; None: not counted
    additions = models.PositiveIntegerField(null=True)
    deletions = models.PositiveIntegerField(null=True)
    merged_at = models.DateTimeField(null=True, blank=True)
    merged_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    merged_oid = models.CharField(max_length=64, blank=True)  # what the base branch got
    merge_method = models.CharField(max_length=8, choices=Method.choices, blank=True)
    mergeability = models.CharField(max_length=9, choices=Mergeability.choices, default=Mergeability.UNKNOWN)
    conflicts = models.JSONField(default=list, blank=True)  # [{"path": …, "kind": …}]
    checked_base = models.CharField(max_length=64, blank=True)
    checked_head = models.CharField(max_length=64, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    auto_merge_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")  # merges when it may be merged
    auto_merge_method = models.CharField(max_length=8, choices=Method.choices, blank=True)
    auto_merge_title = models.CharField(max_length=500, blank=True)
    auto_merge_message = models.TextField(blank=True)
    auto_merge_failed = models.CharField(max_length=500, blank=True)  # why it did not, last time
    branch_deleted_oid = models.CharField(max_length=64, blank=True)  # tip of the head branch when it was deleted from here; undo

    class Meta:
        indexes = [
            models.Index(fields=["repository", "base_branch"], name="pull_by_base"),
            models.Index(fields=["head_repository", "head_branch"], name="pull_by_head"),
            models.Index(fields=["repository", "merged_at"], name="pull_merged"),
        ]

    def __str__(self) -> str:
        return f"pull {self.thread_id}"

    def get_absolute_url(self) -> str:
        return f"{self.repository.get_absolute_url()}/pulls/{self.thread.number}"

    @property
    def number(self) -> int:
        """Shared with issues."""
        return int(self.thread.number)

    @property
    def is_open(self) -> bool:
        """Neither closed nor merged."""
        return self.thread.state == Thread.State.OPEN

    @property
    def is_merged(self) -> bool:
        """Merged, here or by hand."""
        return self.merged_at is not None

    @property
    def is_checked(self) -> bool:
        """True if `mergeability` is that of the present pair of commits."""
        return (self.checked_base, self.checked_head) == (self.base_oid, self.head_oid)


class Version(models.Model):
    """What was pushed at one time; `number` counts from 1. Its commits are kept for ever."""

    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    head_oid = models.CharField(max_length=64)
    base_oid = models.CharField(max_length=64)  # tip of the base branch then
    merge_base = models.CharField(max_length=64, blank=True)
    commits = models.PositiveIntegerField(default=0)
    pushed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    is_forced = models.BooleanField(default=False)  # does not contain the version before

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pull", "number"], name="pull_version_once")]

    def __str__(self) -> str:
        return f"version {self.number} of {self.pull_id}"


class MergeSettings(models.Model):
    """How a repository merges; without a row the defaults hold. Templates know {title} {number} {body} {author} {head} {base}."""

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="merge_settings")
    pulls_enabled = models.BooleanField(default=True)
    allow_merge = models.BooleanField(default=True)
    allow_squash = models.BooleanField(default=True)
    allow_rebase = models.BooleanField(default=True)
    allow_forward = models.BooleanField(default=True)
    default_method = models.CharField(max_length=8, choices=Method.choices, default=Method.MERGE)
    allow_auto_merge = models.BooleanField(default=True)
    delete_branch = models.BooleanField(default=False)  # after a merge, if it is a branch of the same repository
    merge_title = models.CharField(max_length=500, blank=True, default="")  # "": Merge pull request #{number} from {head}
    merge_message = models.TextField(blank=True, default="")  # "": {title}
    squash_title = models.CharField(max_length=500, blank=True, default="")  # "": {title} (#{number})
    squash_message = models.TextField(blank=True, default="")  # "": {body}

    def __str__(self) -> str:
        return f"merging in {self.repository_id}"
