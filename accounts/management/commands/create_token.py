"""`manage.py create_token LOGIN --scopes read|write|admin [--name N] [--expires ISO8601]`; the token is the last line."""

import sys
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from accounts import commands, queries
from core.actors import SYSTEM, Scope
from core.errors import DomainError, Invalid


def parse_expiry(text: str) -> datetime | None:
    """An ISO 8601 date or moment; without a zone it is in the site's. Raises Invalid."""
    if not text:
        return None
    try:
        found = parse_datetime(text)
        day = None if found else parse_date(text)
    except ValueError:
        found = day = None
    if day:
        found = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - made aware below
    if found is None:
        raise Invalid(_("“%s” is not an ISO 8601 date.") % text)
    return timezone.make_aware(found) if timezone.is_naive(found) else found


class Command(BaseCommand):
    """An access token for an account."""

    help = "Create an access token; the token is the last line printed."

    def add_arguments(self, parser: CommandParser) -> None:
        """LOGIN, a scope, a name, an expiry."""
        parser.add_argument("login", metavar="LOGIN")
        parser.add_argument("--scopes", choices=[scope.value for scope in Scope], required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--expires", default="", metavar="ISO8601")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 2 with one line on a bad argument."""
        try:
            person = queries.person(options["login"])
            name = options["name"] or f"cli-{timezone.now():%Y%m%d-%H%M%S-%f}"
            expires = parse_expiry(options["expires"])
            token, text = commands.create_token(SYSTEM, person, name=name, scope=Scope(options["scopes"]), expires_at=expires)
        except DomainError as error:
            self.stderr.write(error.message)
            sys.exit(2)
        self.stdout.write(_("Token “%(name)s” of %(login)s:") % {"name": token.name, "login": person.username})
        self.stdout.write(text)
