"""The security log follows what happened; invitations are mailed."""

from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import commands
from accounts.events import InvitationSent, MessageWritten, NamespaceRenamed, PersonApproved, ProfileChanged, SecurityFact
from accounts.models import Invitation, SecurityEvent, User
from core.events import subscribe
from core.secrets import decrypt


@subscribe(SecurityFact)
def log_security(event: SecurityFact, cause: str) -> None:
    """One line per fact: the event's id keeps a second delivery from writing it twice."""
    if not SecurityEvent.objects.filter(user_id=event.user_id, detail__cause=cause).exists():
        commands.record_security_event(
            event.user_id, event.kind, detail={**event.detail, "cause": cause}, ip=event.ip, user_agent=event.user_agent
        )


@subscribe(ProfileChanged)
def renew_faces(event: ProfileChanged, cause: str) -> None:
    """Pages that readers keep show the new name and whose an address is."""
    commands.note_faces()


@subscribe(NamespaceRenamed)
def renew_addresses(event: NamespaceRenamed, cause: str) -> None:
    """Pages that readers keep lead to the new address."""
    commands.note_faces()


@subscribe(InvitationSent, outside=True)
def mail_invitation(event: InvitationSent, cause: str) -> None:
    """The link, in both languages; a second delivery sends the same link again."""
    rows = Invitation.objects.select_related("organization__namespace", "user", "invited_by")
    invitation = rows.filter(pk=event.invitation_id, accepted_at=None, declined_at=None).first()
    if invitation is None:
        return
    to = invitation.email or (invitation.user.email if invitation.user else "")
    if not to:
        return
    secret = decrypt(event.secret, purpose="invitation")
    names = {
        "name": invitation.organization.shown_name if invitation.organization else settings.SITE_NAME,
        "person": invitation.invited_by.shown_name if invitation.invited_by else settings.SITE_NAME,
        "link": f"{settings.BASE_URL}/-/invitations/{secret}",
        "date": f"{invitation.expires_at:%Y-%m-%d}",
    }
    texts = []
    for language in ("zh-hans", "en"):
        with override(language):
            texts.append(_("%(person)s invites you to join %(name)s: %(link)s\nThe link is good until %(date)s.") % names)
    subject = " ".join(f"[{settings.SITE_NAME}] {names['name']}".split())
    send_mail(subject, "\n\n".join(texts), None, [to])


@subscribe(MessageWritten, outside=True)
def send_message(event: MessageWritten, cause: str) -> None:
    """Hand it to the gateway; a second delivery sends the same code again."""
    number, _line, text = decrypt(event.secret, purpose="message").partition("\n")
    commands.deliver_message(number, text, written_at=event.written_at)


@subscribe(PersonApproved, outside=True)
def mail_approval(event: PersonApproved, cause: str) -> None:
    """The account can be used from now on, in both languages."""
    person = User.objects.filter(pk=event.user_id, is_active=True).exclude(email="").first()
    if person is None:
        return
    texts = []
    for language in ("zh-hans", "en"):
        with override(language):
            texts.append(
                _("Your account %(login)s is approved. Sign in: %(link)s")
                % {"login": person.username, "link": f"{settings.BASE_URL}/login"}
            )
    send_mail(f"[{settings.SITE_NAME}] {person.username}", "\n\n".join(texts), None, [person.email])
