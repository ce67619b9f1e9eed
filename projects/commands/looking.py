"""Asking another host for its refs: over HTTP in process, over SSH and git:// by git."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from urllib.parse import quote, urljoin, urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from core import sshclient
from core.outgoing import DEFAULT_PORTS, REDIRECTS, Stream, Target, allowed_schemes, check_url, shown, streamed
from core.relay import tunnelled
from core.secrets import decrypt
from projects import fetching
from projects.commands.outcomes import Trouble
from projects.mirrors import advertisement, outbound
from projects.mirrors.advertisement import Advertised
from projects.models import Mirror, MirrorKey, UpstreamKey
from projects.queries.pushing import is_our_name

MANY_REFS = 5000  # above: ask for branches and tags alone, by protocol v2
AGENT = {"User-Agent": "git/2.39 (OpenI mirror)"}
_REFS = "/info/refs?service=git-upload-pack"
CONTENT_TYPE = "application/x-git-upload-pack-advertisement"


def schemes() -> tuple[str, ...]:
    """How a mirror may be fetched; git:// (nothing is encrypted, nobody is authenticated) only if the operator allows it."""
    return (*allowed_schemes(), "ssh", *(("git",) if settings.MIRROR_GIT_PROTOCOL else ()))


@dataclass(frozen=True, slots=True)
class Way:
    """How to reach an upstream. `given` is what git is told where it connects by itself (SSH, git://), None for HTTP."""

    target: Target
    given: fetching.Origin | None
    extra: dict[str, str]  # environment

    @property
    def origin(self) -> fetching.Origin:
        """For git; an HTTP address is judged again, for names may have moved since the look."""
        return self.given or fetching.origin_of(_with_credentials(self.target))

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Git's, with `more` settings."""
        return {**fetching.environment_of(self.origin, more), **self.extra}


def _with_credentials(target: Target) -> str:
    if not target.username:
        return target.url
    return target.url.replace("://", f"://{quote(target.username, safe='')}:{quote(target.password, safe='')}@", 1)


def _target(mirror: Mirror) -> Target:
    """The checked address with its credentials. Raises Invalid, Trouble (loop)."""
    scheme = mirror.address.partition("://")[0]
    if scheme in ("ssh", "git"):
        return _target_of_git(mirror.address, scheme)
    pair = decrypt(mirror.credentials_encrypted, purpose="mirror") if mirror.credentials_encrypted else ""
    userinfo = ":".join(quote(part, safe="") for part in pair.split(":", 1)) + "@" if pair else ""
    target = check_url(mirror.address.replace("://", f"://{userinfo}", 1))
    if is_our_name(target):
        raise Trouble("loop")
    return target


def _target_of_git(address: str, scheme: str) -> Target:
    if scheme not in schemes():
        raise Trouble("other", _("%s:// is not allowed here.") % scheme)
    target = check_url(address, schemes=(scheme,))
    if is_our_name(target) or (target.host, target.port) == (urlsplit(settings.BASE_URL).hostname, settings.SSH_PORT):
        raise Trouble("loop")
    return target


@contextmanager
def way_to(mirror: Mirror) -> Iterator[Way]:
    """Judge the address, and hold what is needed to connect as long as the block runs. Raises Invalid, Trouble."""
    target = _target(mirror)
    if target.scheme == "ssh":
        with _over_ssh(mirror, target) as environment:
            yield _ssh_way(target, environment)
    elif target.scheme == "git":
        with _over_git(target) as way:
            yield way
    else:
        yield Way(target, None, {})


@contextmanager
def _over_ssh(mirror: Mirror, target: Target) -> Iterator[dict[str, str]]:
    """Connect with the mirror's own key; the first key the other side shows is written down, another one later ends in trouble."""
    key = MirrorKey.objects.filter(mirror=mirror).first()
    if key is None:
        raise Trouble("password", "no key")
    with sshclient.session(target, decrypt(key.private_key_encrypted, purpose="mirror-key"), key.host_key) as session:
        try:
            yield session.environment
        finally:
            if not key.host_key and session.known:
                MirrorKey.objects.filter(pk=key.pk, host_key="").update(host_key=session.known, host_key_at=timezone.now())


