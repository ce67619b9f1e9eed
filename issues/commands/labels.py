"""Labels of a repository."""

from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Conflict, Invalid, LimitReached
from issues import rules
from issues.logic.labels import DEFAULTS, PALETTE, colour_of, scope_of
from issues.models import Label
from projects.models import Repository

MOST = 500


def save_label(
    actor: Actor, repository: Repository, *, name: str, colour: str = "", description: str = "", label: Label | None = None
) -> Label:
    """Write a new label or change `label`.

    Raises NotFound or Forbidden (rules.can_triage), Invalid (name, colour), Conflict (there is one of this name), LimitReached.
    """
    rules.can_triage(actor, repository).require()
    name, description = " ".join(name.split()), " ".join(description.split())
    if not name or len(name) > 60 or any(not letter.isprintable() for letter in name) or "," in name or '"' in name:
        raise Invalid(_("A label has 1 to 60 characters, without commas and quotation marks."), field="name")
    shade = colour_of(colour) if colour.strip() else PALETTE[sum(name.encode()) % len(PALETTE)]
    if not shade:
        raise Invalid(_("Give a colour like #1d76db."), field="colour")
    if label is None and repository.issue_labels.count() >= MOST:
        raise LimitReached(_("A project has at most %d labels.") % MOST, field="name")
    row = label or Label(repository=repository)
    row.name, row.scope, row.colour, row.description = name, scope_of(name), shade, description[:200]
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("There is a label “%s” already.") % name, field="name") from error
    return row


def delete_label(actor: Actor, label: Label) -> None:
    """Take it off all threads and remove it. Raises NotFound or Forbidden (rules.can_triage)."""
    rules.can_triage(actor, label.repository).require()
    with transaction.atomic():
        label.delete()


def add_default_labels(actor: Actor, repository: Repository) -> list[Label]:
    """Those a project may begin with, in the language of whoever asks; existing names stay. Raises NotFound or Forbidden (rules.can_triage)."""
    rules.can_triage(actor, repository).require()
    chinese = (get_language() or "").startswith("zh")
    known = {name.lower() for name in repository.issue_labels.values_list("name", flat=True)}
    rows = []
    for zh, en, colour, about_zh, about_en in DEFAULTS:
        name, about = (zh, about_zh) if chinese else (en, about_en)
        if name.lower() not in known:
            rows.append(Label(repository=repository, name=name, scope=scope_of(name), colour=colour, description=about))
    Label.objects.bulk_create(rows, ignore_conflicts=True)
    return rows
