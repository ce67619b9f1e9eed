"""Pull requests made through the commands, on histories made by plain git."""

from itertools import count

from django.core.cache import cache

from accounts.models import User
from issues import commands as talk
from projects import commands as hosting
from projects.models import Repository
from pulls import commands
from pulls.commands.merging import fresh, merge_pull
from pulls.models import LineComment, Pull
from tests.factories.accounts import actor
from tests.factories.projects import commit

_number = count(1)
TEXT = b"".join(b"line %d\n" % number for number in range(1, 31))


def changed(text: bytes = TEXT, **lines: bytes) -> bytes:
    """`text` with some lines replaced: changed(l5=b"five")."""
    rows = text.split(b"\n")
    for name, new in lines.items():
        rows[int(name[1:]) - 1] = new
    return b"\n".join(rows)


def pull(
    repository: Repository, by: User, *, branch: str = "", files: dict[str, bytes] | None = None, head: Repository | None = None, **options
) -> Pull:
    """An open pull request of a new branch (of `head`, or of the repository) with one commit of `files`."""
    cache.clear()  # factories write faster than people may
    number = next(_number)
    branch = branch or f"topic{number}"
    home = head or repository
    commit(home, files or {f"new{number}.txt": b"new"}, branch=branch, message=options.pop("message", f"Change {number}"))
    given = {"title": f"Pull {number}", "base_branch": repository.default_branch, **options}
    return commands.open_pull(actor(by), repository, head=home, head_branch=branch, **given)


def line_comment(made: Pull, by: User, *, path: str, line: int, body: str = "Hm", **options) -> LineComment:
    """A comment on a line of the new side, sent at once."""
    cache.clear()
    return commands.comment_on_lines(actor(by), made, path=path, side=options.pop("side", "new"), line=line, body=body, **options)


def story(owner: User, friend: User, made: Repository) -> None:
    """Everything that can happen to pull requests, once: for tests that walk the facts."""
    mine, theirs = actor(owner), actor(friend)
    hosting.set_collaborator(mine, made, friend, access="write")
    rule = hosting.save_protection(
        mine, made, kind="branch", pattern=made.default_branch, push_access="maintain", merge_access="write", dismiss_stale=True
    )
    first = pull(made, friend, branch="tale", files={"tale.txt": TEXT})
    commands.request_review(theirs, first, people=[owner])
    hosting.set_status(mine, made, oid=first.head_oid, state="success", context="ci")
    said = line_comment(first, owner, path="tale.txt", line=3)
    said.thread.pull = first
    commands.resolve_conversation(theirs, said.thread)
    commands.submit_review(mine, first, verdict="approved", oid=first.head_oid)
    new = commit(made, {"tale.txt": changed(l3=b"three")}, branch="tale")
    commands.add_version(theirs, first, source=made, head_oid=new)
    commands.set_draft(theirs, first, is_draft=True)
    commands.set_draft(theirs, first, is_draft=False)
    talk.add_comment(mine, first.thread, body="Well")
    commands.close_pull(theirs, first)
    commands.reopen_pull(theirs, first)
    merge_pull(mine, fresh(first))
    hosting.delete_protection(mine, rule)
