"""Push mirrors."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.forms.mirrors import PatternsField

ADDRESS = {"inputmode": "url", "autocomplete": "off", "spellcheck": "false", "placeholder": "https://github.com/owner/name.git"}


class PushChoices(forms.Form):
    """What goes there, and how."""

    username = forms.CharField(
        label=_("User name there"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Token there"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("An access token that may write. It is kept encrypted and never shown again."),
    )
    branches = PatternsField(label=_("Branches"), required=False, help_text=_("One pattern a line, such as main or release/*. Empty: all."))
    only_protected = forms.BooleanField(
        label=_("Only protected branches"), required=False, help_text=_("Of the branches above, those that a protection rule names.")
    )
    tags = PatternsField(label=_("Tags"), required=False, help_text=_("One pattern a line. Empty: all; “-” alone: none."))
    overwrites = forms.BooleanField(
        label=_("Overwrite what moved apart there"),
        required=False,
        help_text=_("Otherwise a branch that somebody else pushed to there stays as it is, and the log says so."),
    )
    prunes = forms.BooleanField(
        label=_("Remove there what is gone here"),
        required=False,
        help_text=_("Branches and tags there that this repository does not have are deleted, also those that were never here."),
    )
    may_publish = forms.BooleanField(label=_("Push although it is not public"), required=False)


class PushMirrorForm(PushChoices):
    """A new one."""

    address = forms.CharField(
        label=_("Address to push to"),
        max_length=600,
        widget=forms.TextInput(attrs=ADDRESS),
        help_text=_(
            "https:// with a token, or ssh:// (git@host:owner/name.git) with a key that is made here. The repository there must exist."
        ),
    )
    field_order = ("address",)


class OneMirrorForm(forms.Form):
    """Which one."""

    mirror = forms.IntegerField(min_value=1, max_value=2**62)


class ChangeForm(PushChoices, OneMirrorForm):
    """Other choices for one."""

    mirror = forms.IntegerField(min_value=1, max_value=2**62, widget=forms.HiddenInput)


class KeyChangeForm(ChangeForm):
    """Likewise for one over SSH: a key is used, so there is no token to enter."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["username"], self.fields["password"]
