"""What stands before a proposal: branches to choose from, what lies between them, the template of its text."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

import gitstore
from core import encodings
from core.actors import Actor
from core.errors import NotFound
from issues.models import Thread
from projects import queries as hosting
from projects import rules as hosting_rules
from projects.models import Push, Repository
from projects.queries.comparison import End, end
from projects.queries.parts import part
from pulls import rules
from pulls.logic.names import text_from, title_from
from pulls.models import Pull

TEMPLATES = ("pull_request_template.md",)
FOLDERS = (".openi", ".github", "docs", "")
TEMPLATE_MAX = 64 * 1024  # bytes
RECENT = timedelta(hours=24)
COMMITS_MAX = 250


@dataclass(frozen=True, slots=True)
class Between:
    """What a proposal would bring: commits oldest first, the common ancestor ("" for none), and a first title and text."""

    base_oid: str
    head_oid: str
    merge_base: str
    commits: list[gitstore.Commit]
    title: str
    body: str


def branch_end(actor: Actor, repository: Repository, text: str) -> End | None:
    """The branch `text` names (`branch`, `namespace:branch`, `namespace/name:branch`), None for none."""
    try:
        found = end(actor, repository, text)
    except NotFound:
        return None
    return found if found.position.kind == "branch" else None


def between(repository: Repository, base: End, head: End) -> Between:
    """Two tips compared; the head's objects are read where they are."""
    store = head.home.path if head.home.pk != repository.pk else None
    old, new = base.position.oid, head.position.oid
    key = ("proposal", repository.storage_id.hex, head.home.storage_id.hex, old, new)

    def make() -> tuple[str, list[gitstore.Commit]]:
        found = gitstore.merge_base(repository.path, old, new, store=store)
        return found, gitstore.between(repository.path, found, new, limit=COMMITS_MAX, store=store)[::-1] if found else []

    ancestor, commits = part(key, make)
    title = title_from(head.position.name, [one.subject for one in commits])
    body = template(repository, old) or text_from([one.message for one in commits])
    return Between(old, new, ancestor, commits, title, body)


def template(repository: Repository, oid: str) -> str:
    """The text that the repository wants to begin with, "" for none; names are compared without regard to case."""

    def make() -> str:
        for folder in FOLDERS:
            try:
                entries = gitstore.tree(repository.path, oid, folder)
            except gitstore.GitError:
                continue
            found = next((one for one in entries if one.name.lower() in TEMPLATES and one.kind in ("blob", "executable")), None)
            if found is not None:
                data = gitstore.blob(repository.path, found.oid, limit=TEMPLATE_MAX).data
                return "" if encodings.is_binary(data) else encodings.decode(data).text.replace("\0", "")
        return ""

    text: str = part(("pull template", repository.storage_id.hex, oid), make)
    return text


@dataclass(frozen=True, slots=True)
class Fresh:
    """A branch that its reader pushed lately and that is proposed nowhere: `head` names it in an address."""

    branch: str
    head: str


def fresh_branches(actor: Actor, repository: Repository) -> list[Fresh]:
    """Branches the actor pushed within RECENT, to the repository or to a fork of theirs, for the box on the front page. At most five queries."""
    person = actor.person
    if person is None or repository.is_empty or not rules.can_open(actor, repository):
        return []
    since = timezone.now() - RECENT
    rows = Push.objects.filter(user=person, at__gt=since, repository__network_id=repository.network_id, repository__deleted_at=None)
    pushes = list(rows.select_related("repository__namespace").order_by("-at")[:20])
    found: dict[tuple[int, str], Repository] = {}
    for push in pushes:
        home = push.repository
        if home.pk != repository.pk and (repository.pk != home.forked_from_id or home.namespace_id != person.namespace_id):
            continue
        for ref, _old, new in push.updates:
            name = ref.removeprefix("refs/heads/")
            usual = name == (repository if home.pk == repository.pk else home).default_branch
            if ref.startswith("refs/heads/") and new != gitstore.ZERO and not usual:
                found.setdefault((home.pk, name), home)
    if not found:
        return []
    known = set(
        Pull.objects.filter(repository=repository, head_repository__in={pk for pk, _name in found}).values_list(
            "head_repository", "head_branch"
        )
    )
    fresh = []
    for (pk, name), home in found.items():
        oid = gitstore.ref_oid(home.path, f"refs/heads/{name}")
        if (pk, name) in known or not oid or oid == repository.head_oid:
            continue
        head = name if pk == repository.pk else f"{home.namespace.slug}/{home.name}:{name}"
        fresh.append(Fresh(name, head))
    return fresh[:3]


def heads(actor: Actor, repository: Repository) -> list[str]:
    """Branches to choose from: the repository's own, then those of the actor's forks; as addresses write them, at most 400."""
    names = [ref.short for ref in hosting.refs(repository)[0]]
    if actor.person is not None:
        rows = hosting.network(actor, repository).filter(namespace__user=actor.person, is_empty=False)[:5]
        for fork in rows:
            if hosting_rules.can_push(actor, fork):
                names += [f"{fork.namespace.slug}/{fork.name}:{ref.short}" for ref in hosting.refs(fork)[0]]
    return names[:400]


def open_pull_between(repository: Repository, base: End, head: End) -> Pull | None:
    """The open pull request of the two branches."""
    found = (
        Pull.objects.select_related("thread")
        .filter(
            repository=repository, base_branch=base.position.name, head_repository=head.home, head_branch=head.position.name,
            thread__state=Thread.State.OPEN,
        )
        .first()
    )  # fmt: skip
    if found is not None:
        found.repository = repository
    return found
