"""Who may do what to repositories. `readable_by` is the one definition of reading."""

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from accounts.models import Membership, Namespace, User
from core.actors import Actor, Scope
from core.errors import TakenDown
from core.rules import ALLOW, HIDE, Decision, needs, refuse
from projects.logic import ROLE_ACCESS, highest, includes
from projects.models import Collaborator, DeployKey, Mirror, Repository, TeamAccess, Visibility


def readable_by(actor: Actor) -> Q:
    """Condition on Repository: what the actor may read. Deleted ones never; a token's list narrows it."""
    alive = Q(deleted_at=None)
    if actor.is_staff:
        return alive & _narrowed(actor)
    if not actor.may(Scope.READ):
        return Q(pk__in=[])
    if actor.deploy_key is not None:
        return alive & Q(pk__in=DeployKey.objects.filter(key_id=actor.deploy_key).values("repository_id"))
    if actor.person is None:
        return alive & Q(visibility=Visibility.PUBLIC)
    person = actor.person
    return alive & _narrowed(actor) & (Q(visibility__in=(Visibility.PUBLIC, Visibility.INTERNAL)) | belongs_to(person))


def belongs_to(person: User) -> Q:
    """Condition on Repository: the person's own, their organisations', and those shared with them or their teams."""
    return (
        Q(namespace_id=person.namespace_id)
        | Q(namespace__in=Membership.objects.filter(user=person).values("organization__namespace"))
        | Q(pk__in=Collaborator.objects.filter(user=person).values("repository_id"))
        | Q(pk__in=TeamAccess.objects.filter(team__members=person).values("repository_id"))
    )


def _narrowed(actor: Actor) -> Q:
    """A token limited to some repositories sees private things only there; public ones stay public."""
    if actor.repositories is None:
        return Q()
    return Q(visibility=Visibility.PUBLIC) | Q(pk__in=actor.repositories)


def access(actor: Actor, repository: Repository) -> str:
    """The actor's access level ("" | read | write | maintain | admin); at most four queries, once per request and repository."""
    key = ("access", repository.pk)
    if key not in actor.memo:
        actor.memo[key] = _access(actor, repository)
    return str(actor.memo[key])


def _access(actor: Actor, repository: Repository) -> str:
    if repository.deleted_at is not None and not actor.is_system:
        return ""
    public = "read" if repository.visibility == Visibility.PUBLIC else ""
    if actor.is_system:
        return "admin"
    if actor.repositories is not None and repository.pk not in actor.repositories:
        return public
    if actor.is_staff:
        return "admin"
    if actor.deploy_key is not None:
        key = DeployKey.objects.filter(key_id=actor.deploy_key, repository=repository).first()
        return "" if key is None else "write" if key.can_write else "read"
    if actor.person is None:
        return public
    return highest(public, *_granted(actor, repository))


def _granted(actor: Actor, repository: Repository) -> list[str]:
    person = actor.person
    if person is None:
        return []
    if repository.namespace_id == person.namespace_id:
        return ["admin"]
    levels = ["read" if repository.visibility == Visibility.INTERNAL else ""]
    if repository.namespace.kind == Namespace.Kind.ORGANIZATION:
        role = Membership.objects.filter(organization__namespace_id=repository.namespace_id, user=person).values_list("role", flat=True)
        levels += [ROLE_ACCESS[held] for held in role]
    levels += Collaborator.objects.filter(repository=repository, user=person).values_list("access", flat=True)
    levels += TeamAccess.objects.filter(repository=repository, team__members=person).values_list("access", flat=True)
    return levels


def can_read(actor: Actor, repository: Repository) -> Decision:
    """Reading pages, API and Git. Raises TakenDown (451) for a repository removed by order, except for staff."""
    if not access(actor, repository) or not actor.may(Scope.READ):
        return HIDE
    if repository.taken_down_at is not None and not actor.is_staff:
        raise TakenDown(repository.taken_down_reason)
    return ALLOW


def _needs(actor: Actor, repository: Repository, level: str, scope: Scope) -> Decision:
    if not (readable := can_read(actor, repository)):
        return readable
    if (refusal := needs(actor, scope)) is not None:
        return refusal
    if not includes(access(actor, repository), level):
        reasons = {
            "write": _("You need write access to this repository."),
            "maintain": _("You need to be a maintainer of this repository."),
            "admin": _("You need to be an administrator of this repository."),
        }
        return refuse(reasons[level])
    return ALLOW


