"""One's own settings."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.actors import Scope


class ProfileForm(forms.Form):
    """What others see, and how the site looks."""

    display_name = forms.CharField(label=_("Display name"), max_length=80, required=False)
    bio = forms.CharField(label=_("About you"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    affiliation = forms.CharField(label=_("Company or school"), max_length=120, required=False)
    location = forms.CharField(label=_("Location"), max_length=80, required=False)
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")
    show_email = forms.BooleanField(label=_("Show my e-mail address on my page"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False, choices=[("", _("As the browser asks")), *settings.LANGUAGES])
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    theme = forms.ChoiceField(
        label=_("Appearance"), required=False, choices=[("", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))]
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/")))
        self.fields["time_zone"].choices = [("", _("The site's")), *((name, name) for name in names)]  # type: ignore[attr-defined]

    @staticmethod
    def of(person: User) -> dict[str, Any]:
        """Initial values."""
        return {name: getattr(person, name) for name in ProfileForm.base_fields}


class AvatarForm(forms.Form):
    """A picture."""

    picture = forms.FileField(
        label=_("Picture"), help_text=_("PNG, JPEG, GIF or WebP, at most 5 MB. It is cut square and stored without metadata.")
    )


class TokenForm(forms.Form):
    """A new access token."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What it is for."))
    scope = forms.ChoiceField(
        label=_("Scope"),
        choices=[
            (Scope.READ.value, _("read: clone and look at what you may see")),
            (Scope.WRITE.value, _("write: also push, create and change repositories")),
            (Scope.ADMIN.value, _("admin: everything you may do, settings and keys included")),
        ],
    )
    expires = forms.ChoiceField(
        label=_("Expires"),
        required=False,
        choices=[("30", _("in 30 days")), ("90", _("in 90 days")), ("365", _("in a year")), ("", _("never"))],
    )
    repositories = forms.MultipleChoiceField(
        label=_("Only these repositories"),
        required=False,
        help_text=_("Choose none for all of them. Public repositories can always be read."),
    )

    def expires_at(self) -> datetime | None:
        """The chosen moment."""
        days = self.cleaned_data.get("expires")
        return timezone.now() + timedelta(days=int(days)) if days else None


class KeyForm(forms.Form):
    """A public key."""

    title = forms.CharField(label=_("Title"), max_length=80, required=False, help_text=_("Empty: the key's comment."))
    key = forms.CharField(
        label=_("Public key"), max_length=20000, widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"})
    )
