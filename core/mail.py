"""Mail without an SMTP server: each message is a file in DATA/mail."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

log = structlog.get_logger(__name__)


class FileBackend(BaseEmailBackend):
    """Writes `<time>-<id>.eml`; the log names the file, so that a newcomer finds the confirmation link."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        settings.MAIL_DIR.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            path = settings.MAIL_DIR / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{uuid.uuid4().hex[:6]}.eml"
            part = path.with_suffix(".part")
            part.write_bytes(message.message().as_bytes())
            part.rename(path)
            log.info("mail_filed", file=str(path), subject=message.subject)
        return len(email_messages)
