"""What a dispatch says, composed when it is sent, for what the hook's owner may see then."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import gitstore
from accounts import rules as people_rules
from accounts.models import User
from activity.logic.chats import Message
from activity.models import Dispatch, Happens, Hook
from activity.queries import shapes
from core.actors import Actor
from core.filenames import quoted
from core.places import Place
from projects import queries as projects
from projects import rules
from projects.models import Release, Repository
from projects.places import ZERO

COMMITS_MOST = 50
SHOWN = 5  # commits in a chat


class Hidden(Exception):
    """Its owner may not see it, or it is gone."""


@dataclass
class Telling:
    """What the builders of a kind need, and fill: `github` joins the payload, `ours` stands under the event's name, `message` is for chats."""

    actor: Actor
    dispatch: Dispatch
    repository: Repository
    sender: User | None
    github: dict[str, Any] = field(default_factory=dict)
    ours: dict[str, Any] = field(default_factory=dict)
    message: Message = field(default_factory=lambda: Message("", ""))

    @property
    def about(self) -> dict[str, Any]:
        """Ids and names noted when it happened."""
        found: dict[str, Any] = self.dispatch.about
        return found

    @property
    def who(self) -> str:
        """The shown name of whoever did it."""
        return self.sender.shown_name if self.sender else _("Somebody")

    def person(self, pk: int) -> User | None:
        """Somebody named by id."""
        return User.objects.filter(pk=pk).first()

    def say(self, title: str, url: str = "", lines: list[tuple[str, str]] | None = None) -> None:
        """What a chat reads; the repository stands before the title."""
        self.message = Message(f"[{self.repository}] {title}", url or shapes.address(self.repository), lines or [])


builders: Place[tuple[str, Callable[[Telling], None]]] = Place("what webhooks say of a kind")


def readable(actor: Actor, hook: Hook, repository_id: int) -> Repository:
    """The repository of a dispatch, counted. Raises Hidden if the owner may not read it, or it left the organization."""
    found = projects.repositories(actor).filter(pk=repository_id, taken_down_at=None).first()
    if found is None or (hook.organization is not None and found.namespace_id != hook.organization.namespace_id):
        raise Hidden
    return found


def telling(actor: Actor, hook: Hook, dispatch: Dispatch) -> Telling:
    """Everything a format is made from. Raises Hidden."""
    row = readable(actor, hook, dispatch.about["repository"])
    by = dispatch.about.get("by")
    told = Telling(actor, dispatch, row, User.objects.filter(pk=by).first() if by else None)
    build = dict(builders).get(dispatch.kind)
    if build is None:
        raise Hidden
    build(told)
    return told


def _branch_or_tag(ref: str) -> tuple[str, str]:
    """("branch" | "tag", short name)."""
    return ("branch", ref.removeprefix("refs/heads/")) if ref.startswith("refs/heads/") else ("tag", ref.removeprefix("refs/tags/"))


def _commits(told: Telling, old: str, new: str) -> list[gitstore.Commit]:
    """Of the push, oldest first; of a new branch, what the default branch has not. Gone objects: none."""
    path, row = told.repository.path, told.repository
    try:
        start = "" if old == ZERO else old
        if not start:
            default = gitstore.ref_oid(path, f"refs/heads/{row.default_branch}")
            start = "" if not default or told.about["ref"] == f"refs/heads/{row.default_branch}" else default
        return gitstore.between(path, start, new, limit=COMMITS_MOST)[::-1]
    except gitstore.GitError:
        return []


def _push(told: Telling) -> None:
    about, row = told.about, told.repository
    ref, old, new = about["ref"], about["old"], about["new"]
    kind, name = _branch_or_tag(ref)
    commits = _commits(told, old, new) if new != ZERO and kind == "branch" else []
    known = projects.authors(commits) if commits else {}
    printed = [shapes.github_commit(row, one, known) for one in commits]
    try:
        forced = ZERO not in (old, new) and kind == "branch" and not gitstore.is_ancestor(row.path, old, new)
    except gitstore.GitError:
        forced = True
    compare = f"{shapes.address(row)}/compare/{old[:12]}...{new[:12]}" if ZERO not in (old, new) else shapes.address(row)
    told.github = {
        "ref": ref, "before": old, "after": new, "created": old == ZERO, "deleted": new == ZERO, "forced": forced, "base_ref": None,
        "compare": compare, "commits": printed, "head_commit": printed[-1] if printed else None,
        "pusher": {"name": told.sender.username if told.sender else "ghost", "email": ""},
    }  # fmt: skip
    told.ours = {key: told.github[key] for key in ("ref", "before", "after", "created", "deleted", "forced", "compare", "commits")}
    lines = [
        (f"{one.oid[:8]} {one.subject[:120]} · {one.author.name}", f"{shapes.address(row)}/commit/{one.oid}") for one in commits[-SHOWN:]
    ]
    page = f"{shapes.address(row)}/commits/{quoted(name)}" if new != ZERO else shapes.address(row)
    words = {"who": told.who, "name": name, "n": len(commits)}
    if new == ZERO:
        title = _("%(who)s deleted %(name)s") % words
    elif forced:
        title = _("%(who)s replaced the history of %(name)s") % words
    else:
        title = ngettext("%(who)s pushed %(n)d commit to %(name)s", "%(who)s pushed %(n)d commits to %(name)s", len(commits)) % words
    told.say(title, page, lines)


