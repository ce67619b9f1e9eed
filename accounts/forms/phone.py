"""A phone number and the code sent to it."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PhoneForm(forms.Form):
    """A number."""

    number = forms.CharField(
        label=_("Phone number"), max_length=24, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"})
    )


class CodeForm(forms.Form):
    """The code."""

    code = forms.CharField(
        label=_("Six-digit code"), max_length=8, widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})
    )


class SendForm(forms.Form):
    """Nothing to fill in: send a code."""
