"""`--reload`: which files are watched, and what a change of one does."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator

from openi.supervisor.children import State, end_group
from openi.supervisor.folder import say
from openi.supervisor.options import PYTHON, ROOT

POLL_SECONDS = 0.25
FOLLOW_SECONDS = 2.5  # pages have both cores first
WATCHED = (".py", ".po")  # with OPENI_RELOAD the portal reads templates and static files at each use
IGNORED = ("var", "docs", "tests", "bench", "node_modules")


def watched() -> Iterator[tuple[str, int]]:
    """(path, modification time in ns) of every file whose change is worth a restart."""
    stack = [entry.path for entry in os.scandir(ROOT) if entry.is_dir() and entry.name not in IGNORED and not entry.name.startswith(".")]
    while stack:
        with contextlib.suppress(FileNotFoundError), os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        stack.append(entry.path)
                elif entry.name.endswith(WATCHED):
                    yield entry.path, entry.stat().st_mtime_ns


def apply_change(state: State, changed: set[str]) -> None:
    """Compile translations if those changed, then replace the processes that run our code."""
    say(f"reload: {', '.join(sorted(os.path.relpath(path, ROOT) for path in changed)[:3])}{' …' if len(changed) > 3 else ''}")
    if any(path.endswith(".po") for path in changed):
        subprocess.run([str(PYTHON), "-P", "script/messages", "--compile"], cwd=ROOT, check=False)
    for child in state.children:
        if child.name == "web" and child.process is not None:
            child.process.send_signal(signal.SIGHUP)  # nursery.py: a new worker with the new code
            continue
        if child.process is not None:
            end_group(child, signal.SIGKILL)
            child.process.wait()
            child.process = None
        child.due = time.monotonic() + (0.0 if child.name == "web" else FOLLOW_SECONDS)
