"""Mirrors come into being, are asked for, paused and taken over."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.commands import note_act
from accounts.commands.names import require_name
from accounts.models import Namespace
from core import events
from core.actors import Actor
from core.errors import Conflict, Invalid
from core.limits import take
from core.outgoing import Target, check_url
from core.rules import HIDE, needs_sign_in
from core.secrets import encrypt
from projects import rules
from projects.commands.creation import DESCRIPTION_MAX, name_taken, require_free_address, require_visibility, take_address
from projects.commands.looking import schemes
from projects.commands.mirror_keys import cloneable, give_key, kept_address
from projects.events import MirrorAsked, MirrorsListed, NominationDecided, RepositoryCreated
from projects.mirrors import addresses, states
from projects.mirrors.addresses import Address
from projects.mirrors.states import State, Turn
from projects.models import Mirror, Nomination, Repository, Visibility
from projects.queries import mirror_moves as moves
from projects.queries.pushing import is_our_name

NAME_MAX = 96
FILTERS_MAX = 50


def require_address(text: str, *, field: str = "address") -> Address:
    """The repository a text names. Raises Invalid."""
    found = addresses.parse(text)
    if found is None:
        raise Invalid(
            _("This is not the address of a repository. Give one such as https://github.com/owner/name."), field=field, code="address"
        )
    if len(found.name) > NAME_MAX or len(found.slug) > 200:
        raise Invalid(_("This address is too long."), field=field, code="address")
    return found


def list_mirror(actor: Actor, text: str, *, description: str = "", topics: list[str] | None = None, stars: int = 0) -> Mirror:
    """Put a repository of another host into the catalogue, at `/<host>/<owner path>/<name>`. Nothing is fetched yet.

    Raises Forbidden (rules.can_curate), Invalid (address, host not configured), Conflict (it is there). Publishes MirrorsListed.
    """
    rules.can_curate(actor).require()
    address = require_address(text)
    if address.host not in settings.MIRROR_HOSTS:
        raise Invalid(_("%s is not among the hosts mirrored here.") % address.host, field="address", code="host")
    with transaction.atomic():
        if Mirror.objects.filter(key=address.key, is_public_mirror=True).exists() or moves.followed(address.key) is not None:
            raise Conflict(_("%s is here already.") % address.key, field="address", code="name_taken")
        repository = Repository.objects.create(
            namespace=host_namespace(address),
            name=address.name,
            description=" ".join(description.split())[:DESCRIPTION_MAX],
            topics=topics or [],
        )
        mirror = Mirror.objects.create(
            repository=repository,
            address=Address(address.host, address.path).url,
            key=address.key,
            host=address.host,
            upstream_stars=stars,
            created_by=actor.person,
        )
        events.publish(MirrorsListed(repository_ids=[repository.pk]))
        note_act(actor, "list_mirror", address.key)
    return mirror


def host_namespace(address: Address) -> Namespace:
    """`<host>/<owner path>`, made when first needed."""
    found = Namespace.objects.filter(slug__iexact=address.slug).first()
    return found or Namespace.objects.create(slug=address.slug, kind=Namespace.Kind.HOST)


def mirror_into(
    actor: Actor,
    namespace: Namespace,
    *,
    address: str,
    name: str,
    username: str = "",
    password: str = "",
    visibility: str = Visibility.PUBLIC,
    description: str = "",
    branches: list[str] | None = None,
    tags: list[str] | None = None,
) -> Mirror:
    """A mirror under one's own name; it is filled at once and kept fresh. Over SSH it gets a deploy key, which the other side has to learn first.

    Raises Forbidden (rules.can_create_in), Invalid (address, ourselves, name, filters), Conflict (name taken), LimitReached. Publishes RepositoryCreated and
    MirrorAsked.
    """
    rules.can_create_in(actor, namespace).require()
    target = check_url(cloneable(address), schemes=schemes())
    if is_our_name(target):
        raise Invalid(_("The address leads back to us."), field="address", code="loop")
    require_name(name, kind="project", field="name")
    require_visibility(visibility)
    require_free_address(namespace, name)
    if actor.person is not None and not actor.is_staff:
        take(f"import:{actor.person.pk}", limit=20, seconds=3600)
    try:
        with transaction.atomic():
            take_address(namespace, name)
            repository = Repository.objects.create(
                namespace=namespace, name=name, visibility=visibility, description=" ".join(description.split())[:DESCRIPTION_MAX]
            )
            mirror = _of_target(target, username=username, password=password)
            mirror.repository, mirror.created_by = repository, actor.person
            mirror.branches = clean_filters(branches or [], field="branches")
            mirror.tags = clean_filters(tags or [], field="tags")
            mirror.save()
            if target.scheme == "ssh":
                give_key(mirror)
            by_id = actor.person.pk if actor.person else None
            events.publish(RepositoryCreated(repository_id=repository.pk, by_id=by_id), MirrorAsked(mirror_id=mirror.pk))
    except IntegrityError as error:
        raise name_taken(namespace, name) from error
    return mirror


def _of_target(target: Target, *, username: str, password: str) -> Mirror:
    """A row, not saved yet, that follows a checked address; credentials given apart go before those of the address."""
    found = addresses.parse(target.url)
    user, secret = username or target.username, password or target.password
    if target.scheme in ("ssh", "git"):
        user = secret = ""
    return Mirror(
        address=kept_address(target),
        key=found.key if found else target.url.partition("://")[2],
        host=found.host if found else target.host,
        is_public_mirror=False,
        is_urgent=True,
        credentials_encrypted=encrypt(f"{user or 'git'}:{secret}", purpose="mirror") if user or secret else "",
    )


def clean_filters(patterns: list[str], *, field: str) -> list[str]:
    """Patterns that Git's refspecs understand. Raises Invalid."""
    kept = [pattern.strip() for pattern in patterns if pattern.strip()]
    if len(kept) > FILTERS_MAX:
        raise Invalid(_("At most %d patterns.") % FILTERS_MAX, field=field)
    for pattern in kept:
        bad = pattern.count("*") > 1 or any(character in pattern for character in " ~^:?[\\@{") or ".." in pattern or "//" in pattern
        if bad or len(pattern) > 200 or pattern.startswith(("/", "-" if pattern != "-" else " ")):
            raise Invalid(_("“%s” is not a pattern of names; use at most one *.") % pattern, field=field)
    return kept


