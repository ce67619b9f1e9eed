"""The blind sample: drawn by a seed, labelled by people who see no suggestion."""

import hashlib
import re
import secrets

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.commands import note_act
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound
from projects import rules
from projects.models import Category, Label, LabelItem, LabelSample, Suggestion
from projects.queries import suggesting as reads

SIZES = (20, 2000)
DOUBLE = 5  # one in so many is labelled by a second person too


def draw_sample(actor: Actor, *, size: int, seed: str = "") -> LabelSample:
    """`size` projects at random from what lies in “other”: those with the smallest SHA-256 of “seed:id”. Every fifth is asked twice.

    Raises NotFound (rules.can_curate), Invalid (size, seed), Conflict (nothing is left to draw).
    """
    rules.can_curate(actor).require()
    if not SIZES[0] <= size <= SIZES[1]:
        raise Invalid(_("Draw between %(least)d and %(most)d projects.") % {"least": SIZES[0], "most": SIZES[1]}, field="size")
    seed = seed.strip() or secrets.token_hex(8)
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,32}", seed):
        raise Invalid(_("A seed consists of letters and digits."), field="seed")
    with transaction.atomic():
        pool = list(reads.pool().exclude(pk__in=LabelItem.objects.values("repository_id")).values_list("pk", flat=True))
        if not pool:
            raise Conflict(_("Nothing is left to draw from."), field="size")
        chosen = drawn(pool, seed, size)
        sample = LabelSample.objects.create(seed=seed, size=len(chosen), pool=len(pool), drawn_by=actor.person)
        LabelItem.objects.bulk_create(
            LabelItem(sample=sample, repository_id=pk, position=place, is_double=place % DOUBLE == 0) for place, pk in enumerate(chosen)
        )
        Suggestion.objects.filter(repository_id__in=chosen).update(is_open=False)  # not seen before it is labelled
        note_act(actor, "draw_sample", seed, detail={"size": len(chosen), "pool": len(pool)})
    return sample


def drawn(pool: list[int], seed: str, size: int) -> list[int]:
    """Anyone can draw the same again from the same pool."""
    return sorted(pool, key=lambda pk: hashlib.sha256(f"{seed}:{pk}".encode()).digest())[:size]


def label_item(actor: Actor, item_id: int, *, category: Category | None, is_unclear: bool = False) -> Label:
    """Say where a project belongs (None: it stays in “other”). One's own label can be given anew.

    Raises NotFound (rules.can_curate; not in a sample), Invalid (a category that was merged), Conflict (others have labelled it already).
    """
    rules.can_curate(actor).require()
    if category is not None and (category.merged_into_id is not None or category.slug == reads.OTHER):
        raise Invalid(_("Choose a category."), field="category")
    with transaction.atomic():
        item = LabelItem.objects.select_for_update().filter(pk=item_id).first()
        if item is None or actor.person is None:
            raise NotFound(_("This project is not in the sample."))
        others = item.labels.exclude(by=actor.person).count()
        if others >= (2 if item.is_double else 1) and not item.labels.filter(by=actor.person).exists():
            raise Conflict(_("Somebody else has labelled this project meanwhile."), code="labelled")
        label, _made = Label.objects.update_or_create(
            item=item, by=actor.person,
            defaults={"category": None if is_unclear else category, "is_unclear": is_unclear, "at": timezone.now()},
        )  # fmt: skip
    return label
