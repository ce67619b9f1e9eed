"""New repositories, forks, imports."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Namespace
from core import gitignores, licences
from projects.forms.mirrors import PatternsField
from projects.models import Visibility

NAME_HELP = _("Letters, digits, “.”, “_” and “-”, at most 96.")
VISIBILITY_HELP = {
    Visibility.PUBLIC: _("Public: everyone may read"),
    Visibility.INTERNAL: _("Internal: everyone who is signed in may read"),
    Visibility.PRIVATE: _("Private: only people you choose may read"),
}


class NamespaceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the names the actor may create under, by slug."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=Namespace.objects.none(), to_field_name="slug", empty_label=None, **options)

    def label_from_instance(self, obj: Namespace) -> str:
        """Slug, with the display name where it differs."""
        shown = obj.display_name
        return obj.slug if shown == obj.slug else f"{obj.slug} ({shown})"


class PlacedForm(forms.Form):
    """A form that begins with a place: namespace and name."""

    namespace = NamespaceField(label=_("Owner"))
    name = forms.CharField(
        label=_("Name"), max_length=96, help_text=NAME_HELP, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, namespaces: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["namespace"].queryset = namespaces  # type: ignore[attr-defined]


class NewRepositoryForm(PlacedForm):
    """`/new`."""

    description = forms.CharField(label=_("Description"), max_length=350, required=False)
    visibility = forms.ChoiceField(
        label=_("Who may read"), choices=list(VISIBILITY_HELP.items()), widget=forms.RadioSelect, initial=Visibility.PUBLIC
    )
    readme = forms.BooleanField(label=_("Add a README"), required=False)
    gitignore = forms.ChoiceField(label=_(".gitignore"), required=False)
    licence = forms.ChoiceField(
        label=_("Licence"), required=False, help_text=_("Without a licence nobody may use, change or share your work.")
    )
    default_branch = forms.CharField(label=_("Default branch"), max_length=200, initial="main")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        none = ("", _("None"))
        self.fields["gitignore"].choices = [none, *((name, name) for name in gitignores.names())]  # type: ignore[attr-defined]
        self.fields["licence"].choices = [none, *_licence_choices()]  # type: ignore[attr-defined]


def _licence_choices() -> Iterable[tuple[str, str]]:
    return ((licence.id, licence.name) for licence in licences.offered())


class ForkForm(PlacedForm):
    """Where the fork goes."""

    description = forms.CharField(label=_("Description"), max_length=350, required=False)


class ImportForm(PlacedForm):
    """`/-/import`."""

    address = forms.CharField(
        label=_("Address to import from"),
        max_length=2000,
        help_text=_("An https:// address that git can clone, or an SSH address to keep in sync. Branches and tags are copied."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false", "placeholder": "https://example.org/name.git"}
        ),
    )
    username = forms.CharField(
        label=_("User name there"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    password = forms.CharField(
        label=_("Password or token there"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Only for a private repository. It is kept encrypted until the import ends, then forgotten."),
    )
    branches = PatternsField(
        label=_("Only these branches"), required=False, help_text=_("One pattern a line, such as main or release/*. Empty: all.")
    )
    tags = PatternsField(label=_("Only these tags"), required=False, help_text=_("One pattern a line. Empty: all; “-” alone: none."))
    description = forms.CharField(label=_("Description"), max_length=350, required=False)
    visibility = forms.ChoiceField(
        label=_("Who may read"), choices=list(VISIBILITY_HELP.items()), widget=forms.RadioSelect, initial=Visibility.PUBLIC
    )

    keep = forms.BooleanField(
        label=_("Keep it in sync"),
        required=False,
        help_text=_("It becomes a mirror: it follows the other side and takes no pushes here. A password is then kept, encrypted."),
    )

    field_order = ("address", "username", "password", "keep", "branches", "tags", "namespace", "name", "description", "visibility")
