"""Settings of a repository."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Namespace, Team
from projects.forms.creation import NAME_HELP, VISIBILITY_HELP, NamespaceField
from projects.models import Access, Protection

MIB = 1024**2
BRANCHES_LISTED = 300  # more are typed, not chosen
PUSHERS = [("read", _("Everyone who may read")), ("write", _("Everyone who may write")), ("maintain", _("Maintainers")),
           ("admin", _("Administrators")), ("nobody", _("Nobody"))]  # fmt: skip


class GeneralForm(forms.Form):
    """What the front page says."""

    description = forms.CharField(label=_("Description"), max_length=350, required=False)
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")
    topics = forms.CharField(label=_("Topics"), max_length=800, required=False, help_text=_("At most 20, separated by commas or spaces."))

    def clean_topics(self) -> list[str]:
        """Split at commas (also Chinese ones) and spaces."""
        return [topic for topic in re.split(r"[,，、\s]+", self.cleaned_data["topics"]) if topic]


class NameForm(forms.Form):
    """Rename."""

    name = forms.CharField(label=_("New name"), max_length=96, help_text=NAME_HELP)


class BranchForm(forms.Form):
    """Default branch, chosen from those that exist."""

    branch = forms.ChoiceField(label=_("Default branch"))

    def __init__(self, *args: Any, branches: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        if len(branches) > BRANCHES_LISTED:
            self.fields["branch"] = forms.CharField(label=_("Default branch"), max_length=200)
        else:
            self.fields["branch"].choices = [(branch, branch) for branch in branches]  # type: ignore[attr-defined]


class PushRulesForm(forms.Form):
    """What every push is checked against."""

    forbidden_paths = forms.CharField(
        label=_("Forbidden files"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("One pattern per line, such as *.exe or secrets/*."),
    )
    check_emails = forms.BooleanField(label=_("Committer e-mail must be a confirmed address of whoever pushes"), required=False)
    max_blob_mib = forms.IntegerField(label=_("Largest file, MiB"), required=False, min_value=1, help_text=_("Empty: the site's limit."))

    def rules(self) -> dict[str, Any]:
        """As `commands.change_push_rules` takes them."""
        size = self.cleaned_data["max_blob_mib"]
        return {
            "forbidden_paths": self.cleaned_data["forbidden_paths"].splitlines(),
            "check_emails": self.cleaned_data["check_emails"],
            "max_blob_bytes": size * MIB if size else None,
        }


class VisibilityForm(forms.Form):
    """Who may read."""

    visibility = forms.ChoiceField(label=_("Who may read"), choices=list(VISIBILITY_HELP.items()), widget=forms.RadioSelect)


class ConfirmForm(forms.Form):
    """The full name typed in."""

    confirmation = forms.CharField(
        label=_("Type the full name to confirm"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class TransferForm(ConfirmForm):
    """To another owner."""

    namespace = NamespaceField(label=_("New owner"))
    field_order = ("namespace", "confirmation")

    def __init__(self, *args: Any, namespaces: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["namespace"].queryset = namespaces  # type: ignore[attr-defined]


class CollaboratorForm(forms.Form):
    """Give a person access."""

    login = forms.CharField(label=_("Login"), max_length=39, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    access = forms.ChoiceField(label=_("May"), choices=Access.choices, initial=Access.WRITE)


class TeamField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A team of the owning organisation."""

    def label_from_instance(self, obj: Team) -> str:
        """The team's name."""
        return obj.name


class TeamAccessForm(forms.Form):
    """Give a team access."""

    team = TeamField(label=_("Team"), queryset=Team.objects.none(), to_field_name="slug")
    access = forms.ChoiceField(label=_("May"), choices=Access.choices, initial=Access.WRITE)

    def __init__(self, *args: Any, namespace: Namespace, **options: Any) -> None:
        super().__init__(*args, **options)
        teams = Team.objects.filter(organization__namespace=namespace).select_related("organization").order_by("name")
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]


class TeamRepositoryForm(forms.Form):
    """Give a team access to a repository of its organisation."""

    name = forms.CharField(
        label=_("Repository"), max_length=140, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    access = forms.ChoiceField(label=_("May"), choices=Access.choices, initial=Access.WRITE)


class ProtectionForm(forms.Form):
    """A rule for branches or tags."""

    kind = forms.ChoiceField(label=_("For"), choices=[(Protection.Kind.BRANCH, _("Branches")), (Protection.Kind.TAG, _("Tags"))])
    pattern = forms.CharField(
        label=_("Pattern"), max_length=200, help_text=_("A name, or with * such as release/*. The longest pattern that matches wins.")
    )
    push_access = forms.ChoiceField(label=_("Who may push"), choices=PUSHERS[1:], initial="maintain")
    push_logins = forms.CharField(label=_("Also these people"), required=False, help_text=_("Logins, separated by commas or spaces."))
    merge_access = forms.ChoiceField(label=_("Who may merge"), choices=PUSHERS[1:], initial="write")
    allow_force = forms.BooleanField(label=_("Force push allowed"), required=False)
    allow_delete = forms.BooleanField(label=_("Deletion allowed"), required=False)
    required_approvals = forms.IntegerField(
        label=_("Approvals before a merge"), required=False, min_value=0, max_value=10, initial=0,
        help_text=_("Of people with write access, the author not among them."),
    )  # fmt: skip
    require_owners = forms.BooleanField(label=_("Code owners must approve"), required=False)
    dismiss_stale = forms.BooleanField(label=_("A new version takes approvals back"), required=False)
    require_resolved = forms.BooleanField(label=_("Conversations must be resolved"), required=False)
    required_checks = forms.CharField(
        label=_("Checks that must succeed"), required=False, max_length=4500, widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One name per line."),
    )  # fmt: skip
    linear_history = forms.BooleanField(label=_("Linear history: no merge commits"), required=False)
    signed_commits = forms.BooleanField(label=_("Commits must be signed"), required=False)

    def clean_required_approvals(self) -> int:
        """Empty is none."""
        return int(self.cleaned_data["required_approvals"] or 0)

    def clean_required_checks(self) -> list[str]:
        """One a line."""
        return [line.strip() for line in self.cleaned_data["required_checks"].splitlines() if line.strip()]

    def logins(self) -> list[str]:
        """The people named besides."""
        return [login for login in re.split(r"[,，、\s]+", self.cleaned_data["push_logins"]) if login]


class DeployKeyForm(forms.Form):
    """A key for this repository alone."""

    title = forms.CharField(label=_("Title"), max_length=80, required=False)
    key = forms.CharField(
        label=_("Public key"),
        max_length=10000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("Begins with ssh-ed25519, ecdsa-sha2-nistp256 or ssh-rsa."),
    )
    can_write = forms.BooleanField(label=_("May push too"), required=False)
