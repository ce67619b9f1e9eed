"""What we know of other hosts beside their Git: APIs, tokens, routes, what they say of a repository, and their webhooks."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.mirrors import Mirror


class ApiKind(models.TextChoices):
    """Whose API a host speaks."""

    NONE = "none", _("None")
    GITHUB = "github", "GitHub"
    GITEE = "gitee", "Gitee"
    GITLAB = "gitlab", "GitLab"


class HostApi(models.Model):
    """The API of one host. Without a row the well-known hosts have their usual address (hosts.USUAL)."""

    host = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=ApiKind.choices)
    base = models.CharField(max_length=300)  # without a slash at the end
    is_on = models.BooleanField(default=True)
    limit = models.PositiveIntegerField(null=True, blank=True)  # requests without a token in a window, as the host says
    remaining = models.PositiveIntegerField(null=True, blank=True)
    reset_at = models.DateTimeField(null=True, blank=True)
    quiet_until = models.DateTimeField(null=True, blank=True)  # it asked us to wait, or did not answer
    said = models.CharField(max_length=300, blank=True)  # its last complaint
    requests = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)  # of these answered by 304
    asked_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)  # a worker asks it now

    def __str__(self) -> str:
        return f"{self.host}: {self.kind}"


class HostToken(models.Model):
    """An access token for a host's API; all tokens of a host are a pool."""

    host = models.CharField(max_length=120, db_index=True)
    name = models.CharField(max_length=80)
    secret_encrypted = models.TextField()  # purpose "host-token"
    hint = models.CharField(max_length=8)  # its last characters
    limit = models.PositiveIntegerField(null=True, blank=True)
    remaining = models.PositiveIntegerField(null=True, blank=True)  # None: never asked
    reset_at = models.DateTimeField(null=True, blank=True)
    quiet_until = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)  # set aside: the host does not take it
    said = models.CharField(max_length=300, blank=True)
    requests = models.PositiveBigIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.host}: {self.name}"


class OutgoingRoute(models.Model):
    """A way out for some hosts at some hours."""

    class Kind(models.TextChoices):
        DIRECT = "direct", _("Direct")
        HTTP = "http", _("HTTP proxy (CONNECT)")
        SOCKS5 = "socks5", _("SOCKS 5 proxy")

    name = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    address = models.CharField(max_length=200, blank=True)  # of the proxy
    port = models.PositiveIntegerField(default=0)
    username = models.CharField(max_length=120, blank=True)
    password_encrypted = models.TextField(blank=True)  # purpose "route"
    patterns = models.JSONField(default=list, blank=True)  # of hosts: "github.com", "*.github.com"; empty: all
    hour_from = models.PositiveSmallIntegerField(default=0)  # of the site's time zone; equal: all day
    hour_to = models.PositiveSmallIntegerField(default=0)
    position = models.PositiveSmallIntegerField(default=0)  # tried in this order
    is_on = models.BooleanField(default=True)
    connections = models.PositiveBigIntegerField(default=0)
    failures = models.PositiveBigIntegerField(default=0)
    failures_in_a_row = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)  # received
    latency_ms = models.PositiveIntegerField(null=True, blank=True)  # until a connection or an answer stood, smoothed
    ok_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    said = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class UpstreamFacts(models.Model):
    """What the host's API said of a mirrored repository, as it was last said; what people edited here is compared with it."""

    class State(models.TextChoices):
        OK = "ok", _("Known")
        MISSING = "missing", _("Not found")
        MOVED = "moved", _("Moved")
        BLOCKED = "blocked", _("Withheld for legal reasons")
        REFUSED = "refused", _("Access refused")
        FAILED = "failed", _("No answer")

    mirror = models.OneToOneField(Mirror, on_delete=models.CASCADE, related_name="facts")
    state = models.CharField(max_length=8, choices=State.choices)
    etag = models.CharField(max_length=200, blank=True)
    moved_to = models.CharField(max_length=600, blank=True)  # owner and name at the same host
    description = models.CharField(max_length=350, blank=True)
    website = models.CharField(max_length=200, blank=True)
    topics = models.JSONField(default=list, blank=True)
    licence = models.CharField(max_length=60, blank=True)  # SPDX id; NOASSERTION: a text the host does not know
    default_branch = models.CharField(max_length=200, blank=True)
    stars = models.PositiveIntegerField(default=0)
    forks = models.PositiveIntegerField(default=0)
    is_archived = models.BooleanField(default=False)
    said = models.CharField(max_length=300, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)  # in a row
    checked_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="upstream_facts_due"), models.Index(fields=["state"], name="upstream_facts_state")]

    def __str__(self) -> str:
        return f"{self.mirror_id}: {self.state}"


class MirrorHook(models.Model):
    """The address at which upstream tells us of pushes, with its secret."""

    mirror = models.OneToOneField(Mirror, on_delete=models.CASCADE, related_name="hook")
    key = models.UUIDField(default=uuid.uuid4, unique=True)  # in the address
    secret_encrypted = models.TextField()  # purpose "mirror-hook"
    renewed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"hook of {self.mirror_id}"


class HookDelivery(models.Model):
    """One request of upstream. `digest` tells a replay; refused ones have none that counts."""

    class Outcome(models.TextChoices):
        TAKEN = "taken", _("sync asked for")
        PING = "ping", _("test received")
        IGNORED = "ignored", _("another event")
        ASLEEP = "asleep", _("the mirror is not kept in sync")
        SIGNATURE = "bad_sign", _("refused: wrong secret or signature")
        STALE = "stale", _("refused: too old")
        REPLAY = "replay", _("refused: sent before")

    hook = models.ForeignKey(MirrorHook, on_delete=models.CASCADE, related_name="deliveries")
    at = models.DateTimeField(default=timezone.now)
    sender = models.CharField(max_length=10, blank=True)  # github | gitee | gitlab
    event = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    digest = models.CharField(max_length=64, null=True, blank=True)  # of what was signed; NULL for refused ones

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hook", "digest"], name="hook_delivery_once")]
        indexes = [models.Index(fields=["hook", "-at"], name="hook_delivery_recent")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.outcome}"
