"""People change what is theirs: profile, picture, login; export and deletion."""

import io
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import rules
from accounts.commands.administration import end_sessions
from accounts.commands.faces import note_faces
from accounts.commands.names import require_free_slug, require_name, take_slug
from accounts.events import NamespaceRenamed, ProfileChanged
from accounts.logic import clean_display_name
from accounts.models import FormerName, Invitation, Membership, Namespace, Organization, User
from accounts.places import PersonalRows, before_delete, personal_rows
from core import blobs, events
from core.actors import Actor, Scope
from core.errors import Conflict, Forbidden, Invalid
from core.models import Event
from core.rules import needs, needs_whole

AVATAR_BYTES = 5 * 1024**2
AVATAR_PIXELS = 40_000_000  # a picture that claims more is refused before it is decoded
AVATAR_SIDE = 256
PROFILE = ("display_name", "bio", "affiliation", "location", "website", "language", "time_zone", "theme", "show_email")


def _oneself(actor: Actor) -> User:
    if actor.person is None:
        raise Forbidden(_("Sign in first."), code="sign_in")
    if (refusal := needs(actor, Scope.ADMIN)) is not None or (refusal := needs_whole(actor)) is not None:
        refusal.require()
    return actor.person


def change_profile(actor: Actor, **values: Any) -> User:
    """Write some of PROFILE. Raises Forbidden (anonymous), Invalid (time zone, language)."""
    person = _oneself(actor)
    if values.get("time_zone") and values["time_zone"] not in available_timezones():
        raise Invalid(_("There is no such time zone."), field="time_zone")
    if values.get("language") and values["language"] not in dict(settings.LANGUAGES):
        raise Invalid(_("Choose a language."), field="language")
    changed = {key: value for key, value in values.items() if key in PROFILE}
    if "display_name" in changed:
        changed["display_name"] = clean_display_name(changed["display_name"])
    with transaction.atomic():
        User.objects.filter(pk=person.pk).update(**changed)
        if changed.keys() & {"display_name", "bio", "affiliation", "location"}:
            events.publish(ProfileChanged(namespace_id=person.namespace_id or 0))
    person.refresh_from_db()
    return person


def encode_avatar(data: bytes) -> bytes:
    """A square WebP of AVATAR_SIDE pixels, without metadata. Raises Invalid for what is no picture, too large, or a decompression bomb."""
    from PIL import Image, UnidentifiedImageError  # at first use: 5 MB in each process

    if len(data) > AVATAR_BYTES:
        raise Invalid(_("The picture may have at most 5 MB."), field="picture")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as picture:
            if picture.width * picture.height > AVATAR_PIXELS:
                raise Invalid(_("The picture has too many pixels."), field="picture")
            picture.seek(0)
            side = min(picture.size)
            left, top = (picture.width - side) // 2, (picture.height - side) // 2
            square = picture.convert("RGBA").crop((left, top, left + side, top + side)).resize((AVATAR_SIDE, AVATAR_SIDE))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Invalid(_("This is not a PNG, JPEG, GIF or WebP picture."), field="picture") from error
    out = io.BytesIO()
    square.save(out, "WEBP", quality=85)
    return out.getvalue()


def set_avatar(actor: Actor, chunks: Iterable[bytes] | None, *, organization: Organization | None = None) -> str:
    """Store a picture for oneself or an organisation (None removes it); returns its SHA-256. Raises Invalid, Forbidden."""
    if organization is not None:
        rules.can_administer_organization(actor, organization).require()
    person = _oneself(actor)
    sha256 = ""
    if chunks is not None:
        data = bytearray()
        for chunk in chunks:
            data += chunk
            if len(data) > AVATAR_BYTES:
                raise Invalid(_("The picture may have at most 5 MB."), field="picture")
        sha256 = blobs.put([encode_avatar(bytes(data))]).sha256
    if organization is not None:
        Organization.objects.filter(pk=organization.pk).update(avatar=sha256)
    else:
        User.objects.filter(pk=person.pk).update(avatar=sha256)
    note_faces()
    return sha256


