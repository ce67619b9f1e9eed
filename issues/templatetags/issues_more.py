"""Tags of texts: boxes of tasks that can be clicked, reactions."""

import re
from functools import lru_cache
from typing import Any

from django import template
from django.middleware.csrf import get_token
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from issues.logic.reactions import SIGNS
from issues.models import Comment, Thread

register = template.Library()
_BOX = re.compile(r'<input type="checkbox" disabled( checked)? data-task="(\d+)">')


def _form_start(context: Any, thread: Thread, comment: Comment | None, act: str) -> SafeString:
    """The beginning of a form about a text."""
    of = format_html('<input type="hidden" name="comment" value="{}">', comment.pk) if comment is not None else ""
    return format_html(
        '<form method="post" action="{}/{}" id="{}"{}><input type="hidden" name="csrfmiddlewaretoken" value="{}">{}',
        thread.get_absolute_url(),
        act,
        f"{act}-{comment.pk if comment is not None else 'body'}",
        mark_safe(' class="reactions"') if act == "react" else "",
        get_token(context["request"]),
        of,
    )


@register.simple_tag(takes_context=True)
def talk_html(context: Any, html: str, thread: Thread, comment: Comment | None = None, may_edit: bool = False) -> SafeString:
    """The HTML of a text (safe already); whoever may edit it gets buttons for the boxes of its tasks."""
    if not may_edit or "data-task" not in html:
        return mark_safe(html)  # noqa: S308 - rendered by issues.queries.rendering
    text: Thread | Comment = thread if comment is None else comment
    form = f"task-{comment.pk if comment is not None else 'body'}"

    def button(match: re.Match[str]) -> str:
        done = bool(match[1])
        return format_html(
            '<button class="task-box" type="submit" form="{}" name="task" value="{}-{}" role="checkbox" aria-checked="{}" aria-label="{}"></button>',
            form, match[2], "0" if done else "1", "true" if done else "false", _("Task %d") % (int(match[2]) + 1),
        )  # fmt: skip

    start = _form_start(context, thread, comment, "task")
    version = format_html('<input type="hidden" name="version" value="{}"></form>', text.version)
    return mark_safe(start + version + _BOX.sub(button, html))  # noqa: S308


@register.simple_tag(takes_context=True)
def reactions(context: Any, thread: Thread, comment: Comment | None = None) -> SafeString:
    """What people gave, with buttons to give and take back. Context: `own_reactions`, `may_comment`."""
    given: dict[str, int] = (thread if comment is None else comment).reactions or {}
    own = context.get("own_reactions") or set()
    pk = comment.pk if comment is not None else None
    words = _words() if given else {}
    if not context.get("may_comment"):
        shown = format_html_join(
            "", '<span class="reaction" title="{}">{} {}</span>', ((words[k], SIGNS[k], n) for k, n in given.items() if k in SIGNS)
        )
        return format_html('<p class="reactions">{}</p>', shown) if shown else mark_safe("")
    held = format_html_join("", *_chips(given, own, pk, words)) if given else ""
    menu = _menu(get_language() or "", frozenset(k for k in SIGNS if (pk, k) in own))
    return format_html(
        '{}{}<details class="menu reaction-menu"><summary class="btn btn-sm btn-quiet" aria-label="{}">☺</summary>'
        '<div class="menu-body reaction-choice">{}</div></details></form>',
        _form_start(context, thread, comment, "react"), held, _("React"), menu,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _menu(language: str, own: frozenset[str]) -> SafeString:
    """The buttons of all kinds; a page has one for each of its texts, so they are written once."""
    words = _words()
    return format_html_join(
        "",
        '<button type="submit" name="react" value="{}:{}" aria-label="{}" title="{}">{}</button>',
        ((k, 0 if k in own else 1, words[k], words[k], SIGNS[k]) for k in SIGNS),
    )


def _chips(given: dict[str, int], own: set[tuple[int | None, str]], pk: int | None, words: dict[str, str]) -> tuple[str, Any]:
    rows = (
        (k, 0 if (pk, k) in own else 1, "true" if (pk, k) in own else "false", words[k], SIGNS[k], given[k]) for k in SIGNS if given.get(k)
    )
    return '<button class="reaction" type="submit" name="react" value="{}:{}" aria-pressed="{}" title="{}">{} {}</button>', rows


def _words() -> dict[str, str]:
    return {
        "+1": _("Thumbs up"), "-1": _("Thumbs down"), "laugh": _("Laugh"), "hooray": _("Hooray"), "confused": _("Confused"), "heart": _("Heart"),
        "rocket": _("Rocket"), "eyes": _("Eyes"),
    }  # fmt: skip
