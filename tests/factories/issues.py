"""Issues and comments made through the commands."""

from itertools import count

from django.core.cache import cache

from accounts.models import User
from issues import commands
from issues.models import Comment, Label, Thread
from projects.models import Repository
from tests.factories.accounts import actor

_number = count(1)


def issue(repository: Repository, by: User, *, title: str = "", body: str = "", **options: object) -> Thread:
    """An issue; a title of its own unless given."""
    cache.clear()  # factories write faster than people may
    return commands.open_issue(actor(by), repository, title=title or f"Issue {next(_number)}", body=body, **options)


def comment(thread: Thread, by: User, body: str = "") -> Comment:
    """A comment; words of its own unless given."""
    cache.clear()
    return commands.add_comment(actor(by), thread, body=body or f"Comment {next(_number)}")


def label(repository: Repository, by: User, name: str = "", **options: object) -> Label:
    """A label."""
    return commands.save_label(actor(by), repository, name=name or f"label {next(_number)}", **options)
