"""Before the first page: database, static files, demo content; only what changed since the last start."""

import hashlib
import os
import subprocess
from pathlib import Path

from openi.supervisor.addresses import is_loopback
from openi.supervisor.folder import save_stamps, say, stamps
from openi.supervisor.options import PYTHON, ROOT, CannotStart, Options, command_exists


def fingerprint(*patterns: str) -> str:
    """SHA-256 over names and contents of the checkout's files that match."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def database_stamp(data: Path) -> str:
    """Changes with a migration, a dependency, or when the SQLite file is replaced; "" (always migrate) with a database server."""
    if os.environ.get("OPENI_DATABASE_URL"):
        return ""
    try:
        inode = (data / "openi.sqlite3").stat().st_ino
    except OSError:
        return ""
    return f"{inode}:{fingerprint('*/migrations/*.py', 'requirements.txt')}"


def manage(environment: dict[str, str], log: Path, *arguments: str, secret: bool = False) -> list[str]:
    """Run a management command; its lines of standard output. Its output goes to `log` too, standard output only if it is not secret.

    Raises CannotStart, with the last line it wrote, when it fails.
    """
    done = subprocess.run(
        [str(PYTHON), "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    with log.open("a", encoding="utf-8") as file:
        file.write(("" if secret else done.stdout) + done.stderr)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise CannotStart(f"manage.py {' '.join(arguments)} failed: {last}  (all of it: {log})")
    return done.stdout.splitlines()


def prepare(options: Options, environment: dict[str, str]) -> list[str]:
    """Database, static files, demo content. Returns the demo's lines (its logins). Raises CannotStart."""
    log = options.data / "log" / "prepare.log"
    before = stamps(options.data)
    now = dict(before)
    if not before.get("database") or before["database"] != database_stamp(options.data):
        say("preparing the database")
        manage(environment, log, "migrate", "--no-input", "--verbosity", "1")
        now["database"] = database_stamp(options.data) or "server"
        now.setdefault("demo", "due")
        save_stamps(options.data, now)
    static = fingerprint("static/**/*", "requirements.txt")
    if not options.reload and (before.get("static") != static or not (options.data / "static" / "staticfiles.json").exists()):
        say("collecting static files")
        manage(environment, log, "collectstatic", "--no-input", "--clear", "--verbosity", "0")
        now["static"] = static
        save_stamps(options.data, now)
    return demo(options, environment, now, log)


def demo(options: Options, environment: dict[str, str], now: dict[str, str], log: Path) -> list[str]:
    """Load demo content when it is wanted and not there yet. A failure is said and does not stop the portal."""
    first = now.get("demo") == "due"
    wanted = options.demo if options.demo is not None else first and is_loopback(options.host)
    if not wanted or now.get("demo") == "loaded":
        if first:
            save_stamps(options.data, {**now, "demo": "declined"})
            if options.demo is None:
                say("no demo content: the host is not loopback (--demo loads it all the same)")
        return []
    if not command_exists("demo"):
        say("no demo content: this checkout has no demo command yet")
        return []
    say("loading demo content")
    try:
        lines = manage(environment, log, "demo", secret=True)
    except CannotStart as error:
        say(str(error))
        return []
    save_stamps(options.data, {**now, "demo": "loaded"})
    return lines
