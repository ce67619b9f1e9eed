"""Outbox: publish in the command's transaction, deliver at least once, handlers idempotent.

Two kinds of subscribers: database effects only (run and marked done in one transaction) and `outside=True`
(git, files, mail, HTTP: leased, run without a transaction, marked done if the lease still holds).
"""

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from core.models import Delivery, Event

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 12


class Fact:
    """Base of every event: a frozen dataclass of JSON values (ids, strings, numbers, lists of them), named in the past tense."""


E = TypeVar("E", bound=Fact)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A handler as registered: `name` is its import path."""

    name: str
    event: type[Fact]
    handler: Callable[[Any, str], None]
    outside: bool


_by_event: dict[type[Fact], list[Subscription]] = {}
_by_name: dict[str, Subscription] = {}


def name_of(event: type[Fact]) -> str:
    """`projects.RepositoryForked`: app and class."""
    return f"{event.__module__.split('.')[0]}.{event.__name__}"


def subscribe(event: type[E], *, outside: bool = False) -> Callable[[Callable[[E, str], None]], Callable[[E, str], None]]:
    """Register a handler `(event, cause)`; `cause` is the event's id, the natural idempotency key."""

    def register(handler: Callable[[E, str], None]) -> Callable[[E, str], None]:
        name = f"{handler.__module__}.{handler.__qualname__}"
        subscription = Subscription(name, event, handler, outside)
        _by_event.setdefault(event, []).append(subscription)
        _by_name[name] = subscription
        return handler

    return register


def publish(*facts: Fact) -> None:
    """Write the facts and one delivery per subscriber; call inside the command's transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("publish() belongs inside the command's transaction")
    for fact in facts:
        row = Event.objects.create(name=name_of(type(fact)), payload=asdict(fact))  # type: ignore[call-overload]
        Delivery.objects.bulk_create(Delivery(event=row, subscriber=subscription.name) for subscription in _by_event.get(type(fact), ()))
    if settings.NUDGE_WORKER:
        transaction.on_commit(_nudge, robust=True)


def _nudge() -> None:
    """Wake the worker; if the broker is away, beat finds the rows within seconds."""
    from core.tasks import drain_outbox

    try:
        drain_outbox.delay()
    except OSError as error:
        log.warning("nudge_failed", error=str(error))


def drain(limit: int = 500) -> int:
    """Deliver what is due, oldest first; returns how many deliveries were tried."""
    done = 0
    while done < limit:
        now = timezone.now()
        due = list(
            Delivery.objects.filter(done_at=None, failed_at=None)
            .filter(Q(leased_until=None) | Q(leased_until__lte=now))
            .order_by("id")
            .values_list("id", flat=True)[:50]
        )
        if not due:
            return done
        for delivery_id in due:
            deliver(delivery_id)
            done += 1
    return done


def deliver(delivery_id: int) -> None:
    """Run one delivery once more if it is still open and not leased; a failure is kept and retried with back-off."""
    name = Delivery.objects.filter(pk=delivery_id).values_list("subscriber", flat=True).first()
    if name is None:
        return
    subscription = _by_name.get(name)
    if subscription is None:  # the handler was removed from the code
        Delivery.objects.filter(pk=delivery_id, done_at=None).update(done_at=timezone.now(), error="no such subscriber")
        return
    try:
        (_deliver_outside if subscription.outside else _deliver_inside)(delivery_id, subscription)
    except Exception as error:  # noqa: BLE001 - a handler may fail in any way; the row keeps what happened
        log.exception("delivery_failed", delivery=delivery_id, subscriber=name)
        _fail(delivery_id, error)


def _load(delivery: Delivery, subscription: Subscription) -> Fact:
    known = {field.name for field in fields(subscription.event)}  # type: ignore[arg-type]
    return subscription.event(**{key: value for key, value in delivery.event.payload.items() if key in known})


def _take(delivery_id: int) -> Delivery | None:
    """The open, unleased delivery under a row lock (on SQLite BEGIN IMMEDIATE is the lock), else None."""
    rows = Delivery.objects.select_related("event").filter(pk=delivery_id, done_at=None)
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=("self",), skip_locked=True)
    delivery = rows.first()
    if delivery is None or (delivery.leased_until and delivery.leased_until > timezone.now()):
        return None
    return delivery


def _deliver_inside(delivery_id: int, subscription: Subscription) -> None:
    with transaction.atomic():
        if (delivery := _take(delivery_id)) is None:
            return
        subscription.handler(_load(delivery, subscription), str(delivery.event_id))
        Delivery.objects.filter(pk=delivery_id).update(done_at=timezone.now(), error="", attempt=delivery.attempt + 1)


def _deliver_outside(delivery_id: int, subscription: Subscription) -> None:
    token = uuid.uuid4().hex
    with transaction.atomic():
        if (delivery := _take(delivery_id)) is None:
            return
        Delivery.objects.filter(pk=delivery_id).update(leased_until=timezone.now() + LEASE, token=token, attempt=delivery.attempt + 1)
    subscription.handler(_load(delivery, subscription), str(delivery.event_id))
    Delivery.objects.filter(pk=delivery_id, token=token).update(done_at=timezone.now(), leased_until=None, error="")


def _fail(delivery_id: int, error: Exception) -> None:
    """Back off 2, 4, 8 … seconds (at most 10 minutes); give up after MAX_ATTEMPTS, visible to staff."""
    delivery = Delivery.objects.filter(pk=delivery_id, done_at=None).first()
    if delivery is None:
        return
    attempt = delivery.attempt if _by_name[delivery.subscriber].outside else delivery.attempt + 1
    Delivery.objects.filter(pk=delivery_id).update(
        attempt=attempt,
        error=f"{type(error).__name__}: {error}"[:2000],
        leased_until=timezone.now() + timedelta(seconds=min(2**attempt, 600)),
        failed_at=timezone.now() if attempt >= MAX_ATTEMPTS else None,
    )


def subscriptions() -> dict[str, Subscription]:
    """Every registered handler by name (docs and the delivered-twice test read it)."""
    return dict(_by_name)
