"""A person's credentials and security log."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Phone, SecurityEvent, SigningKey, SSHKey, Token, User
from core.secrets import decrypt

SECURITY_KINDS = {
    "signed_in": _("Signed in"),
    "sign_in_failed": _("Sign-in failed"),
    "signed_out": _("Signed out"),
    "password_changed": _("Password changed"),
    "password_reset": _("Password reset"),
    "email_added": _("E-mail address added"),
    "email_removed": _("E-mail address removed"),
    "email_changed": _("E-mail address changed"),
    "mfa_added": _("Second factor added"),
    "mfa_removed": _("Second factor removed"),
    "mfa_reset": _("Recovery codes made anew"),
    "social_added": _("Outside login connected"),
    "social_removed": _("Outside login removed"),
    "token_created": _("Access token created"),
    "token_revoked": _("Access token revoked"),
    "ssh_key_added": _("SSH key added"),
    "ssh_key_removed": _("SSH key removed"),
    "signing_key_added": _("Signing key added"),
    "signing_key_removed": _("Signing key removed"),
    "deploy_key_added": _("Deploy key added"),
    "deploy_key_removed": _("Deploy key removed"),
    "push_mirror_added": _("Push mirror added"),
    "push_mirror_removed": _("Push mirror removed"),
    "hook_added": _("Webhook added"),
    "hook_changed": _("Webhook changed"),
    "hook_removed": _("Webhook removed"),
    "phone_added": _("Phone number added"),
    "phone_removed": _("Phone number removed"),
}


def tokens(person: User) -> QuerySet[Token]:
    """Newest first."""
    return person.tokens.order_by("-created_at")


def ssh_keys(person: User) -> QuerySet[SSHKey]:
    """Newest first."""
    return person.ssh_keys.order_by("-created_at")


def signing_keys(person: User) -> QuerySet[SigningKey]:
    """Newest first."""
    return person.signing_keys.order_by("-created_at")


def events(person: User) -> list[SecurityEvent]:
    """The last 200 lines, each with its `label`."""
    rows = list(person.security_events.order_by("-at", "-pk")[:200])
    for row in rows:
        row.label = SECURITY_KINDS.get(row.kind, row.kind)  # type: ignore[attr-defined]
    return rows


def is_avatar(sha256: str) -> bool:
    """True if a person or organisation uses the picture (other blobs are never served as one)."""
    return User.objects.filter(avatar=sha256).exists() or Organization.objects.filter(avatar=sha256).exists()


def phone(person: User) -> str:
    """The last four digits of one's number, "" without one."""
    row = Phone.objects.filter(user=person).first()
    return decrypt(row.number_encrypted, purpose="phone")[-4:] if row else ""