def is_mirror(repository: Repository) -> bool:
    """True if its branches come from another host; no query if the mirror was selected with the repository."""
    mirror: Mirror | None = getattr(repository, "mirror", None)
    return mirror is not None and mirror.state != Mirror.States.PROMOTED


def can_curate(actor: Actor) -> Decision:
    """The catalogue of mirrors: listing, categories, nominations. The site's administrators do it; others learn nothing."""
    return accounts_rules.can_administer_site(actor)


def can_ask_for_mirror(actor: Actor, repository: Repository) -> Decision:
    """“Sync now”: anyone signed in who may read it."""
    return can_star(actor, repository)


def can_push(actor: Actor, repository: Repository) -> Decision:
    """Pushing at all, and editing in the browser (protections decide per ref)."""
    decision = _needs(actor, repository, "write", Scope.WRITE)
    if decision and is_mirror(repository):
        return refuse(_("This is a mirror; it follows another host. Push there, or fork it."), "mirror")
    if decision and repository.is_archived:
        return refuse(_("This repository is archived; it can only be read."), "archived")
    return decision


def can_set_status(actor: Actor, repository: Repository) -> Decision:
    """Statuses and check runs of commits, of a mirror's too: whoever may write, with a credential that may."""
    decision = _needs(actor, repository, "write", Scope.WRITE)
    if decision and repository.is_archived:
        return refuse(_("This repository is archived; it can only be read."), "archived")
    return decision


def can_maintain(actor: Actor, repository: Repository) -> Decision:
    """Releases, topics, description."""
    decision = _needs(actor, repository, "maintain", Scope.WRITE)
    if decision and repository.is_archived:
        return refuse(_("This repository is archived; it can only be read."), "archived")
    return decision


def can_administer(actor: Actor, repository: Repository) -> Decision:
    """Settings, collaborators, keys, protections, rename, transfer, archive, delete."""
    return _needs(actor, repository, "admin", Scope.ADMIN)


def can_push_elsewhere(actor: Actor, repository: Repository) -> Decision:
    """Push mirrors: its code goes to other hosts by itself, so maintainers and above, with a credential that may administer."""
    return _needs(actor, repository, "maintain", Scope.ADMIN)


def can_fork(actor: Actor, repository: Repository) -> Decision:
    """Anyone signed in who may read it; an empty repository has nothing to fork."""
    if not (readable := can_read(actor, repository)):
        return readable
    if (refusal := needs(actor, Scope.WRITE)) is not None:
        return refusal
    if actor.person is None:
        return refuse(_("Only people can fork."))
    if repository.is_empty:
        return refuse(_("An empty repository cannot be forked."), "empty")
    return ALLOW


def can_star(actor: Actor, repository: Repository) -> Decision:
    """Anyone signed in who may read it."""
    if not (readable := can_read(actor, repository)):
        return readable
    if actor.repositories is not None and repository.pk not in actor.repositories:
        return refuse(_("This token is limited to other repositories."), "scope")
    refusal = needs(actor, Scope.WRITE)
    return ALLOW if refusal is None else refusal


def can_create_in(actor: Actor, namespace: Namespace) -> Decision:
    """Repositories under one's own name, and under organisations as maintainer or owner."""
    if (refusal := needs(actor, Scope.WRITE)) is not None:
        return refusal
    if actor.repositories is not None:
        return refuse(_("This token is limited to some repositories; it cannot create others."), "scope")
    if actor.is_staff or (actor.person is not None and namespace.pk == actor.person.namespace_id):
        return ALLOW
    if namespace.kind == Namespace.Kind.ORGANIZATION:
        return accounts_rules.can_create_in_organization(actor, namespace.organization)
    return refuse(_("You cannot create repositories under this name."))


def can_restore(actor: Actor, repository: Repository) -> Decision:
    """Undo of a deletion: whoever may create under the name. Others learn nothing."""
    return ALLOW if can_create_in(actor, repository.namespace) else HIDE
