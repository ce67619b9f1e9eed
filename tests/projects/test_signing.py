"""Marks of signed commits, with real gpg and ssh-keygen: whose key, in force or not, and whose address."""

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import gitstore
from accounts import commands
from accounts.models import SigningKey, User
from core.errors import Conflict, Invalid
from projects import queries
from projects.models import Repository
from tests.factories import accounts as make
from tests.factories import projects
from tests.projects.wire import Git

pytestmark = pytest.mark.django_db
DAY = 86400
PAST = 1_600_000_000  # 2020-09-13


class Gpg:
    """A home with keys of its own; `at` is the time it believes in."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)
        self.wrapper = home / "gpg.sh"
        self.at(0)

    def at(self, when: int) -> None:
        """Sign and make keys at that time (0: now)."""
        self.clock = ["--faked-system-time", str(when)] if when else []
        words = " ".join(
            ["gpg", "--homedir", str(self.home), "--batch", "--pinentry-mode", "loopback", "--ignore-time-conflict", *self.clock]
        )
        self.wrapper.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        self.wrapper.chmod(0o755)

    def run(self, *arguments: str, data: str = "") -> str:
        """Standard output."""
        base = ["gpg", "--homedir", str(self.home), "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
        done = subprocess.run([*base, *self.clock, *arguments], input=data, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout

    def make(self, expires: str = "never", kind: str = "ed25519", email: str = "ada@example.org") -> str:
        """The fingerprint of a new key."""
        self.run("--quick-gen-key", f"Ada <{email}>", kind, "sign", expires)
        listing = self.run("--list-keys", "--with-colons", email)
        return next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr"))

    def public(self) -> str:
        """All public keys, armoured."""
        return self.run("--armor", "--export")


@pytest.fixture
def gpg(tmp_path):
    made = Gpg(tmp_path / "g")
    yield made
    subprocess.run(["gpgconf", "--homedir", str(made.home), "--kill", "all"], check=False, capture_output=True)


@pytest.fixture
def ada() -> User:
    return make.person("ada")


class Bench:
    """A repository on the site and a clone that signs."""

    def __init__(self, owner: User, home: Path) -> None:
        self.row: Repository = projects.repository(owner, name="demo")
        self.git = Git(home, email="ada@example.org")
        self.folder = self.git.new("work")
        self.number = 0

    def mark(self, *config: str, sign: bool = True):
        """The mark of a new commit."""
        self.number += 1
        (self.folder / "f").write_text(str(self.number))
        options = [part for value in config for part in ("-c", value)]
        self.git.run("add", "-A", cwd=self.folder)
        self.git.run(*options, "commit", "-q", "-S" if sign else "--no-gpg-sign", "-m", "work", cwd=self.folder)
        return self.pushed()

    def pushed(self):
        """The mark of the tip, in the site's repository."""
        self.git.run("push", "-q", "-f", str(self.row.path), "HEAD:refs/heads/main", cwd=self.folder)
        return queries.signature_mark(self.row, gitstore.commit(self.row.path, self.git.head(self.folder)))


@pytest.fixture
def bench(ada, tmp_path) -> Bench:
    return Bench(ada, tmp_path / "home")


def told(mark) -> tuple[str, str]:
    return mark.tag, mark.reason


def by_gpg(gpg: Gpg, fingerprint: str) -> list[str]:
    return [f"gpg.program={gpg.wrapper}", f"user.signingkey={fingerprint}"]


def add(person: User, key: str) -> SigningKey:
    return commands.add_signing_key(make.actor(person), key=key)


def test_without_a_signature_there_is_no_mark(bench):
    assert bench.mark(sign=False) is None


def test_gpg_key_of_the_committer(bench, ada, gpg):
    config = by_gpg(gpg, gpg.make())
    assert told(bench.mark(*config))[0] == "", "nobody has the key"
    key = add(ada, gpg.public())
    mark = bench.mark(*config)
    assert (mark.tag, "ada" in mark.reason) == ("tag-ok", True)
    commands.remove_signing_key(make.actor(ada), key.pk)
    assert told(bench.pushed())[0] == "", "a removed key counts no more"


