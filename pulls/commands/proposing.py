"""A pull request by one push, without branch or fork: `git push origin HEAD:refs/for/main -o topic=… -o title=…`."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

import gitstore
from core import limits
from core.actors import Actor
from core.errors import Conflict, Invalid
from issues import commands as talk
from issues.models import Thread
from projects import rules as hosting
from projects.commands.pushes import count_objects
from projects.models import Repository
from projects.places import Taken
from pulls import rules
from pulls.commands.merging import fresh, turn
from pulls.commands.objects import keep_versions
from pulls.commands.opening import start_pull, tips
from pulls.commands.versions import add_version
from pulls.logic import names
from pulls.models import Pull

PREFIX = "refs/for/"
TOPIC_MAX = 200
DAY_BYTES = 5 * settings.PROPOSAL_BYTES  # of one person who may only propose, in all repositories together
FLAGS = frozenset({"force-push", "force_push", "draft"})
TRUE = frozenset({"", "1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options of a push say (`git push -o key=value`); `\\n` in a description is a line break."""

    topic: str = ""
    title: str = ""
    description: str = ""
    force: bool = False
    draft: bool = False


def asked(options: frozenset[str], topic: str = "") -> Asked:
    """The options; a topic in the name of the ref counts where no option gives one. Raises Invalid."""
    given = dict(option.partition("=")[::2] for option in sorted(options))
    topic = " ".join(given.get("topic", topic).split())
    if len(topic) > TOPIC_MAX or any(ord(letter) < 32 for letter in topic):
        raise Invalid(_("A topic has at most %d characters.") % TOPIC_MAX, field="topic")
    flags = {name.replace("_", "-") for name in FLAGS & given.keys() if given[name].lower() in TRUE}
    return Asked(
        topic, given.get("title", "").strip(), given.get("description", "").replace("\\n", "\n").strip(),
        force="force-push" in flags, draft="draft" in flags,
    )  # fmt: skip


def look_at_proposal(actor: Actor, repository: Repository, name: str, options: frozenset[str], size: int) -> None:
    """Refuse what cannot become a pull request before its `size` bytes are taken in. Raises what `propose` raises, LimitReached (a day's bytes)."""
    rules.can_open(actor, repository).require()
    _branch, topic = _target(repository, name)
    asked(options, topic)
    talk.throttle(actor, "propose", minute=20, day=300)
    if actor.person is not None and not hosting.can_push(actor, repository):
        limits.take(f"propose-bytes:{actor.person.pk}", limit=DAY_BYTES // 1024, seconds=86_400, cost=size // 1024 + 1)


def propose(actor: Actor, repository: Repository, name: str, oid: str, options: frozenset[str]) -> Taken:
    """Open a pull request with the commit `oid`, which the repository holds, or give the one of the same topic a new version.

    `name` is `branch` or `branch/topic`. Raises NotFound or Forbidden (rules.can_open), Invalid (branch, options, nothing new), Conflict (it
    would replace other commits), LimitReached, Unavailable. Publishes PullOpened or PullSynchronized.
    """
    rules.can_open(actor, repository).require()
    branch, topic = _target(repository, name)
    wish = asked(options, topic)
    if gitstore.commit_oid(repository.path, oid) != oid:
        raise Invalid(_("Push a commit."), field="head")
    with turn(repository, branch):
        found = _same(actor, repository, branch, wish.topic)
        count_objects(repository)
        return _again(actor, found, oid, wish) if found is not None else _first(actor, repository, branch, oid, wish)


def _target(repository: Repository, name: str) -> tuple[str, str]:
    """(branch, topic): the longest beginning that is a branch. Raises Invalid."""
    parts = name.split("/")
    for depth in range(len(parts), 0, -1):
        branch = "/".join(parts[:depth])
        if len(branch) <= 200 and gitstore.ref_oid(repository.path, f"refs/heads/{branch}"):
            return branch, "/".join(parts[depth:])
    raise Invalid(_("There is no branch “%s” here.") % name[:200], field="base")


def _same(actor: Actor, repository: Repository, branch: str, topic: str) -> Pull | None:
    """The open pull request of this person with the topic."""
    rows = Pull.objects.filter(
        repository=repository, base_branch=branch, topic=topic, head_branch="", head_repository=None, thread__author=actor.person,
        thread__state=Thread.State.OPEN,
    )  # fmt: skip
    found = rows.order_by("-pk").first()
    return fresh(found) if found is not None else None


def _first(actor: Actor, repository: Repository, branch: str, oid: str, wish: Asked) -> Taken:
    base_oid = gitstore.ref_oid(repository.path, f"refs/heads/{branch}")
    ends = tips(repository, repository, base_oid, oid)
    commits = gitstore.between(repository.path, ends.merge_base, oid, limit=2)
    title = talk.clean_title((wish.title or names.title_from(wish.topic, [commit.subject for commit in commits]))[:255])
    body = talk.clean_body(wish.description or names.text_from([commit.message for commit in commits]))
    values = {"base_branch": branch, "topic": wish.topic, "is_draft": wish.draft, "maintainers_may_push": False}
    pull = start_pull(actor, repository, ends, title=title, body=body, author=actor.person, **values)
    keep_versions(pull)
    return Taken(names.head_ref(pull.number), gitstore.ZERO, oid, _said(_("Pull request #%d is open:") % pull.number, pull))


def _again(actor: Actor, pull: Pull, oid: str, wish: Asked) -> Taken:
    old = pull.head_oid
    if old == oid:
        raise Conflict(_("Pull request #%d has these commits already.") % pull.number, code="nothing_new")
    forced = not gitstore.is_ancestor(pull.repository.path, old, oid)
    if forced and not wish.force:
        told = {"number": pull.number}
        raise Conflict(
            _("This would replace the commits of pull request #%(number)d. Add “-o force-push” if you mean it, or another “-o topic=…”.")
            % told,
            code="not_forward",
        )
    tips(pull.repository, pull.repository, gitstore.ref_oid(pull.repository.path, f"refs/heads/{pull.base_branch}"), oid)
    add_version(actor, pull, source=pull.repository, head_oid=oid)
    return Taken(names.head_ref(pull.number), old, oid, _said(_("Pull request #%d has a new version:") % pull.number, pull), forced)


def _said(sentence: str, pull: Pull) -> list[str]:
    return ["", sentence, f"  {settings.BASE_URL}{pull.get_absolute_url()}", ""]
