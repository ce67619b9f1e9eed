"""Mails of sign-up and reset: whose name they carry, and where their links lead."""

import pytest
from django.core import mail
from django.test import Client

from tests.factories.accounts import person

pytestmark = pytest.mark.django_db
PASSWORD = "correct-Horse-9x"


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "[OpenI 启智] Confirm your e-mail address"), ("zh-hans", "[OpenI 启智] 请确认你的邮箱地址")]
)
def test_confirmation_names_the_site_and_leads_to_its_address(language: str, subject: str, settings) -> None:
    settings.BASE_URL = "https://portal.example"
    form = {"username": "newcomer", "email": "new@example.org", "password1": PASSWORD}
    answer = Client(HTTP_ACCEPT_LANGUAGE=language).post("/signup", form, headers={"host": "localhost"})
    assert answer.status_code == 302
    (sent,) = mail.outbox
    assert sent.subject == subject
    assert "https://portal.example/-/account/confirm-email/" in sent.body
    assert "localhost" not in sent.body


def test_reset_leads_to_the_sites_address(settings) -> None:
    settings.BASE_URL = "https://portal.example"
    user = person()
    Client(HTTP_ACCEPT_LANGUAGE="en").post("/-/account/password/reset/", {"email": user.email}, headers={"host": "localhost"})
    (sent,) = mail.outbox
    assert "https://portal.example/-/account/password/reset/key/" in sent.body
    assert "localhost" not in sent.body
