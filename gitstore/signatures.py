"""Signatures of commits and tags: taken out of the object, SSH ones checked here, OpenPGP ones by `gpg` where there is one."""

import base64
import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from gitstore.store import object_of

_TAG_SIGNATURE = re.compile(rb"^-----BEGIN (?:PGP|SSH) SIGNATURE-----$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature and the bytes that it signs. form: ssh | openpgp | x509."""

    form: str
    signature: bytes
    payload: bytes


def signature_of(path: Path, oid: str) -> Signed | None:
    """The signature of a commit or annotated tag, None if it has none. Raises PathMissing."""
    found = object_of(path, oid)
    if isinstance(found, pygit2.Commit):
        raw, payload = found.gpg_signature
    elif isinstance(found, pygit2.Tag):
        raw, payload = _of_tag(found.read_raw())
    else:
        return None
    if not raw or payload is None:
        return None
    form = "ssh" if b"SSH SIGNATURE" in raw else "openpgp" if b"PGP" in raw else "x509"
    return Signed(form, raw, payload)


def _of_tag(content: bytes) -> tuple[bytes | None, bytes]:
    found = list(_TAG_SIGNATURE.finditer(content))
    return (content[found[-1].start() :], content[: found[-1].start()]) if found else (None, content)


def _field(data: bytes, at: int) -> tuple[bytes, int]:
    """A string of the SSH wire format (RFC 4251 §5) and where the next begins."""
    end = at + 4 + int.from_bytes(data[at : at + 4], "big")
    if at + 4 > len(data) or end > len(data):
        raise ValueError("short")
    return data[at + 4 : end], end


def verify_ssh(signed: Signed, keys: Sequence[str]) -> str | None:
    """The one of `keys` (lines as in authorized_keys) that made the signature for the namespace `git`, else None.

    Format: PROTOCOL.sshsig of OpenSSH. Hardware (sk-) keys are not known here.
    """
    try:
        body = b"".join(line for line in signed.signature.splitlines() if not line.startswith(b"-----"))
        blob = base64.b64decode(body, validate=True)
        if blob[:6] != b"SSHSIG" or blob[6:10] != b"\0\0\0\1":
            return None
        public, at = _field(blob, 10)
        namespace, at = _field(blob, at)
        reserved, at = _field(blob, at)
        algorithm, at = _field(blob, at)
        signature, _ = _field(blob, at)
    except ValueError:
        return None
    if namespace != b"git" or algorithm not in (b"sha256", b"sha512"):
        return None
    encoded = base64.b64encode(public).decode()
    key = next((line for line in keys if encoded in line.split()[1:2]), None)
    if key is None:
        return None
    digest = hashlib.new(algorithm.decode(), signed.payload).digest()
    message = b"SSHSIG" + b"".join(len(part).to_bytes(4, "big") + part for part in (namespace, reserved, algorithm, digest))
    return key if _sound(key, signature, message) else None


def _sound(key: str, signature: bytes, message: bytes) -> bool:
    try:
        public = load_ssh_public_key(" ".join(key.split()[:2]).encode())
        kind, at = _field(signature, 0)
        value, _ = _field(signature, at)
        if isinstance(public, ed25519.Ed25519PublicKey) and kind == b"ssh-ed25519":
            public.verify(value, message)
        elif isinstance(public, rsa.RSAPublicKey) and kind in (b"rsa-sha2-256", b"rsa-sha2-512"):
            public.verify(value, message, padding.PKCS1v15(), hashes.SHA256() if kind.endswith(b"256") else hashes.SHA512())
        elif isinstance(public, ec.EllipticCurvePublicKey) and kind.startswith(b"ecdsa-sha2-"):
            r, at = _field(value, 0)
            s, _ = _field(value, at)
            size = public.curve.key_size
            chosen = hashes.SHA256() if size <= 256 else hashes.SHA384() if size <= 384 else hashes.SHA512()
            public.verify(encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big")), message, ec.ECDSA(chosen))
        else:
            return False
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        return False
    return True


def verify_gpg(signed: Signed, keys: Sequence[str]) -> str | None:
    """The fingerprint of the one of the armoured `keys` that made the signature; None if none did, or there is no `gpg` here."""
    program = shutil.which("gpg", path="/usr/local/bin:/usr/bin:/bin")
    if program is None or not keys:
        return None
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        base = [program, "--homedir", home, "--batch", "--no-tty", "--quiet", "--no-autostart", "--trust-model", "always"]
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": home}
        (Path(home) / "signature").write_bytes(signed.signature)
        try:
            subprocess.run(
                [*base, "--import"], input="\n".join(keys).encode(), env=environment, capture_output=True, timeout=20, check=False
            )
            answer = subprocess.run(
                [*base, "--status-fd", "1", "--verify", f"{home}/signature", "-"],
                input=signed.payload, env=environment, capture_output=True, timeout=20, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None
    if answer.returncode:
        return None
    found = re.search(rb"^\[GNUPG:\] VALIDSIG ([0-9A-F]{40,64})", answer.stdout, re.MULTILINE)
    return found[1].decode() if found else None
