#!/usr/bin/env python3
"""Runs a management command with the portal's own interpreter and data directory."""

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
VENV_PYTHON = HERE / ".venv" / "bin" / "python"


def main() -> None:
    """Re-run under `.venv/bin/python` if started by another interpreter, then hand over to Django."""
    if VENV_PYTHON.exists() and Path(sys.prefix).resolve() != (HERE / ".venv").resolve():
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), *sys.argv])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")
    try:
        from django.core.management import base, execute_from_command_line
        from django.db import DatabaseError
    except ImportError as error:
        sys.exit(f"manage.py: {error}: script/bootstrap installs what is missing")
    base.CommandParser.error = _one_line  # type: ignore[assignment, method-assign]
    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"manage.py: the database does not answer as it should: {str(error).splitlines()[0]} (manage.py migrate prepares it)")


def _one_line(parser: Any, message: str) -> NoReturn:
    """A bad argument, without Django's page of usage: exit status 2."""
    from django.core.management.base import CommandError

    if not parser.called_from_command_line:
        raise CommandError(f"Error: {message}")
    parser.exit(2, f"{parser.prog}: {message} (--help lists the arguments)\n")
    raise AssertionError


if __name__ == "__main__":
    main()
