"""Sign-up."""

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts import queries
from accounts.commands.names import fault_message
from accounts.logic import name_fault


def _name_rules(value: str) -> None:
    if fault := name_fault(value, kind="namespace"):
        raise ValidationError(fault_message(fault), code=f"name_{fault}")


username_validators = [_name_rules]


class AcceptLegalPages:
    """A box to tick, where there are legal pages."""

    fields: dict[str, forms.Field]

    def ask_to_accept(self) -> None:
        """Add the field."""
        if any(queries.legal_document(kind) for kind in ("terms", "privacy")):
            label = format_html(
                _("I accept the <a href='{}'>terms of use</a> and the <a href='{}'>privacy policy</a>."),
                "/-/legal/terms",
                "/-/legal/privacy",
            )
            self.fields["accept"] = forms.BooleanField(label=label)


class SignupForm(AcceptLegalPages, AllauthSignupForm):
    """Login, e-mail, password, and the legal pages where there are any; the adapter makes the namespace."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ask_to_accept()

    def try_save(self, request: HttpRequest) -> Any:
        """For a known address allauth answers as for a new one; the password is hashed here too, so that both take as long."""
        if self.account_already_exists:
            make_password(self.cleaned_data.get("password1"))
        return super().try_save(request)