def test_rsa_and_a_signing_subkey(bench, ada, gpg):
    primary = gpg.make(kind="rsa2048")
    gpg.run("--quick-add-key", primary, "ed25519", "sign")
    key = add(ada, gpg.public())
    assert key.subkeys.count() == 2
    lines = gpg.run("--list-keys", "--with-colons").splitlines()
    subkey = next(line.split(":")[9] for line in lines[::-1] if line.startswith("fpr"))
    assert subkey != primary
    assert bench.mark(*by_gpg(gpg, f"{subkey}!")).tag == "tag-ok"
    assert bench.mark(*by_gpg(gpg, f"{primary}!")).tag == "tag-ok"


def test_a_subkey_made_later_counts_after_the_key_is_given_again(bench, ada, gpg):
    primary = gpg.make()
    key = add(ada, gpg.public())
    gpg.run("--quick-add-key", primary, "ed25519", "sign")
    lines = gpg.run("--list-keys", "--with-colons").splitlines()
    subkey = next(line.split(":")[9] for line in lines[::-1] if line.startswith("fpr"))
    assert bench.mark(*by_gpg(gpg, f"{subkey}!")).tag == ""
    assert add(ada, gpg.public()).pk == key.pk
    assert bench.pushed().tag == "tag-ok"
    with pytest.raises(Conflict):
        add(make.person("eve"), gpg.public())


def test_an_expired_key_counts_for_what_it_signed_in_time(bench, ada, gpg):
    gpg.at(PAST)
    config = by_gpg(gpg, gpg.make(expires="10d"))
    add(ada, gpg.public())
    gpg.at(PAST + DAY)
    assert bench.mark(*config).tag == "tag-ok"


def test_an_expired_key_signs_no_more(bench, ada, gpg, tmp_path):
    gpg.at(PAST)
    fingerprint = gpg.make(expires="10d")
    add(ada, gpg.public())
    gpg.at(0)
    gpg.run("--quick-set-expire", fingerprint, "0")  # the signer keeps using it; the site knows the key that ended in 2020
    mark = bench.mark(*by_gpg(gpg, fingerprint))
    assert told(mark) == ("tag-warn", mark.reason)
    assert "expired" in mark.reason or "过期" in mark.reason
    add(ada, gpg.public())  # the later expiry is told
    assert bench.pushed().tag == "tag-ok"


def test_a_revoked_key_counts_no_more(bench, ada, gpg):
    fingerprint = gpg.make()
    add(ada, gpg.public())
    assert bench.mark(*by_gpg(gpg, fingerprint)).tag == "tag-ok"
    certificate = gpg.home / "openpgp-revocs.d" / f"{fingerprint}.rev"
    gpg.run("--import", data=certificate.read_text().replace(":-----BEGIN", "-----BEGIN"))
    add(ada, gpg.public())
    mark = bench.pushed()
    assert mark.tag == "tag-warn"
    assert "revoked" in mark.reason or "吊销" in mark.reason


def test_the_committers_address_must_be_confirmed_by_the_keys_owner(bench, ada, gpg):
    add(ada, gpg.public() if gpg.make() else "")
    fingerprint = gpg.run("--list-keys", "--with-colons").split("fpr:::::::::")[1][:40]
    for email in ("someone@else.org", make.person("bob").email):
        mark = bench.mark(*by_gpg(gpg, fingerprint), f"user.email={email}")
        assert mark.tag == "tag-warn"
        assert email in mark.reason
    EmailAddress.objects.filter(user=ada).update(verified=False)
    assert bench.mark(*by_gpg(gpg, fingerprint)).tag == "tag-warn"


def test_a_changed_commit_is_not_verified(bench, ada, gpg):
    config = by_gpg(gpg, gpg.make())
    add(ada, gpg.public())
    bench.mark(*config)
    raw = bench.git.run("cat-file", "commit", "HEAD", cwd=bench.folder, text=False).stdout
    oid = bench.git.run(
        "hash-object", "-t", "commit", "-w", "--stdin", cwd=bench.folder, input=raw.replace(b"\n\nwork", b"\n\nevil"), text=False
    )
    bench.git.run("reset", "-q", "--hard", oid.stdout.decode().strip(), cwd=bench.folder)
    assert bench.pushed().tag == "tag-warn"


def test_a_suspended_owner(bench, ada, gpg):
    config = by_gpg(gpg, gpg.make())
    add(ada, gpg.public())
    User.objects.filter(pk=ada.pk).update(state="suspended")
    assert bench.mark(*config).tag == "tag-warn"


