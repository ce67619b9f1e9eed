"""Signed commits and tags, made by git with ssh-keygen and gpg."""

import shutil
import subprocess
from pathlib import Path

import pytest

import gitstore
from tests.gitstore.conftest import Work

needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")


def _key(folder: Path, kind: str) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "me", "-f", str(folder / kind)], check=True)
    return (folder / f"{kind}.pub").read_text().strip()


@needs_ssh
@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_ssh(work: Work, tmp_path: Path, kind: str) -> None:
    key = _key(tmp_path, kind)
    other = _key(tmp_path, "ed25519") if kind != "ed25519" else _key(tmp_path, "rsa")
    work.git("config", "gpg.format", "ssh")
    work.git("config", "user.signingkey", str(tmp_path / kind))
    work.git("config", "commit.gpgsign", "true")
    tip = work.commit({"a": b"1"}, "签名")
    work.git("tag", "-s", "v1", "-m", "signed tag")
    work.push()
    for oid in (tip, work.git("rev-parse", "refs/tags/v1")):
        signed = gitstore.signature_of(work.bare, oid)
        assert signed is not None
        assert signed.form == "ssh"
        assert gitstore.verify_ssh(signed, [other, key]) == key
        assert gitstore.verify_ssh(signed, [other]) is None
        assert gitstore.verify_ssh(gitstore.Signed("ssh", signed.signature, signed.payload + b"x"), [key]) is None
        assert gitstore.verify_ssh(gitstore.Signed("ssh", signed.signature[:90] + b"\n", signed.payload), [key]) is None
    assert gitstore.commit(work.bare, tip).subject == "签名"


def test_unsigned(work: Work) -> None:
    tip = work.commit({"a": b"1"})
    work.git("tag", "-a", "v1", "-m", "x")
    work.push()
    assert gitstore.signature_of(work.bare, tip) is None
    assert gitstore.signature_of(work.bare, work.git("rev-parse", "refs/tags/v1")) is None
    assert gitstore.signature_of(work.bare, work.git("rev-parse", f"{tip}:a")) is None


@needs_gpg
def test_openpgp(work: Work, tmp_path: Path) -> None:
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    base = ["gpg", "--homedir", str(home), "--batch", "--quiet"]
    subprocess.run(
        [*base, "--passphrase", "", "--quick-gen-key", "me <me@example.org>", "ed25519", "sign"], check=True, capture_output=True
    )
    armoured = subprocess.run([*base, "--armor", "--export"], check=True, capture_output=True).stdout.decode()
    wrapper = tmp_path / "gpg.sh"
    wrapper.write_text(f'#!/bin/sh\nexec gpg --homedir {home} --batch --pinentry-mode loopback "$@"\n')
    wrapper.chmod(0o755)
    work.git("config", "gpg.program", str(wrapper))
    work.git("config", "user.signingkey", "me@example.org")
    work.git("config", "commit.gpgsign", "true")
    tip = work.commit({"a": b"1"}, push=True)
    signed = gitstore.signature_of(work.bare, tip)
    assert signed is not None
    assert signed.form == "openpgp"
    assert gitstore.verify_gpg(signed, [armoured]) is not None
    assert gitstore.verify_gpg(signed, []) is None
    assert gitstore.verify_gpg(gitstore.Signed("openpgp", signed.signature, signed.payload + b"x"), [armoured]) is None
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
