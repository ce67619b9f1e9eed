"""Synonyms are kept by site administrators."""

from collections.abc import Iterable

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.commands import note_act
from core.actors import Actor
from core.errors import Invalid
from search.commands.index import require_staff
from search.models import Synonym
from search.queries import SYNONYMS

TERMS = 20  # of one synonym


def save_synonym(actor: Actor, synonym: Synonym | None, *, terms: Iterable[str]) -> Synonym:
    """Keep terms that mean the same. Holds for the next search. Raises Forbidden, Invalid (fewer than two terms, or too many)."""
    require_staff(actor)
    cleaned = list(dict.fromkeys(" ".join(term.split())[:60] for term in terms if term.strip()))
    if not 2 <= len(cleaned) <= TERMS:
        raise Invalid(_("Give 2 to %d terms, one a line.") % TERMS, field="terms")
    with transaction.atomic():
        row = synonym or Synonym()
        row.terms, row.changed_at = cleaned, timezone.now()
        row.save()
        note_act(actor, "synonym_saved", str(row))
    cache.delete(SYNONYMS)
    return row


def delete_synonym(actor: Actor, synonym: Synonym) -> None:
    """Forget it. Raises Forbidden."""
    require_staff(actor)
    with transaction.atomic():
        note_act(actor, "synonym_deleted", str(synonym))
        synonym.delete()
    cache.delete(SYNONYMS)