def change_filters(actor: Actor, mirror: Mirror, *, branches: list[str], tags: list[str]) -> Mirror:
    """Which branches and tags are mirrored; the next look fetches. Raises NotFound or Forbidden (rules.can_administer), Invalid."""
    rules.can_administer(actor, mirror.repository).require()
    mirror.branches, mirror.tags = clean_filters(branches, field="branches"), clean_filters(tags, field="tags")
    with transaction.atomic():
        Mirror.objects.filter(pk=mirror.pk).update(
            branches=mirror.branches, tags=mirror.tags, digest="", is_urgent=True, next_at=timezone.now()
        )
        events.publish(MirrorAsked(mirror_id=mirror.pk))
    return mirror


def ask_for_mirror(actor: Actor, mirror: Mirror) -> None:
    """“Sync now”, and “copy it here” for one that is only listed: it moves to the front.

    Raises NotFound or Forbidden, LimitReached (12 an hour and person), Conflict (paused or hosted here). Publishes MirrorAsked.
    """
    rules.can_ask_for_mirror(actor, mirror.repository).require()
    if actor.person is not None and not actor.is_staff:
        take(f"mirror:{actor.person.pk}", limit=12, seconds=3600)
    if State(mirror.state) not in states.WATCHED:
        raise Conflict(_("This mirror is not kept in sync at the moment."))
    with transaction.atomic():
        Mirror.objects.filter(pk=mirror.pk).update(is_urgent=True, next_at=timezone.now())
        events.publish(MirrorAsked(mirror_id=mirror.pk))


