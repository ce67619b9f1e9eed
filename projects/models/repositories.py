"""Repositories. States and constraints only; `commands` write."""

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Namespace, SSHKey, Team, User
from projects.models.market import Category


class Visibility(models.TextChoices):
    """Who may read."""

    PUBLIC = "public", _("Public")
    INTERNAL = "internal", _("Internal")  # everyone signed in
    PRIVATE = "private", _("Private")


class Access(models.TextChoices):
    """What someone may do in one repository; each includes the ones before it (`logic.ACCESS_ORDER`)."""

    READ = "read", _("Read")
    WRITE = "write", _("Write")
    MAINTAIN = "maintain", _("Maintain")
    ADMIN = "admin", _("Administer")


class Repository(models.Model):
    """A project and the Git repository it holds. Its folder depends on `storage_id` alone, so renames move nothing."""

    class Kind(models.TextChoices):
        PROJECT = "project"
        MODEL = "model"
        DATASET = "dataset"

    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="repositories")
    name = models.CharField(max_length=96)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PROJECT)
    storage_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    pool_id = models.UUIDField(null=True, blank=True)  # the shared object pool it borrows from
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC)
    description = models.CharField(max_length=350, blank=True)
    website = models.URLField(blank=True)
    topics = models.JSONField(default=list, blank=True)
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="repositories")
    default_branch = models.CharField(max_length=200, default="main")
    is_archived = models.BooleanField(default=False)
    forked_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="forks")
    network_id = models.UUIDField(default=uuid.uuid4, db_index=True)  # shared by a repository and everything forked from it
    is_empty = models.BooleanField(default=True)
    head_oid = models.CharField(max_length=64, blank=True)  # of the default branch; kept by the push subscriber
    indexed_oid = models.CharField(max_length=64, blank=True)  # what commits and contribution days were counted up to; "": not at all
    size_bytes = models.BigIntegerField(default=0)  # its own, what the quota counts
    shared_bytes = models.BigIntegerField(default=0)  # of a shared store, what its branches and tags reach besides
    commits = models.PositiveIntegerField(default=0)  # on the default branch; counted by the indexer
    languages = models.JSONField(default=dict, blank=True)  # name → bytes at head_oid
    main_language = models.CharField(max_length=60, blank=True)
    licence = models.CharField(max_length=60, blank=True)  # SPDX id found in the tree
    created_at = models.DateTimeField(default=timezone.now)
    pushed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)  # 7 days of undo, then purged
    deleted_name = models.CharField(max_length=96, blank=True)
    taken_down_at = models.DateTimeField(null=True, blank=True)
    taken_down_reason = models.CharField(max_length=1000, blank=True)
    check_emails = models.BooleanField(default=False)  # push rule: committer e-mail must be a verified address of the pusher
    forbidden_paths = models.JSONField(default=list, blank=True)  # push rule: glob patterns
    max_blob_bytes = models.BigIntegerField(null=True, blank=True)  # push rule; None: the site's
    maintained_at = models.DateTimeField(null=True, blank=True)
    collected_at = models.DateTimeField(null=True, blank=True)  # last time that unreachable objects were set aside
    pushes_since_maintenance = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "repositories"
        constraints = [
            models.UniqueConstraint(
                "namespace", Lower("name"), name="repository_name_unique", condition=models.Q(deleted_at=None) & ~models.Q(kind="dataset")
            ),
            models.UniqueConstraint(
                "namespace", Lower("name"), name="dataset_name_unique", condition=models.Q(deleted_at=None, kind="dataset")
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="repository_recent"),
            models.Index(fields=["namespace", "-updated_at"], name="repository_by_owner"),
            # explore counts by language: all that `readable_by` asks is in the index
            models.Index(fields=["main_language", "visibility", "deleted_at", "kind", "namespace"], name="repository_by_language"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace.slug}/{self.name}"

    def get_absolute_url(self) -> str:
        return f"/{self.namespace.slug}/{self.name}"

    @property
    def path(self) -> Path:
        """The bare repository on disk."""
        key = self.storage_id.hex
        return Path(settings.REPOSITORIES_DIR) / key[:2] / key[2:4] / f"{key}.git"

    @property
    def is_private(self) -> bool:
        """Private, not internal."""
        return self.visibility == Visibility.PRIVATE


class FormerAddress(models.Model):
    """An old namespace/name of a repository that still leads to it until reused."""

    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=96)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="former_addresses")

    class Meta:
        constraints = [models.UniqueConstraint("namespace", Lower("name"), name="former_address_unique")]

    def __str__(self) -> str:
        return f"{self.namespace_id}/{self.name}"


class Collaborator(models.Model):
    """A person with access to one repository."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="collaborators")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="collaborations")
    access = models.CharField(max_length=8, choices=Access.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "user"], name="collaborator_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.access}"


class TeamAccess(models.Model):
    """A team with access to one repository."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="team_access")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="repository_access")
    access = models.CharField(max_length=8, choices=Access.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "team"], name="team_access_once")]

    def __str__(self) -> str:
        return f"{self.team_id} {self.access}"


