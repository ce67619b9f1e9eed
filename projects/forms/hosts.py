"""Hosts, their APIs and tokens, routes."""

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.forms.mirrors import PatternsField
from projects.models import ApiKind, OutgoingRoute

PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class HostForm(forms.Form):
    """How gently a host is treated."""

    at_once = forms.IntegerField(
        label=_("Mirrors at once"),
        min_value=0,
        max_value=50,
        help_text=_("Looks and fetches at the same time. 0: nothing is fetched from it."),
    )


class ApiForm(forms.Form):
    """Where descriptions, topics, licences and stars come from."""

    kind = forms.ChoiceField(label=_("Kind of API"), choices=ApiKind.choices)
    base = forms.CharField(
        label=_("Address of the API"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={**PLAIN, "inputmode": "url", "placeholder": "https://gitlab.example.org/api/v4"}),
        help_text=_("Empty: the usual one of this kind."),
    )
    is_on = forms.BooleanField(label=_("Ask it"), required=False)


class TokenForm(forms.Form):
    """One more for the pool."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Whose it is, so that it is known again."))
    secret = forms.CharField(
        label=_("Access token"),
        max_length=255,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Without any rights: public data is enough. It is kept encrypted and never shown again."),
    )


class RouteForm(forms.Form):
    """A way out."""

    name = forms.CharField(label=_("Name"), max_length=60)
    kind = forms.ChoiceField(label=_("Kind of route"), choices=OutgoingRoute.Kind.choices)
    address = forms.CharField(
        label=_("Proxy"), max_length=200, required=False, widget=forms.TextInput(attrs=PLAIN), help_text=_("Name or address, without port.")
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, required=False)
    username = forms.CharField(label=_("User name"), max_length=120, required=False, widget=forms.TextInput(attrs=PLAIN))
    password = forms.CharField(
        label=_("Password"),
        max_length=255,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: the one it has. Kept encrypted."),
    )
    patterns = PatternsField(
        label=_("Hosts"), required=False, help_text=_("One a line, such as github.com or *.github.com. Empty: all hosts.")
    )
    hour_from = forms.IntegerField(label=_("From (hour)"), min_value=0, max_value=23, initial=0)
    hour_to = forms.IntegerField(
        label=_("To (hour)"), min_value=0, max_value=24, initial=0, help_text=_("The same as “From”: all day. 22 to 6 goes over midnight.")
    )
    position = forms.IntegerField(
        label=_("Order"),
        min_value=0,
        max_value=999,
        initial=10,
        help_text=_("Smaller ones are tried first; the next follows if one fails."),
    )
    is_on = forms.BooleanField(label=_("In use"), required=False, initial=True)


class TryForm(forms.Form):
    """A host to be reached over a route."""

    host = forms.CharField(label=_("Host"), max_length=200, initial="github.com", widget=forms.TextInput(attrs=PLAIN))
