"""Between mirror and hosted: a project whose owners move here, and one whose owners move away. Forks, stars, watches and links stay."""

from urllib.parse import quote

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from accounts.models import Namespace
from core import events
from core.actors import Actor
from core.errors import Conflict, Invalid, Unavailable
from core.outgoing import Target, check_url, streamed
from core.secrets import encrypt
from projects import fetching, rules
from projects.commands.mirrors import clean_filters
from projects.commands.settings import rename_repository, transfer_repository
from projects.events import MirrorAsked, RepositoryChanged
from projects.mirrors import addresses, outbound, states
from projects.mirrors.advertisement import NotGit
from projects.mirrors.states import State, Turn
from projects.models import Mirror, MirrorKey, Repository
from projects.queries.pushing import is_ourselves

NAMED = 10  # branches a sentence names
TIPS = 50  # of the other side, asked whether they reach a commit of ours
AGENT = {"User-Agent": "git/2.39 (OpenI mirror)"}


def promote_mirror(actor: Actor, mirror: Mirror, *, to: Namespace | None = None, name: str = "") -> Repository:
    """The project lives here from now on, under `to` if given: pushes are taken, nothing is fetched, the old address leads to the new one.

    Raises NotFound or Forbidden (rules.can_administer, rules.can_create_in), Conflict (not filled, being fetched, name taken), Invalid.
    Publishes RepositoryChanged, and RepositoryRenamed if it moves.
    """
    repository = mirror.repository
    rules.can_administer(actor, repository).require()
    if mirror.filled_at is None:
        raise Conflict(_("Nothing has been copied yet."))
    if to is not None and to.kind == Namespace.Kind.HOST:
        raise Invalid(_("Name a person or an organization of this site."), field="namespace")
    with transaction.atomic():
        _turn(mirror, Turn.PROMOTE, {"credentials_encrypted": "", "is_urgent": False})
        MirrorKey.objects.filter(mirror=mirror).delete()
        Repository.objects.filter(pk=repository.pk).update(updated_at=timezone.now())
        events.publish(RepositoryChanged(repository_id=repository.pk))
        if to is not None and to.pk != repository.namespace_id:
            transfer_repository(actor, repository, to=to, confirmation=str(repository))
        if name and name != repository.name:
            rename_repository(actor, repository, name=name)
    return repository


def _turn(mirror: Mirror, turn: Turn, values: dict[str, object]) -> None:
    """Raises Conflict where the turn cannot happen, or a worker is at it: what it fetches would come over what is pushed here."""
    try:
        to = states.after(mirror.state, turn)
    except KeyError as error:
        raise Conflict(_("This is not possible in its present state.")) from error
    idle = Q(leased_until=None) | Q(leased_until__lte=timezone.now())
    turned = Mirror.objects.filter(idle, pk=mirror.pk, state=mirror.state).update(
        state=to, cause="", said="", failures=0, lease="", leased_until=None, **values
    )
    if not turned:
        raise Conflict(_("It is being fetched at the moment. Try again in a minute."), code="busy")
    mirror.state = to


def follow_upstream(
    actor: Actor,
    repository: Repository,
    *,
    address: str,
    username: str = "",
    password: str = "",
    branches: list[str] | None = None,
    tags: list[str] | None = None,
    confirmed: bool = False,
) -> Mirror:
    """A hosted repository becomes the mirror of another host; nobody pushes to it any more.

    The other side is asked for its branches and tags first. Commits that it may not have are let go by a tick alone; they stay under hidden
    refs for 30 days. Raises NotFound or Forbidden (rules.can_administer), Invalid (address, ourselves, filters, would_lose), Conflict (a mirror,
    archived, mirrored already), Unavailable. Publishes MirrorAsked and RepositoryChanged.
    """
    rules.can_administer(actor, repository).require()
    if rules.is_mirror(repository):
        raise Conflict(_("This is a mirror already."))
    if repository.is_archived:
        raise Conflict(_("This repository is archived; it can only be read."), code="archived")
    wanted = {"branches": clean_filters(branches or [], field="branches"), "tags": clean_filters(tags or [], field="tags")}
    target = _with(check_url(address.strip()), username.strip(), password)
    if is_ourselves(target):
        raise Invalid(_("The address leads back to us."), field="address", code="loop")
    lost = _lost(repository, _refs_there(target), wanted)
    if lost and not confirmed:
        raise Invalid(_would_lose(target.host, lost), field="confirmed", code="would_lose")
    try:
        with transaction.atomic():
            mirror = _mark(actor, repository, target, wanted)
            Repository.objects.filter(pk=repository.pk).update(updated_at=timezone.now())
            events.publish(MirrorAsked(mirror_id=mirror.pk), RepositoryChanged(repository_id=repository.pk))
    except IntegrityError as error:
        raise Conflict(_("%s is here already.") % target.url, field="address") from error
    return mirror


