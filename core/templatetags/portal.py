"""Small filters that forms and lists share."""

import re

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()
_CLASSES = {"select": "form-select", "checkbox": "form-check-input", "radio": "form-check-input", "file": "form-control"}


@register.filter
def control(field: BoundField) -> SafeString:
    """The input with our classes, and the attributes that tie it to its error and help."""
    widget = field.field.widget
    kind = getattr(widget, "input_type", "")
    css = _CLASSES.get(kind, "form-control")
    described = []
    attributes: dict[str, str] = {}
    if field.help_text:
        described.append(f"{field.id_for_label}_help")
    if field.errors:
        described.append(f"{field.id_for_label}_error")
        css += " is-invalid"
        attributes["aria-invalid"] = "true"
    if described:
        attributes["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs={"class": f"{widget.attrs.get('class', '')} {css}".strip(), **attributes})


@register.filter
def language_class(name: str) -> str:
    """`C++` → `lang-cpp`: the class static/css/languages.css colours."""
    slug = name.lower().replace("+", "p").replace("#", "sharp")
    return "lang-" + re.sub(r"[^a-z0-9]+", "-", slug).strip("-")


@register.filter
def short_ref(ref: str) -> str:
    """`refs/heads/main` → `main`."""
    return re.sub(r"^refs/(heads|tags)/", "", ref)
