"""Acts of site administration; each writes one audit entry in its own transaction."""

from smtplib import SMTPException
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import rules
from accounts.commands.security import record_security_event
from accounts.events import PersonApproved, ProfileChanged
from accounts.models import AuditEntry, Complaint, LegalDocument, Organization, User
from core import events, site
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound
from core.models import Delivery


def note_act(actor: Actor, act: str, target: str, *, reason: str = "", detail: dict[str, Any] | None = None) -> AuditEntry:
    """Append one audit entry; other apps' administration commands call it inside their transaction."""
    return AuditEntry.objects.create(by=actor.person, act=act, target=target[:200], reason=reason[:1000], detail=detail or {})


def suspend_person(actor: Actor, person: User, *, reason: str) -> None:
    """Stop an account: sessions end, tokens and keys stop working at once. Raises NotFound, Invalid (no reason), Conflict (oneself)."""
    rules.can_administer_site(actor).require()
    if not reason.strip():
        raise Invalid(_("Give the reason; the person sees it."), field="reason")
    if actor.person == person:
        raise Conflict(_("You cannot suspend yourself."))
    with transaction.atomic():
        User.objects.filter(pk=person.pk).update(state=User.State.SUSPENDED, suspended_reason=reason.strip()[:500])
        note_act(actor, "suspend_person", person.username, reason=reason)
        events.publish(ProfileChanged(namespace_id=person.namespace_id or 0))
    end_sessions(person)


def end_sessions(person: User) -> None:
    """Sign the person out everywhere."""
    from allauth.usersessions.models import UserSession

    keys = list(UserSession.objects.filter(user=person).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=person).delete()


def reinstate_person(actor: Actor, person: User) -> None:
    """Lift a suspension, or approve an account that waits."""
    rules.can_administer_site(actor).require()
    with transaction.atomic():
        fresh = User.objects.select_for_update().get(pk=person.pk)
        if not fresh.is_active:
            raise Conflict(_("This account was deleted."))
        User.objects.filter(pk=person.pk).update(state=User.State.ACTIVE, suspended_reason="")
        note_act(actor, "approve_person" if fresh.state == User.State.PENDING else "reinstate_person", person.username)
        if fresh.state == User.State.PENDING:
            events.publish(PersonApproved(user_id=person.pk))
        events.publish(ProfileChanged(namespace_id=person.namespace_id or 0))


def reset_second_factor(actor: Actor, person: User, *, reason: str) -> None:
    """Remove every second factor of someone who lost it. Raises Invalid (no reason)."""
    rules.can_administer_site(actor).require()
    if not reason.strip():
        raise Invalid(_("Say how you know that it is this person."), field="reason")
    with transaction.atomic():
        Authenticator.objects.filter(user=person).delete()
        record_security_event(person.pk, "mfa_removed", detail={"name": "administrator"})
        note_act(actor, "reset_second_factor", person.username, reason=reason)


def set_quota(actor: Actor, holder: User | Organization, *, quota_bytes: int | None) -> None:
    """Storage in bytes for all repositories of the holder; None = the site's default."""
    rules.can_administer_site(actor).require()
    if quota_bytes is not None and quota_bytes < 0:
        raise Invalid(_("Give a size of 0 or more."), field="quota")
    with transaction.atomic():
        type(holder).objects.filter(pk=holder.pk).update(quota_bytes=quota_bytes)
        note_act(actor, "set_quota", holder.slug, detail={"quota_bytes": quota_bytes})


def set_staff(actor: Actor, person: User, *, is_staff: bool) -> None:
    """Make an administrator or take it back. Raises Conflict (the last one)."""
    rules.can_administer_site(actor).require()
    with transaction.atomic():
        if not is_staff and not User.objects.filter(is_staff=True, state=User.State.ACTIVE).exclude(pk=person.pk).exists():
            raise Conflict(_("The last administrator stays."))
        User.objects.filter(pk=person.pk).update(is_staff=is_staff)
        note_act(actor, "set_staff", person.username, detail={"is_staff": is_staff})


