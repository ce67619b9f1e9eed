"""Who may do what with issues, and with the talk of pull requests."""

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from accounts.models import Namespace
from core.actors import Actor, Scope
from core.rules import ALLOW, HIDE, Decision, needs, refuse
from issues.models import Board, Comment, Counter, Thread
from projects import rules as projects_rules
from projects.logic import includes
from projects.models import Repository


def threads_readable_by(actor: Actor) -> Q:
    """Condition on Thread: those of repositories that the actor may read and that are not taken down."""
    readable = Repository.objects.filter(projects_rules.readable_by(actor))
    if not actor.is_staff:
        readable = readable.filter(taken_down_at=None)
    return Q(repository__in=readable.values("pk"))


def issues_are_on(repository: Repository, chosen: bool | None) -> bool:
    """Whether the repository has issues: as its maintainers chose, else all but mirrors (theirs are where they come from) and data sets."""
    if chosen is not None:
        return chosen
    return not projects_rules.is_mirror(repository)


def has_issues(repository: Repository) -> bool:
    """The same, asking the row (none if `thread_counter` was selected with the repository)."""
    counter: Counter | None = getattr(repository, "thread_counter", None)
    return issues_are_on(repository, counter.has_issues if counter is not None else None)


def is_shown(thread: Thread) -> bool:
    """An issue of a repository that has issues, or a pull request; no query if `repository__thread_counter` and `repository__mirror` are selected."""
    if not thread.is_issue:
        return True
    counter: Counter | None = getattr(thread.repository, "thread_counter", None)
    return issues_are_on(thread.repository, counter.has_issues if counter is not None else None)


def can_read(actor: Actor, thread: Thread) -> Decision:
    """Whoever may read the repository, while its issues are on; pull requests do not depend on that."""
    decision = projects_rules.can_read(actor, thread.repository)
    return HIDE if decision and not is_shown(thread) else decision


def _taking_part(actor: Actor, repository: Repository) -> Decision:
    """A person who may read, in a repository that is not archived."""
    if not (readable := projects_rules.can_read(actor, repository)):
        return readable
    if (refusal := needs(actor, Scope.WRITE)) is not None:
        return refusal
    if actor.is_system:
        return ALLOW
    if actor.person is None:
        return refuse(_("Only people can do this."))
    if actor.repositories is not None and repository.pk not in actor.repositories:
        return refuse(_("This token is limited to other repositories."), "scope")
    if repository.is_archived:
        return refuse(_("This repository is archived; it can only be read."), "archived")
    return ALLOW


def can_open(actor: Actor, repository: Repository) -> Decision:
    """New issues: any person who may read the repository."""
    decision = _taking_part(actor, repository)
    if decision and not has_issues(repository):
        return refuse(_("This project has no issues here."), "off")
    return decision


def can_attach(actor: Actor, repository: Repository) -> Decision:
    """Files in texts: whoever may take part there, in issues or in pull requests."""
    return _taking_part(actor, repository)


def can_triage(actor: Actor, repository: Repository) -> Decision:
    """Labels, milestones, assignees, closing what others wrote, locking, pinning: write access or more."""
    decision = _taking_part(actor, repository)
    if decision and not includes(projects_rules.access(actor, repository), "write"):
        return refuse(_("You need write access to this repository."))
    return decision


def can_comment(actor: Actor, thread: Thread) -> Decision:
    """Any person who may read it; a locked talk goes on among those with write access."""
    decision = _taking_part(actor, thread.repository)
    if decision and not is_shown(thread):
        return HIDE
    if decision and thread.is_locked and not can_triage(actor, thread.repository):
        return refuse(_("This talk is locked."), "locked")
    return decision


def is_author(actor: Actor, row: Thread | Comment) -> bool:
    """The person who asks wrote it."""
    return actor.person is not None and row.author_id == actor.person.pk


def can_change_state(actor: Actor, thread: Thread) -> Decision:
    """Closing and reopening: the author, and those with write access. What somebody else closed, the author does not reopen."""
    decision = _taking_part(actor, thread.repository)
    if not decision or can_triage(actor, thread.repository):
        return decision
    if not is_author(actor, thread):
        return refuse(_("Only the author and people with write access close or reopen this."))
    if thread.is_locked:
        return refuse(_("This talk is locked."), "locked")
    closed_by_other = not thread.is_open and thread.closed_by_id is not None and thread.closed_by_id != thread.author_id
    return refuse(_("Somebody else closed this. Ask a maintainer to reopen it.")) if closed_by_other else ALLOW


def can_edit(actor: Actor, thread: Thread) -> Decision:
    """Title and body: the author, and those with write access (marked “edited by”)."""
    return _own_or_triage(actor, thread.repository, is_author(actor, thread), thread.is_locked)


def can_edit_comment(actor: Actor, comment: Comment) -> Decision:
    """The author, and maintainers (marked “edited by”)."""
    return _own_or_triage(actor, comment.thread.repository, is_author(actor, comment), comment.thread.is_locked)


def can_delete_comment(actor: Actor, comment: Comment) -> Decision:
    """The author, and those with write access."""
    return can_edit_comment(actor, comment)


def _own_or_triage(actor: Actor, repository: Repository, own: bool, is_locked: bool) -> Decision:
    decision = _taking_part(actor, repository)
    if not decision or can_triage(actor, repository):
        return decision
    if not own:
        return refuse(_("Only the author and people with write access change this."))
    return refuse(_("This talk is locked."), "locked") if is_locked else ALLOW


def can_set_up(actor: Actor, repository: Repository) -> Decision:
    """Turning issues on and off: administrators of the repository."""
    return projects_rules.can_administer(actor, repository)


def can_make_board(actor: Actor, owner: Repository | Namespace) -> Decision:
    """Boards: of a repository, those who triage there; of an organisation, its maintainers and owners."""
    if isinstance(owner, Repository):
        return can_triage(actor, owner)
    if not can_see_boards(actor, owner):
        return HIDE
    return accounts_rules.can_create_in_organization(actor, owner.organization)


def can_see_boards(actor: Actor, owner: Repository | Namespace) -> Decision:
    """Of a repository: whoever reads it. Of an organisation: its members; a name of a column may tell what is not for others."""
    if isinstance(owner, Repository):
        return projects_rules.can_read(actor, owner) if has_issues(owner) else HIDE
    if owner.kind != Namespace.Kind.ORGANIZATION or actor.repositories is not None:
        return HIDE
    return ALLOW if actor.is_staff or accounts_rules.role_in(actor, owner.organization) else HIDE


def can_read_board(actor: Actor, board: Board) -> Decision:
    """As for all boards of its owner; cards are asked for one by one."""
    owner = board.repository or board.namespace
    return can_see_boards(actor, owner) if owner is not None else HIDE


def can_change_board(actor: Actor, board: Board) -> Decision:
    """Columns and cards: those who triage; members of the organisation on its boards."""
    if not (readable := can_read_board(actor, board)):
        return readable
    if board.repository is not None:
        return can_triage(actor, board.repository)
    refusal = needs(actor, Scope.WRITE)
    return ALLOW if refusal is None else refusal
