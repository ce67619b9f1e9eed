"""`manage.py demo`: people, organisations and repositories to look around in; prints the logins it made, once."""

from typing import Any

from django.core.management.base import BaseCommand

from projects.management.demo.load import load


class Command(BaseCommand):
    """Loads what is missing of the demo; passwords are random and shown only now."""

    help = "Load demo content; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print `login password` lines for the accounts made in this run."""
        logins = load(lambda line: self.stdout.write(f"  {line}"))
        for login, password in logins:
            self.stdout.write(f"{login}  {password}")
        if not logins:
            self.stdout.write("The demo was loaded before; its passwords are not stored.")
