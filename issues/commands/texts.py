"""What people write: bounded, and without what no database takes."""

import unicodedata
from datetime import timedelta

from django.utils.translation import gettext as _

from core import limits, markdown
from core.actors import Actor
from core.errors import Invalid

TITLE_MAX = 255
BODY_MAX = 65_536  # characters
TWICE = timedelta(seconds=30)  # the same words of the same person within it are one click too many


def clean_title(title: str) -> str:
    """One line without control characters. Raises Invalid."""
    cleaned = " ".join("".join(" " if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") else letter for letter in title).split())
    if not cleaned:
        raise Invalid(_("Give a title."), field="title")
    if len(cleaned) > TITLE_MAX:
        raise Invalid(
            _("A title has at most %(max)d characters; this one has %(n)d.") % {"max": TITLE_MAX, "n": len(cleaned)}, field="title"
        )
    return cleaned


def clean_body(text: str, *, required: bool = False, field: str = "body") -> str:
    """With plain line ends. Raises Invalid."""
    cleaned = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip("\n")
    try:
        cleaned.encode()
    except UnicodeEncodeError as error:
        raise Invalid(_("The text holds characters that are none."), field=field) from error
    if required and not cleaned.strip():
        raise Invalid(_("Write something first."), field=field)
    if len(cleaned) > BODY_MAX:
        told = {"max": BODY_MAX, "n": len(cleaned)}
        raise Invalid(
            _("A text has at most %(max)d characters; this one has %(n)d. Put long logs into a file.") % told, field=field, code="too_long"
        )
    return cleaned


def throttle(actor: Actor, what: str, *, minute: int, day: int) -> None:
    """Count one act of a person. Raises LimitReached."""
    if actor.is_system or actor.person is None:
        return
    limits.take(f"{what}:{actor.person.pk}", limit=minute, seconds=60)
    limits.take(f"{what}:{actor.person.pk}", limit=day, seconds=86_400)


def count_tasks(body: str) -> dict[str, int]:
    """The columns of Thread that tell of the tasks in its body."""
    tasks = markdown.tasks(body)
    return {"tasks_total": len(tasks), "tasks_done": sum(task.done for task in tasks)}
