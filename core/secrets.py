"""Encrypted columns and keyed hashes, both derived from SECRET_KEY."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet
from django.conf import settings


def _key(purpose: str) -> bytes:
    return hmac.new(settings.SECRET_KEY.encode(), b"openi:" + purpose.encode(), hashlib.sha256).digest()


def encrypt(text: str, *, purpose: str) -> str:
    """Fernet token of `text` under a key of its own for `purpose`."""
    return Fernet(base64.urlsafe_b64encode(_key(purpose))).encrypt(text.encode()).decode()


def decrypt(token: str, *, purpose: str) -> str:
    """The text behind `encrypt`; raises cryptography's InvalidToken if the key or the token is wrong."""
    return Fernet(base64.urlsafe_b64encode(_key(purpose))).decrypt(token.encode()).decode()


def keyed_hash(text: str, *, purpose: str) -> str:
    """Hex HMAC-SHA-256: equal texts have equal hashes, and nobody without the key can guess them."""
    return hmac.new(_key(purpose), text.encode(), hashlib.sha256).hexdigest()
