"""Repositories made through the commands, commits made by plain git."""

import os
import subprocess
from itertools import count
from pathlib import Path

from accounts.models import Organization, User
from core.actors import SYSTEM
from projects import commands
from projects.models import Repository
from tests.factories.accounts import actor

_number = count(1)
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "T",
    "GIT_AUTHOR_EMAIL": "t@example.org",
    "GIT_COMMITTER_NAME": "T",
    "GIT_COMMITTER_EMAIL": "t@example.org",
}


def git(path: Path, *args: str, data: bytes | None = None) -> str:
    """Standard output of plain git in a bare repository."""
    command = ["git", f"--git-dir={path}", *args]
    return subprocess.run(command, input=data, env=ENVIRONMENT, check=True, capture_output=True).stdout.decode().strip()


def repository(
    owner: User | Organization, *, name: str = "", visibility: str = "public", files: dict[str, bytes] | None = None, by: User | None = None
) -> Repository:
    """An empty repository, or with one commit of `files` on its default branch."""
    who = actor(by) if by else actor(owner) if isinstance(owner, User) else SYSTEM
    made = commands.create_repository(who, owner.namespace, name=name or f"repo{next(_number)}", visibility=visibility)
    if files:
        commit(made, files)
    return made


def commit(made: Repository, files: dict[str, bytes], *, branch: str = "", message: str = "work", record: bool = True) -> str:
    """A commit on `branch` (default: the default branch; a new branch starts there) by git fast-import, recorded as a push; its oid."""
    branch = branch or made.default_branch
    ref = f"refs/heads/{branch}"
    old = git(made.path, "for-each-ref", "--format=%(objectname)", ref)
    start = old or git(made.path, "for-each-ref", "--format=%(objectname)", f"refs/heads/{made.default_branch}")
    script = f"commit {ref}\ncommitter T <t@example.org> 1700000000 +0800\ndata {len(message.encode())}\n{message}\n".encode()
    if start:
        script += f"from {start}\n".encode()
    for path, content in files.items():
        script += f'M 100644 inline "{path}"\ndata {len(content)}\n'.encode() + content + b"\n"
    git(made.path, "fast-import", "--quiet", "--force", data=script)
    oid = git(made.path, "rev-parse", ref)
    if record:
        commands.record_push(SYSTEM, made, [(ref, old or "0" * 40, oid)])
        Repository.objects.filter(pk=made.pk, default_branch=branch).update(head_oid=oid)
        made.refresh_from_db()
    return oid