def _with(target: Target, username: str, password: str) -> Target:
    user, secret = username or target.username, password or target.password
    user = user or ("git" if secret else "")
    return Target(target.url, target.scheme, target.host, target.port, target.addresses, user, secret)


def _refs_there(target: Target) -> dict[str, str]:
    """Branches and tags of the other side, in one request of at most 15 seconds. Raises Invalid, Unavailable."""
    userinfo = f"{quote(target.username, safe='')}:{quote(target.password, safe='')}@" if target.username else ""
    asked = check_url(target.url.rstrip("/").replace("://", f"://{userinfo}", 1) + "/info/refs?service=git-upload-pack")
    with streamed(asked, headers=AGENT, seconds=10, total_seconds=15) as answer:
        if answer.status in (401, 403, 404):
            raise Invalid(
                _("The other side says that there is no such repository, or that it is not for everyone."), field="address", code="refused"
            )
        if answer.status >= 500:
            raise Unavailable(_("%s does not answer.") % target.host)
        try:
            found = outbound.read_refs(answer.chunks if answer.status == 200 else [], service="git-upload-pack")
        except NotGit as error:
            raise Invalid(_("There is no Git repository at this address."), field="address", code="no_git") from error
    if not any(ref.startswith("refs/heads/") for ref in found):
        raise Invalid(_("The repository there is empty."), field="address", code="empty")
    return found


def _lost(repository: Repository, there: dict[str, str], wanted: dict[str, list[str]]) -> list[str]:
    """Branches and tags of ours that the other side does not have, as far as what we know of its history tells."""
    if repository.is_empty or not repository.path.is_dir():
        return []
    theirs = {ref: oid for ref, oid in there.items() if outbound.wanted(ref, **wanted)}
    known = [oid for oid in dict.fromkeys(theirs.values()) if _is_here(repository, oid)][:TIPS]
    lost = []
    for ref, oid in fetching.refs_of(repository.path).items():
        if theirs.get(ref) != oid and not any(_reaches(repository, tip, oid) for tip in known):
            lost.append(ref.split("/", 2)[2])
    return sorted(lost)


def _is_here(repository: Repository, oid: str) -> bool:
    try:
        gitstore.commit(repository.path, oid)
    except gitstore.GitError:
        return False
    return True


def _reaches(repository: Repository, tip: str, oid: str) -> bool:
    try:
        return _is_here(repository, oid) and gitstore.is_ancestor(repository.path, oid, tip)
    except gitstore.GitError:
        return False


def _would_lose(host: str, lost: list[str]) -> str:
    names = ", ".join(lost[:NAMED]) + (" …" if len(lost) > NAMED else "")
    return _(
        "As far as can be told, %(host)s does not have the commits of: %(names)s. Tick this to let them go; they stay under hidden refs for 30 days."
    ) % {"host": host, "names": names}


def _mark(actor: Actor, repository: Repository, target: Target, wanted: dict[str, list[str]]) -> Mirror:
    """The row that follows the address: the one it had while it was a mirror, or a new one."""
    found = addresses.parse(target.url)
    now = timezone.now()
    values: dict[str, object] = {
        **wanted, "address": target.url, "key": found.key if found else target.url.partition("://")[2], "digest": "", "is_urgent": True,
        "host": found.host if found else target.host, "next_at": now, "failures": 0, "filled_at": None if repository.is_empty else now,
        "credentials_encrypted": encrypt(f"{target.username}:{target.password}", purpose="mirror") if target.username else "",
    }  # fmt: skip
    before = Mirror.objects.filter(repository=repository).first()
    if before is not None:
        _turn(before, Turn.RETURN, {name: value for name, value in values.items() if name != "failures"})
        return before
    state = State.LISTED if repository.is_empty else states.after(State.PROMOTED, Turn.RETURN)
    return Mirror.objects.create(repository=repository, is_public_mirror=False, state=state, created_by=actor.person, **values)
