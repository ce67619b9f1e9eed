"""Commits made in the browser."""

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.forms.releases import FilesField

WIDE = {"autocomplete": "off", "spellcheck": "false"}


class CommitForm(forms.Form):
    """What every commit form ends with."""

    message = forms.CharField(label=_("Commit message"), max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    onto = forms.ChoiceField(
        label=_("Commit to"),
        widget=forms.RadioSelect,
        initial="branch",
        choices=[("branch", _("This branch")), ("new", _("A new branch"))],
    )
    new_branch = forms.CharField(label=_("Name of the new branch"), max_length=200, required=False, widget=forms.TextInput(attrs=WIDE))

    def target(self) -> str:
        """The new branch's name, "" for the branch itself."""
        return str(self.cleaned_data["new_branch"]).strip() if self.cleaned_data["onto"] == "new" else ""

    def clean(self) -> None:
        """A new branch needs a name."""
        super().clean()
        if self.cleaned_data.get("onto") == "new" and not self.cleaned_data.get("new_branch", "").strip():
            self.add_error("new_branch", _("Give the new branch a name."))


class FileForm(CommitForm):
    """New and edit. `expected` is the blob the text was loaded from."""

    path = forms.CharField(label=_("Path"), max_length=4000, strip=False, widget=forms.TextInput(attrs=WIDE))
    content = forms.CharField(
        label=_("Content"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "wrap": "off", "class": "form-control mono source-input"}),
    )
    expected = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    field_order = ("path", "content", "message", "onto", "new_branch", "expected")


class RemoveForm(CommitForm):
    """Delete a file."""

    expected = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class UploadForm(CommitForm):
    """Several files into a folder."""

    folder = forms.CharField(
        label=_("Folder"), max_length=4000, required=False, strip=False, widget=forms.TextInput(attrs=WIDE), help_text=_("Empty: the root.")
    )
    files = FilesField(label=_("Files"), help_text=_("Files of the same name are replaced."))  # type: ignore[assignment]
    field_order = ("folder", "files", "message", "onto", "new_branch")
