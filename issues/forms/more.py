"""Forms of what hangs together, of moves, filters, boards and many at once."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from issues.models import Board, Column, Label, Milestone

STATES = (("", _("Leave")), ("completed", _("Close as completed")), ("not_planned", _("Close as not planned")), ("open", _("Open again")))


class OtherForm(forms.Form):
    """The name of another thread."""

    other = forms.CharField(
        label=_("Issue or pull request"),
        widget=forms.TextInput(attrs={"placeholder": "#12"}),
        help_text=_("#12, owner/project#12 or an address."),
    )


class TransferForm(forms.Form):
    """Where an issue goes."""

    into = forms.CharField(label=_("Project"), widget=forms.TextInput(attrs={"placeholder": _("owner/project")}))


class FilterForm(forms.Form):
    """A filter to keep."""

    name = forms.CharField(label=_("Name"))
    query = forms.CharField(label=_("Query"))
    shared = forms.BooleanField(label=_("For everybody in this project"), required=False)


class ManyForm(forms.Form):
    """One change to several threads."""

    add_labels = forms.ModelMultipleChoiceField(
        label=_("Put on labels"), queryset=Label.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    remove_labels = forms.ModelMultipleChoiceField(
        label=_("Take off labels"), queryset=Label.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    milestone = forms.ChoiceField(label=_("Milestone"), required=False)
    assign = forms.ModelMultipleChoiceField(
        label=_("Assign to"), queryset=User.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    unassign = forms.ModelMultipleChoiceField(
        label=_("Unassign"), queryset=User.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    state = forms.ChoiceField(label=_("State"), choices=STATES, required=False)

    def __init__(
        self, *args: object, labels: Iterable[Label], people: Iterable[User], milestones: Iterable[Milestone], **options: object
    ) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        for name, rows in (("add_labels", labels), ("remove_labels", labels), ("assign", people), ("unassign", people)):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        shown = [(str(row.number), row.title) for row in milestones]
        self.fields["milestone"].choices = [("", _("Leave")), ("none", _("None")), *shown]  # type: ignore[attr-defined]


class BoardForm(forms.Form):
    """A new board."""

    name = forms.CharField(label=_("Name"))
    by = forms.ChoiceField(label=_("Columns stand for"), choices=Board.By.choices, initial=Board.By.OWN, widget=forms.RadioSelect)
    columns = forms.CharField(
        label=_("Columns"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line: names of your own, or names of labels. A board of states has its two."),
    )  # fmt: skip
    query = forms.CharField(label=_("Only what this query finds"), required=False, help_text=_("As in the list: is:open label:bug."))


class BoardChangeForm(forms.Form):
    """Another name or query."""

    name = forms.CharField(label=_("Name"))
    query = forms.CharField(label=_("Only what this query finds"), required=False)


class ColumnForm(forms.Form):
    """A column."""

    name = forms.CharField(label=_("Name"))
    most = forms.IntegerField(
        label=_("At most"), required=False, min_value=1, max_value=999, help_text=_("More cards than this are marked.")
    )


class CardForm(forms.Form):
    """A card to put on the board."""

    other = forms.CharField(label=_("Issue or pull request"), widget=forms.TextInput(attrs={"placeholder": "#12"}))
    column = forms.ModelChoiceField(label=_("Column"), queryset=Column.objects.none(), required=False, empty_label=_("Unsorted"))

    def __init__(self, *args: object, columns: Iterable[Column], **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.fields["column"].queryset = columns  # type: ignore[attr-defined]
