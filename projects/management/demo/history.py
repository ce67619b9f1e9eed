"""Histories made with plain git: a stream for `git fast-import`, so that hundreds of commits take well under a second."""

import random
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One commit: `files` path → text (None deletes). `branch` and `tag` are short names."""

    message: str
    author: tuple[str, str]  # name, e-mail
    files: dict[str, str | None]
    branch: str = "master"
    tag: str = ""


@dataclass
class History:
    """Steps over a span of days that ends `ends_days_ago` before `now`."""

    steps: list[Step]
    span_days: int
    ends_days_ago: int = 0
    seed: int = 7
    moments: list[datetime] = field(default_factory=list)

    def spread(self, now: datetime) -> list[datetime]:
        """One increasing working-hour moment per step."""
        random_ = random.Random(self.seed)  # noqa: S311 - demo dates, not secrets
        end = now - timedelta(days=self.ends_days_ago)
        offsets = sorted((random_.random() ** 1.2 * self.span_days for _ in self.steps), reverse=True)
        moments = [end - timedelta(days=offset, minutes=random_.randrange(0, 300)) for offset in offsets]
        moments[-1] = end - timedelta(minutes=20)
        return sorted(moments)


def _data(text: str) -> bytes:
    raw = text.encode()
    return b"data %d\n%s\n" % (len(raw), raw)


def stream(steps: Iterable[Step], moments: Iterable[datetime]) -> bytes:
    """The fast-import stream (git-fast-import(1)) of the steps at the moments."""
    out = bytearray()
    tips: set[str] = set()
    for step, moment in zip(steps, moments, strict=True):
        name, email = step.author
        who = f"{name} <{email}> {int(moment.timestamp())} +0800\n".encode()
        out += f"commit refs/heads/{step.branch}\n".encode() + b"author " + who + b"committer " + who + _data(step.message)
        if step.branch not in tips and step.branch != "master" and tips:
            out += b"from refs/heads/master\n"
        tips.add(step.branch)
        for path, text in step.files.items():
            quoted = path.encode()
            out += b"D " + quoted + b"\n" if text is None else b"M 100644 inline " + quoted + b"\n" + _data(text)
        if step.tag:
            out += f"tag {step.tag}\nfrom refs/heads/{step.branch}\n".encode() + b"tagger " + who + _data(f"{step.tag}")
    return bytes(out) + b"done\n"


def build(folder: Path, history: History, now: datetime) -> Path:
    """A bare repository in `folder` with the history; returns the folder."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder.parent), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=master", str(folder)], check=True, env=environment)
    subprocess.run(
        ["git", f"--git-dir={folder}", "fast-import", "--quiet", "--done"],
        input=stream(history.steps, history.spread(now)),
        check=True,
        env=environment,
    )
    return folder
