"""Nominations, filters, new mirrors."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

ADDRESS = {"inputmode": "url", "autocomplete": "off", "spellcheck": "false", "placeholder": "https://github.com/owner/name"}


class NominationForm(forms.Form):
    """`/-/mirrors/nominate`."""

    address = forms.CharField(label=_("Address of the repository"), max_length=600, widget=forms.TextInput(attrs=ADDRESS))
    reason = forms.CharField(label=_("Why others would use it"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class ListMirrorForm(forms.Form):
    """A curator adds one."""

    address = forms.CharField(label=_("Address of the repository"), max_length=600, widget=forms.TextInput(attrs=ADDRESS))
    description = forms.CharField(label=_("Description"), max_length=350, required=False)


class PatternsField(forms.CharField):
    """One pattern a line."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def to_python(self, value: Any) -> Any:
        """A list without empty lines."""
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        """Lines again."""
        return "\n".join(value) if isinstance(value, list) else value


class FiltersForm(forms.Form):
    """Which branches and tags are mirrored."""

    branches = PatternsField(label=_("Branches"), required=False, help_text=_("One pattern a line, such as main or release/*. Empty: all."))
    tags = PatternsField(label=_("Tags"), required=False, help_text=_("One pattern a line. Empty: all; “-” alone: none."))


class HostHereForm(forms.Form):
    """A mirror's project comes to live here."""

    namespace = forms.CharField(
        label=_("Owner here"), max_length=100, help_text=_("The login of a person or the name of an organization."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    name = forms.CharField(label=_("Name"), max_length=96)


class UpstreamForm(FiltersForm):
    """A hosted repository comes to follow another host."""

    address = forms.CharField(
        label=_("Address of the repository"), max_length=600, widget=forms.TextInput(attrs=ADDRESS),
        help_text=_("https://, or over SSH (git@host:owner/name.git) with a deploy key that is made here when you send this form."),
    )  # fmt: skip
    username = forms.CharField(
        label=_("User name there"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    password = forms.CharField(
        label=_("Password or token there"), max_length=500, required=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Only for a private repository. It is kept encrypted."),
    )  # fmt: skip
    confirmed = forms.BooleanField(label=_("Let commits go that the other side does not have"), required=False)
    field_order = ("address", "username", "password", "branches", "tags", "confirmed")


class FillForm(forms.Form):
    """How much of the catalogue is copied a day, and when."""

    gigabytes = forms.DecimalField(
        label=_("GB a day"), min_value=0, max_value=100_000, max_digits=9, decimal_places=1, help_text=_("0: none.")
    )
    start = forms.IntegerField(label=_("From (hour)"), min_value=0, max_value=23)
    end = forms.IntegerField(
        label=_("To (hour)"), min_value=0, max_value=24, help_text=_("The same as “From”: all day. 22 to 6 goes over midnight.")
    )
