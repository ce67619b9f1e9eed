"""How somebody wants to be told."""

from django import forms
from django.utils.translation import gettext_lazy as _

from activity.models import Preferences


class PreferencesForm(forms.Form):
    """Mails."""

    mail_own = forms.ChoiceField(
        label=_("Where I take part"), choices=Preferences.Mail.choices, widget=forms.RadioSelect,
        help_text=_("What I wrote, was assigned, mentioned or asked to review, and what I follow."),
    )  # fmt: skip
    mail_watched = forms.ChoiceField(
        label=_("Everything else in what I watch or look after"), choices=Preferences.Mail.choices, widget=forms.RadioSelect
    )
