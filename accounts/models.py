"""People, organisations and their credentials. States and constraints only; `commands` write."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Namespace(models.Model):
    """A name under which repositories live: of a person, an organisation, or a code host's owner path."""

    class Kind(models.TextChoices):
        PERSON = "person"
        ORGANIZATION = "organization"
        HOST = "host"

    slug = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    created_at = models.DateTimeField(default=timezone.now)
    quota_bytes: int | None = None  # a host's owner path has none of its own; people and organisations have a column

    class Meta:
        constraints = [models.UniqueConstraint(Lower("slug"), name="namespace_slug_unique")]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return f"/{self.slug}"

    @property
    def holder(self) -> "User | Organization | Namespace":
        """The person or organisation behind the name (select_related both to avoid queries); a host's owner path stands for itself."""
        if self.kind == self.Kind.HOST:
            return self
        return self.user if self.kind == self.Kind.PERSON else self.organization

    @property
    def display_name(self) -> str:
        """The holder's shown name."""
        return self.holder.shown_name

    @property
    def shown_name(self) -> str:
        """The owner path of a code host without the host."""
        return self.slug.partition("/")[2] or self.slug

    @property
    def shown_owner(self) -> str:
        """What stands before a project's name in lists: the slug, without the host of a mirror."""
        return self.shown_name if self.kind == self.Kind.HOST else self.slug

    @property
    def segment(self) -> str:
        """The slug as one segment of a path."""
        return self.slug.replace("/", ":")

    @property
    def avatar_url(self) -> str:
        """None is kept of strangers."""
        return ""


class FormerName(models.Model):
    """An old slug that still leads to its namespace until someone takes it."""

    slug = models.CharField(max_length=200)
    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="former_names")
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("slug"), name="former_name_unique")]

    def __str__(self) -> str:
        return self.slug


class User(AbstractUser):
    """A person. `username` equals `namespace.slug`; only `commands.rename_namespace` changes both."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PENDING = "pending", _("Pending")  # waits for an administrator's approval
        SUSPENDED = "suspended", _("Suspended")

    class Theme(models.TextChoices):
        SYSTEM = ""
        LIGHT = "light"
        DARK = "dark"

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    username = models.CharField(max_length=39, unique=True)
    namespace = models.OneToOneField(Namespace, on_delete=models.PROTECT, related_name="user", null=True)
    display_name = models.CharField(max_length=80, blank=True)
    bio = models.CharField(max_length=500, blank=True)
    affiliation = models.CharField(max_length=120, blank=True)
    location = models.CharField(max_length=80, blank=True)
    website = models.URLField(blank=True)
    avatar = models.CharField(max_length=64, blank=True)  # sha256 of the 256 px WebP in core.blobs
    language = models.CharField(max_length=10, blank=True)
    time_zone = models.CharField(max_length=60, blank=True)
    theme = models.CharField(max_length=5, blank=True, choices=Theme.choices, default=Theme.SYSTEM)
    show_email = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    suspended_reason = models.CharField(max_length=500, blank=True)
    quota_bytes = models.BigIntegerField(null=True, blank=True)  # None: the site's default
    pinned = models.JSONField(default=list, blank=True)  # repository ids, in order, at most 6

    objects: ClassVar[UserManager["User"]] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="username_unique_ci")]

    def get_absolute_url(self) -> str:
        return f"/{self.username}"

    @property
    def slug(self) -> str:
        """The name in addresses."""
        return self.username

    @property
    def shown_name(self) -> str:
        """Display name, or the login."""
        return self.display_name or self.username

    @property
    def avatar_url(self) -> str:
        """Address of the picture, "" if there is none (then a letter is drawn)."""
        return f"/-/avatars/{self.avatar}" if self.avatar else ""


class Organization(models.Model):
    """An organisation 企业/组织."""

    namespace = models.OneToOneField(Namespace, on_delete=models.PROTECT, related_name="organization")
    display_name = models.CharField(max_length=80, blank=True)
    description = models.CharField(max_length=1000, blank=True)
    location = models.CharField(max_length=80, blank=True)
    website = models.URLField(blank=True)
    contact_email = models.EmailField(blank=True)
    avatar = models.CharField(max_length=64, blank=True)
    quota_bytes = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)  # 7 days of undo, then purged
    deleted_slug = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.namespace.slug

    def get_absolute_url(self) -> str:
        return f"/{self.namespace.slug}"

    @property
    def slug(self) -> str:
        """The name in addresses."""
        return self.namespace.slug

    @property
    def shown_name(self) -> str:
        """Display name, or the slug."""
        return self.display_name or self.namespace.slug

    @property
    def avatar_url(self) -> str:
        """Address of the picture, "" if there is none."""
        return f"/-/avatars/{self.avatar}" if self.avatar else ""


class Role(models.TextChoices):
    """What a member of an organisation is, lowest first in `logic.ROLES`."""

    OWNER = "owner", _("Owner")
    MAINTAINER = "maintainer", _("Maintainer")
    DEVELOPER = "developer", _("Developer")
    READER = "reader", _("Reader")


class Membership(models.Model):
    """A person in an organisation."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    is_public = models.BooleanField(default=True)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organization_id}: {self.role}"


