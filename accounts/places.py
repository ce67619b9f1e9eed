"""Named places of people's pages, where other packages add their own."""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from core.actors import Actor
from core.places import Place

before_delete: Place[Callable[[User], str]] = Place("before an account is deleted")  # a sentence why not yet, "" to go on
repository_choices: Place[Callable[[Actor], list[tuple[int, str]]]] = Place("repositories a token can be limited to")  # (id, label)
samples: Place[Callable[[], dict[str, int]]] = Place("figures of a day's sample of the site")  # name → rows or bytes


@dataclass(frozen=True)
class PersonalRows:
    """Rows that point at a person: what closing the account does to them, and what the export tells of them.

    `field` is `app.Model.field`. `keeps` says why they outlive the account ("": they are deleted). `columns` are exported under `section`;
    without them `untold` says why not.
    """

    field: str
    keeps: str = ""
    section: str = ""
    columns: tuple[str, ...] = ()
    untold: str = ""


personal_rows: Place[PersonalRows] = Place("rows about a person")

for _rows in (
    PersonalRows("account.EmailAddress.user", section="emails", columns=("email", "verified", "primary")),
    PersonalRows("mfa.Authenticator.user", section="second_factors", columns=("type", "created_at", "last_used_at")),
    PersonalRows("usersessions.UserSession.user", section="sessions", columns=("ip", "user_agent", "created_at", "last_seen_at")),
    PersonalRows("socialaccount.SocialAccount.user", section="outside_logins", columns=("provider", "uid", "date_joined", "extra_data")),
    PersonalRows("accounts.Membership.user", section="organizations", columns=("organization__namespace__slug", "role", "is_public", "since")),
    PersonalRows("accounts.Team.members", section="teams", columns=("organization__namespace__slug", "name")),
    PersonalRows("accounts.Invitation.user", section="invitations", columns=("organization__namespace__slug", "role", "created_at", "accepted_at")),
    PersonalRows(
        "accounts.Invitation.invited_by", keeps="the invited person's, and the organization's", section="invitations_sent",
        columns=("organization__namespace__slug", "role", "created_at"),
    ),
    PersonalRows("accounts.Token.user", section="tokens", columns=("name", "hint", "scopes", "repositories", "created_at", "expires_at", "used_at")),
    PersonalRows("accounts.SSHKey.user", section="ssh_keys", columns=("title", "public_key", "created_at", "used_at")),
    PersonalRows("accounts.SigningKey.user", section="signing_keys", columns=("title", "kind", "public_key", "created_at")),
    PersonalRows("accounts.Phone.user", section="phone", columns=("verified_at",)),
    PersonalRows("accounts.SecurityEvent.user", section="security_log", columns=("kind", "detail", "ip", "user_agent", "at")),
    PersonalRows("accounts.Acceptance.user", section="legal", columns=("document__kind", "document__version", "at")),
    PersonalRows(
        "accounts.AuditEntry.by", keeps="acts of administration stay accountable", section="administration", columns=("act", "target", "reason", "at")
    ),
    PersonalRows(
        "accounts.Complaint.decided_by", keeps="the register's", section="complaints_decided", columns=("number", "state", "decided_at")
    ),
):  # fmt: skip
    personal_rows.add(_rows)
