"""Sample content of the component gallery `/_components/`: plain objects shaped as the components expect them, no database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

REFUSED = {"name": "open exchange", "visibility": "public"}
PARTS = ("button", "form", "mark", "say", "way", "box", "row", "tags")


@dataclass(frozen=True)
class Holder:
    """A person as `{% avatar %}` sees one."""

    username: str
    shown_name: str
    avatar_url: str = ""

    @property
    def slug(self) -> str:
        """What the colour is drawn from."""
        return self.username


@dataclass(frozen=True)
class Project:
    """A repository as `<c-repo-item>` sees one."""

    namespace: Holder
    name: str
    description: str
    main_language: str
    licence: str
    stars_total: int
    forks_total: int
    updated_at: datetime
    topics: tuple[str, ...] = ()
    visibility: str = "public"
    is_archived: bool = False
    forked_from_id: int | None = None

    def get_absolute_url(self) -> str:
        """Leads back to the gallery."""
        return "#g-row"

    def get_visibility_display(self) -> str:
        """The word of the tag."""
        return _("Private")


class SampleForm(forms.Form):
    """One field of each kind; `name` is refused."""

    name = forms.RegexField(r"^[\w.-]+$", help_text="a-z 0-9 - _ .")
    visibility = forms.ChoiceField(choices=[("public", "public"), ("private", "private")], widget=forms.RadioSelect)
    licence = forms.ChoiceField(choices=[("", "–"), ("MIT", "MIT"), ("MulanPSL-2.0", "MulanPSL-2.0")], required=False)
    readme = forms.BooleanField(required=False)


def sample_context() -> dict[str, Any]:
    """Everything that templates/core/components.html shows."""
    now = timezone.now()
    people = [Holder("lin-yue", "林悦"), Holder("pkumlq", "pkumlq"), Holder("zhou-ning", "周宁")]
    return {
        "parts": PARTS,
        "sides": [{"theme": theme, "form": SampleForm(REFUSED, auto_id=f"{theme}_%s")} for theme in ("light", "dark")],
        "people": people,
        "moment": now - timedelta(hours=3),
        "pairs": [(_("Licence"), "Apache-2.0"), (_("Size"), "38 MiB")],
        "tabs": [
            {"url": "#g-way", "label": _("Code"), "icon": "code", "current": True},
            {"url": "#g-way", "label": _("Releases"), "icon": "tag", "count": 12},
            {"url": "#g-way", "label": _("Settings"), "icon": "settings"},
        ],
        "repositories": [
            Project(
                people[0], "open-exchange", _("Model conversion between frameworks."), "Python", "Apache-2.0", 1284, 126, now, ("onnx",)
            ),
            Project(people[2], "video-codec", "", "C++", "", 0, 3, now - timedelta(days=90), visibility="private", is_archived=True),
        ],
    }
