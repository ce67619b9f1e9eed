"""Lists of mirrors."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.mirrors.lists import OURS

OURS_LABELS = {
    "": _("leave out"), "address": _("Address"), "description": _("Description"), "topics": _("Tags"), "category": _("Category"), "stars": _("Stars"),
}  # fmt: skip


class MirrorListForm(forms.Form):
    """A file, or text."""

    file = forms.FileField(
        label=_("File"), required=False, allow_empty_file=True,
        help_text=_("CSV with a header, JSON lines, or one address a line; UTF-8, GBK or UTF-16. At most 64 MB."),
    )  # fmt: skip
    text = forms.CharField(
        label=_("or paste addresses"), required=False, strip=False, max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "placeholder": "https://github.com/owner/name"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """One of them."""
        cleaned = super().clean() or {}
        if not cleaned.get("file") and not (cleaned.get("text") or "").strip() and not self.errors:
            raise forms.ValidationError(_("Choose a file or paste addresses."))
        return cleaned


class ColumnsForm(forms.Form):
    """Which column of the file is what; one select for each head."""

    def __init__(self, *args: Any, heads: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.heads = [head for head, _ours in heads]
        choices = [(ours, OURS_LABELS[ours]) for ours in ("", *OURS)]
        for index, (head, ours) in enumerate(heads):
            self.fields[f"c{index}"] = forms.ChoiceField(label=head or _("(no name)"), choices=choices, required=False, initial=ours)

    def columns(self) -> dict[str, str]:
        """Head → ours, "" for what is left out."""
        return {head: self.cleaned_data[f"c{index}"] for index, head in enumerate(self.heads)}
