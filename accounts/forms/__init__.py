"""What people type into the pages about themselves."""

from accounts.forms.signup import SignupForm, username_validators

__all__ = ["SignupForm", "username_validators"]
