"""What reviews say: the verdict of each person that counts, and who owns the code."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import gitstore
from accounts.models import Namespace, Team, User
from accounts.queries import people_by_email
from core import encodings
from gitstore.diffs import changed_names
from issues.queries import writers
from projects.models import Repository
from projects.queries.parts import part
from pulls.logic import owners
from pulls.models import Pull, Review, Version

FILES_MAX = 5000  # changed files whose owners are looked for


def writers_among(repository: Repository, ids: Collection[int]) -> set[int]:
    """Those of some people who have write access; one query."""
    return set(writers(repository).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last word of one person. `counts`: they have write access. `is_stale`: about an older version."""

    person: User
    review: Review
    counts: bool
    is_stale: bool

    @property
    def state(self) -> str:
        """approved | changes | comment | dismissed."""
        return "dismissed" if self.review.dismissed_at else str(self.review.state)


def verdicts(pull: Pull) -> list[Verdict]:
    """The latest approval or request for changes of each person, else their latest comment; newest first. At most five queries."""
    rows = pull.reviews.exclude(state=Review.State.PENDING).exclude(author=None).select_related("author", "author__namespace")
    last: dict[int, Review] = {}
    for review in rows.order_by("submitted_at", "pk"):
        known = last.get(review.author_id or 0)
        if review.state == Review.State.COMMENT and known is not None and known.state != Review.State.COMMENT:
            continue
        last[review.author_id or 0] = review
    writers = writers_among(pull.repository, last.keys())
    ordered = sorted(last.values(), key=lambda review: (review.submitted_at or review.created_at, review.pk), reverse=True)
    return [
        Verdict(review.author, review, review.author_id in writers, review.oid != pull.head_oid) for review in ordered if review.author
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ownership:
    """Some changed paths and who owns them: ids of people, and of teams with their members."""

    names: tuple[str, ...]  # as CODEOWNERS writes them
    paths: tuple[str, ...]
    people: frozenset[int]
    teams: frozenset[int]
    members: frozenset[int]  # of the teams

    def approved_by(self, ids: Iterable[int]) -> bool:
        """True if one of them is an owner."""
        return any(pk in self.people or pk in self.members for pk in ids)


def code_owners(repository: Repository, oid: str) -> list[owners.Line]:
    """The lines of the first CODEOWNERS file at a commit; kept by the file's oid."""
    for place in owners.PLACES:
        try:
            entry = gitstore.entry_at(repository.path, oid, place)
        except gitstore.GitError:
            return []
        if entry is not None and entry.kind in ("blob", "executable"):
            return _lines(repository, entry.oid)
    return []


def _lines(repository: Repository, blob: str) -> list[owners.Line]:
    data = gitstore.blob(repository.path, blob, limit=owners.MAX_BYTES).data
    return owners.parsed(encodings.decode(data).text) if not encodings.is_binary(data) else []


def changed_paths(pull: Pull, version: Version | None = None) -> list[str]:
    """Old and new names of everything a version changes (None: the newest); kept by its two commits."""
    old, new = (version.merge_base, version.head_oid) if version is not None else (pull.merge_base, pull.head_oid)

    def make() -> list[str]:
        return changed_names(pull.repository.path, old, new, limit=FILES_MAX)

    return part(("changed paths", pull.repository.storage_id.hex, old, new), make)


def ownership(pull: Pull) -> list[Ownership]:
    """Who owns what the pull request changes, by CODEOWNERS at the tip of the base branch. At most three queries."""
    lines = code_owners(pull.repository, pull.base_oid)
    if not lines:
        return []
    groups = owners.owners_of_all(lines, changed_paths(pull))
    people, teams = _named(pull.repository, {name for names in groups for name in names})
    found = []
    for names, paths in groups.items():
        mine = frozenset(people[name.lower()] for name in names if name.lower() in people)
        theirs = [teams[name.lower()] for name in names if name.lower() in teams]
        members = frozenset(user.pk for team in theirs for user in team.members.all())
        found.append(Ownership(names, tuple(paths), mine, frozenset(team.pk for team in theirs), members))
    return found


def _named(repository: Repository, names: Collection[str]) -> tuple[dict[str, int], dict[str, Team]]:
    """Lower-case `@login` and e-mail addresses → ids of people; `@organization/team` → teams of the owning organization."""
    logins = [name[1:].lower() for name in names if name.startswith("@") and "/" not in name]
    people = {
        f"@{login.lower()}": pk
        for pk, login in User.objects.filter(username__lower__in=logins, is_active=True).values_list("pk", "username")
    }
    mails = [name.lower() for name in names if not name.startswith("@")]
    if mails:
        people.update({mail: user.pk for mail, user in people_by_email(mails).items()})
    wanted = {name.lower() for name in names if "/" in name}
    teams = {}
    if wanted and repository.namespace.kind == Namespace.Kind.ORGANIZATION:
        rows = Team.objects.filter(organization__namespace=repository.namespace).prefetch_related("members")
        teams = {f"@{repository.namespace.slug}/{team.slug}".lower(): team for team in rows}
    return people, {name: team for name, team in teams.items() if name in wanted}
