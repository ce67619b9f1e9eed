"""Who may do what to pull requests, and what must be so before one is merged. Reading is reading the base repository."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.actors import Actor, Scope
from core.rules import ALLOW, HIDE, Decision, needs, refuse
from issues import rules as talk
from projects import rules as hosting
from projects.logic import includes, matching_pattern
from projects.models import Protection, Repository
from pulls.models import LineComment, MergeSettings, Method, Pull


def readable_by(actor: Actor) -> Q:
    """Condition on Pull: those of repositories the actor may read."""
    return Q(repository__in=Repository.objects.filter(hosting.readable_by(actor), taken_down_at=None).values("pk"))


def settings_of(repository: Repository) -> MergeSettings:
    """The repository's row, or the defaults; asked once for a row that was loaded with the repository."""
    try:
        return repository.merge_settings
    except MergeSettings.DoesNotExist:
        return MergeSettings(repository=repository)


def can_open(actor: Actor, repository: Repository) -> Decision:
    """Anyone signed in who may read the base; pushing to the head is asked where the head is known."""
    if not (readable := hosting.can_read(actor, repository)):
        return readable
    if (refusal := needs(actor, Scope.WRITE)) is not None:
        return refusal
    if actor.repositories is not None and repository.pk not in actor.repositories:
        return refuse(_("This token is limited to other repositories."), "scope")
    if actor.person is None and not actor.is_system:
        return refuse(_("Only people can open pull requests."))
    if actor.repositories is not None and repository.pk not in actor.repositories:
        return refuse(_("This token is limited to other repositories."), "scope")
    if repository.is_archived:
        return refuse(_("This repository is archived; it can only be read."), "archived")
    if hosting.is_mirror(repository):
        return refuse(_("This is a mirror; propose changes where it comes from."), "mirror")
    if not settings_of(repository).pulls_enabled:
        return refuse(_("Pull requests are switched off in this repository."), "pulls_off")
    return ALLOW


def can_edit(actor: Actor, pull: Pull) -> Decision:
    """Title, text, base branch, draft, close, reopen: the author, and whoever may write."""
    if not (may := _may_act(actor, pull)):
        return may
    if is_author(actor, pull) or can_write(actor, pull):
        return ALLOW
    return refuse(_("Only the author and people with write access may do this."))


def can_review(actor: Actor, pull: Pull) -> Decision:
    """Comments on lines and verdicts: whoever may comment."""
    if not (may := _may_act(actor, pull)):
        return may
    return talk.can_comment(actor, pull.thread)


def can_judge(actor: Actor, pull: Pull) -> Decision:
    """Approve or request changes: not on one's own proposal."""
    if not (may := can_review(actor, pull)):
        return may
    if is_author(actor, pull):
        return refuse(_("You cannot approve your own pull request, nor ask yourself for changes."), "own_pull")
    if not pull.is_open:
        return refuse(_("This pull request is closed."), "closed")
    return ALLOW


def can_mark(actor: Actor, pull: Pull) -> Decision:
    """Remember what one has looked at: anyone signed in who may read it."""
    if not (readable := hosting.can_read(actor, pull.repository)):
        return readable
    if actor.repositories is not None and pull.repository_id not in actor.repositories:
        return refuse(_("This token is limited to other repositories."), "scope")
    return refusal if (refusal := needs(actor, Scope.WRITE)) is not None else ALLOW


def can_change_comment(actor: Actor, comment: LineComment) -> Decision:
    """Words on lines: who wrote them, and whoever may write to the base (never what is not sent yet)."""
    pull = comment.thread.pull
    if not (may := _may_act(actor, pull)):
        return may
    if actor.person is not None and comment.author_id == actor.person.pk:
        return ALLOW
    if comment.review is not None and comment.review.submitted_at is None:
        return HIDE
    return ALLOW if can_write(actor, pull) else refuse(_("Only the author and people with write access change this."))


def can_ask_for_review(actor: Actor, pull: Pull) -> Decision:
    """The author, and whoever may write."""
    return can_edit(actor, pull)


def can_dismiss(actor: Actor, pull: Pull) -> Decision:
    """Take a verdict out of the count: maintainers."""
    if not (may := _may_act(actor, pull)):
        return may
    if not includes(hosting.access(actor, pull.repository), "maintain"):
        return refuse(_("You need to be a maintainer of this repository."))
    return ALLOW


def can_resolve(actor: Actor, pull: Pull) -> Decision:
    """Mark conversations as resolved: the author, and whoever may write."""
    return can_edit(actor, pull)


def can_apply(actor: Actor, pull: Pull) -> Decision:
    """Commit suggestions onto the head branch: who may push there, and maintainers of the base where the author lets them."""
    if not (may := _may_act(actor, pull)):
        return may
    if not pull.is_open:
        return refuse(_("This pull request is closed."), "closed")
    head = pull.head_repository
    if head is None or not pull.head_branch or head.deleted_at is not None:
        return refuse(_("The branch of this pull request is gone."), "no_branch")
    if hosting.can_push(actor, head) or may_push_to_fork(actor, pull):
        return ALLOW
    return refuse(_("You may not push to the branch of this pull request."))


def can_let_push(actor: Actor, pull: Pull) -> Decision:
    """Let maintainers of the base push to the head branch: the author, and whoever may push there anyway."""
    if not (may := _may_act(actor, pull)):
        return may
    head = pull.head_repository
    if is_author(actor, pull) or (head is not None and hosting.can_push(actor, head)):
        return ALLOW
    return refuse(_("Only the author may do this."))


