"""Organisations: founding, profile, closing with seven days of undo."""

import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import rules
from accounts.commands.names import require_free_slug, require_name, take_slug
from accounts.commands.profile import rename_namespace
from accounts.events import OrganizationClosed, OrganizationCreated, OrganizationRestored, ProfileChanged
from accounts.logic import clean_display_name
from accounts.models import FormerName, Membership, Namespace, Organization, User
from core import events
from core.actors import Actor, Scope
from core.errors import Conflict, Invalid
from core.rules import HIDE, needs, refuse

UNDO = timedelta(days=7)
PROFILE = ("display_name", "description", "location", "website", "contact_email")


def create_organization(actor: Actor, slug: str, *, display_name: str = "", description: str = "") -> Organization:
    """Found an organisation; the founder owns it.

    Raises Forbidden (not signed in, scope), Invalid (name), Conflict (taken). Publishes OrganizationCreated.
    """
    if (refusal := needs(actor, Scope.ADMIN)) is not None:
        refusal.require()
    if actor.person is None or actor.repositories is not None:
        refuse(_("Only people can found organizations.")).require()
    founder: User = actor.person  # type: ignore[assignment]
    require_name(slug, kind="namespace", field="slug")
    try:
        with transaction.atomic():
            require_free_slug(slug, field="slug")
            organization = Organization.objects.create(
                namespace=take_slug(slug, Namespace.Kind.ORGANIZATION),
                display_name=clean_display_name(display_name),
                description=description.strip()[:1000],
            )
            Membership.objects.create(organization=organization, user=founder, role="owner")
            events.publish(OrganizationCreated(organization_id=organization.pk, by_id=founder.pk))
    except IntegrityError as error:
        raise Conflict(_("The name “%s” is taken.") % slug, field="slug", code="name_taken") from error
    return organization


def change_organization(
    actor: Actor, organization: Organization, *, display_name: str, description: str, location: str, website: str, contact_email: str
) -> Organization:
    """Write the profile. Raises Forbidden (rules.can_administer_organization). Publishes ProfileChanged."""
    rules.can_administer_organization(actor, organization).require()
    organization.display_name = clean_display_name(display_name)
    organization.description, organization.location = description.strip(), location.strip()
    organization.website, organization.contact_email = website, contact_email
    with transaction.atomic():
        organization.save(update_fields=list(PROFILE))
        events.publish(ProfileChanged(namespace_id=organization.namespace_id))
    return organization


def update_organization(actor: Actor, organization: Organization, *, slug: str = "", **profile: str) -> Organization:
    """Profile and name in addresses at once: both change, or neither. Fields of the profile that are not given stay.

    Raises Forbidden (rules.can_administer_organization), Invalid (name), Conflict (taken). Publishes ProfileChanged, NamespaceRenamed.
    """
    rules.can_administer_organization(actor, organization).require()
    with transaction.atomic():
        if profile:
            change_organization(actor, organization, **{name: profile.get(name, getattr(organization, name)) for name in PROFILE})
        if slug and slug != organization.slug:
            organization.namespace = rename_namespace(actor, organization.namespace, slug=slug)
    return organization


def delete_organization(actor: Actor, organization: Organization, *, confirmation: str) -> None:
    """Close an organisation that owns nothing any more. Its name becomes free; an owner can restore it, members and teams included, for
    seven days.

    Raises Forbidden, Invalid (typed confirmation), Conflict (it still has repositories, or is closed). Publishes OrganizationClosed.
    """
    rules.can_administer_organization(actor, organization).require()
    slug = organization.slug
    if confirmation != slug:
        raise Invalid(_("Type “%s” to confirm.") % slug, field="confirmation")
    with transaction.atomic():
        if organization.namespace.repositories.filter(deleted_at=None).exists():
            raise Conflict(_("Move or delete its repositories first."), field="confirmation", code="not_empty")
        changed = Organization.objects.filter(pk=organization.pk, deleted_at=None).update(deleted_at=timezone.now(), deleted_slug=slug)
        if not changed:
            raise Conflict(_("It is closed already."), code="closed")
        Namespace.objects.filter(pk=organization.namespace_id).update(slug=f"deleted-{organization.pk}-{secrets.token_hex(4)}")
        events.publish(OrganizationClosed(organization_id=organization.pk, by_id=actor.person.pk if actor.person else None))


def restore_organization(actor: Actor, organization: Organization, *, slug: str = "") -> Organization:
    """Undo a closing, under another `slug` if the old one was taken meanwhile.

    Raises NotFound, Forbidden (rules.can_restore_organization), Invalid (name), Conflict (taken). Publishes OrganizationRestored.
    """
    rules.can_restore_organization(actor, organization).require()
    slug = slug or organization.deleted_slug
    require_name(slug, kind="namespace", field="slug")
    try:
        with transaction.atomic():
            require_free_slug(slug, field="slug")
            changed = Organization.objects.filter(pk=organization.pk).exclude(deleted_at=None).update(deleted_at=None, deleted_slug="")
            if not changed:
                raise Conflict(_("It is not closed any more."), code="restored")
            FormerName.objects.filter(slug__iexact=slug).delete()
            Namespace.objects.filter(pk=organization.namespace_id).update(slug=slug)
            events.publish(OrganizationRestored(organization_id=organization.pk, by_id=actor.person.pk if actor.person else None))
    except IntegrityError as error:
        raise Conflict(_("The name “%s” is taken.") % slug, field="slug", code="name_taken") from error
    return Organization.objects.select_related("namespace").get(pk=organization.pk)


def purge_organization(actor: Actor, organization: Organization) -> None:
    """Remove a closed organisation for good, once no repository of it can be restored any more. Raises NotFound (not staff)."""
    if not actor.is_staff:
        HIDE.require()
    with transaction.atomic():
        row = Organization.objects.select_for_update().filter(pk=organization.pk).exclude(deleted_at=None).first()
        if row is None or row.namespace.repositories.exists():
            return
        namespace = row.namespace
        row.delete()
        namespace.delete()
