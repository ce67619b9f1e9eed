"""Tags of the pages of issues and pull requests."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from issues.logic.labels import colour_of
from issues.models import HiddenReason, LockReason, Thread

register = template.Library()


@register.simple_tag
def label_tag(name: str, colour: str, href: str = "", description: str = "") -> SafeString:
    """A label: its colour as a dot, its words in ink, so that any colour is readable in both themes; a scope stands before them."""
    scope, _sep, word = name.rpartition("::")
    dot = format_html(
        '<svg class="label-dot" viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="#{}"/></svg>',
        colour_of(colour) or "6e7781",
    )
    words = format_html('<span class="label-scope">{}</span>{}', scope, word) if scope else format_html("{}", name)
    title = format_html(' title="{}"', description) if description else ""
    if href:
        return format_html('<a class="label" href="{}"{}>{}{}</a>', href, title, dot, words)
    return format_html('<span class="label"{}>{}{}</span>', title, dot, words)


@register.simple_tag
def state_icon(thread: Thread) -> dict[str, str]:
    """Icon, state and word of a thread, for `state-pill` and rows."""
    return state_of(thread)


def state_of(thread: Thread) -> dict[str, str]:
    """What a thread's state looks like."""
    if thread.is_open:
        return {"icon": "circle-dot" if thread.is_issue else "git-pull-request", "s": "open", "word": _("Open"), "css": "ok"}
    if thread.state_reason == Thread.StateReason.MERGED:
        return {"icon": "git-merge", "s": "merged", "word": _("Merged"), "css": "plum"}
    words = {"not_planned": _("Closed: not planned"), "duplicate": _("Closed: duplicate")}
    if not thread.is_issue:
        return {"icon": "circle-x", "s": "closed", "word": _("Closed"), "css": "bad"}
    done = thread.state_reason not in words
    return {"icon": "circle-check" if done else "circle-x", "s": "merged" if done else "closed",
            "word": words.get(thread.state_reason, _("Closed")), "css": "plum" if done else "muted"}  # fmt: skip


@register.filter
def lock_word(reason: str) -> str:
    """The word of a reason to lock, "" for none."""
    return str(dict(LockReason.choices).get(reason, "")) if reason else ""


@register.filter
def hidden_word(reason: str) -> str:
    """The word of a reason to hide."""
    return str(dict(HiddenReason.choices).get(reason, ""))


@register.filter
def reason_word(reason: str) -> str:
    """The word of a reason to close, "" for the usual one."""
    return str(dict(Thread.StateReason.choices).get(reason, "")) if reason in ("not_planned", "duplicate") else ""


@register.simple_tag
def name_of(row: Any) -> SafeString:
    """Who wrote it: a link to the person, the unclaimed name of an imported text, or that the account is gone."""
    person = row.author
    if person is not None:
        return format_html('<a href="{}"><b>{}</b></a>', person.get_absolute_url(), person.username)
    if row.author_name:
        return format_html(
            '<b>{}</b> <span class="tag" title="{}">{}</span>',
            row.author_name,
            _("Imported; nobody here has claimed this name"),
            _("imported"),
        )
    return format_html("<b>{}</b>", _("somebody who has left"))
