"""Site administration pages and the complaint form."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Complaint, LegalDocument

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ReasonForm(forms.Form):
    """An act that needs a reason."""

    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)


class QuotaForm(forms.Form):
    """Storage in GiB; empty = the site's default."""

    quota = forms.DecimalField(
        label=_("Quota in GiB"), required=False, min_value=0, decimal_places=2, help_text=_("Leave empty for the site's default.")
    )


class SiteForm(forms.Form):
    """Sign-up, banner, operator."""

    signup = forms.ChoiceField(
        label=_("Sign-up"),
        choices=[("open", _("Open to everyone")), ("invitation", _("By invitation")), ("approval", _("After approval"))],
    )
    banner_zh = forms.CharField(label=_("Banner in Chinese"), max_length=300, required=False)
    banner_en = forms.CharField(label=_("Banner in English"), max_length=300, required=False)
    banner_level = forms.ChoiceField(
        label=_("Banner looks like"), choices=[("note", _("Note")), ("warn", _("Warning")), ("bad", _("Urgent"))], required=False
    )
    banner_since = forms.DateTimeField(
        label=_("Banner from"), required=False, widget=MOMENT, help_text=_("In your time zone. Leave empty for at once.")
    )
    banner_until = forms.DateTimeField(label=_("Banner until"), required=False, widget=MOMENT, help_text=_("Leave empty for no end."))
    operator = forms.CharField(label=_("Operator"), max_length=100, required=False)
    icp = forms.CharField(label=_("ICP number"), max_length=60, required=False)


class SiteInvitationForm(forms.Form):
    """Invite an address to sign up."""

    email = forms.EmailField(label=_("Invite an e-mail address to sign up"))


class MailTestForm(forms.Form):
    """Where the test mail goes."""

    to = forms.EmailField(label=_("Send a test mail to"))


class LegalForm(forms.Form):
    """A new version of a legal page."""

    kind = forms.ChoiceField(
        label=_("Page"), choices=[(LegalDocument.Kind.TERMS, _("Terms of use")), (LegalDocument.Kind.PRIVACY, _("Privacy policy"))]
    )
    version = forms.CharField(label=_("Version"), max_length=20)
    text_zh = forms.CharField(label=_("Chinese text (Markdown)"), widget=forms.Textarea(attrs={"rows": 12}))
    text_en = forms.CharField(label=_("English text (Markdown)"), required=False, widget=forms.Textarea(attrs={"rows": 12}))


class ComplaintForm(forms.Form):
    """A rights holder's complaint."""

    complainant = forms.CharField(label=_("Your name or organization"), max_length=120)
    email = forms.EmailField(label=_("E-mail for the reply"))
    address = forms.URLField(label=_("Address of the page"), max_length=500, assume_scheme="https")
    text = forms.CharField(
        label=_("What is infringed, and your proof of right"), max_length=10000, widget=forms.Textarea(attrs={"rows": 8})
    )


class DecisionForm(forms.Form):
    """Decide a complaint."""

    state = forms.ChoiceField(
        label=_("Decision"), choices=[(Complaint.State.UPHELD, _("Upheld")), (Complaint.State.REJECTED, _("Rejected"))]
    )
    reply = forms.CharField(label=_("Reply"), widget=forms.Textarea(attrs={"rows": 5}))
