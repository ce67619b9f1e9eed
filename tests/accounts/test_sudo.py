"""Sudo mode for people without a password, and limits of guessing that a script cannot get round."""

import time

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core import mail

from accounts.models import SecurityEvent, User
from tests.accounts.test_outside_sign_in import sent
from tests.factories import accounts as make

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse 7"
NUMBER = "+8613800138000"


@pytest.fixture(autouse=True)
def _box(settings, tmp_path):
    settings.MAIL_DIR = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def phone_person(client, settings) -> User:
    """Someone who has a phone number and no password."""
    person = make.person()
    make.sign_in(client, person)
    client.post("/settings/phone", {"act": "send", "number": NUMBER})
    client.post("/settings/phone", {"act": "check", "code": sent(settings)[-1][1]})
    client.post("/logout")
    person.set_unusable_password()
    person.save()
    return person


def sign_in_by_phone(client, settings) -> None:
    client.post("/login/phone", {"act": "send", "number": NUMBER})
    assert client.post("/login/phone", {"act": "check", "code": sent(settings)[-1][1]}).status_code == 302


def grow_old(client) -> None:
    """The sign-in was an hour ago."""
    session = client.session
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - 3600} for record in session["account_authentication_methods"]
    ]
    session.save()


def test_phone_sign_in_counts_as_a_proof(client, settings, phone_person):
    sign_in_by_phone(client, settings)
    assert client.get("/settings/tokens").status_code == 200
    assert client.get("/-/account/2fa/webauthn/add/").status_code == 200


@pytest.mark.parametrize(
    "path", ["/settings/tokens", "/settings/keys", "/settings/account", "/-/account/2fa/totp/activate/", "/-/account/2fa/webauthn/add/",
             "/-/account/password/set/", "/-/account/email/"],
)  # fmt: skip
def test_an_old_phone_session_proves_itself_again(client, settings, phone_person, path):
    sign_in_by_phone(client, settings)
    grow_old(client)
    answer = client.get(path)
    assert answer["Location"].startswith("/-/account/phone/reauthenticate?next=")
    proof = answer["Location"]
    assert client.post(proof, {"act": "check", "code": "000000"}).status_code == 422
    assert client.post(proof, {"act": "send"}).status_code == 200
    assert sent(settings)[-1][0] == NUMBER
    back = client.post(proof, {"act": "check", "code": sent(settings)[-1][1], "next": path})
    assert back["Location"] == path
    assert client.get(path).status_code == 200


def test_a_sign_in_code_is_no_proof_of_another(client, settings, phone_person):
    sign_in_by_phone(client, settings)
    grow_old(client)
    client.post("/login/phone", {"act": "send", "number": NUMBER})  # a code for signing in
    assert client.post("/-/account/phone/reauthenticate", {"act": "check", "code": sent(settings)[-1][1]}).status_code == 422


def test_a_form_sent_late_is_not_lost(client, settings, phone_person):
    sign_in_by_phone(client, settings)
    grow_old(client)
    answer = client.post("/settings/tokens", {"name": "ci", "scope": "read", "expires": "30"})
    client.post(answer["Location"], {"act": "send"})
    back = client.post(answer["Location"], {"act": "check", "code": sent(settings)[-1][1], "next": "/settings/tokens"})
    assert back.status_code == 200
    assert phone_person.tokens.get().name == "ci"


def wrong(client, login: str, times: int, **headers: str) -> None:
    for number in range(times):
        client.post("/login", {"login": login, "password": f"wrong {number}"}, headers=headers)


def may_sign_in(client, login: str, **meta: str) -> bool:
    client.post("/login", {"login": login, "password": PASSWORD}, **meta)
    return "_auth_user_id" in client.session


