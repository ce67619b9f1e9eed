"""Releases."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class FilesInput(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """A list of uploads, each checked as a file."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Every file; none is fine unless required."""
        if not data:
            super().clean(None, initial)
            return []
        return [super(FilesField, self).clean(one, initial) for one in (data if isinstance(data, list | tuple) else [data])]


class ReleaseForm(forms.Form):
    """New and edit."""

    tag = forms.CharField(label=_("Tag"), max_length=200, help_text=_("An existing tag, or a new one such as v1.0."))
    target = forms.CharField(
        label=_("Make the tag from"), max_length=200, required=False, help_text=_("Branch or commit, if the tag does not exist yet.")
    )
    title = forms.CharField(label=_("Title"), max_length=200, required=False)
    notes = forms.CharField(
        label=_("Notes"), required=False, max_length=100_000, widget=forms.Textarea(attrs={"rows": 12}), help_text=_("Markdown.")
    )
    files = FilesField(label=_("Files"), required=False)  # type: ignore[assignment]
    is_prerelease = forms.BooleanField(label=_("Pre-release: not ready for production"), required=False)
    is_draft = forms.BooleanField(label=_("Draft: only maintainers see it"), required=False)
