"""The order of what is pinned above a list."""

from django.db import transaction

from core.actors import Actor
from issues import rules
from issues.models import Thread


def order_pins(actor: Actor, thread: Thread, *, up: bool) -> None:
    """One place up or down among the pinned ones of its kind. Raises NotFound or Forbidden (rules.can_triage). Not pinned: nothing happens."""
    rules.can_triage(actor, thread.repository).require()
    with transaction.atomic():
        rows = list(
            Thread.objects.select_for_update(of=("self",), no_key=True)
            .filter(repository=thread.repository, kind=thread.kind, pinned_at__isnull=False)
            .order_by("pin_order", "pk")
        )
        at = next((place for place, row in enumerate(rows) if row.pk == thread.pk), -1)
        other = at - 1 if up else at + 1
        if at < 0 or not 0 <= other < len(rows):
            return
        rows[at], rows[other] = rows[other], rows[at]
        for place, row in enumerate(rows, start=1):
            row.pin_order = place
        Thread.objects.bulk_update(rows, ["pin_order"])
