"""Filling a repository from another host (or, on the command line, from a folder).

The row is the lease: `state`, `heartbeat_at`. A run can be repeated at any time: branches and tags are fetched, never appended.
"""

import shutil
from pathlib import Path
from urllib.parse import quote

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from accounts.commands.names import require_name
from accounts.models import Namespace
from core import events
from core.actors import Actor
from core.errors import Conflict, DomainError, Invalid
from core.limits import take
from core.outgoing import check_url
from core.rules import HIDE
from core.secrets import decrypt, encrypt
from projects import fetching, policies, rules
from projects.commands import leases
from projects.commands.creation import DESCRIPTION_MAX, discard, name_taken, require_free_address, require_visibility, take_address
from projects.commands.leases import LEASE, Report
from projects.commands.mirrors import clean_filters
from projects.commands.pushes import record_push
from projects.events import ImportRequested, RepositoryCreated
from projects.models import ImportRun, Repository, Visibility

log = structlog.get_logger(__name__)
UNLIMITED = 1 << 62


def request_import(
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
    queued: bool = True,
) -> ImportRun:
    """Make an empty repository and queue its filling from `address`; a worker does the rest (not `queued`: the caller runs it).

    Raises Forbidden (rules.can_create_in), Invalid (address, name, filters), Conflict (name taken), LimitReached (20 per hour). Publishes
    RepositoryCreated and ImportRequested.
    """
    rules.can_create_in(actor, namespace).require()
    target = check_url(address)
    filters = clean_filters(branches or [], field="branches"), clean_filters(tags or [], field="tags")
    if actor.person is not None and not actor.is_staff:
        take(f"import:{actor.person.pk}", limit=20, seconds=3600)
    userinfo = (
        f"{quote(username or target.username or 'git', safe='')}:{quote(password or target.password, safe='')}@"
        if username or password or target.username
        else ""
    )
    return _request(
        actor,
        namespace,
        source=target.url.replace("://", f"://{userinfo}", 1),
        shown=target.url,
        name=name,
        visibility=visibility,
        description=description,
        queued=queued,
        filters=filters,
    )


def request_import_of_folder(
    actor: Actor, namespace: Namespace, *, folder: Path, name: str, visibility: str, description: str, queued: bool = True
) -> ImportRun:
    """As `request_import`, from a repository on this machine; only the operator may (Forbidden for everyone else)."""
    if not actor.is_system:
        HIDE.require()
    found = _folder(folder)
    return _request(
        actor,
        namespace,
        source=f"folder:{found}",
        shown=str(found),
        name=name,
        visibility=visibility,
        description=description,
        queued=queued,
    )


def _folder(folder: Path) -> Path:
    found = folder.resolve()
    if not ((found / "HEAD").exists() or (found / ".git").exists()):
        raise Invalid(_("There is no Git repository at %s.") % folder, field="address")
    return found


def renew_import(actor: Actor, run: ImportRun, *, source: str) -> ImportRun:
    """Ready for another run, from an address or folder given anew; only the operator may. Raises Invalid, Conflict (it runs)."""
    if not actor.is_system:
        HIDE.require()
    target = check_url(source) if "://" in source else None
    folder = None if target else _folder(Path(source))
    text = source if target else f"folder:{folder}"
    silent = timezone.now() - LEASE
    busy = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.RUNNING, heartbeat_at__gt=silent)
    changed = (
        ImportRun.objects.filter(pk=run.pk)
        .exclude(pk__in=busy.values("pk"))
        .update(
            state=ImportRun.State.QUEUED,
            source_encrypted=encrypt(text, purpose="import"),
            source_shown=(target.url if target else str(folder))[:500],
            error="",
            percent=0,
            phase="",
            finished_at=None,
            heartbeat_at=None,
            created_at=timezone.now(),
        )
    )
    if not changed:
        raise Conflict(_("Another process imports this repository at the moment."))
    return run


def _request(
    actor: Actor,
    namespace: Namespace,
    *,
    source: str,
    shown: str,
    name: str,
    visibility: str,
    description: str,
    queued: bool,
    filters: tuple[list[str], list[str]] = ([], []),
) -> ImportRun:
    require_name(name, kind="project", field="name")
    require_visibility(visibility)
    require_free_address(namespace, name)
    person = actor.person
    repository = Repository(
        namespace=namespace, name=name, visibility=visibility, description=" ".join(description.split())[:DESCRIPTION_MAX]
    )
    gitstore.init_bare(repository.path, repository.default_branch)
    try:
        with transaction.atomic():
            take_address(namespace, name)
            repository.save()
            run = ImportRun.objects.create(
                repository=repository, source_encrypted=encrypt(source, purpose="import"), source_shown=shown[:500], by=person,
                branches=filters[0], tags=filters[1],
            )  # fmt: skip
            events.publish(RepositoryCreated(repository_id=repository.pk, by_id=person.pk if person else None))
            if queued:
                events.publish(ImportRequested(import_id=run.pk))
    except IntegrityError as error:
        discard(repository.path)
        raise name_taken(namespace, name) from error
    except BaseException:
        discard(repository.path)
        raise
    return run


