"""Commits as the pages show them: message split, author matched with an account."""

from dataclasses import dataclass
from datetime import datetime

import gitstore
from accounts.models import User
from projects.queries.statuses import Combined


@dataclass(frozen=True, slots=True)
class Shown:
    """A commit for a page. `person` confirmed the author's address; otherwise only the name in the commit is shown."""

    oid: str
    subject: str
    body: str
    author_name: str
    author_email: str
    when: datetime | None
    parents: tuple[str, ...]
    person: User | None
    committer_name: str
    committed: datetime | None
    committer: User | None
    committer_differs: bool
    blob_href: str = ""
    checks: Combined | None = None

    @property
    def parents_total(self) -> int:
        """More than one: a merge."""
        return len(self.parents)


def message_parts(message: str) -> tuple[str, str]:
    """Subject (first paragraph's first line) and the rest. An empty message has a dash for a subject, so that links show."""
    subject, _, body = message.strip("\n").partition("\n")
    return subject.strip() or "—", body.strip("\n")


def shown(commit: "gitstore.Commit", known: dict[str, User], *, blob_href: str = "", checks: Combined | None = None) -> Shown:
    """`commit` for the page; `known` from `authors`."""
    subject, body = message_parts(commit.message)
    author, committer = commit.author, commit.committer
    return Shown(
        oid=commit.oid,
        subject=subject,
        body=body,
        author_name=author.name or "—",
        author_email=author.email,
        when=author.when,
        parents=tuple(commit.parents),
        person=known.get(author.email.lower()),
        committer_name=committer.name or "—",
        committed=committer.when,
        committer=known.get(committer.email.lower()),
        committer_differs=(author.name, author.email) != (committer.name, committer.email),
        blob_href=blob_href,
        checks=checks,
    )
