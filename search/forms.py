"""Synonyms, one term a line."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SynonymForm(forms.Form):
    """Terms that mean the same."""

    terms = forms.CharField(
        label=_("Terms that mean the same"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=1500,
        help_text=_("One a line, Chinese or English. Whoever types one finds the others too."),
    )

    def cleaned_terms(self) -> list[str]:
        """The lines."""
        return str(self.cleaned_data["terms"]).splitlines()