def test_two_keys_at_once_and_private_keys_are_refused(ada, gpg):
    gpg.make()
    gpg.make(email="two@example.org")
    with pytest.raises(Invalid):
        add(ada, gpg.public())
    with pytest.raises(Invalid):
        add(ada, gpg.run("--armor", "--export-secret-keys", "two@example.org"))


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_ssh_keys(bench, ada, tmp_path, kind):
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "me", "-f", str(tmp_path / kind)], check=True)
    config = ["gpg.format=ssh", f"user.signingkey={tmp_path / kind}"]
    assert bench.mark(*config).tag == ""
    add(ada, (tmp_path / f"{kind}.pub").read_text())
    assert bench.mark(*config).tag == "tag-ok"
    assert bench.mark(*config, "user.email=else@example.org").tag == "tag-warn"


def text(*parts: bytes) -> bytes:
    """SSH wire strings (RFC 4251 §5)."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


class Token:
    """A security key in software, as PROTOCOL.u2f of OpenSSH describes it."""

    def __init__(self, kind: str) -> None:
        self.kind, self.flags = kind.encode(), b"\x01"
        if "ed25519" in kind:
            self.private: object = ed25519.Ed25519PrivateKey.generate()
            raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)  # type: ignore[attr-defined]
            self.blob = text(self.kind, raw, b"ssh:")
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())
            raw = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            self.blob = text(self.kind, b"nistp256", raw, b"ssh:")

    @property
    def line(self) -> str:
        return f"{self.kind.decode()} {base64.b64encode(self.blob).decode()} token"

    def sign(self, payload: bytes) -> bytes:
        """An armoured SSHSIG."""
        message = b"SSHSIG" + text(b"git", b"", b"sha512", hashlib.sha512(payload).digest())
        tail = self.flags + (7).to_bytes(4, "big")
        told = hashlib.sha256(b"ssh:").digest() + tail + hashlib.sha256(message).digest()
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            value = self.private.sign(told)
        else:
            value = text(*map(mpint, decode_dss_signature(self.private.sign(told, ec.ECDSA(hashes.SHA256())))))  # type: ignore[attr-defined]
        blob = b"SSHSIG" + (1).to_bytes(4, "big") + text(self.blob, b"git", b"", b"sha512", text(self.kind, value) + tail)
        body = base64.encodebytes(blob).decode().strip()
        return f"-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n".encode()


@pytest.mark.parametrize("kind", ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"])
def test_security_keys(bench, ada, tmp_path, kind):
    token = Token(kind)
    bench.mark(sign=False)
    raw = bench.git.run("cat-file", "commit", "HEAD", cwd=bench.folder, text=False).stdout

    def signed() -> str:
        """The tip with the token's signature in its header."""
        lines = token.sign(raw).decode().rstrip("\n").replace("\n", "\n ")
        head, _blank, message = raw.partition(b"\n\n")
        made = head + f"\ngpgsig {lines}\n\n".encode() + message
        done = bench.git.run("hash-object", "-t", "commit", "-w", "--stdin", cwd=bench.folder, input=made, text=False)
        return done.stdout.decode().strip()

    allowed = tmp_path / "allowed"
    allowed.write_text(f"ada@example.org {token.line}\n")
    (tmp_path / "sig").write_bytes(token.sign(raw))
    check = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "ada@example.org", "-n", "git", "-s", str(tmp_path / "sig")]
    assert subprocess.run(check, input=raw, capture_output=True, check=False).returncode == 0, "OpenSSH agrees with the test's token"
    add(ada, token.line)
    bench.git.run("reset", "-q", "--hard", signed(), cwd=bench.folder)
    assert bench.pushed().tag == "tag-ok"
    token.flags = b"\x00"  # nobody touched it
    bench.git.run("reset", "-q", "--hard", signed(), cwd=bench.folder)
    assert bench.pushed().tag == "tag-warn"


def test_the_page_and_the_api_say_so(client, bench, ada, gpg):
    config = by_gpg(gpg, gpg.make())
    add(ada, gpg.public())
    assert bench.mark(*config).tag == "tag-ok"
    Repository.objects.filter(pk=bench.row.pk).update(is_empty=False)
    client.cookies["openi_language"] = "en"
    page = client.get(f"/ada/demo/commit/{bench.git.head(bench.folder)}").content.decode()
    assert "Verified" in page