def test_lock_out_by_account_whatever_it_is_called_and_from_anywhere(client, settings):
    settings.ACCOUNT_RATE_LIMITS = False  # our own limit alone
    person = make.person("ada")
    for number in range(21):
        name = ("ada", "ADA", person.email, person.email.upper())[number % 4]
        client.post("/login", {"login": name, "password": "wrong"}, REMOTE_ADDR=f"198.51.{number}.1")
    assert not may_sign_in(client, "ada", REMOTE_ADDR="203.0.113.9")
    assert may_sign_in(client, make.person().username, REMOTE_ADDR="203.0.113.9"), "others are not locked out"


def test_lock_out_by_network(client, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    person = make.person()
    for number in range(101):
        client.post("/login", {"login": f"nobody{number}", "password": "wrong"}, REMOTE_ADDR=f"198.51.100.{number % 250}")
    assert not may_sign_in(client, person.username, REMOTE_ADDR="198.51.100.251")
    assert may_sign_in(client, person.username, REMOTE_ADDR="203.0.113.9")


def test_forwarded_addresses_count_only_behind_a_proxy(client, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    person = make.person()
    for number in range(101):
        client.post("/login", {"login": f"nobody{number}", "password": "x"}, headers={"X-Forwarded-For": f"10.{number}.0.1"})
    assert not may_sign_in(client, person.username, HTTP_X_FORWARDED_FOR="10.250.0.1")
    settings.TRUSTED_PROXIES = 1
    assert may_sign_in(client, person.username, HTTP_X_FORWARDED_FOR="203.0.113.7")


def test_right_passwords_use_nothing_up(client):
    person = make.person()
    for _number in range(25):
        assert may_sign_in(client, person.username)
        client.post("/logout")


def test_second_factor_guesses_are_limited(client):
    person = make.person()
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(person, secret)
    RecoveryCodes.activate(person)
    client.post("/login", {"login": person.username, "password": PASSWORD})
    for number in range(8):
        client.post("/-/account/2fa/authenticate/", {"code": f"{number:06d}"})
    right = totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))
    client.post("/-/account/2fa/authenticate/", {"code": right})
    assert "_auth_user_id" not in client.session, "even the right code has to wait"


def test_reset_mails_are_limited_and_tell_nothing(client):
    person = make.person()
    known = client.post("/-/account/password/reset/", {"email": person.email})
    unknown = client.post("/-/account/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    for _number in range(30):
        client.post("/-/account/password/reset/", {"email": person.email})
    assert len([letter for letter in mail.outbox if letter.to == [person.email]]) <= 5


def test_sign_up_tells_nothing_of_known_addresses(client, settings):
    person = make.person()
    form = {"username": "new-one", "email": "new@example.org", "password1": "a long password 9"}
    fresh = client.post("/signup", form)
    known = client.post("/signup", {**form, "username": "new-two", "email": person.email})
    assert (fresh.status_code, fresh["Location"]) == (known.status_code, known["Location"])
    assert not User.objects.filter(username="new-two").exists()


def test_sign_up_takes_as_long_for_known_addresses(client, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    settings.ACCOUNT_RATE_LIMITS = False
    person = make.person()

    def seconds(number: int, email: str) -> float:
        started = time.process_time()
        client.post("/signup", {"username": f"n{number}", "email": email, "password1": "a long password 9"})
        client.cookies.clear()
        return time.process_time() - started

    seconds(0, "warm@example.org")
    fresh = min(seconds(number, f"n{number}@example.org") for number in range(1, 5))
    known = min(seconds(number, person.email) for number in range(5, 9))
    assert known > 0.5 * fresh, (fresh, known)


def test_failures_and_sign_outs_stand_in_the_log(client, deliver):
    person = make.person()
    wrong(client, person.username, 1)
    client.post("/login", {"login": person.username, "password": PASSWORD})
    client.post("/logout")
    deliver()
    assert list(SecurityEvent.objects.filter(user=person).order_by("pk").values_list("kind", flat=True)) == [
        "sign_in_failed", "signed_in", "signed_out",
    ]  # fmt: skip
