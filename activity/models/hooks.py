"""Webhooks: addresses that are told what happens in a repository or an organization, and what was sent there."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from projects.models import Repository

KEPT = 100  # dispatches that are over, of one hook
WAITING_MOST = 1000  # of one hook; what comes while so many wait is not sent


class Format(models.TextChoices):
    """What is sent."""

    OPENI = "openi", _("OpenI")
    GITHUB = "github", _("GitHub-compatible")
    DINGTALK = "dingtalk", _("DingTalk")
    FEISHU = "feishu", _("Feishu")
    WECOM = "wecom", _("WeCom")
    SLACK = "slack", "Slack"


class Happens(models.TextChoices):
    """What a hook can be told of; the names are GitHub's."""

    PUSH = "push", _("Pushes")
    CREATE = "create", _("Branches and tags made")
    DELETE = "delete", _("Branches and tags deleted")
    RELEASE = "release", _("Releases published")
    STAR = "star", _("Stars")
    FORK = "fork", _("Forks")
    REPOSITORY = "repository", _("Repositories made, renamed, published or hidden")
    ISSUES = "issues", _("Issues")
    ISSUE_COMMENT = "issue_comment", _("Comments on issues and pull requests")
    PULL_REQUEST = "pull_request", _("Pull requests")
    PULL_REQUEST_REVIEW = "pull_request_review", _("Reviews")
    PULL_REQUEST_REVIEW_COMMENT = "pull_request_review_comment", _("Comments on lines")


class Hook(models.Model):
    """One address. It is told what its owner, who saved it last, may see; one whose owner may no longer administer stops."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, null=True, blank=True, related_name="hooks")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="hooks")
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    format = models.CharField(max_length=8, choices=Format.choices, default=Format.OPENI)
    address_encrypted = models.TextField()  # purpose "hook-address": those of chats carry their key
    address_shown = models.CharField(max_length=300)  # without user name, query values and keys
    secret_encrypted = models.TextField(blank=True)  # purpose "hook"
    keyword = models.CharField(max_length=60, blank=True)  # a chat may ask that each message holds it
    events = models.JSONField(default=list)  # of Happens; empty: all
    is_active = models.BooleanField(default=True)
    stopped_because = models.CharField(max_length=20, blank=True)  # failing | gone: switched off by us
    failing_since = models.DateTimeField(null=True, blank=True)  # None while the last attempt worked
    failures = models.PositiveIntegerField(default=0)  # attempts in a row
    next_at = models.DateTimeField(null=True, blank=True)  # None: nothing waits
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="hook_of_one",
                condition=Q(repository=None, organization__isnull=False) | Q(repository__isnull=False, organization=None),
            )
        ]
        indexes = [models.Index(fields=["next_at"], name="hook_due")]

    def __str__(self) -> str:
        return self.address_shown


class Dispatch(models.Model):
    """One message to one hook. Its content is composed when it is sent; what was sent and answered last stands here."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Delivered")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Not sent")  # its owner may not see it any more, or it is gone

    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="dispatches")
    key = models.UUIDField(default=uuid.uuid4)  # a redelivery has that of the first
    cause = models.CharField(max_length=60, null=True, blank=True)  # id of the fact and place in it; NULL for tests and redeliveries
    kind = models.CharField(max_length=30)  # of Happens, or ping
    action = models.CharField(max_length=30, blank=True)
    about = models.JSONField(default=dict)  # ids and names to compose it from
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    is_aside = models.BooleanField(default=False)  # a test or a redelivery: sent before what waits, and once
    created_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True, blank=True)
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    request_headers = models.JSONField(default=dict, blank=True)
    request_body = models.TextField(blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer_headers = models.JSONField(default=dict, blank=True)
    answer_body = models.TextField(blank=True)  # at most 16 kB
    said = models.CharField(max_length=300, blank=True)  # why it did not work

    class Meta:
        verbose_name_plural = "dispatches"
        constraints = [models.UniqueConstraint(fields=["hook", "cause"], name="dispatch_once")]
        indexes = [
            models.Index(fields=["hook", "-id"], name="dispatch_recent"),
            models.Index(fields=["hook", "id"], name="dispatch_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