def change_site_setting(actor: Actor, key: str, value: Any) -> None:
    """Write one of `core.site.DEFAULTS`. Raises Invalid for an unknown sign-up mode."""
    rules.can_administer_site(actor).require()
    if key == "signup" and value not in ("open", "invitation", "approval"):
        raise Invalid(_("Choose how people sign up."), field="signup")
    with transaction.atomic():
        site.store(key, value)
        note_act(actor, "change_setting", key, detail={"value": value})


def retry_delivery(actor: Actor, delivery_id: int) -> None:
    """Put a failed delivery back into the queue. Raises NotFound."""
    rules.can_administer_site(actor).require()
    with transaction.atomic():
        changed = Delivery.objects.filter(pk=delivery_id, done_at=None).update(failed_at=None, leased_until=None, attempt=0)
        if not changed:
            raise NotFound(_("This task is done or gone."))
        note_act(actor, "retry_delivery", str(delivery_id))


def retry_failed(actor: Actor) -> int:
    """Put every delivery that was given up back into the queue; returns how many."""
    rules.can_administer_site(actor).require()
    with transaction.atomic():
        total = Delivery.objects.filter(done_at=None).exclude(failed_at=None).update(failed_at=None, leased_until=None, attempt=0)
        note_act(actor, "retry_failed", str(total))
    return total


def send_test_mail(actor: Actor, *, to: str) -> None:
    """One mail, now. Raises Invalid with the mail server's own words."""
    rules.can_administer_site(actor).require()
    try:
        send_mail(_("Test mail"), _("This is a test mail of the portal."), None, [to])
    except (OSError, SMTPException) as error:
        note_act(actor, "test_mail", to, reason=f"{type(error).__name__}: {error}")
        raise Invalid(_("The mail server refused: %s") % error, field="to", code="mail") from error
    note_act(actor, "test_mail", to)


def publish_legal_document(actor: Actor, *, kind: str, version: str, text_zh: str, text_en: str) -> LegalDocument:
    """A new version; from now on sign-up asks for it. Raises Invalid, Conflict (version exists)."""
    rules.can_administer_site(actor).require()
    if not version.strip() or not text_zh.strip():
        raise Invalid(_("Give a version and the Chinese text."), field="version")
    with transaction.atomic():
        if LegalDocument.objects.filter(kind=kind, version=version).exists():
            raise Conflict(_("This version exists."), field="version")
        document = LegalDocument.objects.create(kind=kind, version=version.strip(), text_zh=text_zh, text_en=text_en)
        note_act(actor, "publish_legal_document", f"{kind} {version}")
    return document


def file_complaint(*, complainant: str, email: str, address: str, text: str) -> Complaint:
    """A rights holder complains, with or without an account; the number is `YYYY-NNNNNN`."""
    with transaction.atomic():
        complaint = Complaint.objects.create(
            number=f"new-{timezone.now().timestamp()}"[:20], complainant=complainant, email=email, address=address, text=text
        )
        complaint.number = f"{timezone.now():%Y}-{complaint.pk:06d}"
        complaint.save(update_fields=["number"])
    return complaint


def decide_complaint(actor: Actor, complaint: Complaint, *, state: str, reply: str) -> Complaint:
    """Reply and close; the register shows the decision. Raises Invalid (no reply), Conflict (decided before)."""
    rules.can_administer_site(actor).require()
    if state not in (Complaint.State.UPHELD, Complaint.State.REJECTED) or not reply.strip():
        raise Invalid(_("Decide, and write the reply."), field="reply")
    with transaction.atomic():
        fresh = Complaint.objects.select_for_update().get(pk=complaint.pk)
        if fresh.state != Complaint.State.OPEN:
            raise Conflict(_("This complaint was decided before."))
        fresh.state, fresh.reply, fresh.decided_at, fresh.decided_by = state, reply, timezone.now(), actor.person
        fresh.save(update_fields=["state", "reply", "decided_at", "decided_by"])
        note_act(actor, "decide_complaint", complaint.number, reason=reply)
    send_mail(_("Your complaint %s") % complaint.number, reply, None, [complaint.email])
    return fresh
