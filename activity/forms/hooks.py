"""Webhooks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activity.models import Format, Happens

ADDRESS = {"inputmode": "url", "autocomplete": "off", "spellcheck": "false", "placeholder": "https://example.org/hook"}
SECRET = {"autocomplete": "new-password", "spellcheck": "false"}


class HookForm(forms.Form):
    """A new one, or other choices for one."""

    address = forms.CharField(label=_("Address"), max_length=2000, widget=forms.TextInput(attrs=ADDRESS))
    format = forms.ChoiceField(
        label=_("Format"), choices=Format.choices, initial=Format.OPENI,
        help_text=_("Chats get a short message; programs get JSON, ours or as GitHub sends it."),
    )  # fmt: skip
    secret = forms.CharField(
        label=_("Secret"), max_length=500, required=False, widget=forms.PasswordInput(attrs=SECRET),
        help_text=_("Signs what is sent, by the scheme of the format. It is kept encrypted and never shown again."),
    )  # fmt: skip
    keyword = forms.CharField(
        label=_("Keyword"), max_length=60, required=False, help_text=_("If the chat takes only messages that hold a certain word.")
    )
    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=Happens.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )
    is_active = forms.BooleanField(label=_("Switched on"), required=False, initial=True)


class ChangeHookForm(HookForm):
    """An empty address or secret stays as it is."""

    forget_secret = forms.BooleanField(label=_("Send without a secret from now on"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["address"].required = False
        self.fields["address"].help_text = _("Empty: the present one stays.")
        self.fields["secret"].help_text = _("Empty: the present one stays.")
