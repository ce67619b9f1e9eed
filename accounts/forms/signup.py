"""Sign-up."""

from allauth.account.forms import SignupForm as AllauthSignupForm
from django.core.exceptions import ValidationError

from accounts.commands.names import fault_message
from accounts.logic import name_fault


def _name_rules(value: str) -> None:
    if fault := name_fault(value, kind="namespace"):
        raise ValidationError(fault_message(fault), code=f"name_{fault}")


username_validators = [_name_rules]


class SignupForm(AllauthSignupForm):  # type: ignore[misc]
    """Login, e-mail, password; the adapter makes the namespace."""
