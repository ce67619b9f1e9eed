"""Rows of curation: tags, what is shown where and until when, bulk edits with their old values, collections, findings, reports."""

from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Namespace, User
from projects.models.repositories import Repository, Run


def _in_chinese() -> bool:
    return (get_language() or "").startswith("zh")


class CatalogueVersion(models.Model):
    """One row, counted up by every act of curation: indexes in memory compare it."""

    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class Tag(models.Model):
    """A word of the curators for projects; the topics of a project are its owner's."""

    slug = models.SlugField(max_length=60, unique=True, allow_unicode=True)
    name_zh = models.CharField(max_length=60)
    name_en = models.CharField(max_length=60)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    @property
    def name(self) -> str:
        """In the reader's language."""
        return self.name_zh if _in_chinese() else self.name_en


class Tagged(models.Model):
    """A project has a tag."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="tagged")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "tag"], name="tagged_once")]

    def __str__(self) -> str:
        return f"{self.repository_id} #{self.tag_id}"


class Curated(models.Model):
    """What curators decided about a project's place; no row: nothing. A range without an end goes on; without a beginning it is off."""

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="curated")
    is_hidden = models.BooleanField(default=False)  # not in the market and not in search; its address works
    featured_from = models.DateField(null=True, blank=True)
    featured_until = models.DateField(null=True, blank=True)  # its last day
    boutique_from = models.DateField(null=True, blank=True)  # 精品
    boutique_until = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["featured_from"], name="curated_featured"),
            models.Index(fields=["boutique_from"], name="curated_boutique"),
        ]

    def __str__(self) -> str:
        return f"curated {self.repository_id}"


class BulkEdit(Run):
    """One act on many projects: what was selected, what changes, how far it is, what came of it."""

    selection = models.JSONField(default=dict)  # queries.curation.Selection.kept
    changes = models.JSONField(default=dict)  # commands.bulk.ASPECTS: key → value
    reason = models.CharField(max_length=500, blank=True)
    total = models.PositiveIntegerField(default=0)  # selected when it was asked for
    changed = models.PositiveIntegerField(default=0)  # projects that did change
    skipped = models.PositiveIntegerField(default=0)  # of an undo: values that were changed again later
    told = models.JSONField(default=list)  # names of the first of those
    cursor = models.BigIntegerField(default=0)  # last id that is done
    last = models.BigIntegerField(default=0)  # last id of the selection
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by")
    detail = models.JSONField(default=dict, blank=True)  # of a merged category: {"merged": [from id, into id]}

    class Meta:
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="bulk_edit_recent"),
            models.Index(fields=["state"], name="bulk_edit_state"),
        ]

    def __str__(self) -> str:
        return f"edit {self.pk}: {self.state}"

    def get_absolute_url(self) -> str:
        return f"/-/admin/mirrors/edits/{self.pk}"


class BulkChunk(models.Model):
    """Old and new values of up to 500 projects of an edit, kept for the 30 days in which it can be undone."""

    edit = models.ForeignKey(BulkEdit, on_delete=models.CASCADE, related_name="chunks")
    last = models.BigIntegerField()  # the highest id it covers
    rows = models.JSONField(default=list)  # [[repository id, {aspect: [old, new]}], …], of what changed alone

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edit", "last"], name="bulk_chunk_once")]

    def __str__(self) -> str:
        return f"chunk {self.last} of {self.edit_id}"


class Collection(models.Model):
    """专题: projects that belong together, in an order of the curators'."""

    slug = models.SlugField(max_length=60, unique=True)
    title_zh = models.CharField(max_length=80)
    title_en = models.CharField(max_length=80)
    text_zh = models.TextField(blank=True)
    text_en = models.TextField(blank=True)
    icon = models.CharField(max_length=40, default="layers")
    position = models.PositiveSmallIntegerField(default=0)
    is_published = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return f"/collections/{self.slug}"

    @property
    def title(self) -> str:
        """In the reader's language."""
        return self.title_zh if _in_chinese() else self.title_en

    @property
    def text(self) -> str:
        """In the reader's language, in the other one if that is all there is."""
        return (self.text_zh or self.text_en) if _in_chinese() else (self.text_en or self.text_zh)


class CollectionMember(models.Model):
    """A project of a collection."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="members")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="collected")
    position = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)  # why it is here

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["collection", "repository"], name="collected_once")]

    def __str__(self) -> str:
        return f"{self.repository_id} in {self.collection_id}"


class HotOwner(models.Model):
    """An organisation, or an owner on another host, that curators show as hot."""

    namespace = models.OneToOneField(Namespace, on_delete=models.CASCADE, related_name="hot")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"hot {self.namespace_id}"


class Inspection(models.Model):
    """What a look into a filled mirror's default branch found, and of which commit that is true."""

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="inspection")
    head_oid = models.CharField(max_length=64, blank=True)
    licence = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"inspection of {self.repository_id}"


class RootCommit(models.Model):
    """A first commit of a project's default branch: projects that share one are copies or forks of each other."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="roots")
    oid = models.CharField(max_length=64, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "oid"], name="root_commit_once")]

    def __str__(self) -> str:
        return self.oid


class Finding(models.Model):
    """Something about a project that a person should look at, or has looked at (`settled_at`)."""

    class Kind(models.TextChoices):
        DUPLICATE = "duplicate", _("Duplicate or fork of another")
        NO_LICENCE = "no_licence", _("Licence missing")
        LICENCE_CHANGED = "licence", _("Licence changed")
        OVERSIZED = "oversized", _("Oversized")
        SECRET = "secret", _("Suspicious: secrets")
        MALWARE = "malware", _("Suspicious: malware")
        GONE = "gone", _("Original gone")

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    detail = models.JSONField(default=list)  # lines for the reader: paths, old and new licence; never a secret itself
    found_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "kind"], name="finding_once")]
        indexes = [models.Index(fields=["kind", "settled_at"], name="finding_queue")]

    def __str__(self) -> str:
        return f"{self.kind} {self.repository_id}"


class Report(models.Model):
    """A reader says that something is wrong with a project."""

    class Reason(models.TextChoices):
        MALWARE = "malware", _("It contains malware")
        SECRETS = "secrets", _("It contains passwords or personal data")
        UNLAWFUL = "unlawful", _("Its content is unlawful or abusive")
        LICENCE = "licence", _("Its licence is wrong or violated")
        SPAM = "spam", _("It is spam")
        MISPLACED = "misplaced", _("Wrong category, duplicate, or the original has moved")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("Waiting")
        RESOLVED = "resolved", _("Acted on")
        DISMISSED = "dismissed", _("Nothing to do")

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    text = models.CharField(max_length=2000)
    by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="reports")
    email = models.CharField(max_length=254, blank=True)  # of a reporter without an account; forgotten 90 days after the answer
    key = models.CharField(max_length=64, unique=True)  # SHA-256 of the text in the reporter's link
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    answer = models.CharField(max_length=2000, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "by"], name="report_open_once", condition=models.Q(state="open", by__isnull=False)
            )
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="report_queue")]

    def __str__(self) -> str:
        return f"report {self.pk}: {self.state}"