def may_push_to_fork(actor: Actor, pull: Pull) -> bool:
    """True for those who may write to the base, if the author allowed it: they may push to the head branch alone."""
    head = pull.head_repository
    if head is None or not pull.is_open or not pull.maintainers_may_push or head.pk == pull.repository_id:
        return False
    author = pull.thread.author
    if author is None or head.is_archived or head.deleted_at is not None:
        return False
    return can_write(actor, pull)


def can_change_settings(actor: Actor, repository: Repository) -> Decision:
    """How a repository merges."""
    return hosting.can_administer(actor, repository)


def is_author(actor: Actor, pull: Pull) -> bool:
    """True if the actor opened it."""
    return actor.person is not None and pull.thread.author_id == actor.person.pk


def can_write(actor: Actor, pull: Pull) -> bool:
    """True with write access to the base."""
    return includes(hosting.access(actor, pull.repository), "write")


def _may_act(actor: Actor, pull: Pull) -> Decision:
    if not (readable := hosting.can_read(actor, pull.repository)):
        return readable
    if (refusal := needs(actor, Scope.WRITE)) is not None:
        return refusal
    if actor.repositories is not None and pull.repository_id not in actor.repositories:
        return refuse(_("This token is limited to other repositories."), "scope")
    if pull.repository.is_archived:
        return refuse(_("This repository is archived; it can only be read."), "archived")
    return ALLOW


# Merging


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the merge box: `state` ok | note | wait | bad, a sentence, a stable code. What waits or is bad hinders."""

    state: str
    text: str
    code: str

    @property
    def hinders(self) -> bool:
        """True if it must change before a merge."""
        return self.state in ("wait", "bad")


def protection_of(repository: Repository, branch: str) -> Protection | None:
    """The rule that holds for a branch: the longest pattern that matches."""
    rows = {row.pattern: row for row in repository.protections.filter(kind=Protection.Kind.BRANCH).prefetch_related("push_users")}
    return rows.get(matching_pattern(list(rows), branch))


def can_merge(actor: Actor, pull: Pull, protection: Protection | None) -> Decision:
    """Whether the person may press the button at all; `protection` is that of the base branch (None for none)."""
    if not (may := _may_act(actor, pull)):
        return may
    if hosting.is_mirror(pull.repository):
        return refuse(_("This is a mirror; it follows another host. Push there, or fork it."), "mirror")
    level = protection.merge_access if protection is not None else "write"
    held = hosting.access(actor, pull.repository)
    listed = protection is not None and actor.person is not None and actor.person in protection.push_users.all() and includes(held, "write")
    if level == "nobody" and not listed:
        return refuse(_("The rule of the branch “%s” lets nobody merge here.") % pull.base_branch, "protected")
    if not listed and not includes(held, level if level != "read" else "write"):
        reasons = {
            "write": _("You need write access to this repository."),
            "maintain": _("You need to be a maintainer of this repository."),
            "admin": _("You need to be an administrator of this repository."),
        }
        return refuse(reasons.get(level, reasons["write"]))
    return ALLOW


def methods(settings: MergeSettings, protection: Protection | None) -> list[Method]:
    """Methods the repository allows, the default one first; a linear history has no merge commits."""
    allowed = [
        method
        for method, on in (
            (Method.MERGE, settings.allow_merge),
            (Method.SQUASH, settings.allow_squash),
            (Method.REBASE, settings.allow_rebase),
            (Method.FORWARD, settings.allow_forward),
        )
        if on and not (method == Method.MERGE and protection is not None and protection.linear_history)
    ]
    return sorted(allowed, key=lambda method: method != settings.default_method)


def state_reasons(pull: Pull) -> list[Reason]:
    """What the pull request itself says: closed, draft, conflicts."""
    found = []
    if pull.is_merged:
        return [Reason("bad", _("It is merged already."), "merged")]
    if not pull.is_open:
        found.append(Reason("bad", _("This pull request is closed."), "closed"))
    if pull.is_draft:
        found.append(Reason("bad", _("It is a draft; the author has not said that it is ready."), "draft"))
    return [*found, _mergeability(pull)]


def _mergeability(pull: Pull) -> Reason:
    words = Pull.Mergeability
    if not pull.is_checked or pull.mergeability == words.UNKNOWN:
        return Reason("wait", _("Looking for conflicts with “%s”…") % pull.base_branch, "checking")
    if pull.mergeability in (words.CLEAN, words.FORWARD):
        return Reason("ok", _("No conflicts with “%s”.") % pull.base_branch, "clean")
    if pull.mergeability == words.CONTAINED:
        return Reason("bad", _("“%s” has all of these commits already.") % pull.base_branch, "contained")
    if pull.mergeability == words.FAILED:
        return Reason(
            "bad", _("These commits cannot be merged into “%s”: they share no history, or Git gave up.") % pull.base_branch, "failed"
        )
    count = len(pull.conflicts)
    text = ngettext(
        "%(count)d file conflicts with “%(branch)s”.", "%(count)d files conflict with “%(branch)s”.", count
    ) % {"count": count, "branch": pull.base_branch}  # fmt: skip
    return Reason("bad", text, "conflicts")
