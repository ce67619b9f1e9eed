"""Sign-up by way of another site: what that site did not tell."""

from typing import Any

from allauth.socialaccount.forms import SignupForm as AllauthSocialSignupForm

from accounts.forms.signup import AcceptLegalPages


class SocialSignupForm(AcceptLegalPages, AllauthSocialSignupForm):
    """Login, e-mail, and the legal pages where there are any."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ask_to_accept()
