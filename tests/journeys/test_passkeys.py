"""A passkey from registration to sign-in, with Chromium's virtual authenticator; recovery codes on the way."""

import re

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import CDPSession, Page

from accounts.models import User
from tests.factories import accounts as make

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse 7"


@pytest.fixture
def authenticator(tab: Page) -> tuple[CDPSession, str]:
    """A platform authenticator with resident keys that agrees to everything (Chrome DevTools Protocol, domain WebAuthn)."""
    session = tab.context.new_cdp_session(tab)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def credentials(authenticator: tuple[CDPSession, str]) -> list:
    session, number = authenticator
    return session.send("WebAuthn.getCredentials", {"authenticatorId": number})["credentials"]  # type: ignore[no-any-return]


def sign_in_by_password(tab: Page, base: str, person: User) -> None:
    tab.goto(f"{base}/login")
    tab.fill("input[name=login]", person.username)
    tab.fill("input[name=password]", PASSWORD)
    tab.click("main form button[type=submit]:has-text('登录')")
    tab.wait_for_url(re.compile(r"/$|/dashboard|2fa"))


def register(tab: Page, base: str) -> None:
    tab.goto(f"{base}/-/account/2fa/webauthn/add/")
    if "reauthenticate" in tab.url:
        tab.fill("input[name=password]", PASSWORD)
        tab.click("main form button[type=submit]")
    tab.fill("input[name=name]", "笔记本")
    tab.check("input[name=passwordless]")
    tab.click("#mfa_webauthn_add")
    tab.wait_for_url(re.compile(r"recovery-codes|webauthn/$|2fa/$"))


def sign_out(tab: Page, base: str) -> None:
    """The browser forgets its session."""
    tab.context.clear_cookies()
    tab.goto(f"{base}/dashboard")
    assert "/login" in tab.url


def test_register_and_sign_in(tab: Page, live_server, settings, authenticator) -> None:
    person, base = make.person(), live_server.url.replace("127.0.0.1", "localhost")
    sign_in_by_password(tab, base, person)
    register(tab, base)
    (kept,) = credentials(authenticator)
    assert kept["isResidentCredential"]
    assert kept["rpId"] == "localhost"
    kinds = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    assert kinds == {"webauthn", "recovery_codes"}
    sign_out(tab, base)
    tab.goto(f"{base}/login?next=/settings/tokens")
    tab.click("#passkey_login")
    tab.wait_for_url(f"{base}/settings/tokens")  # sudo mode holds too: a passkey is a proof
    assert credentials(authenticator)[0]["signCount"] > kept["signCount"]


def test_second_step_takes_the_passkey_or_a_recovery_code_once(tab: Page, live_server, settings, authenticator) -> None:
    person, base = make.person(), live_server.url.replace("127.0.0.1", "localhost")
    sign_in_by_password(tab, base, person)
    register(tab, base)
    codes = Authenticator.objects.get(user=person, type="recovery_codes").wrap().get_unused_codes()  # type: ignore[attr-defined]
    for code, works in ((codes[0], True), (codes[0], False), (codes[1], True)):
        sign_out(tab, base)
        sign_in_by_password(tab, base, person)
        assert "2fa/authenticate" in tab.url
        tab.fill("input[name=code]", code)
        tab.click("main form:has(input[name=code]) button[type=submit]")
        tab.wait_for_load_state()
        assert ("2fa/authenticate" not in tab.url) is works
    sign_out(tab, base)
    sign_in_by_password(tab, base, person)
    tab.click("#mfa_webauthn_authenticate")
    tab.wait_for_url(re.compile(r"/$|/dashboard"))


def test_a_removed_passkey_signs_nobody_in(tab: Page, live_server, settings, authenticator) -> None:
    person, base = make.person(), live_server.url.replace("127.0.0.1", "localhost")
    sign_in_by_password(tab, base, person)
    register(tab, base)
    sign_out(tab, base)
    Authenticator.objects.filter(user=person, type="webauthn").delete()
    tab.goto(f"{base}/login?next=/dashboard")
    tab.click("#passkey_login")
    tab.wait_for_load_state("networkidle")
    assert "/login" in tab.url
