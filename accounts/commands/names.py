"""Taking and checking names; used by every command that names something."""

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.logic import name_fault
from accounts.models import FormerName, Namespace
from core.errors import Conflict, Invalid


def fault_message(code: str) -> str:
    """The sentence for a `logic.name_fault` code."""
    return {
        "empty": _("Give a name."),
        "characters": _("Use letters, digits, “.”, “_” and “-” only; at most 39 characters for people and organizations, 96 for projects."),
        "sequence": _("A name may not contain “--” or “..”."),
        "edge": _("A name may not begin or end with “-” or “.”."),
        "ending": _("A name may not end in .git, .wiki, .lock, .atom, .zip, .patch or .diff."),
        "reserved": _("This name is reserved."),
    }[code]


def require_name(name: str, *, kind: str, field: str) -> None:
    """Raise Invalid on `field` if `name` breaks the rules of `kind` (namespace | project)."""
    fault = name_fault(name, kind=kind) or ("reserved" if kind == "namespace" and name.lower() in settings.MIRROR_HOSTS else "")
    if fault:
        raise Invalid(fault_message(fault), field=field, code=f"name_{fault}")


def require_free_slug(slug: str, *, field: str) -> None:
    """Raise Conflict if a person or organisation holds the slug (former names may be taken over)."""
    if Namespace.objects.filter(slug__iexact=slug).exists():
        raise Conflict(_("The name “%s” is taken.") % slug, field=field, code="name_taken")


def take_slug(slug: str, kind: str) -> Namespace:
    """Make the namespace; an old name of somebody else stops leading to them."""
    FormerName.objects.filter(slug__iexact=slug).delete()
    return Namespace.objects.create(slug=slug, kind=kind)
