"""allauth's adapters: where its flows meet our commands. The only file with signal receivers (ARCHITECTURE.md)."""

from typing import Any, NamedTuple

from allauth.account import signals as account_signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context as allauth_context
from allauth.mfa import signals as mfa_signals
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount import signals as social_signals
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import signals as auth_signals
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import commands, queries
from accounts.events import PersonRegistered, ProfileChanged, SecurityFact
from accounts.models import Phone, User
from accounts.ports.social import SocialSession
from core import events
from core.clients import client_ip, client_network
from core.errors import LimitReached
from core.secrets import decrypt, encrypt
from core.site import setting


class _Site(NamedTuple):
    """What allauth's mail templates read of a site."""

    name: str
    domain: str


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up, sign-in, mails."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed when people come by invitation only (the link of an open invitation lets one in)."""
        return setting("signup") != "invitation" or queries.invitation_is_open(request.session.get("site_invitation", ""))

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """The account and its namespace in one transaction; waits for approval where the site says so."""
        user = super().save_user(request, user, form, commit=False)
        with transaction.atomic():
            person = commands.register_person(user, needs_approval=setting("signup") == "approval")
            commands.use_site_invitation(person, secret=request.session.get("site_invitation", ""))
        return person

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits count by: forwarded headers count only behind the configured proxies."""
        return client_ip(request) or "unknown"

    def format_email_subject(self, subject: str) -> str:
        """The subject with the site's name before it, not the address allauth would take."""
        return f"[{settings.SITE_NAME}] {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """As allauth sends it, with the site's own name, and links at its own address whatever host the request named."""
        request = allauth_context.request
        here = request.build_absolute_uri("/") if request is not None else ""
        base = settings.BASE_URL + "/"
        ours = {
            key: base + value.removeprefix(here) if here and isinstance(value, str) and value.startswith(here) else value
            for key, value in context.items()
        }
        super().send_mail(template_prefix, email, {"current_site": _Site(settings.SITE_NAME, settings.BASE_URL), **ours})

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Refuse names that organisations hold."""
        username = super().clean_username(username, shallow=shallow)
        if not shallow and commands.slug_taken(username):
            from django.core.exceptions import ValidationError

            raise ValidationError(_("The name “%s” is taken.") % username)
        return str(username)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """allauth's limits, and ours: by account under whatever name it was asked for, and by network, counted without gaps."""
        super().pre_authenticate(request, **credentials)
        name = str(credentials.get("username") or credentials.get("email") or "")
        try:
            self._taken = commands.take_sign_in(name, network=client_network(request))
        except LimitReached as error:
            raise self.validation_error("too_many_login_attempts") from error

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """A right password gives back what it took from the limits."""
        user = super().authenticate(request, **credentials)
        if user is not None:
            commands.give_back_sign_in(self._taken)
        return user

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Password and second factor; without either, a code to the phone or the site that the account came from."""
        methods = list(super().get_reauthentication_methods(user))
        if methods or not user.is_authenticated:
            return methods
        if Phone.objects.filter(user=user).exists():
            return [{"id": "phone", "description": _("Use a code sent to your phone"), "url": reverse("phone_reauthenticate")}]
        for account in SocialAccount.objects.filter(user=user):
            if account.provider in settings.SOCIALACCOUNT_PROVIDERS:
                url = account.get_provider(allauth_context.request).get_login_url(allauth_context.request, process="login")
                return [{"id": "social", "description": _("Sign in again"), "url": url}]
        return []

    def is_safe_url(self, url: str) -> bool:
        """Only addresses of this site are redirected to."""
        return bool(super().is_safe_url(url)) and "\\" not in (url or "")


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in through other sites."""

    def get_requests_session(self) -> SocialSession:
        """Bounded, and where the operator says."""
        return SocialSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """As sign-up."""
        return AccountAdapter(request).is_open_for_signup(request)

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Where there are legal pages, a form asks to accept them first."""
        return not any(queries.legal_document(kind) for kind in ("terms", "privacy")) and bool(
            super().is_auto_signup_allowed(request, sociallogin)
        )

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """As sign-up: the namespace is made with the account (with a form, by the account adapter)."""
        if form is not None:
            user: User = super().save_user(request, sociallogin, form)
            return user
        # allauth empties a login that is taken here; the other site's is the better start for a free one.
        there = sociallogin.account.get_provider(request).extract_common_fields(sociallogin.account.extra_data)
        with transaction.atomic():
            commands.prepare_social(sociallogin.user, wish=str(there.get("username") or ""), needs_approval=setting("signup") == "approval")
            user = super().save_user(request, sociallogin, form)
            commands.use_site_invitation(user, secret=request.session.get("site_invitation", ""))
            events.publish(PersonRegistered(user_id=user.pk))
        return user


class MFAAdapter(DefaultMFAAdapter):
    """Second factors; their secrets are encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """Under a key that the database does not hold."""
        return encrypt(text, purpose="second-factor")

    def decrypt(self, encrypted_text: str) -> str:
        """Counterpart of `encrypt`; what an earlier version stored in the clear is read as it is."""
        return decrypt(encrypted_text, purpose="second-factor") if encrypted_text.startswith("gAAAAA") else encrypted_text


