"""`manage.py serve_ssh`: Git over SSH."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from projects.transport import ssh


class Command(BaseCommand):
    """Serves clone, fetch and push over SSH until it is told to stop."""

    help = "Serve Git over SSH (keys from the database, host key in DATA/ssh)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Address to listen at."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.SSH_PORT, help="0: a free one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until TERM."""
        asyncio.run(ssh.serve(options["host"], options["port"], ready=self._say_ready))

    def _say_ready(self, port: int) -> None:
        self.stdout.write(f"Git over SSH listens on port {port}")
        self.stdout.flush()
