"""What `script/server` runs. `deploy/systemd` has the same commands for production."""

from openi.supervisor.children import STEM, Child
from openi.supervisor.options import PYTHON, Options

_OPTIONS = ("--http", "1", "--no-ws", "--respawn-failed-workers")
_GRANIAN = ("granian", *_OPTIONS, "--workers-kill-timeout", "5")
_NURSERY = ("openi/supervisor/nursery.py", *_OPTIONS, "--workers-kill-timeout", "1", "--respawn-interval", "0.01")
# It warns of many threads; each is one Git transfer, which waits for git.
_QUIET = ("--log-level", "error")
_STARTED = {  # how a program is started by itself
    "granian": (str(PYTHON.parent / "granian"),),
    "celery": (str(PYTHON), "-m", "celery"),
    "manage.py": (str(PYTHON), "manage.py"),
    "openi/supervisor/nursery.py": (str(PYTHON), "-P", "openi/supervisor/nursery.py"),
}
ROOM = " " * 512  # the stem shows the words of the program it becomes in the room of its own


def programs(options: Options) -> list[Child]:
    """The portal's processes, in starting order. The last three follow: pages come first.

    They are forked from one that has loaded the portal, which saves memory; with `--reload` each is started by itself and has the newest code.
    """
    children = [
        Child("web", web(options)),
        Child("ssh", ssh(options)),
        Child("live", live(options), follows=True),
        Child("worker", worker(), follows=True),
        Child("beat", beat(options), follows=True),
    ]
    for child in children:
        child.grows = not options.reload
        if options.reload:
            child.command = started(child.command)
    stem = Child(STEM, [str(PYTHON), "-P", "openi/supervisor/stem.py", ROOM])
    return children if options.reload else [stem, *children]


def started(command: list[str]) -> list[str]:
    """The command line that starts a program by itself."""
    return [*_STARTED[command[0]], *command[1:]]


def web(options: Options) -> list[str]:
    """Pages, API and Git over HTTP."""
    server, workers = (_NURSERY, "1") if options.reload else (_GRANIAN, "2")
    threads = ["--interface", "wsgi", "--workers", workers, "--blocking-threads", "176"]
    return [*server, *_QUIET, "--host", options.host, "--port", str(options.port), *threads, "openi.wsgi:application"]


def live(options: Options) -> list[str]:
    """Progress on open pages (server-sent events)."""
    address = ["--host", options.host, "--port", str(options.live_port)]
    return [*_GRANIAN, *_QUIET, *address, "--interface", "asgi", "--workers", "1", "openi.asgi:application"]


def ssh(options: Options) -> list[str]:
    """Git over SSH."""
    return ["manage.py", "serve_ssh", "--skip-checks", "--host", options.host, "--port", str(options.ssh_port)]


def worker() -> list[str]:
    """Background work. Threads, not processes: half the memory, and the work itself is git's own processes and the database."""
    pool = ["--pool", "threads", "--concurrency", "2", "--without-mingle", "--without-gossip"]
    return ["celery", "-A", "openi", "worker", *pool, "--loglevel", "warning"]


def beat(options: Options) -> list[str]:
    """The clock: what is due is queued for the worker."""
    schedule = ["--schedule", str(options.data / "run" / "beat-schedule"), "--pidfile", ""]
    return ["celery", "-A", "openi.clock", "beat", *schedule, "--loglevel", "warning"]
