"""Organisation pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Role


class OrganizationForm(forms.Form):
    """Found an organisation."""

    slug = forms.CharField(
        label=_("Name in addresses"), max_length=39, help_text=_("Letters, digits, “.”, “_” and “-”. It can be changed later.")
    )
    display_name = forms.CharField(
        label=_("Display name"), max_length=80, required=False, help_text=_("For example 北京智源人工智能研究院.")
    )
    description = forms.CharField(label=_("Description"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class ProfileForm(forms.Form):
    """Profile of an organisation."""

    display_name = forms.CharField(label=_("Display name"), max_length=80, required=False)
    description = forms.CharField(label=_("Description"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4}))
    location = forms.CharField(label=_("Location"), max_length=80, required=False)
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")
    contact_email = forms.EmailField(label=_("Contact e-mail"), required=False)


class RoleForm(forms.Form):
    """Change a member's role."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class InvitationForm(forms.Form):
    """Invite by login or e-mail."""

    who = forms.CharField(
        label=_("Login or e-mail"), max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.DEVELOPER)


class TeamForm(forms.Form):
    """Make or rename a team."""

    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(label=_("Description"), max_length=300, required=False)


class OwnershipForm(forms.Form):
    """Hand an organisation over to another member."""

    login = forms.CharField(label=_("Login of the new owner"), max_length=39)
    confirmation = forms.CharField(
        label=_("Type the name to confirm"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class AvatarForm(forms.Form):
    """A picture."""

    picture = forms.FileField(
        label=_("Picture"), help_text=_("PNG, JPEG, GIF or WebP, at most 5 MB. It is cut square and stored without metadata.")
    )


class LoginForm(forms.Form):
    """Name a person."""

    login = forms.CharField(label=_("Login"), max_length=39)


class RenameForm(forms.Form):
    """A new name in addresses."""

    slug = forms.CharField(label=_("Name in addresses"), max_length=39)


class ConfirmationForm(forms.Form):
    """Type the name to confirm."""

    confirmation = forms.CharField(label=_("Type the name to confirm"), max_length=200)
