"""Collections, hot organisations, settled findings, and reports of readers."""

import hashlib
import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.commands import note_act
from accounts.models import Namespace
from core import events
from core.actors import Actor
from core.errors import Conflict, Invalid
from core.limits import take
from core.rules import HIDE
from projects import rules
from projects.commands.bulk import touch_catalogue
from projects.commands.categories import SLUG
from projects.events import ReportDecided
from projects.mirrors import addresses
from projects.models import Collection, CollectionMember, Finding, HotOwner, Report, Repository, Visibility

MEMBERS_MAX = 500
REPORTS_A_DAY = 10
STRANGERS_REPORTS_A_DAY = 5
EMAIL_DAYS = 90


def save_collection(
    actor: Actor,
    collection: Collection | None,
    *,
    slug: str,
    title_zh: str,
    title_en: str,
    text_zh: str,
    text_en: str,
    icon: str,
    is_published: bool,
) -> Collection:
    """A new collection, or another wording. Raises NotFound (rules.can_curate), Invalid, Conflict (address taken)."""
    rules.can_curate(actor).require()
    slug = slug.strip().lower()
    if not SLUG.fullmatch(slug) or len(slug) > 60:
        raise Invalid(_("Small letters, digits and single hyphens, at most 60."), field="slug")
    values = {
        "slug": slug, "title_zh": title_zh.strip()[:80], "title_en": title_en.strip()[:80], "text_zh": text_zh.strip(), "text_en": text_en.strip(),
        "icon": icon, "is_published": is_published, "updated_at": timezone.now(),
    }  # fmt: skip
    try:
        with transaction.atomic():
            if collection is None:
                place = (Collection.objects.aggregate(n=Max("position"))["n"] or 0) + 1
                collection = Collection.objects.create(position=place, **values)
            else:
                Collection.objects.filter(pk=collection.pk).update(**values)
                collection.refresh_from_db()
            note_act(actor, "save_collection", slug, detail={"published": is_published})
    except IntegrityError as error:
        raise Conflict(_("This address is taken."), field="slug") from error
    return collection


def remove_collection(actor: Actor, collection: Collection) -> None:
    """The list alone goes; its projects stay. Raises NotFound (rules.can_curate)."""
    rules.can_curate(actor).require()
    with transaction.atomic():
        note_act(actor, "remove_collection", collection.slug, detail={"members": collection.members.count()})
        Collection.objects.filter(pk=collection.pk).delete()


def add_to_collection(actor: Actor, collection: Collection, text: str, *, note: str = "") -> CollectionMember:
    """One project at the end, by `owner/name` or by an address of it. Raises NotFound (rules.can_curate), Invalid, Conflict (it is there)."""
    rules.can_curate(actor).require()
    repository = _named(text)
    try:
        with transaction.atomic():
            rows = CollectionMember.objects.filter(collection=collection)
            if rows.count() >= MEMBERS_MAX:
                raise Invalid(_("At most %d projects.") % MEMBERS_MAX, field="project")
            place = (rows.aggregate(n=Max("position"))["n"] or 0) + 1
            made = CollectionMember.objects.create(
                collection=collection, repository=repository, position=place, note=" ".join(note.split())[:200]
            )
            Collection.objects.filter(pk=collection.pk).update(updated_at=timezone.now())
            note_act(actor, "add_to_collection", collection.slug, detail={"project": str(repository)})
    except IntegrityError as error:
        raise Conflict(_("It is in this collection already."), field="project") from error
    return made


def _named(text: str) -> Repository:
    """A public project by its path here, or by its original's address. Raises Invalid."""
    rows = Repository.objects.filter(deleted_at=None, visibility=Visibility.PUBLIC).exclude(kind=Repository.Kind.DATASET)
    found = addresses.parse(text)
    repository = rows.filter(mirror__key=found.key, mirror__is_public_mirror=True).first() if found else None
    parts = [part for part in text.strip().strip("/").split("/") if part]
    if repository is None and len(parts) >= 2:
        repository = rows.filter(namespace__slug__iexact="/".join(parts[:-1]), name__iexact=parts[-1]).first()
    if repository is None:
        raise Invalid(_("There is no public project of this name here."), field="project")
    return repository


def arrange_member(actor: Actor, member: CollectionMember, *, act: str) -> None:
    """Up, down, or out of the collection. Raises NotFound (rules.can_curate), Invalid (another act)."""
    rules.can_curate(actor).require()
    if act not in ("up", "down", "remove"):
        raise Invalid(_("This act is not known."))
    with transaction.atomic():
        if act == "remove":
            CollectionMember.objects.filter(pk=member.pk).delete()
        else:
            rows = list(CollectionMember.objects.select_for_update().filter(collection=member.collection_id).order_by("position", "pk"))
            at = next(number for number, row in enumerate(rows) if row.pk == member.pk)
            to = at - 1 if act == "up" else at + 1
            if 0 <= to < len(rows):
                rows[at], rows[to] = rows[to], rows[at]
            for number, row in enumerate(rows):
                row.position = number
            CollectionMember.objects.bulk_update(rows, ["position"])
        note_act(actor, f"{act}_collection_member", member.collection.slug, detail={"project": str(member.repository)})


