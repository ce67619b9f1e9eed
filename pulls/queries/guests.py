"""Who may push to a branch of a fork because of a pull request."""

from core.actors import Actor, Scope
from issues.models import Thread
from projects.models import Repository
from pulls import rules
from pulls.models import Pull


def head_refs_of_guest(actor: Actor, repository: Repository) -> set[str]:
    """Branches of a fork that people who may write to the base may push to, as long as the pull request is open and its author lets them."""
    if actor.person is None or not actor.may(Scope.WRITE) or repository.is_archived:
        return set()
    if actor.repositories is not None and repository.pk not in actor.repositories:
        return set()
    rows = Pull.objects.filter(head_repository=repository, maintainers_may_push=True, thread__state=Thread.State.OPEN)
    rows = rows.exclude(repository=repository).exclude(head_branch="").select_related("repository__namespace", "thread__author")
    found = set()
    for pull in rows.order_by("pk")[:100]:
        pull.head_repository = repository
        if rules.may_push_to_fork(actor, pull):
            found.add(f"refs/heads/{pull.head_branch}")
    return found
