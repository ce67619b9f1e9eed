"""OpenSSH public keys: one line of text to a checked value."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from django.utils.translation import gettext as _

from core.errors import Invalid

RSA_BITS_MIN = 2048
PLAIN = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
HARDWARE = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")  # security keys (PROTOCOL.u2f of OpenSSH)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """`text` is "<algorithm> <base64>" without the comment; `fingerprint` as `ssh-keygen -l` prints it (SHA256:…)."""

    algorithm: str
    text: str
    comment: str
    fingerprint: str


def parse(line: str, *, field: str = "key") -> PublicKey:
    """Judge one line of `authorized_keys` form.

    Raises Invalid on `field`: no key, options before it, a kind or size that is not accepted.
    """
    parts = line.strip().split(None, 2)
    if len(parts) < 2 or "\n" in line.strip() or "\r" in line.strip() or "PRIVATE KEY" in line:
        raise Invalid(_("This is not a public key. Paste the one line of a file such as id_ed25519.pub."), field=field, code="key")
    algorithm, encoded, comment = parts[0], parts[1], parts[2] if len(parts) > 2 else ""
    if algorithm not in PLAIN + HARDWARE:
        raise Invalid(_("Keys of the kind “%s” are not accepted. Use ed25519.") % algorithm[:40], field=field, code="key_kind")
    try:
        raw = base64.b64decode(encoded, validate=True)
        loaded = load_ssh_public_key(f"{algorithm} {encoded}".encode()) if algorithm in PLAIN else None
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as error:
        raise Invalid(_("This key is damaged."), field=field, code="key") from error
    size = int.from_bytes(raw[:4], "big")
    if raw[4 : 4 + size] != algorithm.encode():
        raise Invalid(_("This key is damaged."), field=field, code="key")
    if isinstance(loaded, RSAPublicKey) and loaded.key_size < RSA_BITS_MIN:
        raise Invalid(_("RSA keys need at least %d bits.") % RSA_BITS_MIN, field=field, code="key_size")
    fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
    return PublicKey(algorithm, f"{algorithm} {encoded}", comment.strip(), fingerprint)
