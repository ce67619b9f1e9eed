"""What `script/server` runs. `deploy/systemd` has the same commands for production."""

from openi.supervisor.children import Child
from openi.supervisor.options import PYTHON, Options

_OPTIONS = ("--http", "1", "--no-ws", "--respawn-failed-workers")
_GRANIAN = (str(PYTHON.parent / "granian"), *_OPTIONS, "--workers-kill-timeout", "5")
_NURSERY = (str(PYTHON), "-P", "openi/supervisor/nursery.py", *_OPTIONS, "--workers-kill-timeout", "1", "--respawn-interval", "0.01")
_PRELOADED = (str(PYTHON), "-P", "openi/supervisor/preloaded.py", *_OPTIONS, "--workers-kill-timeout", "5")
# It warns of many threads; each is one Git transfer, which waits for git.
_QUIET = ("--log-level", "error")


def programs(options: Options) -> list[Child]:
    """The portal's processes, in starting order. The last three follow: pages come first."""
    return [
        Child("web", web(options)),
        Child("ssh", ssh(options)),
        Child("live", live(options), follows=True),
        Child("worker", worker(), follows=True),
        Child("beat", beat(options), follows=True),
    ]


def web(options: Options) -> list[str]:
    """Pages, API and Git over HTTP."""
    server, workers = (_NURSERY, "1") if options.reload else (_PRELOADED, "2")
    threads = ["--interface", "wsgi", "--workers", workers, "--blocking-threads", "128"]
    return [*server, *_QUIET, "--host", options.host, "--port", str(options.port), *threads, "openi.wsgi:application"]


def live(options: Options) -> list[str]:
    """Progress on open pages (server-sent events)."""
    address = ["--host", options.host, "--port", str(options.live_port)]
    return [*_GRANIAN, *_QUIET, *address, "--interface", "asgi", "--workers", "1", "openi.asgi:application"]


def ssh(options: Options) -> list[str]:
    """Git over SSH."""
    return [str(PYTHON), "manage.py", "serve_ssh", "--skip-checks", "--host", options.host, "--port", str(options.ssh_port)]


def worker() -> list[str]:
    """Background work. Threads, not processes: half the memory, and the work itself is git's own processes and the database."""
    pool = ["--pool", "threads", "--concurrency", "2", "--without-mingle", "--without-gossip"]
    return [str(PYTHON), "-m", "celery", "-A", "openi", "worker", *pool, "--loglevel", "warning"]


def beat(options: Options) -> list[str]:
    """The clock: what is due is queued for the worker."""
    schedule = ["--schedule", str(options.data / "run" / "beat-schedule"), "--pidfile", ""]
    return [str(PYTHON), "-m", "celery", "-A", "openi.clock", "beat", *schedule, "--loglevel", "warning"]
