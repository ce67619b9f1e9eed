"""Reading push mirrors: which may run, why one does not, where it goes."""

import socket
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import NotFound
from core.outgoing import DEFAULT_PORTS, Target, allowed_schemes, check_url
from core.secrets import decrypt
from projects import rules
from projects.mirrors.states import State
from projects.models import PushMirror, PushRun, Repository, Visibility


def running() -> Q:
    """Condition on PushMirror: nothing stops it. `stop_reason` says the same of one row in words; a test holds them together."""
    at = "repository__"
    return (
        Q(**{f"{at}deleted_at": None, f"{at}taken_down_at": None, f"{at}is_archived": False}, is_paused=False)
        & (Q(may_publish=True) | Q(**{f"{at}visibility": Visibility.PUBLIC}))
        & (Q(**{f"{at}mirror": None}) | Q(**{f"{at}mirror__state": State.PROMOTED}))
        & ~Q(**{f"{at}namespace__user__state": User.State.SUSPENDED})
        & Q(**{f"{at}namespace__organization__deleted_at": None})
    )


def stop_reason(mirror: PushMirror) -> str:
    """Why nothing is pushed at the moment, "" if nothing stops it."""
    repository = mirror.repository
    if mirror.is_paused:
        return _("Paused.")
    if repository.is_archived:
        return _("The repository is archived; nothing is pushed.")
    if repository.taken_down_at is not None:
        return _("The repository was taken down; nothing is pushed.")
    if rules.is_mirror(repository):
        return _("The repository is a mirror now; nothing is pushed.")
    if repository.visibility != Visibility.PUBLIC and not mirror.may_publish:
        return _("The repository is not public. Tick “Push although it is not public” if this host may have it.")
    holder = repository.namespace.holder
    if isinstance(holder, User) and holder.state == User.State.SUSPENDED:
        return _("The owner's account is suspended; nothing is pushed.")
    return ""


def push_mirrors(repository: Repository) -> QuerySet[PushMirror]:
    """Of one repository, in the order they were made."""
    return PushMirror.objects.filter(repository=repository).select_related("created_by").order_by("pk")


def push_mirror(repository: Repository, pk: int) -> PushMirror:
    """One of the repository's. Raises NotFound."""
    found = push_mirrors(repository).filter(pk=min(pk, 2**62)).first()
    if found is None:
        raise NotFound(_("There is no such push mirror."))
    found.repository = repository
    return found


def push_runs(mirror: PushMirror) -> list[PushRun]:
    """The last 50, newest first."""
    return list(mirror.runs.order_by("-at", "-pk")[:50])


def schemes() -> tuple[str, ...]:
    """What a push mirror may use: that of fetching, and SSH with a key made here."""
    return (*allowed_schemes(), "ssh")


def with_credentials(mirror: PushMirror) -> str:
    """The address with user name and token."""
    if not mirror.credentials_encrypted:
        return mirror.address
    pair = decrypt(mirror.credentials_encrypted, purpose="push-mirror")
    userinfo = ":".join(quote(part, safe="") for part in pair.split(":", 1))
    return mirror.address.replace("://", f"://{userinfo}@", 1)


def target_of(mirror: PushMirror) -> Target:
    """The address judged anew, with its credentials. Raises Invalid."""
    return check_url(with_credentials(mirror), schemes=schemes())


def is_ourselves(target: Target) -> bool:
    """True for an address of this portal, by its name, another of its names, or another name of its address."""
    return is_our_name(target) or any(port == target.port and _addresses(host) & set(target.addresses) for host, port in _ours())


def is_our_name(target: Target) -> bool:
    """Likewise without another name of its address, which asks no name server: other sites may stand behind one door with us."""
    names = {name.lstrip(".").lower() for name in settings.ALLOWED_HOSTS} - {"*", ""}
    below = tuple(name.lower() for name in settings.ALLOWED_HOSTS if name.startswith("."))
    ours = _ours()
    if (target.host, target.port) in ours:
        return True
    is_named = target.host in names or (bool(below) and target.host.endswith(below))
    return is_named and target.port in {port for _host, port in ours}


def _ours() -> set[tuple[str, int]]:
    base = urlsplit(settings.BASE_URL)
    return {(base.hostname or "", base.port or DEFAULT_PORTS.get(base.scheme, 80)), (settings.SSH_HOST, settings.SSH_PORT)}


def _addresses(host: str) -> set[str]:
    try:
        return {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        return set()
