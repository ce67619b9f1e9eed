"""Git over SSH to other hosts: a key of its own for each, the other side's key pinned, the address that was judged and no other, over
the administrator's routes.

OpenSSH's client does the work. It reads no settings of the machine or its user, asks nothing, forwards nothing.
"""

import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from core import sshkeys
from core.errors import DomainError
from core.outgoing import Target
from core.relay import tunnelled

_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_OPTIONS = {
    "IdentitiesOnly": "yes", "BatchMode": "yes", "PreferredAuthentications": "publickey", "GlobalKnownHostsFile": "/dev/null",
    "CheckHostIP": "no", "HashKnownHosts": "no", "UpdateHostKeys": "no", "ProxyCommand": "none", "ClearAllForwardings": "yes",
    "ForwardAgent": "no", "PermitLocalCommand": "no", "ConnectTimeout": "20", "ServerAliveInterval": "30", "ServerAliveCountMax": "4",
    "LogLevel": "ERROR",
}  # fmt: skip


def new_key(comment: str) -> tuple[str, str]:
    """(private key in OpenSSH's form, public key as one line) of a fresh ed25519 key."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return private, f"{public} {comment}"


def fingerprints(known: str) -> list[str]:
    """`<algorithm> SHA256:…` of each line of known_hosts(5)."""
    found = []
    for line in known.splitlines():
        try:
            key = sshkeys.parse(line.partition(" ")[2])
        except DomainError:
            continue
        found.append(f"{key.algorithm} {key.fingerprint}")
    return found


@dataclass(frozen=True, slots=True)
class Session:
    """`environment` lets git connect; `known` is what the other side showed, once it was asked."""

    environment: dict[str, str]
    file: Path

    @property
    def known(self) -> str:
        """Lines of known_hosts(5), "" if nobody answered yet."""
        return self.file.read_text() if self.file.exists() else ""


@contextmanager
def session(target: Target, private: str, known: str) -> Iterator[Session]:
    """Connections to a judged address with a key; without `known` the first key it shows is taken for its own, else no other is.

    The private key lies in a folder of its own, readable by us alone, as long as the block runs.
    """
    with tempfile.TemporaryDirectory(prefix="openi-ssh-") as folder, tunnelled(target) as (address, port):  # mode 0700
        key, file = Path(folder) / "key", Path(folder) / "known"
        key.touch(mode=0o600)
        key.write_text(private)
        if known:
            file.write_text(known)
        options = {
            **_OPTIONS,
            "IdentityFile": str(key),
            "UserKnownHostsFile": str(file),
            "StrictHostKeyChecking": "yes" if known else "accept-new",
            "HostName": address,
            "Port": str(port),  # git's own -p comes later, and ssh takes what it reads first
            "HostKeyAlias": f"{target.host}-{target.port}",
        }
        command = ["ssh", "-F", "/dev/null", *(f"-o{name}={value}" for name, value in options.items())]
        yield Session({"GIT_SSH_COMMAND": shlex.join(command), "GIT_SSH_VARIANT": "ssh"}, file)


def address_of(target: Target) -> str:
    """What git is given: user, host, port and path. Raises ValueError for a user that is no plain name."""
    user = target.username or "git"
    if not _USER.fullmatch(user):
        raise ValueError(user)
    host = f"[{target.host}]" if ":" in target.host else target.host
    path = target.url.partition("://")[2].partition("/")[2]
    return f"ssh://{user}@{host}:{target.port}/{path}"