def retry_import(actor: Actor, run: ImportRun) -> None:
    """Queue a failed import again.

    Raises NotFound or Forbidden (rules.can_administer), Conflict (not failed). Publishes ImportRequested.
    """
    rules.can_administer(actor, run.repository).require()
    with transaction.atomic():
        changed = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.FAILED).update(
            state=ImportRun.State.QUEUED, error="", percent=0, phase="", finished_at=None, heartbeat_at=None
        )
        if not changed:
            raise Conflict(_("Only a failed import can be tried again."))
        events.publish(ImportRequested(import_id=run.pk))


def run_import(actor: Actor, run_id: int, *, on_progress: Report | None = None) -> ImportRun | None:
    """Fill the repository. Takes the lease first: whoever finds it held does nothing and gets None.

    A failure the reader can understand ends the run (`state` FAILED with the sentence in `error`). Publishes RefsUpdated.
    """
    if not actor.is_system:
        HIDE.require()
    run = leases.take(ImportRun, run_id)
    if run is None:
        return None
    try:
        with leases.heart(run):
            updates = _fill(run, leases.reporter(run, on_progress))
    except DomainError as error:
        _finish(run, ImportRun.State.FAILED, error=error.message)
        return run
    except gitstore.GitError as error:
        _finish(run, ImportRun.State.FAILED, error=fetching.reason(str(error).encode()))
        return run
    with transaction.atomic():
        _finish(run, ImportRun.State.DONE)
        if updates:
            by = Actor(person=run.by, is_system=True, via="system")
            record_push(by, run.repository, updates)
    return run


def overdue_imports() -> list[int]:
    """Runs that wait or whose worker fell silent; ids, oldest first."""
    return leases.overdue(ImportRun)


def _finish(run: ImportRun, state: str, *, error: str = "") -> None:
    """The credentials are forgotten when it is done."""
    run.state, run.error, run.finished_at = state, error[:1000], timezone.now()
    if state == ImportRun.State.DONE:
        run.percent, run.source_encrypted, run.phase = 100, "", ""
    run.save(update_fields=["state", "error", "finished_at", "percent", "source_encrypted", "phase"])


def _fill(run: ImportRun, report: Report) -> list[tuple[str, str, str]]:
    """Fetch branches and tags, choose the default branch, build indexes; returns what moved. Raises Invalid, Unavailable, LimitReached."""
    repository = run.repository
    origin = fetching.origin_of(decrypt(run.source_encrypted, purpose="import"))
    if not repository.path.exists():
        gitstore.init_bare(repository.path, repository.default_branch)
    environment = fetching.environment_of(origin)
    if origin.target:
        fetching.require_git_host(origin.target)
    head = fetching.remote_head(origin, environment)
    before = (
        {} if repository.is_empty else fetching.refs_of(repository.path)
    )  # what an earlier, unfinished run fetched was never told to anyone
    left = policies.quota_left(repository) if run.by else UNLIMITED  # the operator's own imports are not counted against a quota
    if left <= 0:
        raise Invalid(_("The repository is larger than your quota allows."), code="quota")
    report("Counting objects", 0)
    for phase, percent in fetching.fetch(repository.path, origin, environment, limit=left, refspecs=_refspecs(run)):
        report(phase, percent)
    report("finish", 96)
    after = fetching.refs_of(repository.path)
    if not after and (run.branches or run.tags):
        raise Invalid(_("No branch or tag there matches the filters."), field="branches")
    branch = fetching.default_branch(head, after)
    if branch and branch != repository.default_branch:
        gitstore.set_head(repository.path, branch)
        Repository.objects.filter(pk=repository.pk).update(default_branch=branch)
        repository.default_branch = branch
    try:
        gitstore.after_import(repository.path)
    except gitstore.GitError as error:  # everything is there; maintenance tries again
        log.warning("import_not_packed", repository=repository.pk, error=str(error))
    names = sorted({*before, *after})
    zero = gitstore.ZERO
    return [(ref, before.get(ref, zero), after.get(ref, zero)) for ref in names if before.get(ref) != after.get(ref)]


def _refspecs(run: ImportRun) -> list[str]:
    """What to fetch. Raises Invalid where the filters leave nothing."""
    chosen = [
        f"+refs/{kind}/{pattern}:refs/{kind}/{pattern}"
        for kind, patterns in (("heads", run.branches), ("tags", run.tags))
        for pattern in (patterns or ["*"])
        if pattern != "-"
    ]
    if not chosen:
        raise Invalid(_("The filters leave nothing to copy."), field="branches")
    return chosen


def discard_import(actor: Actor, run: ImportRun) -> None:
    """Give a failed import up: row and folder go. Raises NotFound or Forbidden (rules.can_administer), Conflict (it runs)."""
    rules.can_administer(actor, run.repository).require()
    path = run.repository.path
    with transaction.atomic():
        fresh = ImportRun.objects.select_for_update().get(pk=run.pk)
        if fresh.state != ImportRun.State.FAILED or not run.repository.is_empty:
            raise Conflict(_("Only a failed import can be given up."))
        run.repository.delete()
    shutil.rmtree(path, ignore_errors=True)