def rename_namespace(actor: Actor, namespace: Namespace, *, slug: str) -> Namespace:
    """A new login or organisation name; the old one leads here until someone takes it.

    Raises Forbidden, Invalid (form of the name), Conflict (taken). Publishes NamespaceRenamed.
    """
    if namespace.kind == Namespace.Kind.PERSON and not actor.is_staff and _oneself(actor) != namespace.user:
        raise Forbidden(_("Only the person may change this name."))
    if namespace.kind == Namespace.Kind.ORGANIZATION:
        rules.can_administer_organization(actor, namespace.organization).require()
    require_name(slug, kind="namespace", field="slug")
    old = namespace.slug
    if slug == old:
        raise Invalid(_("This is the present name."), field="slug")
    try:
        with transaction.atomic():
            if slug.lower() != old.lower():
                require_free_slug(slug, field="slug")
                FormerName.objects.filter(slug__iexact=slug).delete()
                FormerName.objects.update_or_create(slug=old, defaults={"namespace": namespace})
            Namespace.objects.filter(pk=namespace.pk).update(slug=slug)
            if namespace.kind == Namespace.Kind.PERSON:
                User.objects.filter(namespace=namespace).update(username=slug)
            events.publish(NamespaceRenamed(namespace_id=namespace.pk, old=old, new=slug))
    except IntegrityError as error:
        raise Conflict(_("The name “%s” is taken.") % slug, field="slug", code="name_taken") from error
    namespace.refresh_from_db()
    return namespace


def export_person(actor: Actor) -> dict[str, Any]:
    """Everything we hold about the person, without secrets, as JSON values; `places.personal_rows` says what."""
    person = _oneself(actor)
    fields = ("username", "email", *PROFILE, "date_joined", "last_login", "pinned", "quota_bytes", "state")
    told: dict[str, Any] = {"profile": {name: _plain(getattr(person, name)) for name in fields}}
    told["former_logins"] = list(FormerName.objects.filter(namespace=person.namespace).values_list("slug", flat=True))
    for entry in personal_rows:
        if entry.columns:
            model, field = _rows_of(entry)
            rows = model.objects.filter(**{field: person}).order_by("pk").values(*entry.columns)
            told[entry.section] = [_row(row) for row in rows]
    return told


def _rows_of(entry: PersonalRows) -> tuple[Any, str]:
    app, model, field = entry.field.split(".")
    return apps.get_model(app, model), field


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in row.items()}


def delete_person(actor: Actor, *, confirmation: str) -> None:
    """Close one's own account: credentials and personal data go, the name becomes free, commits stay what they are.

    Raises Invalid (typed confirmation), Conflict (still owns repositories, or is the last owner of an organisation).
    """
    person = _oneself(actor)
    if confirmation != person.username:
        raise Invalid(_("Type “%s” to confirm.") % person.username, field="confirmation")
    for reason in before_delete:
        if message := reason(person):
            raise Conflict(message, field="confirmation", code="not_empty")
    owned = Membership.objects.filter(user=person, role="owner", organization__deleted_at=None).values_list("organization_id", flat=True)
    for organization_id in owned:
        if not Membership.objects.filter(organization_id=organization_id, role="owner").exclude(user=person).exists():
            raise Conflict(
                _("You are the last owner of an organization. Make someone else owner first."), field="confirmation", code="last_owner"
            )
    end_sessions(person)
    with transaction.atomic():
        FormerName.objects.filter(namespace=person.namespace).delete()
        ghost = take_slug(f"deleted-{person.pk}", Namespace.Kind.PERSON)
        old = person.namespace
        _forget(person)
        blank = dict.fromkeys(
            ("email", "display_name", "bio", "affiliation", "location", "website", "avatar", "language", "time_zone", "theme"), ""
        )
        User.objects.filter(pk=person.pk).update(
            **blank, namespace=ghost, username=ghost.slug, password=make_password(None), show_email=False, last_login=None, pinned=[],
            quota_bytes=None, is_active=False, is_staff=False, is_superuser=False, state=User.State.SUSPENDED, suspended_reason="deleted",
        )  # fmt: skip
        if old is not None:
            old.delete()
        events.publish(ProfileChanged(namespace_id=ghost.pk))


def _forget(person: User) -> None:
    """Delete the rows that do not outlive the account, and what the outbox remembers of the person's addresses and sign-ins."""
    emails = list(EmailAddress.objects.filter(user=person).values_list("email", flat=True))
    Invitation.objects.filter(accepted_at=None, email__in=[email.lower() for email in emails]).delete()
    Event.objects.filter(name="accounts.SecurityFact", payload__user_id=person.pk).delete()
    for entry in personal_rows:
        if entry.keeps:
            continue
        model, field = _rows_of(entry)
        if model._meta.get_field(field).many_to_many:
            model._meta.get_field(field).remote_field.through.objects.filter(user=person).delete()
        else:
            model.objects.filter(**{field: person}).delete()
