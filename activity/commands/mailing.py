"""Mails about what happened: at once, or once a day. Whether somebody may still read it is asked when the mail is sent."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.models import User
from activity.commands.inbox import unsubscribe_token
from activity.models import Kind, Letter, Notification, Preferences, Round
from activity.queries.recipients import may_still_read
from activity.queries.texts import text_of
from activity.queries.things import Thing, happened, things
from core.actors import Actor
from core.rules import HIDE
from issues.models import Participation

log = structlog.get_logger(__name__)
BATCH = 100
TRIES = 8
DIGEST_HOUR = 8  # of the person's own clock
DIGEST_MOST = 200  # lines of a daily mail
State = Letter.State


def due_letters() -> list[int]:
    """Ids of letters to be sent now, oldest first."""
    return list(
        Letter.objects.filter(state=State.WAITING, next_at__lte=timezone.now())
        .order_by("next_at", "pk")
        .values_list("pk", flat=True)[:BATCH]
    )


def send_letters(actor: Actor, pks: Iterable[int]) -> int:
    """Send some letters over one connection; returns how many went. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    rows = Letter.objects.filter(pk__in=list(pks)).select_related(
        "user__namespace", "round__by", "round__repository__namespace__user", "round__repository__namespace__organization"
    )
    letters = list(rows.order_by("pk"))
    found = things((one.round.kind, one.round.object_id) for one in letters)
    addresses = confirmed(one.user_id for one in letters)
    sent, connection = 0, get_connection()
    for letter in letters:
        sent += _send(letter, found.get((letter.round.kind, letter.round.object_id)), addresses.get(letter.user_id, ""), connection)
    connection.close()
    return sent


def confirmed(people: Iterable[int]) -> dict[int, str]:
    """Person → the confirmed main address."""
    rows = EmailAddress.objects.filter(user__in=set(people), verified=True).order_by("primary")
    return {row.user_id: row.email for row in rows}


def _send(letter: Letter, thing: Thing | None, address: str, connection: BaseEmailBackend) -> bool:
    """One letter. It counts as sent before it is handed over: whatever dies in between, nobody gets it twice."""
    if not Letter.objects.filter(pk=letter.pk, state=State.WAITING).update(state=State.SENT, sent_at=timezone.now()):
        return False
    if thing is None or not address or not _wanted(letter):
        Letter.objects.filter(pk=letter.pk).update(state=State.DROPPED)
        return False
    try:
        with override(letter.user.language or "zh-hans"):
            composed(letter, thing, address, connection).send()
    except OSError as error:  # smtplib's errors are OSErrors
        attempts = letter.attempts + 1
        state = State.WAITING if attempts < TRIES else State.DROPPED
        wait = timedelta(seconds=min(30 * 2**attempts, 3600))
        Letter.objects.filter(pk=letter.pk).update(state=state, attempts=attempts, next_at=timezone.now() + wait, sent_at=None)
        log.warning("letter_not_sent", letter=letter.pk, error=type(error).__name__)
        return False
    return True


def _wanted(letter: Letter) -> bool:
    """Still allowed, and not muted meanwhile."""
    round, person = letter.round, letter.user
    if not person.is_active or person.state != User.State.ACTIVE or not may_still_read(person, round.repository):
        return False
    return round.kind != Kind.THREAD or not Participation.objects.filter(thread=round.object_id, user=person, is_muted=True).exists()


def header(text: str) -> str:
    """One line without control characters: nothing that people write begins another header."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())[:200]


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "localhost"


def message_id(round: Round) -> str:
    """`<thread-5.comment-9@host>`; the mail about the thing itself is `<thread-5@host>`, which the others answer."""
    root = f"{round.kind}-{round.object_id}"
    if round.fact == f"{round.kind}:{round.object_id}":
        return f"<{root}@{_host()}>"
    return f"<{root}.{round.fact.replace(':', '-')}@{_host()}>"


def composed(letter: Letter, thing: Thing, address: str, connection: BaseEmailBackend | None = None) -> EmailMessage:
    """The mail, in the reader's language (which is set)."""
    round = letter.round
    place = str(round.repository) if round.repository else settings.SITE_NAME
    who = round.by.shown_name if round.by else ""
    number = f" (#{thing.number})" if thing.number else ""
    subject = header(f"[{place}] {thing.title}{number}")
    link = f"{settings.BASE_URL}{thing.path}"
    leave = f"{settings.BASE_URL}/-/unsubscribe/{unsubscribe_token(letter.user_id, round.kind, round.object_id)}"
    parts = [happened(round.what, who), text_of(round), "-- ", link, _("You get this mail because: %s.") % letter.get_why_display()]
    parts.append(
        _("No more of this: %(link)s · Settings: %(settings)s") % {"link": leave, "settings": f"{settings.BASE_URL}/settings/notifications"}
    )
    own = message_id(round)
    root = f"<{round.kind}-{round.object_id}@{_host()}>"
    headers = {
        "Message-ID": own, "Auto-Submitted": "auto-generated", "Precedence": "list", "X-OpenI-Reason": letter.why,
        "List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        **_list_headers(round), **({} if own == root else {"In-Reply-To": root, "References": root}),
    }  # fmt: skip
    sender = formataddr((header(who or settings.SITE_NAME), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))
    return EmailMessage(subject, "\n\n".join(part for part in parts if part), sender, [address], headers=headers, connection=connection)


