"""Sign-up to deletion through the pages."""

import io
import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from PIL import Image

from accounts import commands
from accounts.models import Namespace, SecurityEvent, SSHKey, Token, User
from core.actors import SYSTEM
from tests.factories import accounts as make

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse 7"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUEWUKYLqoDn3cG6xUBrF8NqEPHFm3YCdJAqhcPSbJx me@laptop"


@pytest.fixture(autouse=True)
def _mailbox(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def sign_in(client, login, password=PASSWORD, **more):
    return client.post("/login", {"login": login, "password": password, **more})


def test_sign_up_confirm_sign_in(client, deliver):
    page = client.get("/signup")
    assert page.status_code == 200
    answer = client.post("/signup", {"username": "Ada-L", "email": "ada@example.org", "password1": "a long password 9"})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    person = User.objects.get(username="Ada-L")
    assert person.namespace == Namespace.objects.get(slug="Ada-L", kind="person")
    link = re.search(r"http://[^\s]+confirm-email/[^\s]+", mail.outbox[0].body)[0]
    path = "/" + link.split("/", 3)[3]
    assert client.get(path).status_code == 200
    client.post(path)
    assert EmailAddress.objects.get(user=person).verified
    client.post("/logout")
    assert sign_in(client, "ada@example.org", "a long password 9").status_code == 302
    deliver()
    assert SecurityEvent.objects.filter(user=person, kind="signed_in").exists()
    assert b"Ada-L" in client.get("/dashboard").content


@pytest.mark.parametrize("name", ["admin", "a..b", "-x", "x.git", "a/b", "ünïcode", "a" * 40])
def test_names_that_sign_up_refuses(client, name):
    answer = client.post("/signup", {"username": name, "email": "n@example.org", "password1": "a long password 9"})
    assert answer.status_code in (200, 422)
    assert not User.objects.filter(email="n@example.org").exists()


def test_name_of_an_organization_is_taken(client):
    make.organization("Peng-Cheng")
    client.post("/signup", {"username": "peng-cheng", "email": "n@example.org", "password1": "a long password 9"})
    assert not User.objects.filter(email="n@example.org").exists()


def test_wrong_password_is_limited(client):
    person = make.person()
    answers = [sign_in(client, person.username, f"wrong {number}") for number in range(12)]
    assert answers[0].status_code in (200, 422)
    last = sign_in(client, person.username)
    assert last.status_code in (200, 422, 429)  # locked out for a while, even with the right password
    assert "_auth_user_id" not in client.session


def test_limit_counts_per_login_whatever_the_headers(client):
    person = make.person()
    for number in range(12):
        client.post("/login", {"login": person.username, "password": f"w{number}"}, headers={"X-Forwarded-For": f"10.0.0.{number}"})
    sign_in(client, person.username)
    assert "_auth_user_id" not in client.session


def test_next_stays_on_this_site(client):
    person = make.person()
    answer = sign_in(client, person.username, next="https://evil.example/")
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]


def test_suspended_people_are_nobody(client):
    person = make.person()
    sign_in(client, person.username)
    commands.suspend_person(SYSTEM, person, reason="spam")
    assert client.get("/settings/profile").status_code == 302


def test_csrf_is_asked_for():
    from django.test import Client

    person = make.person()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    for path in ("/settings/profile", "/settings/tokens", "/settings/keys", "/-/orgs/new"):
        assert strict.post(path, {"name": "x"}).status_code == 403, path


def test_profile_and_language(client):
    person = make.person()
    sign_in(client, person.username)
    good = {
        "act": "profile",
        "display_name": "林越\u202e",
        "language": "en",
        "time_zone": "Europe/Berlin",
        "theme": "dark",
        "website": "https://example.org",
    }
    assert client.post("/settings/profile", good).status_code == 302
    person.refresh_from_db()
    assert (person.display_name, person.language, person.time_zone) == ("林越", "en", "Europe/Berlin")
    page = client.get("/settings/profile").content.decode()
    assert 'lang="en"' in page
    assert 'data-bs-theme="dark"' in page
    assert client.post("/settings/profile", {**good, "website": "javascript:alert(1)"}).status_code == 422


