"""Confidence, automatic sorting, samples."""

from django import forms
from django.utils.translation import gettext_lazy as _


class GroupForm(forms.Form):
    """Accept a whole group from a confidence on."""

    threshold = forms.IntegerField(label=_("From this confidence on (%)"), min_value=0, max_value=100)


class SuggestingForm(forms.Form):
    """What counts as sure, and whether that is sorted without a person."""

    threshold = forms.IntegerField(label=_("What counts as sure (%)"), min_value=50, max_value=100)
    automatic = forms.BooleanField(
        label=_("Sort what is sure without a person"),
        required=False,
        help_text=_("Only while at least 100 projects above it are labelled blind and the lower bound of the precision is 95 % or more."),
    )


class SampleForm(forms.Form):
    """A draw for the blind sample."""

    size = forms.IntegerField(label=_("Projects"), min_value=20, max_value=2000, initial=200)
    seed = forms.CharField(
        label=_("Seed"), max_length=32, required=False, help_text=_("Empty: one is made. The same seed draws the same projects again.")
    )
