"""Forms of issues and of their talk. Lengths are the commands' business: what is too long stays in the form."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from issues.models import Label, Milestone

_TALL = {"rows": 10, "placeholder": _("Markdown; @ calls a person, # names an issue")}


class IssueForm(forms.Form):
    """A new issue, or other words for one."""

    title = forms.CharField(label=_("Title"), strip=True, widget=forms.TextInput(attrs={"maxlength": 255}))
    body = forms.CharField(label=_("Text"), required=False, strip=False, widget=forms.Textarea(attrs=_TALL))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class PlanForm(forms.Form):
    """What writers choose for a new issue besides."""

    labels = forms.ModelMultipleChoiceField(
        label=_("Labels"), queryset=Label.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    assignees = forms.ModelMultipleChoiceField(
        label=_("Assigned to"), queryset=User.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    milestone = forms.ModelChoiceField(label=_("Milestone"), queryset=Milestone.objects.none(), required=False, empty_label=_("None"))
    due_on = forms.DateField(label=_("Due"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(
        self, *args: object, labels: Iterable[Label], people: Iterable[User], milestones: Iterable[Milestone], **options: object
    ) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        for name, rows in (("labels", labels), ("assignees", people), ("milestone", milestones)):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]


class CommentForm(forms.Form):
    """A comment, new or with other words."""

    body = forms.CharField(
        label=_("Comment"), required=False, strip=False, widget=forms.Textarea(attrs={**_TALL, "rows": 4}),
    )  # fmt: skip
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class LabelForm(forms.Form):
    """A label."""

    name = forms.CharField(label=_("Name"), help_text=_("With “::” in it, a thread has one label of what stands before: priority::high."))
    colour = forms.CharField(label=_("Colour"), required=False, widget=forms.TextInput(attrs={"type": "color"}), initial="#1d76db")
    description = forms.CharField(label=_("Description"), required=False)


class MilestoneForm(forms.Form):
    """A milestone."""

    title = forms.CharField(label=_("Title"))
    due_on = forms.DateField(label=_("Due"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    description = forms.CharField(
        label=_("Description"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 5}), help_text=_("Markdown.")
    )