def _create(told: Telling) -> None:
    kind, name = _branch_or_tag(told.about["ref"])
    told.github = {
        "ref": name, "ref_type": kind, "master_branch": told.repository.default_branch, "description": told.repository.description or None,
        "pusher_type": "user",
    }  # fmt: skip
    told.ours = {"ref": told.about["ref"], "name": name, "type": kind, "oid": told.about["new"]}
    words = {"who": told.who, "name": name}
    title = _("%(who)s made the branch %(name)s") % words if kind == "branch" else _("%(who)s made the tag %(name)s") % words
    told.say(title, f"{shapes.address(told.repository)}/tree/{quoted(name)}")


def _delete(told: Telling) -> None:
    kind, name = _branch_or_tag(told.about["ref"])
    told.github = {"ref": name, "ref_type": kind, "pusher_type": "user"}
    told.ours = {"ref": told.about["ref"], "name": name, "type": kind}
    words = {"who": told.who, "name": name}
    told.say(_("%(who)s deleted the branch %(name)s") % words if kind == "branch" else _("%(who)s deleted the tag %(name)s") % words)


def _release(told: Telling) -> None:
    rows = Release.objects.select_related("author").prefetch_related("assets")
    release = rows.filter(pk=told.about["release"], repository=told.repository, is_draft=False).first()
    if release is None:
        raise Hidden
    told.sender = told.sender or release.author
    printed = shapes.github_release(told.repository, release)
    told.github, told.ours = {"release": printed}, printed
    title = _("%(who)s published %(name)s") % {"who": told.who, "name": release.title or release.tag}
    told.say(title, printed["html_url"], [(release.notes.strip()[:500], "")] if release.notes.strip() else [])


def _star(told: Telling) -> None:
    told.github, told.ours = {"starred_at": told.dispatch.created_at.isoformat()}, {"stars": getattr(told.repository, "stars_total", 0)}
    told.say(_("%(who)s starred it") % {"who": told.who}, "", [(f"★ {told.ours['stars']}", "")])


def _fork(told: Telling) -> None:
    fork = projects.repositories(told.actor).filter(pk=told.about["fork"], taken_down_at=None).first()
    if fork is None:
        raise Hidden
    told.github, told.ours = {"forkee": shapes.github_repository(fork)}, {"fork": shapes.our_repository(fork)}
    told.say(_("%(who)s forked it to %(name)s") % {"who": told.who, "name": fork}, shapes.address(fork))


def _repository(told: Telling) -> None:
    old, new = told.about.get("old", ""), told.about.get("new", "")
    if told.dispatch.action == "renamed":
        told.github = {"changes": {"repository": {"name": {"from": old.rpartition("/")[2]}}}}
    told.ours = {key: value for key, value in (("old", old), ("new", new)) if value}
    words = {"who": told.who, "name": old}
    told.say({
        "created": _("%(who)s made this repository"), "renamed": _("It was called %(name)s before"), "publicized": _("It is public now"),
        "privatized": _("It is not public any more"),
    }[told.dispatch.action] % words)  # fmt: skip


for _kind, _builder in (
    (Happens.PUSH, _push), (Happens.CREATE, _create), (Happens.DELETE, _delete), (Happens.RELEASE, _release), (Happens.STAR, _star),
    (Happens.FORK, _fork), (Happens.REPOSITORY, _repository),
):  # fmt: skip
    builders.add((_kind.value, _builder))


def hook_stop(hook: Hook, owners: dict[int, Actor] | None = None) -> str:
    """Why a hook sends nothing although it is on: its owner may not administer (any more); "" if nothing stops it.

    `owners` keeps what was asked of each owner, for lists.
    """
    owner = hook.owner
    if owner is None or not owner.is_active or owner.state != User.State.ACTIVE:
        return _("The account of whoever saved it last is gone. It sends again when an administrator saves it.")
    actor = (owners if owners is not None else {}).setdefault(owner.pk, Actor(person=owner))
    if hook.repository is not None:
        if hook.repository.deleted_at is not None or hook.repository.taken_down_at is not None:
            return _("The repository is deleted or taken down.")
        may = bool(rules.can_administer(actor, hook.repository))
    else:
        may = (
            hook.organization is not None
            and hook.organization.deleted_at is None
            and bool(people_rules.can_administer_organization(actor, hook.organization))
        )
    return "" if may else _("Whoever saved it last may not administer this any more. It sends again when an administrator saves it.")
