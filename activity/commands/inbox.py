"""People tidy their inbox and say how they want to be told."""

import uuid
from collections.abc import Sequence
from contextlib import suppress

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from activity import rules
from activity.models import Kind, Letter, Notification, Preferences
from core.actors import Actor, Scope
from core.errors import Invalid, NotFound
from core.rules import needs, needs_whole
from issues.commands.following import follow_thread
from issues.models import Thread
from projects.commands import watch_repository
from projects.models import Release, Watch

ACTS = ("read", "unread", "done", "undone", "save", "unsave", "mute", "unmute")
SALT = "activity.unsubscribe"
_CHANGES: dict[str, dict[str, bool]] = {
    "read": {"is_unread": False}, "unread": {"is_unread": True, "is_done": False}, "done": {"is_done": True, "is_unread": False},
    "undone": {"is_done": False}, "save": {"is_saved": True}, "unsave": {"is_saved": False}, "mute": {"is_done": True, "is_unread": False}, "unmute": {},
}  # fmt: skip


def _person(actor: Actor) -> User:
    """Raises Forbidden: nobody, a token without `write`, or one for some repositories only."""
    if (refusal := needs(actor, Scope.WRITE)) is not None or (refusal := needs_whole(actor)) is not None:
        refusal.require()
    return rules.person_of(actor)


def mark(actor: Actor, rows: Sequence[int], act: str) -> int:
    """Do one of ACTS to some of one's own notifications; strangers' are passed over. Muting ends a thread's notifications until one is named again.

    Returns how many were changed. Raises Forbidden, Invalid (act).
    """
    person = _person(actor)
    if act not in ACTS:
        raise Invalid(_("There is no such act."), field="act")
    mine = Notification.objects.filter(user=person, pk__in=rows)
    if act in ("mute", "unmute"):
        _follow(actor, list(mine.filter(kind=Kind.THREAD).values_list("object_id", flat=True)), follow=act == "unmute")
    return mine.update(**_CHANGES[act]) if _CHANGES[act] else mine.count()


def mark_all(actor: Actor, act: str) -> int:
    """`read` or `done`: everything in the inbox. Raises Forbidden, Invalid."""
    person = _person(actor)
    if act not in ("read", "done"):
        raise Invalid(_("There is no such act."), field="act")
    return Notification.objects.filter(user=person, is_done=False).update(**_CHANGES[act])


def _follow(actor: Actor, threads: Sequence[int], *, follow: bool) -> None:
    """Of threads that may not be read any more nothing is told anyway."""
    for thread in Thread.objects.filter(pk__in=threads).select_related(
        "repository__namespace", "repository__mirror", "repository__thread_counter"
    ):
        try:
            follow_thread(actor, thread, follow=follow)
        except NotFound:
            continue


def change_preferences(actor: Actor, *, mail_own: str | None = None, mail_watched: str | None = None) -> Preferences:
    """How mails come. Daily ones that wait are dropped where there shall be none. Raises Forbidden, Invalid."""
    person = _person(actor)
    changes = {"mail_own": mail_own, "mail_watched": mail_watched}
    for field, value in changes.items():
        if value is not None and value not in Preferences.Mail.values:
            raise Invalid(_("Choose one of the ways."), field=field)
    given = {field: value for field, value in changes.items() if value is not None}
    with transaction.atomic():
        row, _made = Preferences.objects.update_or_create(user=person, defaults=given)
        if Preferences.Mail.DAILY not in (row.mail_own, row.mail_watched):
            Letter.objects.filter(user=person, state=Letter.State.DIGEST).update(state=Letter.State.DROPPED)
    return row


def renew_feed_key(actor: Actor) -> Preferences:
    """The addresses of one's private feeds are others from now on. Raises Forbidden."""
    return Preferences.objects.update_or_create(user=_person(actor), defaults={"feed_key": uuid.uuid4()})[0]


def unsubscribe_token(person_id: int, kind: str, object_id: int) -> str:
    """What a mail's link carries: it can end the notifications of this one thing for this one person, and nothing else."""
    return signing.dumps([person_id, kind, object_id], salt=SALT, compress=True)


def subscription(token: str) -> tuple[User, str, int]:
    """Whom and what a link is about. Raises NotFound for one we did not make, or of somebody who is gone."""
    try:
        person_id, kind, object_id = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise NotFound(_("This link is damaged.")) from error
    person = User.objects.select_related("namespace").filter(pk=person_id, is_active=True).first()
    if person is None:
        raise NotFound(_("This link is damaged."))
    return person, str(kind), int(object_id)


def unsubscribe(token: str) -> tuple[User, str, int]:
    """No more of this thread; or no more releases of this repository. Twice changes nothing. Raises NotFound (the link)."""
    person, kind, object_id = subscription(token)
    actor = Actor(person=person)
    if kind == Kind.THREAD:
        _follow(actor, [object_id], follow=False)
        Letter.objects.filter(
            user=person, round__kind=kind, round__object_id=object_id, state__in=(Letter.State.WAITING, Letter.State.DIGEST)
        ).update(state=Letter.State.DROPPED)
    release = Release.objects.filter(pk=object_id).select_related("repository__namespace").first() if kind == Kind.RELEASE else None
    if release is not None:
        with suppress(NotFound):
            watch_repository(actor, release.repository, level=Watch.Level.PARTICIPATING)
    return person, kind, object_id
