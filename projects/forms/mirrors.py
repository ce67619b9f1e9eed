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


class FillForm(forms.Form):
    """How much of the catalogue is copied a day, and when."""

    gigabytes = forms.DecimalField(
        label=_("GB a day"), min_value=0, max_value=100_000, max_digits=9, decimal_places=1, help_text=_("0: none.")
    )
    start = forms.IntegerField(label=_("From (hour)"), min_value=0, max_value=23)
    end = forms.IntegerField(
        label=_("To (hour)"), min_value=0, max_value=24, help_text=_("The same as “From”: all day. 22 to 6 goes over midnight.")
    )
