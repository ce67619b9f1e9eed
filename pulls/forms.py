"""Forms of pull requests. Lengths are the commands' business: what is too long stays in the form."""

from django import forms
from django.utils.translation import gettext_lazy as _

from pulls.models import Method

_TALL = {"rows": 10, "placeholder": _("Markdown; @ calls a person, # names an issue")}


class PullForm(forms.Form):
    """A new pull request."""

    title = forms.CharField(label=_("Title"), strip=True, widget=forms.TextInput(attrs={"maxlength": 255}))
    body = forms.CharField(label=_("Description"), required=False, strip=False, widget=forms.Textarea(attrs=_TALL))
    reviewers = forms.CharField(label=_("Reviewers"), required=False, help_text=_("Logins or @organization/team, separated by spaces."))
    is_draft = forms.BooleanField(label=_("Draft: not ready to be merged"), required=False)
    maintainers_may_push = forms.BooleanField(label=_("Maintainers may push to my branch"), required=False, initial=True)

    def __init__(self, *args: object, from_fork: bool, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        if not from_fork:
            del self.fields["maintainers_may_push"]


class MergingForm(forms.Form):
    """How a repository merges."""

    pulls_enabled = forms.BooleanField(label=_("Pull requests are welcome here"), required=False)
    allow_merge = forms.BooleanField(label=_("Merge commit: all commits stay, a commit joins them"), required=False)
    allow_squash = forms.BooleanField(label=_("Squash: one commit of everything, all authors named"), required=False)
    allow_rebase = forms.BooleanField(label=_("Rebase: the commits on top of the base branch, no merge commit"), required=False)
    allow_forward = forms.BooleanField(label=_("Fast-forward: the base branch moves to the head, if it can"), required=False)
    default_method = forms.ChoiceField(
        label=_("First choice"), choices=[choice for choice in Method.choices if choice[0] != Method.BY_HAND]
    )
    allow_auto_merge = forms.BooleanField(label=_("Merging by itself as soon as nothing hinders it"), required=False)
    delete_branch = forms.BooleanField(label=_("Delete the branch after a merge"), required=False)
    merge_title = forms.CharField(label=_("Title of a merge commit"), required=False, max_length=500)
    merge_message = forms.CharField(
        label=_("Text of a merge commit"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )
    squash_title = forms.CharField(label=_("Title of a squashed commit"), required=False, max_length=500)
    squash_message = forms.CharField(
        label=_("Text of a squashed commit"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("{title}, {number}, {body}, {author}, {head} and {base} are replaced. Empty: the usual words."),
    )  # fmt: skip
