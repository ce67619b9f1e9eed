"""Facts about people."""

from dataclasses import dataclass

from core.events import Fact


@dataclass(frozen=True)
class PersonRegistered(Fact):
    """An account came into being."""

    user_id: int


@dataclass(frozen=True)
class NamespaceRenamed(Fact):
    """A person or organisation has a new name; the old one leads here until reused."""

    namespace_id: int
    old: str
    new: str


@dataclass(frozen=True)
class ProfileChanged(Fact):
    """What a person or organisation says of itself changed, or whether its page is shown."""

    namespace_id: int


@dataclass(frozen=True)
class OrganizationCreated(Fact):
    """`by_id` founded an organisation and owns it."""

    organization_id: int
    by_id: int


@dataclass(frozen=True)
class OrganizationClosed(Fact):
    """An organisation is hidden; it can be restored for seven days."""

    organization_id: int
    by_id: int | None


@dataclass(frozen=True)
class OrganizationRestored(Fact):
    """A closed organisation is back."""

    organization_id: int
    by_id: int | None


@dataclass(frozen=True)
class MembershipChanged(Fact):
    """Someone joined, left or changed role (`role` "" = left)."""

    organization_id: int
    user_id: int
    role: str


@dataclass(frozen=True)
class SecurityFact(Fact):
    """Something for a person's security log: sign-in, password, second factor, token, key."""

    user_id: int
    kind: str
    detail: dict[str, str]
    ip: str = ""
    user_agent: str = ""


@dataclass(frozen=True)
class InvitationSent(Fact):
    """Someone was invited by mail; the secret of the link, needed once for the mail, is encrypted (purpose "invitation")."""

    invitation_id: int
    secret: str


@dataclass(frozen=True)
class MessageWritten(Fact):
    """A text message is to be sent: number and text, encrypted (purpose "message"); `written_at` in seconds since 1970."""

    secret: str
    written_at: float


@dataclass(frozen=True)
class PersonApproved(Fact):
    """An administrator let an account in that waited."""

    user_id: int
