"""Short messages: a file without a gateway, an HTTP gateway where the operator names one."""

import uuid
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx
import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import Unavailable

log = structlog.get_logger(__name__)
SECONDS = 10.0


class SmsGateway(Protocol):
    """Sends one text to one number in international form (`+8613800138000`). Raises Unavailable."""

    def send(self, number: str, text: str) -> None: ...


class FileGateway:
    """Writes `DATA/mail/<time>-<id>.sms`; the log names the file, never the code."""

    def send(self, number: str, text: str) -> None:
        settings.MAIL_DIR.mkdir(parents=True, exist_ok=True)
        path = settings.MAIL_DIR / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{uuid.uuid4().hex[:6]}.sms"
        path.write_text(f"{number}\n{text}\n", encoding="utf-8")
        log.info("sms_filed", file=str(path))


class HttpGateway:
    """POSTs `{"to": …, "text": …}` as JSON to the address of OPENI_SMS_GATEWAY; user name and password in it become Basic authentication.

    The operator names the host, so it may be a private one; redirects are not followed.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))  # httpx writes addresses into its log
        self.auth = httpx.BasicAuth(unquote(parts.username), unquote(parts.password or "")) if parts.username else None

    def send(self, number: str, text: str) -> None:
        try:
            with httpx.Client(trust_env=False, follow_redirects=False, timeout=SECONDS, auth=self.auth) as client:
                answer = client.post(self.url, json={"to": number, "text": text})
        except httpx.HTTPError as error:
            log.warning("sms_failed", host=urlsplit(self.url).hostname, error=type(error).__name__)
            raise Unavailable(_("The message could not be sent. Try again later."), code="sms") from error
        if not answer.is_success:
            log.warning("sms_refused", host=urlsplit(self.url).hostname, status=answer.status_code)
            raise Unavailable(_("The message could not be sent. Try again later."), code="sms")


def gateway() -> SmsGateway:
    """The one the settings name."""
    return HttpGateway(settings.SMS_GATEWAY) if settings.SMS_GATEWAY else FileGateway()
