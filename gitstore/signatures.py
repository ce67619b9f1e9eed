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


def _sshsig(armoured: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """Public key, namespace, reserved, hash algorithm, signature. Raises ValueError."""
    body = b"".join(line for line in armoured.splitlines() if not line.startswith(b"-----"))
    blob = base64.b64decode(body, validate=True)
    if blob[:6] != b"SSHSIG" or blob[6:10] != b"\0\0\0\1":
        raise ValueError("no SSHSIG")
    public, at = _field(blob, 10)
    namespace, at = _field(blob, at)
    reserved, at = _field(blob, at)
    algorithm, at = _field(blob, at)
    signature, _ = _field(blob, at)
    return public, namespace, reserved, algorithm, signature


def signer_of(signed: Signed) -> str:
    """What names the key: `SHA256:…` of an SSH key; fingerprint, or the 16 digits of a key id, of an OpenPGP (sub)key; "" if unknown."""
    try:
        if signed.form == "ssh":
            digest = hashlib.sha256(_sshsig(signed.signature)[0]).digest()
            return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
        return _issuer(signed.signature) if signed.form == "openpgp" else ""
    except (ValueError, IndexError):
        return ""


def _issuer(armoured: bytes) -> str:
    """The issuer of the first packet, a version 4 or 5 signature (RFC 9580 §5.2.3). Raises ValueError, IndexError."""
    lines = [line.strip() for line in armoured.splitlines()]
    begin = lines.index(b"") if b"" in lines else 0
    data = base64.b64decode(b"".join(line for line in lines[begin + 1 :] if line and line[:1] not in (b"-", b"=")))
    new_format = data[0] & 0x40
    at = (2 if data[1] < 192 else 3 if data[1] < 224 else 6) if new_format else 2 + (0, 1, 3)[data[0] & 3]
    if data[at] not in (4, 5):
        return ""
    hashed = int.from_bytes(data[at + 4 : at + 6], "big")
    found = _subpackets(data[at + 6 : at + 6 + hashed])
    start = at + 8 + hashed
    loose = _subpackets(data[start : start + int.from_bytes(data[start - 2 : start], "big")])
    fingerprint = found.get(33) or loose.get(33)
    return fingerprint[1:].hex().upper() if fingerprint else (found.get(16) or loose.get(16) or b"").hex().upper()


def _subpackets(data: bytes) -> dict[int, bytes]:
    """Type → body, the first of each."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        size, at = data[at], at + 1
        if size == 255:
            size, at = int.from_bytes(data[at : at + 4], "big"), at + 4
        elif size >= 192:
            size, at = ((size - 192) << 8) + data[at] + 192, at + 1
        if size < 1:
            raise ValueError("empty subpacket")
        found.setdefault(data[at] & 0x7F, data[at + 1 : at + size])
        at += size
    return found


def verify_ssh(signed: Signed, keys: Sequence[str]) -> str | None:
    """The one of `keys` (lines as in authorized_keys) that made the signature for the namespace `git`, else None.

    Format: PROTOCOL.sshsig of OpenSSH; hardware (sk-) keys as in its PROTOCOL.u2f.
    """
    try:
        public, namespace, reserved, algorithm, signature = _sshsig(signed.signature)
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
    if key.startswith("sk-"):
        return _sound_hardware(key, signature, message)
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


def _sound_hardware(key: str, signature: bytes, message: bytes) -> bool:
    """A security key signs SHA-256(application) ‖ flags ‖ counter ‖ SHA-256(message), and says that somebody touched it."""
    try:
        blob = base64.b64decode(key.split()[1], validate=True)
        kind, at = _field(blob, 0)
        if kind == b"sk-ecdsa-sha2-nistp256@openssh.com":
            _curve, at = _field(blob, at)
        point, at = _field(blob, at)
        application, _ = _field(blob, at)
        named, at = _field(signature, 0)
        value, at = _field(signature, at)
        flags, counter = signature[at : at + 1], signature[at + 1 : at + 5]
        if named != kind or len(counter) != 4 or not flags[0] & 1:
            return False
        told = hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(message).digest()
        if kind == b"sk-ssh-ed25519@openssh.com":
            ed25519.Ed25519PublicKey.from_public_bytes(point).verify(value, told)
            return True
        r, at = _field(value, 0)
        s, _ = _field(value, at)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        public.verify(encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big")), told, ec.ECDSA(hashes.SHA256()))
    except (ValueError, IndexError, UnsupportedAlgorithm, InvalidSignature):
        return False
    return True


def verify_gpg(signed: Signed, keys: Sequence[str]) -> str | None:
    """The fingerprint of the one of the armoured `keys` that made the signature, in force when it did; None if none, or without `gpg`."""
    state, fingerprint = check_gpg(signed, keys)
    return fingerprint if state == "good" else None


def check_gpg(signed: Signed, keys: Sequence[str]) -> tuple[str, str]:
    """(good | expired | revoked | bad | unknown, fingerprint of the (sub)key).

    expired: the key's days were over when it signed, or the signature's are over now. A key that expired later signed in time.
    revoked: whenever it signed; its date is the signer's word only. unknown: none of `keys`, or no `gpg` here.
    """
    answer = _gpg_status(signed, keys)
    valid = re.search(r"^\[GNUPG:\] VALIDSIG ([0-9A-F]{40,64}) \S+ (\d+)", answer, re.MULTILINE)
    fingerprint = valid[1] if valid else ""
    if re.search(r"^\[GNUPG:\] BADSIG ", answer, re.MULTILINE):
        return "bad", fingerprint
    if re.search(r"^\[GNUPG:\] REVKEYSIG ", answer, re.MULTILINE):
        return "revoked", fingerprint
    if valid and re.search(r"^\[GNUPG:\] EXPKEYSIG ", answer, re.MULTILINE):
        ends = [int(found) for found in re.findall(r"^\[GNUPG:\] KEYEXPIRED (\d+)", answer, re.MULTILINE)]
        return ("good" if ends and int(valid[2]) <= min(ends) else "expired"), fingerprint
    if re.search(r"^\[GNUPG:\] EXPSIG ", answer, re.MULTILINE):
        return "expired", fingerprint
    good = valid and re.search(r"^\[GNUPG:\] GOODSIG ", answer, re.MULTILINE)
    return ("good" if good else "unknown"), fingerprint


def _gpg_status(signed: Signed, keys: Sequence[str]) -> str:
    """The status lines of `gpg --verify` (GnuPG, doc/DETAILS), "" if it cannot run."""
    program = shutil.which("gpg", path="/usr/local/bin:/usr/bin:/bin")
    if program is None or not keys:
        return ""
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
            return ""
    return answer.stdout.decode("utf-8", "replace")
