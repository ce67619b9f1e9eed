"""The command line of `script/server`, and the sentence that ends a start."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"


class CannotStart(Exception):
    """One sentence for the person at the terminal; exit status 2."""


@dataclass(frozen=True)
class Options:
    """What the command line said. Ports are TCP ports; `demo` is None when nobody said."""

    host: str
    port: int
    ssh_port: int
    live_port: int
    data: Path
    demo: bool | None
    reload: bool


class _Parser(argparse.ArgumentParser):
    """Answers a bad option with one line."""

    def error(self, message: str) -> NoReturn:
        """Exit status 2."""
        self.exit(2, f"{self.prog}: {message} (--help lists the options)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="script/server", description="Starts the portal and keeps it running; Ctrl-C stops it.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="pages, API and Git over HTTP (8000)")
    parser.add_argument("--ssh-port", type=int, help="Git over SSH (PORT+1)")
    parser.add_argument("--live-port", type=int, help="live progress on pages (PORT+2)")
    parser.add_argument("--data-dir", type=Path, help="where everything is kept (var, or OPENI_DATA_DIR)")
    parser.add_argument(
        "--demo", action=argparse.BooleanOptionalAction, help="load demo content (on the first start, when the host is loopback)"
    )
    parser.add_argument(
        "--reload", action="store_true", help="show changes: code and translations by starting again, templates and static files at once"
    )
    return parser


def parse(arguments: Sequence[str]) -> Options:
    """Options of `script/server`; one line and exit 2 on a bad one."""
    parser = _parser()
    given = parser.parse_args(arguments)
    ssh_port = given.port + 1 if given.ssh_port is None else given.ssh_port
    live_port = given.port + 2 if given.live_port is None else given.live_port
    ports = (given.port, ssh_port, live_port)
    if not all(0 < port < 65536 for port in ports) or len(set(ports)) < 3:
        parser.error(f"ports must differ and lie between 1 and 65535: {', '.join(map(str, ports))}")
    data = given.data_dir or Path(os.environ.get("OPENI_DATA_DIR") or ROOT / "var")
    return Options(given.host, given.port, ssh_port, live_port, data.absolute(), given.demo, given.reload)


def command_exists(name: str) -> bool:
    """Whether some package of the checkout has this management command."""
    return any(ROOT.glob(f"*/management/commands/{name}.py"))