def pause_mirror(actor: Actor, mirror: Mirror) -> None:
    """Stop fetching. Raises NotFound or Forbidden (rules.can_administer), Conflict."""
    rules.can_administer(actor, mirror.repository).require()
    _turn(mirror, Turn.PAUSE)


def resume_mirror(actor: Actor, mirror: Mirror) -> None:
    """Fetch again, at once. Raises NotFound or Forbidden (rules.can_administer), Conflict. Publishes MirrorAsked."""
    rules.can_administer(actor, mirror.repository).require()
    with transaction.atomic():
        _turn(mirror, Turn.RESUME)
        Mirror.objects.filter(pk=mirror.pk).update(is_urgent=True, next_at=timezone.now(), failures=0)
        events.publish(MirrorAsked(mirror_id=mirror.pk))


def _turn(mirror: Mirror, turn: Turn) -> None:
    try:
        to = states.after(mirror.state, turn)
    except KeyError as error:
        raise Conflict(_("This is not possible in its present state.")) from error
    if not Mirror.objects.filter(pk=mirror.pk, state=mirror.state).update(state=to, cause="", said=""):
        raise Conflict(_("This is not possible in its present state."))
    mirror.state = to


def nominate(actor: Actor, text: str, *, reason: str) -> Nomination:
    """Ask the curators to mirror a repository.

    Raises Forbidden (not signed in), Invalid (address, no reason), Conflict (mirrored or nominated already), LimitReached (20 a day).
    """
    if (refusal := needs_sign_in(actor)) is not None:
        refusal.require()
    assert actor.person is not None  # noqa: S101 - needs_sign_in says so
    address = require_address(text)
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Say in a sentence why others would use it."), field="reason")
    if Mirror.objects.filter(key=address.key, is_public_mirror=True).exists() or moves.followed(address.key) is not None:
        raise Conflict(_("%s is here already.") % address.key, field="address")
    take(f"nominate:{actor.person.pk}", limit=20, seconds=86400)
    try:
        with transaction.atomic():
            return Nomination.objects.create(
                address=Address(address.host, address.path).url, key=address.key, reason=reason[:1000], by=actor.person
            )
    except IntegrityError as error:
        raise Conflict(_("Somebody nominated it already; it waits for a decision."), field="address") from error


def decide_nomination(actor: Actor, nomination: Nomination, *, accept: bool, answer: str) -> Mirror | None:
    """Accept (it is listed and filled first) or decline with a reason the nominator reads.

    Raises Forbidden (rules.can_curate), Invalid (declined without a reason; host), Conflict (decided). Publishes NominationDecided.
    """
    rules.can_curate(actor).require()
    answer = answer.strip()[:1000]
    if not accept and not answer:
        raise Invalid(_("Give the reason; the nominator reads it."), field="answer")
    with transaction.atomic():
        mirror = None
        if accept:
            mirror = Mirror.objects.filter(key=nomination.key, is_public_mirror=True).first() or list_mirror(actor, nomination.address)
            Mirror.objects.filter(pk=mirror.pk).update(is_urgent=True, next_at=timezone.now())
            events.publish(MirrorAsked(mirror_id=mirror.pk))
        state = Nomination.State.ACCEPTED if accept else Nomination.State.DECLINED
        decided = Nomination.objects.filter(pk=nomination.pk, state=Nomination.State.OPEN).update(
            state=state, answer=answer, decided_by=actor.person, decided_at=timezone.now(), mirror=mirror
        )
        if not decided:
            raise Conflict(_("This was decided already."))
        note_act(actor, "decide_nomination", nomination.key, reason=answer, detail={"accepted": accept})
        events.publish(NominationDecided(nomination_id=nomination.pk, accepted=accept))
    return mirror


def want_mirror(actor: Actor, repository: Repository) -> bool:
    """A reader asked for one that is only listed: it is filled first. False if it is no such mirror. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    rows = Mirror.objects.filter(repository=repository, state=State.LISTED)
    return bool(rows.filter(is_urgent=False).update(is_urgent=True, next_at=timezone.now()) or rows.exists())