class Team(models.Model):
    """People of an organisation who share access to chosen repositories (`projects.TeamAccess`)."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="teams")
    slug = models.CharField(max_length=60)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    members = models.ManyToManyField(User, related_name="teams", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("organization", Lower("slug"), name="team_slug_unique")]

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """An invitation into an organisation: of `user` (who alone may accept it) or of whoever receives mail at `email`."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations", null=True, blank=True)
    email = models.EmailField(blank=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations", null=True, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.DEVELOPER)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.email or self.user_id} → {self.organization_id}"

    @property
    def is_expired(self) -> bool:
        """True when its days are over."""
        return self.expires_at <= timezone.now()


class Token(models.Model):
    """A personal access token; only its hash is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)  # first characters, to tell tokens apart
    scopes = models.JSONField(default=list)  # of core.actors.Scope
    repositories = models.JSONField(null=True, blank=True)  # ids it is limited to; None: all
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="token_name_unique")]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class SSHKey(models.Model):
    """A public key that signs in: a person's, or (without a person) a deploy key's of `projects.DeployKey`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="ssh_keys", null=True, blank=True)
    title = models.CharField(max_length=80)
    algorithm = models.CharField(max_length=40)
    public_key = models.TextField()  # "<type> <base64>", without the comment
    fingerprint = models.CharField(max_length=60, unique=True)  # SHA256:…
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.title} {self.fingerprint}"


class SigningKey(models.Model):
    """A key whose commit signatures count as the person's."""

    class Kind(models.TextChoices):
        SSH = "ssh"
        GPG = "gpg"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="signing_keys")
    kind = models.CharField(max_length=3, choices=Kind.choices)
    title = models.CharField(max_length=80)
    public_key = models.TextField()
    fingerprint = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "fingerprint"], name="signing_key_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.fingerprint}"


class SigningSubkey(models.Model):
    """A fingerprint that signatures of a GPG key may name: its primary key and each subkey."""

    key = models.ForeignKey(SigningKey, on_delete=models.CASCADE, related_name="subkeys")
    fingerprint = models.CharField(max_length=64, db_index=True)

    def __str__(self) -> str:
        return self.fingerprint


class Phone(models.Model):
    """A verified phone number: encrypted, with a keyed hash for uniqueness."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="phone")
    number_encrypted = models.TextField()
    number_hash = models.CharField(max_length=64, unique=True)
    verified_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"phone of {self.user_id}"


class SecurityEvent(models.Model):
    """One line of a person's security log."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="security_events")
    kind = models.CharField(max_length=40)  # signed_in, password_changed, token_created …
    detail = models.JSONField(default=dict, blank=True)
    ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id}"


class AuditEntry(models.Model):
    """One act of site administration."""

    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    act = models.CharField(max_length=60)
    target = models.CharField(max_length=200)
    reason = models.CharField(max_length=1000, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.act} {self.target}"


class LegalDocument(models.Model):
    """A version of 用户协议 or 隐私政策."""

    class Kind(models.TextChoices):
        TERMS = "terms"
        PRIVACY = "privacy"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    version = models.CharField(max_length=20)
    text_zh = models.TextField()
    text_en = models.TextField(blank=True)
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="legal_version_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class Acceptance(models.Model):
    """A person accepted a version."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="acceptances")
    document = models.ForeignKey(LegalDocument, on_delete=models.PROTECT, related_name="acceptances")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "document"], name="accepted_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.document_id}"


class Complaint(models.Model):
    """A rights holder's complaint 侵权投诉, its reply, and whether it stands in the public register."""

    class State(models.TextChoices):
        OPEN = "open"
        UPHELD = "upheld"
        REJECTED = "rejected"

    number = models.CharField(max_length=20, unique=True)
    complainant = models.CharField(max_length=120)
    email = models.EmailField()
    address = models.CharField(max_length=500)  # of the page complained about
    text = models.TextField(max_length=10000)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    reply = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return self.number


class SiteSample(models.Model):
    """The site's size on one day: what `places.samples` counted, name → number (bytes or rows)."""

    day = models.DateField(unique=True)  # UTC
    figures = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.day}"