class DeployKey(models.Model):
    """A key for one repository, without a person."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="deploy_keys")
    key = models.OneToOneField(SSHKey, on_delete=models.CASCADE, related_name="deploy_key")
    can_write = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"deploy key {self.key_id}"


class Star(models.Model):
    """A person likes a repository."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="stars")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="stars")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "user"], name="star_once")]

    def __str__(self) -> str:
        return f"{self.user_id} ★ {self.repository_id}"


class Watch(models.Model):
    """How much a person wants to hear of a repository."""

    class Level(models.TextChoices):
        ALL = "all", _("Everything")
        PARTICIPATING = "participating", _("Where I take part")
        RELEASES = "releases", _("Releases only")
        NONE = "none", _("Nothing")

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="watches")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="watches")
    level = models.CharField(max_length=13, choices=Level.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "user"], name="watch_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.level}"


class Protection(models.Model):
    """A rule for the branches or tags that match `pattern` (fnmatch; the longest matching pattern wins)."""

    class Kind(models.TextChoices):
        BRANCH = "branch"
        TAG = "tag"

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="protections")
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.BRANCH)
    pattern = models.CharField(max_length=200)
    push_access = models.CharField(max_length=8, choices=[*Access.choices, ("nobody", _("Nobody"))], default=Access.MAINTAIN)
    push_users = models.ManyToManyField(User, blank=True, related_name="+")  # besides push_access
    merge_access = models.CharField(max_length=8, choices=[*Access.choices, ("nobody", _("Nobody"))], default=Access.WRITE)
    allow_force = models.BooleanField(default=False)
    allow_delete = models.BooleanField(default=False)
    required_approvals = models.PositiveSmallIntegerField(default=0)  # of people with write access, before a pull request is merged
    require_owners = models.BooleanField(default=False)  # of the code owners of what it changes
    dismiss_stale = models.BooleanField(default=False)  # a new version takes approvals back
    require_resolved = models.BooleanField(default=False)  # conversations on lines
    required_checks = models.JSONField(default=list, blank=True)  # contexts of statuses and names of check runs that must have succeeded
    linear_history = models.BooleanField(default=False)  # no merge commits, pushed ones neither
    signed_commits = models.BooleanField(default=False)  # each with a verified signature
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "kind", "pattern"], name="protection_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pattern}"


class Push(models.Model):
    """One accepted push: who, when, which refs (at most 50 kept in `updates`, `updates_total` says how many)."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="pushes")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="pushes")
    updates = models.JSONField(default=list)  # [[ref, old oid, new oid], …]
    updates_total = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["repository", "-at"], name="push_recent"),
            models.Index(fields=["-at", "-id"], name="push_latest"),
        ]

    def __str__(self) -> str:
        return f"push to {self.repository_id}"


class ContributionDay(models.Model):
    """Commits reachable from the default branch, by author e-mail and UTC day; rebuilt or extended by the indexer."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="contribution_days")
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=200)
    day = models.DateField()
    commits = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "email", "day"], name="contribution_day_once")]
        indexes = [models.Index(fields=["email", "day"], name="contribution_by_email")]

    def __str__(self) -> str:
        return f"{self.email} {self.day}: {self.commits}"


class Release(models.Model):
    """A tag with notes and files."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="releases")
    tag = models.CharField(max_length=200)
    target = models.CharField(max_length=200, blank=True)  # branch or oid the tag is made from when published
    title = models.CharField(max_length=200, blank=True)
    notes = models.TextField(blank=True)
    is_draft = models.BooleanField(default=False)
    is_prerelease = models.BooleanField(default=False)
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "tag"], name="release_tag_once")]
        indexes = [models.Index(fields=["repository", "-published_at"], name="release_recent")]

    def __str__(self) -> str:
        return self.tag


class ReleaseAsset(models.Model):
    """A file of a release; its bytes are a blob."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="assets")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    content_type = models.CharField(max_length=100, default="application/octet-stream")
    downloads = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "name"], name="asset_name_once")]

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """Long work on a repository: a lease with a heartbeat, progress for the page (`projects.commands.leases`)."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    phase = models.CharField(max_length=60, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=1000, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class ImportRun(Run):
    """A repository being filled from an address or a path."""

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="import_run")
    source_encrypted = models.TextField()  # address with credentials, purpose "import"
    source_shown = models.CharField(max_length=500)  # without userinfo
    branches = models.JSONField(default=list, blank=True)  # patterns with at most one *; empty: all
    tags = models.JSONField(default=list, blank=True)  # likewise; ["-"]: none

    def __str__(self) -> str:
        return f"{self.source_shown}: {self.state}"


class PurgeRun(Run):
    """What no ref reaches is being removed from a repository and its fork network; the last time of each repository is kept."""

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="purge_run")

    def __str__(self) -> str:
        return f"purge of {self.repository_id}: {self.state}"
