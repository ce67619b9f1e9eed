"""The outbox: once published, delivered at least once, in one transaction with its effect."""

from dataclasses import dataclass

import pytest
from django.db import transaction

from core import events
from core.models import Delivery, Event, SiteSetting

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class LampLit(events.Fact):
    key: str
    fail: bool = False


@events.subscribe(LampLit)
def note_lamp(event: LampLit, cause: str) -> None:
    SiteSetting.objects.update_or_create(key=event.key, defaults={"value": cause})
    if event.fail:
        raise ValueError("the lamp broke")


def test_publish_outside_a_transaction_is_refused(transactional_db):
    with pytest.raises(RuntimeError):
        events.publish(LampLit("a"))


def test_delivery_runs_once_and_is_marked_done():
    with transaction.atomic():
        events.publish(LampLit("a"))
    assert events.drain() == 1
    assert events.drain() == 0
    assert SiteSetting.objects.get(key="a").value == str(Event.objects.get().pk)


def test_failure_rolls_the_effect_back_and_is_retried_later():
    with transaction.atomic():
        events.publish(LampLit("b", fail=True))
    events.drain()
    delivery = Delivery.objects.get()
    assert not SiteSetting.objects.filter(key="b").exists()
    assert delivery.done_at is None
    assert delivery.attempt == 1
    assert "the lamp broke" in delivery.error
    assert events.drain() == 0  # leased until the back-off is over


def test_rolled_back_command_publishes_nothing():
    with pytest.raises(KeyError):
        _publish_and_fail()
    assert not Event.objects.exists()


def _publish_and_fail():
    with transaction.atomic():
        events.publish(LampLit("c"))
        raise KeyError