def _list_headers(round: Round) -> dict[str, str]:
    """RFC 2919 and 2369: a mail program sorts by them."""
    if round.repository is None:
        return {}
    name = re.sub(r"[^a-z0-9-]", "-", round.repository.name.lower())
    owner = re.sub(r"[^a-z0-9-]", "-", round.repository.namespace.slug.lower())
    return {
        "List-ID": f"{header(str(round.repository))} <{name}.{owner}.{_host()}>",
        "List-Archive": f"<{settings.BASE_URL}{round.repository.get_absolute_url()}>",
    }


def people_with_digests() -> list[int]:
    """Ids of people whom something waits for in the daily mail."""
    return list(Letter.objects.filter(state=State.DIGEST).order_by("user").values_list("user", flat=True).distinct())


def send_digest(actor: Actor, person_id: int, *, now: datetime | None = None) -> bool:
    """One mail with what came since the last one, if their morning is here; what they have read meanwhile is left out. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    person = User.objects.select_related("namespace").filter(pk=person_id, is_active=True).first()
    if person is None:
        return False
    local = (now or timezone.now()).astimezone(_zone(person))
    letters = _taken(person, local)
    if not letters:
        return False
    wanted = [one for one in letters if _wanted(one)]
    read = set(Notification.objects.filter(user=person, is_unread=False).values_list("kind", "object_id"))
    found = things((one.round.kind, one.round.object_id) for one in wanted)
    with override(person.language or "zh-hans"):
        lines = _lines([one for one in wanted if (one.round.kind, one.round.object_id) not in read], found)
        address = confirmed([person.pk]).get(person.pk, "")
        if not lines or not address:
            return False
        n = len(lines)
        subject = f"[{settings.SITE_NAME}] " + ngettext("%d thing happened", "%d things happened", n) % n
        body = "\n\n".join(lines[:DIGEST_MOST]) + f"\n\n-- \n{settings.BASE_URL}/notifications\n{settings.BASE_URL}/settings/notifications"
        headers = {"Auto-Submitted": "auto-generated", "Precedence": "list"}
        mail = EmailMessage(header(subject), body, None, [address], headers=headers)
    return _handed_over(person, letters, mail)


def _handed_over(person: User, letters: list[Letter], mail: EmailMessage) -> bool:
    """Sent; or, where the mail server does not take it, everything waits again."""
    try:
        mail.send()
    except OSError as error:
        Letter.objects.filter(pk__in=[one.pk for one in letters]).update(state=State.DIGEST, sent_at=None)
        Preferences.objects.filter(pk=person.pk).update(digest_on=None)
        log.warning("digest_not_sent", person=person.pk, error=type(error).__name__)
        return False
    return True


def _zone(person: User) -> ZoneInfo:
    try:
        return ZoneInfo(person.time_zone or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)


def _taken(person: User, local: datetime) -> list[Letter]:
    """The waiting ones, marked as sent with the day; none before the hour or twice a day."""
    if local.hour < DIGEST_HOUR:
        return []
    with transaction.atomic():
        row, _made = Preferences.objects.get_or_create(user=person)
        if not Preferences.objects.filter(pk=row.pk).exclude(digest_on=local.date()).update(digest_on=local.date()):
            return []
        rows = Letter.objects.filter(user=person, state=State.DIGEST)
        letters = list(rows.select_related("user", "round__by", "round__repository__namespace").order_by("pk"))
        rows.filter(pk__in=[one.pk for one in letters]).update(state=State.SENT, sent_at=timezone.now())
    return letters


def _lines(letters: list[Letter], found: dict[tuple[str, int], Thing]) -> list[str]:
    """One paragraph a thing, in the order it first happened."""
    by_thing: dict[tuple[str, int], list[Letter]] = {}
    for one in letters:
        key = (one.round.kind, one.round.object_id)
        if key in found:
            by_thing.setdefault(key, []).append(one)
    lines = []
    for key, group in by_thing.items():
        thing = found[key]
        place = str(group[0].round.repository or "")
        said = dict.fromkeys(happened(one.round.what, one.round.by.shown_name if one.round.by else "") for one in group)
        lines.append(
            f"{place}{f'#{thing.number}' if thing.number else ''} {thing.title}\n{' · '.join(said)}\n{settings.BASE_URL}{thing.path}"
        )
    return lines
