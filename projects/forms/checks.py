"""Checks of a repository."""

from django import forms
from django.utils.translation import gettext_lazy as _


class HouseCheckForm(forms.Form):
    """This site's own check."""

    is_on = forms.BooleanField(
        label=_("Check what is pushed to topic branches"),
        required=False,
        help_text=_(
            "The title follows Conventional Commits, a licence is there, no large files, no secrets. Every branch but the default one."
        ),
    )
