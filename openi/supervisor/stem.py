"""The process that has loaded the portal: web server, SSH, live progress, worker and clock are forked from it and share that memory.

It runs beside them, idle. The supervisor asks over its standard input for one program at a time (a line of JSON: `arguments`, `log`)
and reads the new process's id from its standard output; an empty line says that the portal is loaded. Forked twice, so that the
program becomes the supervisor's own child (PR_SET_CHILD_SUBREAPER, prctl(2)): it outlives this process, and its end is noticed there.
Nothing is opened before a fork: no database connection, no thread.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path

ADOPTION_SECONDS = 5.0
PR_SET_PDEATHSIG = 1
MODULES = {  # what a program imports beyond the portal; loaded when it is first asked for
    "granian": ("granian.cli", "granian.server", "granian.wsgi", "granian.asgi"),
    "openi.asgi:application": ("openi.asgi",),
    "serve_ssh": ("projects.management.commands.serve_ssh",),
    "celery": ("celery.__main__", "celery.bin.celery", "celery.app.amqp", "kombu.transport.filesystem"),
    "worker": ("celery.apps.worker", "celery.worker.consumer", "celery.concurrency.thread", "celery.bin.worker"),
    "beat": ("celery.apps.beat", "celery.bin.beat"),
}


def load(arguments: list[str]) -> None:
    """Import what these arguments will need. What cannot be imported fails in the program, which says so in its log."""
    for word in arguments:
        for name in MODULES.get(word, ()):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    if "worker" in arguments:
        with contextlib.suppress(Exception):
            importlib.import_module("openi.celery").app.loader.import_default_modules()
    gc.collect()
    gc.freeze()  # what the collector visits would be copied into each process


def run(arguments: list[str]) -> None:
    """Be the program `granian`, `celery` or `manage.py`."""
    sys.argv = arguments
    if arguments[0] == "granian":
        from granian.cli import entrypoint

        from openi.supervisor.listening import share_socket

        share_socket()
        entrypoint()  # type: ignore[no-untyped-call]
    elif arguments[0] == "celery":
        from celery.__main__ import main

        main()
    else:
        import manage

        manage.main()


def retitle(arguments: list[str]) -> None:
    """Show these words in `ps`, in place of the line this process was started with (proc(5): arg_start and arg_end of `stat`)."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    title = b"\0".join(map(os.fsencode, arguments))[: end - start - 1]
    ctypes.memmove(start, title.ljust(end - start, b"\0"), end - start)


def plant(supervisor: int, log: str) -> int | None:
    """Fork twice. The new process's id here; None in the new process, once it is the supervisor's child and dies with it."""
    reading, writing = os.pipe()
    middle = os.fork()
    if middle:
        os.close(writing)
        answer = os.read(reading, 32)
        os.close(reading)
        os.waitpid(middle, 0)
        return int(answer or b"0")
    os.close(reading)
    if grown := os.fork():
        os.write(writing, str(grown).encode())
        os._exit(0)
    os.close(writing)
    patience = time.monotonic() + ADOPTION_SECONDS
    while os.getppid() != supervisor:
        if time.monotonic() > patience:
            os._exit(1)
        time.sleep(0.001)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != supervisor:
        os._exit(1)
    os.setsid()
    _standard_streams(log)
    return None


def _standard_streams(log: str) -> None:
    for path, flags, targets in ((os.devnull, os.O_RDONLY, (0,)), (log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, (1, 2))):
        descriptor = os.open(path, flags, 0o666)
        for target in targets:
            os.dup2(descriptor, target)
        os.close(descriptor)


def main() -> None:
    """Load, then grow one program for each request until the supervisor is gone."""
    supervisor = os.getppid()
    asked, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)  # what a module prints while it is imported is no answer
    from openi.supervisor.preloaded import preload

    retitle(["openi-stem"])
    preload()
    os.write(answers, b"\n")
    while request := os.read(asked, 1 << 16):
        wanted = json.loads(request)
        load(wanted["arguments"])
        process = plant(supervisor, wanted["log"])
        if process is None:
            os.close(asked)
            os.close(answers)
            retitle(wanted["arguments"])
            run(wanted["arguments"])
            return
        os.write(answers, f"{process}\n".encode())


if __name__ == "__main__":
    sys.path[0:0] = [str(Path(__file__).resolve().parent.parent.parent)]
    main()
