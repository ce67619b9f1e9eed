"""Tags every page may use: icons, times, sizes, avatars."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.forms import BoundField, CheckboxSelectMultiple, RadioSelect
from django.forms.boundfield import BoundWidget
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One icon of static/img/icons.svg; decorative, so hidden from readers."""
    sheet = staticfiles_storage.url("img/icons.svg")
    return mark_safe(f'<svg class="icon{" " + css if css else ""}" aria-hidden="true"><use href="{sheet}#{escape(name)}"/></svg>')  # noqa: S308


def relative(moment: datetime, now: datetime) -> str:
    """`12 minutes ago`, up to a month; then the date."""
    seconds = int((now - moment).total_seconds())
    if seconds < 0 or seconds >= 30 * 86400:
        return date_format(timezone.localtime(moment), "Y-m-d")
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return ngettext("%d minute ago", "%d minutes ago", seconds // 60) % (seconds // 60)
    if seconds < 86400:
        return ngettext("%d hour ago", "%d hours ago", seconds // 3600) % (seconds // 3600)
    return ngettext("%d day ago", "%d days ago", seconds // 86400) % (seconds // 86400)


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """A `<time>` with the relative text; the exact moment in the reader's zone stands in its title."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    exact = local.strftime("%Y-%m-%d %H:%M %Z")
    shown = relative(moment, timezone.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(timespec="seconds"), exact, shown)


@register.simple_tag(name="bytes")
def bytes_(number: int | None) -> str:
    """`38 MiB`: powers of 1024, at most one decimal."""
    size = float(number or 0)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f}".removesuffix(".0") + f" {unit}"
        size /= 1024
    return f"{size:.1f}".removesuffix(".0") + " TiB"


@register.filter
def web_address(text: str) -> str:
    """The text as the target of a link if it begins with https:// or http://, else "": a stored `javascript:` is never a link."""
    return text if text.lower().startswith(("https://", "http://")) else ""


@register.filter
def thousands(number: int | None) -> str:
    """`25,741`."""
    return f"{number or 0:,}"


@register.simple_tag
def avatar(holder: Any, size: str = "") -> SafeString:
    """Picture or first letter of a person or organisation; `size` is "", sm, md or xl."""
    css = "avatar" + (f" avatar-{size}" if size else "") + (" org" if not hasattr(holder, "username") else "")
    if holder is None:
        return format_html('<span class="{}" data-c="0" aria-hidden="true">?</span>', css)
    if holder.avatar_url:
        return format_html(
            '<span class="{}" aria-hidden="true"><img src="{}" alt="" loading="lazy" width="48" height="48"></span>', css, holder.avatar_url
        )
    colour = sum(holder.slug.encode()) % 6 + 1
    return format_html('<span class="{}" data-c="{}" aria-hidden="true">{}</span>', css, colour, holder.shown_name[:1].upper())


@register.simple_tag
def option(choice: BoundWidget) -> SafeString:
    """The input of one radio button or checkbox of a group, without the label Django would wrap around it."""
    choice.data["attrs"]["class"] = f"{choice.data['attrs'].get('class', '')} form-check-input".strip()
    return choice.tag(wrap_label=False)


@register.filter
def is_group(field: BoundField) -> bool:
    """Whether the field is several radio buttons or checkboxes, which need a legend instead of a label."""
    return isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple)