def add_hot_owner(actor: Actor, slug: str) -> HotOwner:
    """Show an organisation, or an owner on another host, as hot; at the end. Raises NotFound (rules.can_curate), Invalid, Conflict."""
    rules.can_curate(actor).require()
    slug = slug.strip().strip("/")
    kinds = (Namespace.Kind.ORGANIZATION, Namespace.Kind.HOST)
    namespace = Namespace.objects.filter(slug__iexact=slug, kind__in=kinds).first()
    if namespace is None:
        raise Invalid(_("There is no such organization here."), field="owner")
    with transaction.atomic():
        place = (HotOwner.objects.aggregate(n=Max("position"))["n"] or 0) + 1
        made, is_new = HotOwner.objects.get_or_create(namespace=namespace, defaults={"position": place})
        if not is_new:
            raise Conflict(_("It is shown already."), field="owner")
        note_act(actor, "add_hot_owner", namespace.slug)
        touch_catalogue()
    return made


def remove_hot_owner(actor: Actor, hot: HotOwner) -> None:
    """No longer shown as hot. Raises NotFound (rules.can_curate)."""
    rules.can_curate(actor).require()
    with transaction.atomic():
        HotOwner.objects.filter(pk=hot.pk).delete()
        note_act(actor, "remove_hot_owner", hot.namespace.slug)
        touch_catalogue()


def settle_findings(actor: Actor, ids: list[int], *, kind: str) -> int:
    """A person has looked: these projects leave the queue of `kind`; returns how many. Raises NotFound (rules.can_curate), Invalid."""
    rules.can_curate(actor).require()
    if kind not in Finding.Kind.values:
        raise Invalid(_("This act is not known."))
    if not ids:
        raise Invalid(_("Choose projects first."))
    now = timezone.now()
    known = Repository.objects.filter(pk__in=ids[:1000], deleted_at=None).values_list("pk", flat=True)
    with transaction.atomic():
        rows = [Finding(repository_id=pk, kind=kind, settled_at=now, settled_by=actor.person) for pk in known]
        Finding.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["repository", "kind"], update_fields=["settled_at", "settled_by"]
        )
        note_act(actor, "settle_findings", kind, detail={"projects": len(rows)})
        touch_catalogue()
    return len(rows)


def file_report(actor: Actor, repository: Repository, *, reason: str, text: str, email: str = "") -> tuple[Report, str]:
    """Tell the curators that something is wrong; the row, and the text of the link under which the reporter finds the answer.

    Raises NotFound (may not be read), Invalid (reason, text; no address of a stranger), Conflict (one of theirs waits), LimitReached
    (10 a day and person, 5 a day and address).
    """
    rules.can_read(actor, repository).require()
    text, email = text.strip(), email.strip()
    if reason not in Report.Reason.values:
        raise Invalid(_("Choose a reason."), field="reason")
    if not text:
        raise Invalid(_("Say in a sentence what is wrong."), field="text")
    if actor.person is None and not email:
        raise Invalid(_("Give an e-mail address for the answer, or sign in."), field="email")
    if actor.person is not None:
        take(f"report:{actor.person.pk}", limit=REPORTS_A_DAY, seconds=86400)
    else:
        take(f"report:{actor.ip}", limit=STRANGERS_REPORTS_A_DAY, seconds=86400)
    key = secrets.token_urlsafe(24)
    open_ones = Report.objects.filter(repository=repository, state=Report.State.OPEN)
    known = open_ones.filter(by=actor.person) if actor.person else open_ones.filter(by=None, email__iexact=email)
    if known.exists():
        raise Conflict(_("Your report of this project waits for an answer already."))
    try:
        with transaction.atomic():
            report = Report.objects.create(
                repository=repository, reason=reason, text=text[:2000], by=actor.person, email="" if actor.person else email[:254],
                key=key_of(key),
            )  # fmt: skip
    except IntegrityError as error:
        raise Conflict(_("Your report of this project waits for an answer already.")) from error
    return report, key


def key_of(text: str) -> str:
    """What is stored of a reporter's link."""
    return hashlib.sha256(text.encode()).hexdigest()


def decide_report(actor: Actor, report: Report, *, state: str, answer: str) -> Report:
    """Answer; the reporter reads it. Raises NotFound (rules.can_curate), Invalid (no answer), Conflict (decided). Publishes ReportDecided."""
    rules.can_curate(actor).require()
    answer = answer.strip()
    if state not in (Report.State.RESOLVED, Report.State.DISMISSED):
        raise Invalid(_("Decide, and write the answer."), field="state")
    if not answer:
        raise Invalid(_("Write the answer; the reporter reads it."), field="answer")
    with transaction.atomic():
        decided = Report.objects.filter(pk=report.pk, state=Report.State.OPEN).update(
            state=state, answer=answer[:2000], decided_by=actor.person, decided_at=timezone.now()
        )
        if not decided:
            raise Conflict(_("This was decided already."))
        note_act(actor, "decide_report", str(report.repository), reason=answer, detail={"report": report.pk, "state": state})
        events.publish(ReportDecided(report_id=report.pk))
    report.refresh_from_db()
    return report


def forget_reporters(actor: Actor) -> int:
    """Addresses of strangers go 90 days after the answer; returns how many. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    old = timezone.now() - timedelta(days=EMAIL_DAYS)
    return Report.objects.exclude(email="").filter(decided_at__lt=old).update(email="")