@contextmanager
def way_of(target: Target, key: UpstreamKey | None) -> Iterator[Way]:
    """To an address that no mirror follows yet; over SSH with the key that was made for it. Raises Trouble."""
    if target.scheme == "git":
        with _over_git(target) as way:
            yield way
    elif key is not None:
        with sshclient.session(target, decrypt(key.private_key_encrypted, purpose="mirror-key"), key.host_key) as session:
            try:
                yield _ssh_way(target, session.environment)
            finally:
                if not key.host_key and session.known:
                    key.host_key = session.known
                    UpstreamKey.objects.filter(pk=key.pk, host_key="").update(host_key=session.known)
    else:
        yield Way(target, None, {})


def _ssh_way(target: Target, environment: dict[str, str]) -> Way:
    return Way(target, fetching.Origin(sshclient.address_of(target), {}, "ssh"), environment)


@contextmanager
def _over_git(target: Target) -> Iterator[Way]:
    with tunnelled(target) as (address, port):
        host, path = f"[{address}]" if ":" in address else address, target.url.partition("://")[2].partition("/")[2]
        named = target.host if target.port == DEFAULT_PORTS["git"] else f"{target.host}:{target.port}"
        yield Way(target, fetching.Origin(f"git://{host}:{port}/{path}", {}, "git"), {"GIT_OVERRIDE_VIRTUAL_HOST": named})


def look(mirror: Mirror, way: Way) -> Advertised:
    """Ask for the refs: one request, two where the host lists thousands of pull requests. Raises Trouble, Unavailable.

    Over HTTP no git process is started; SSH and git:// are spoken by git.
    """
    wanted, target = partial(_wanted, mirror), way.target
    if way.given is not None:
        return advertisement.read_listing(fetching.listed(way.given, way.environment({})), wanted=wanted)
    try:
        if mirror.refs_listed > MANY_REFS:
            with streamed(
                _at(target, "/git-upload-pack"),
                method="POST",
                content=advertisement.LS_REFS,
                headers={**AGENT, "Git-Protocol": "version=2", "Content-Type": "application/x-git-upload-pack-request"},
            ) as answer:
                if answer.status == 200 and answer.headers.get("content-type", "").startswith("application/x-git-upload-pack-result"):
                    return advertisement.read_v2(answer.chunks, wanted=wanted)
        with streamed(_at(target, _REFS), headers=AGENT) as answer:
            _require_git(answer, target)
            return advertisement.read_v0(answer.chunks, wanted=wanted)
    except advertisement.NotGit as error:
        raise Trouble("not_git", str(error)) from error


def refs_there(way: Way, *, seconds: float = 20, total_seconds: float = 120) -> dict[str, str]:
    """Branches and tags of the other side by name. Raises Trouble, Unavailable."""
    if way.given is not None:
        return outbound.listed_refs(fetching.listed(way.given, way.environment({})))
    try:
        with streamed(_at(way.target, _REFS), headers=AGENT, seconds=seconds, total_seconds=total_seconds) as answer:
            _require_git(answer, way.target)
            return outbound.read_refs(answer.chunks, service="git-upload-pack")
    except advertisement.NotGit as error:
        raise Trouble("sha256" if str(error) == "sha256" else "not_git", str(error)) from error


def _at(target: Target, tail: str) -> Target:
    return Target(
        target.url.rstrip("/") + tail, target.scheme, target.host, target.port, target.addresses, target.username, target.password
    )


def _require_git(answer: Stream, target: Target) -> None:
    """Raise Trouble unless the answer is an advertisement; of a redirect `said` is where it leads, as an address of a repository."""
    if answer.status in (401, 403):
        raise Trouble("password")
    if answer.status in (404, 410, 451):
        raise Trouble("missing")
    if answer.status in REDIRECTS:
        where = shown(urljoin(target.url.rstrip("/") + _REFS, answer.headers.get("location", "")))
        raise Trouble("moved", where.partition("/info/refs")[0].partition("#")[0])
    if answer.status == 429:
        raise Trouble("busy", answer.headers.get("retry-after", ""))
    if answer.status >= 500:
        raise Trouble("fault", f"HTTP {answer.status}")
    if answer.status != 200 or answer.headers.get("content-type", "") != CONTENT_TYPE:
        raise Trouble("not_git", f"HTTP {answer.status} {answer.headers.get('content-type', '')}")


def _wanted(mirror: Mirror, ref: str) -> bool:
    """True if the filters let the branch or tag through."""
    patterns = mirror.branches if ref.startswith("refs/heads/") else mirror.tags
    short = ref.split("/", 2)[2]
    return not patterns or any(fnmatchcase(short, pattern) for pattern in patterns)