def _note(kind: str, request: HttpRequest | None, user: User, **detail: str) -> None:
    """Publish one line for the person's security log."""
    ip = client_ip(request) if request is not None else ""
    agent = request.headers.get("User-Agent", "")[:200] if request is not None else ""
    with transaction.atomic():
        events.publish(SecurityFact(user_id=user.pk, kind=kind, detail=detail, ip=ip, user_agent=agent))


@receiver(account_signals.user_logged_in)
def _signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note("signed_in", request, user)


@receiver(account_signals.user_logged_out)
def _signed_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        _note("signed_out", request, user)


@receiver(auth_signals.user_login_failed)
def _sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    # By login only: a line for a known address and none for an unknown one would take different times.
    person = queries.person_signing_in(str(credentials.get("username") or "").partition("@")[0])
    if person is not None and request is not None:
        _note("sign_in_failed", request, person)


@receiver(account_signals.password_changed)
def _password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note("password_changed", request, user)


@receiver(account_signals.password_reset)
def _password_reset(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note("password_reset", request, user)


@receiver(account_signals.email_added)
def _email_added(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note("email_added", request, user)


@receiver(account_signals.email_confirmed)
def _email_confirmed(email_address: EmailAddress, **kwargs: Any) -> None:
    with transaction.atomic():
        events.publish(ProfileChanged(namespace_id=email_address.user.namespace_id or 0))


@receiver(account_signals.email_removed)
def _email_removed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note("email_removed", request, user)


@receiver(account_signals.email_changed)
def _email_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note("email_changed", request, user)


@receiver(mfa_signals.authenticator_added)
def _mfa_added(request: HttpRequest, user: User, authenticator: Any, **kwargs: Any) -> None:
    _note("mfa_added", request, user, name=str(authenticator.type))


@receiver(mfa_signals.authenticator_reset)
def _mfa_reset(request: HttpRequest, user: User, authenticator: Any, **kwargs: Any) -> None:
    _note("mfa_reset", request, user, name=str(authenticator.type))


@receiver(mfa_signals.authenticator_removed)
def _mfa_removed(request: HttpRequest, user: User, authenticator: Any, **kwargs: Any) -> None:
    _note("mfa_removed", request, user, name=str(authenticator.type))


@receiver(social_signals.social_account_added)
def _social_added(request: HttpRequest, sociallogin: Any, **kwargs: Any) -> None:
    _note("social_added", request, sociallogin.user, name=str(sociallogin.account.provider))


@receiver(social_signals.social_account_removed)
def _social_removed(request: HttpRequest, socialaccount: Any, **kwargs: Any) -> None:
    _note("social_removed", request, socialaccount.user, name=str(socialaccount.provider))
