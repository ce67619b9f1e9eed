"""People and organisations as documents of the search."""

from collections.abc import Iterable

from accounts.events import (
    NamespaceRenamed,
    OrganizationClosed,
    OrganizationCreated,
    OrganizationRestored,
    PersonRegistered,
    ProfileChanged,
)
from accounts.models import Organization, User
from core.actors import Actor
from core.documents import Access, Document, Follows

PUBLIC = frozenset({"public"})


def everyone(actor: Actor) -> Access | None:
    """Pages of people and organisations are public."""
    return Access(PUBLIC)


def person_documents(pks: Iterable[int]) -> list[Document]:
    """Of active people; one query."""
    rows = User.objects.filter(pk__in=list(pks), state=User.State.ACTIVE, is_active=True)
    return [
        Document(
            pk=row.pk, name=row.username, url=row.get_absolute_url(), title=row.display_name,
            description=" · ".join(part for part in (row.bio, row.affiliation, row.location) if part), created=row.date_joined,
            updated=row.date_joined,
        )
        for row in rows
    ]  # fmt: skip


def person_ids(after: int, limit: int) -> list[int]:
    """Ids of active people in ascending order."""
    rows = User.objects.filter(pk__gt=after, state=User.State.ACTIVE, is_active=True)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def people_shown(actor: Actor, pks: Iterable[int]) -> set[int]:
    """Those of the ids whose pages are shown now; one query."""
    return set(User.objects.filter(pk__in=list(pks), state=User.State.ACTIVE, is_active=True).values_list("pk", flat=True))


def organization_documents(pks: Iterable[int]) -> list[Document]:
    """Of open organisations; one query."""
    rows = Organization.objects.filter(pk__in=list(pks), deleted_at=None).select_related("namespace")
    return [
        Document(
            pk=row.pk, name=row.slug, url=row.get_absolute_url(), title=row.display_name,
            description=" · ".join(part for part in (row.description, row.location) if part), created=row.created_at, updated=row.created_at,
        )
        for row in rows
    ]  # fmt: skip


def organization_ids(after: int, limit: int) -> list[int]:
    """Ids of open organisations in ascending order."""
    return list(Organization.objects.filter(pk__gt=after, deleted_at=None).order_by("pk").values_list("pk", flat=True)[:limit])


def organizations_shown(actor: Actor, pks: Iterable[int]) -> set[int]:
    """Those of the ids that are open now; one query."""
    return set(Organization.objects.filter(pk__in=list(pks), deleted_at=None).values_list("pk", flat=True))


def _person_of(event: "NamespaceRenamed | ProfileChanged") -> list[int]:
    return list(User.objects.filter(namespace_id=event.namespace_id).values_list("pk", flat=True))


def _organization_of(event: "NamespaceRenamed | ProfileChanged") -> list[int]:
    return list(Organization.objects.filter(namespace_id=event.namespace_id).values_list("pk", flat=True))


def _registered(event: PersonRegistered) -> list[int]:
    return [event.user_id]


def _organization(event: "OrganizationCreated | OrganizationClosed | OrganizationRestored") -> list[int]:
    return [event.organization_id]


PERSON_FOLLOWS: Follows = ((PersonRegistered, _registered), (ProfileChanged, _person_of), (NamespaceRenamed, _person_of))
ORGANIZATION_FOLLOWS: Follows = (
    (OrganizationCreated, _organization), (OrganizationClosed, _organization), (OrganizationRestored, _organization),
    (ProfileChanged, _organization_of), (NamespaceRenamed, _organization_of),
)  # fmt: skip