def picture(size=(300, 200), kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    out.seek(0)
    out.name = "a.png"
    return out


def test_avatar_is_encoded_anew(client):
    person = make.person()
    sign_in(client, person.username)
    assert client.post("/settings/profile", {"act": "avatar", "picture": picture()}).status_code == 302
    person.refresh_from_db()
    answer = client.get(person.avatar_url)
    assert answer["Content-Type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.getvalue())).size == (256, 256)
    assert client.get("/-/avatars/" + "0" * 64).status_code == 404


def test_avatar_refuses_bombs_and_other_files(client):
    person = make.person()
    sign_in(client, person.username)
    bomb = picture((9000, 9000))
    text = io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    text.name = "a.svg"
    for upload in (bomb, text):
        assert client.post("/settings/profile", {"act": "avatar", "picture": upload}).status_code == 422
    person.refresh_from_db()
    assert person.avatar == ""


def test_token_is_shown_once_and_stored_hashed(client):
    person = make.person()
    sign_in(client, person.username)
    page = client.post("/settings/tokens", {"name": "ci", "scope": "write", "expires": "30"}).content.decode()
    text = re.search(r"[0-9a-z]{40}", re.search(r'id="secret">([^<]+)<', page)[1])[0]
    token = Token.objects.get(user=person)
    assert token.scopes == ["read", "write"]
    assert text not in client.get("/settings/tokens").content.decode()
    assert token.hash != text
    client.post("/settings/tokens/revoke", {"name": "ci"})
    assert not Token.objects.exists()


def test_ssh_keys(client):
    person, other = make.person(), make.person()
    sign_in(client, person.username)
    assert client.post("/settings/keys", {"act": "add", "key": KEY}).status_code == 302
    assert SSHKey.objects.get(user=person).title == "me@laptop"
    for bad in (KEY, "ssh-dss AAAA x", "hello", "-----BEGIN OPENSSH PRIVATE KEY-----"):
        assert client.post("/settings/keys", {"act": "add", "key": bad}).status_code == 422
    client.post("/logout")
    sign_in(client, other.username)
    page = client.post("/settings/keys", {"act": "add", "key": KEY}).content.decode()
    assert person.username not in page
    client.post("/settings/keys", {"act": "remove", "key": str(SSHKey.objects.get().pk)})
    assert SSHKey.objects.count() == 1


def test_second_factor(client):
    person = make.person()
    sign_in(client, person.username)
    client.post("/-/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/-/account/2fa/totp/activate/")
    assert page.status_code == 200
    secret = client.session["mfa.totp.secret"]
    code = totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))
    assert client.post("/-/account/2fa/totp/activate/", {"code": code}).status_code == 302
    client.post("/logout")
    assert "2fa" in sign_in(client, person.username)["Location"]
    assert client.get("/dashboard").status_code == 302
    assert client.get("/-/account/2fa/authenticate/").status_code == 200


def test_rename_keeps_the_old_name_working(client):
    person = make.person("old-name")
    sign_in(client, "old-name")
    assert client.post("/settings/account", {"act": "rename", "slug": "new-name"}).status_code == 302
    assert client.get("/old-name")["Location"] == "/new-name"
    person.refresh_from_db()
    assert (person.username, person.namespace.slug) == ("new-name", "new-name")
    assert client.post("/settings/account", {"act": "rename", "slug": "a..b"}).status_code == 422


def test_deletion_and_export(client):
    make.person("leaver")
    sign_in(client, "leaver")
    assert client.post("/settings/export").json()["profile"]["username"] == "leaver"
    assert client.post("/settings/account", {"act": "delete", "confirmation": "wrong"}).status_code == 422
    assert client.post("/settings/account", {"act": "delete", "confirmation": "leaver"}).status_code == 302
    assert not Namespace.objects.filter(slug="leaver").exists()
    assert sign_in(client, "leaver").status_code in (200, 422)
    assert client.get("/leaver").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/login", "/signup", "/-/account/password/reset/", "/-/account/email/", "/-/account/password/change/", "/-/account/2fa/", "/-/account/sessions/",
     "/settings/profile", "/settings/account", "/settings/tokens", "/settings/keys", "/settings/signing-keys", "/settings/log"],
)  # fmt: skip
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_opens_in_both_languages(client, path, language):
    client.cookies["openi_language"] = language
    if path not in ("/login", "/signup", "/-/account/password/reset/"):
        sign_in(client, make.person().username)
    answer = client.get(path)
    assert answer.status_code == 200
    assert "style=" not in answer.content.decode()


def test_passkey_pages_run_under_the_content_policy(client):
    person = make.person()
    pages = [client.get("/login")]
    sign_in(client, person.username)
    client.post("/-/account/reauthenticate/", {"password": PASSWORD})
    pages.append(client.get("/-/account/2fa/webauthn/add/"))
    for page in pages:
        assert page.status_code == 200
        text = page.content.decode()
        assert "mfa/js/webauthn.js" in text
        assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", text))


def test_sign_up_by_invitation(client):
    organization = make.organization("peng-cheng")
    commands.change_site_setting(SYSTEM, "signup", "invitation")
    _invitation, secret = commands.invite(SYSTEM, organization, email="new@example.org", role="reader")
    form = {"username": "newcomer", "email": "new@example.org", "password1": "a long password 9"}
    client.post("/signup", form)
    assert not User.objects.filter(username="newcomer").exists()
    client.get(f"/-/invitations/{secret}")
    client.post("/signup", form)
    assert User.objects.filter(username="newcomer").exists()
