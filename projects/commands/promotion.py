"""Between mirror and hosted: a project whose owners move here, and one whose owners move away. Forks, stars, watches and links stay."""

from dataclasses import replace

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from accounts.models import Namespace
from core import events, sshclient
from core.actors import Actor
from core.errors import Conflict, DomainError, Invalid, Unavailable
from core.outgoing import Target, check_url
from core.secrets import encrypt
from projects import fetching, rules
from projects.commands.looking import refs_there, schemes, way_of
from projects.commands.mirror_keys import cloneable, kept_address
from projects.commands.mirrors import clean_filters
from projects.commands.outcomes import Trouble
from projects.commands.settings import rename_repository, transfer_repository
from projects.events import MirrorAsked, RepositoryChanged
from projects.mirrors import addresses, causes, outbound, states
from projects.mirrors.states import State, Turn
from projects.models import Mirror, MirrorKey, Repository, UpstreamKey
from projects.queries.pushing import is_ourselves

NAMED = 10  # branches a sentence names
TIPS = 50  # of the other side, asked whether they reach a commit of ours


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
    refs for 30 days. Over SSH the first call makes a deploy key, which the other side has to learn before the next one (code deploy_key).
    Raises NotFound or Forbidden (rules.can_administer), Invalid (address, ourselves, filters, would_lose, deploy_key), Conflict (a mirror,
    archived, mirrored already), Unavailable. Publishes MirrorAsked and RepositoryChanged.
    """
    rules.can_administer(actor, repository).require()
    if rules.is_mirror(repository):
        raise Conflict(_("This is a mirror already."))
    if repository.is_archived:
        raise Conflict(_("This repository is archived; it can only be read."), code="archived")
    wanted = {"branches": clean_filters(branches or [], field="branches"), "tags": clean_filters(tags or [], field="tags")}
    target = _with(check_url(cloneable(address.strip()), schemes=schemes()), username.strip(), password)
    if is_ourselves(target):
        raise Invalid(_("The address leads back to us."), field="address", code="loop")
    key = _key_for(repository, target) if target.scheme == "ssh" else None
    lost = _lost(repository, _refs_there(target, key), wanted)
    if lost and not confirmed:
        raise Invalid(_would_lose(target.host, lost), field="confirmed", code="would_lose")
    try:
        with transaction.atomic():
            mirror = _mark(actor, repository, target, wanted)
            if key is not None:
                _hand_over(key, mirror)
            Repository.objects.filter(pk=repository.pk).update(updated_at=timezone.now())
            events.publish(MirrorAsked(mirror_id=mirror.pk), RepositoryChanged(repository_id=repository.pk))
    except IntegrityError as error:
        raise Conflict(_("%s is here already.") % target.url, field="address") from error
    return mirror


def _with(target: Target, username: str, password: str) -> Target:
    user, secret = username or target.username, password or target.password
    if target.scheme in ("ssh", "git"):
        if secret:
            raise Invalid(_("Over SSH a key is used, not a password. It is made when you save."), field="password")
        return replace(target, username=user)
    user = user or ("git" if secret else "")
    return replace(target, username=user, password=secret)


def _key_for(repository: Repository, target: Target) -> UpstreamKey:
    """The deploy key made for this address. Raises Invalid (deploy_key) where it was made just now: the other side cannot know it yet."""
    address = kept_address(target)
    key = UpstreamKey.objects.filter(repository=repository, address=address).first()
    if key is None:
        private, public = sshclient.new_key(f"openi-upstream-{repository.pk}")
        values = {
            "address": address, "public_key": public, "private_key_encrypted": encrypt(private, purpose="mirror-key"), "host_key": "",
            "created_at": timezone.now(),
        }  # fmt: skip
        UpstreamKey.objects.update_or_create(repository=repository, defaults=values)
        raise _unknown_key()
    return key


def _unknown_key() -> Invalid:
    return Invalid(
        _("Enter the public key shown here on the other side as a deploy key (reading is enough), then send this form again."),
        field="address",
        code="deploy_key",
    )


def _hand_over(key: UpstreamKey, mirror: Mirror) -> None:
    """The key goes on as the mirror's."""
    values = {
        "public_key": key.public_key, "private_key_encrypted": key.private_key_encrypted, "host_key": key.host_key,
        "host_key_at": timezone.now() if key.host_key else None, "created_at": key.created_at,
    }  # fmt: skip
    MirrorKey.objects.update_or_create(mirror=mirror, defaults=values)
    UpstreamKey.objects.filter(pk=key.pk).delete()


def _refs_there(target: Target, key: UpstreamKey | None) -> dict[str, str]:
    """Branches and tags of the other side; over HTTP one request of at most 15 seconds. Raises Invalid, Unavailable."""
    try:
        with way_of(target, key) as way:
            found = refs_there(way, seconds=10, total_seconds=15)
    except Trouble as trouble:
        raise _refused(target, trouble) from trouble
    except Unavailable as error:
        cause = causes.of_text(error.message) if target.scheme in ("ssh", "git") else ""
        if cause == "password" and key is not None:
            raise _unknown_key() from error
        raise (_refused(target, Trouble(cause)) if cause == "missing" else error) from error
    if not any(ref.startswith("refs/heads/") for ref in found):
        raise Invalid(_("The repository there is empty."), field="address", code="empty")
    return found


def _refused(target: Target, trouble: Trouble) -> DomainError:
    """What the other side's answer means beside the address."""
    if trouble.cause in ("password", "missing"):
        words = _("The other side says that there is no such repository, or that it is not for everyone.")
        return Invalid(words, field="address", code="refused")
    if trouble.cause == "moved":
        return Invalid(_("This address redirects to %s. Give that one.") % trouble.said[:200], field="address", code="moved")
    if trouble.cause in ("fault", "busy"):
        return Unavailable(_("%s does not answer.") % target.host)
    return Invalid(_("There is no Git repository at this address."), field="address", code="no_git")


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
    has_credentials = target.scheme in ("https", "http") and target.username
    values: dict[str, object] = {
        **wanted, "address": kept_address(target), "key": found.key if found else target.url.partition("://")[2], "digest": "", "is_urgent": True,
        "host": found.host if found else target.host, "next_at": now, "failures": 0, "filled_at": None if repository.is_empty else now,
        "credentials_encrypted": encrypt(f"{target.username}:{target.password}", purpose="mirror") if has_credentials else "",
    }  # fmt: skip
    before = Mirror.objects.filter(repository=repository).first()
    if before is not None:
        _turn(before, Turn.RETURN, {name: value for name, value in values.items() if name != "failures"})
        return before
    state = State.LISTED if repository.is_empty else states.after(State.PROMOTED, Turn.RETURN)
    return Mirror.objects.create(repository=repository, is_public_mirror=False, state=state, created_by=actor.person, **values)
