"""Reads about files in texts."""

from uuid import UUID

from django.utils.translation import gettext as _

from core import filenames
from core.actors import Actor
from core.errors import NotFound
from issues.models import Attachment
from projects import rules as projects_rules


def attachment(actor: Actor, key: UUID) -> Attachment:
    """The file, if the actor may read the repository that its text is in. Raises NotFound."""
    found = Attachment.objects.filter(key=key).select_related("repository__namespace").first()
    if found is None or not projects_rules.can_read(actor, found.repository):
        raise NotFound(_("There is no such file."))
    return found


def attachment_address(row: Attachment) -> str:
    """Its address on the site; no project stands in it, so that a text that goes to another one tells nothing of the first."""
    return f"/-/files/{row.key}/{filenames.quoted(row.name)}"


def attachment_text(row: Attachment) -> str:
    """How a text shows it, in Markdown."""
    shown = row.name.replace("\\", "").replace("[", "(").replace("]", ")").replace("`", "'")
    return f"{'!' if row.is_image else ''}[{shown}]({attachment_address(row).replace('(', '%28').replace(')', '%29')})"
