"""Repositories come into being."""

import shutil
from pathlib import Path

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

import gitstore
from accounts.commands.names import require_name
from accounts.models import Namespace
from core import events, gitignores, licences
from core.actors import Actor
from core.errors import Conflict, Invalid
from projects import rules
from projects.commands.identity import signature_of
from projects.commands.pushes import record_push
from projects.events import RepositoryCreated
from projects.models import FormerAddress, Repository, Visibility

DESCRIPTION_MAX = 350


def require_visibility(visibility: str) -> None:
    """Raise Invalid unless it is one of `Visibility`."""
    if visibility not in Visibility.values:
        raise Invalid(_("Choose who may read the repository."), field="visibility")


def require_branch_name(branch: str, *, field: str) -> str:
    """The name if Git and our rules allow it as a branch. Raises Invalid."""
    try:
        gitstore.check_ref_name(f"refs/heads/{branch}")
    except gitstore.NameInvalid as error:
        raise Invalid(_("“%s” cannot be the name of a branch.") % branch, field=field, code="ref_name") from error
    return branch


def require_free_address(namespace: Namespace, name: str, *, kind: str = "project", field: str = "name") -> None:
    """Raise Conflict if a live repository has the address. Former addresses may be taken over."""
    rows = Repository.objects.filter(namespace=namespace, name__iexact=name, deleted_at=None)
    rows = rows.filter(kind="dataset") if kind == "dataset" else rows.exclude(kind="dataset")
    if rows.exists():
        raise name_taken(namespace, name, field=field)


def name_taken(namespace: Namespace, name: str, *, field: str = "name") -> Conflict:
    """The error for an address in use."""
    return Conflict(_("%(address)s already exists.") % {"address": f"{namespace.slug}/{name}"}, field=field, code="name_taken")


def take_address(namespace: Namespace, name: str) -> None:
    """An old address that led elsewhere stops doing so: someone uses it again. Call inside the transaction."""
    FormerAddress.objects.filter(namespace=namespace, name__iexact=name).delete()


def discard(path: Path) -> None:
    """Remove a bare repository whose row was never written."""
    shutil.rmtree(path, ignore_errors=True)


def create_repository(
    actor: Actor,
    namespace: Namespace,
    *,
    name: str,
    visibility: str = Visibility.PUBLIC,
    description: str = "",
    default_branch: str = "main",
    readme: bool = False,
    gitignore: str = "",
    licence: str = "",
) -> Repository:
    """Make a repository; with any of README, .gitignore and licence it has a first commit, else it is empty.

    The bare repository is complete on disk before the row is committed; without the row a sweep removes it.
    Raises Forbidden (rules.can_create_in), Invalid (name, visibility, branch, licence, gitignore), Conflict (name taken).
    Publishes RepositoryCreated, and RefsUpdated for a first commit.
    """
    rules.can_create_in(actor, namespace).require()
    require_name(name, kind="project", field="name")
    require_visibility(visibility)
    require_branch_name(default_branch, field="default_branch")
    require_free_address(namespace, name)
    description = " ".join(description.split())[:DESCRIPTION_MAX]
    files = _first_files(namespace, name, description=description, readme=readme, gitignore=gitignore, licence=licence)
    repository = Repository(namespace=namespace, name=name, visibility=visibility, description=description, default_branch=default_branch)
    gitstore.init_bare(repository.path, default_branch)
    try:
        oid = _first_commit(actor, repository, files) if files else ""
        with transaction.atomic():
            take_address(namespace, name)
            repository.save()
            events.publish(RepositoryCreated(repository_id=repository.pk, by_id=actor.person.pk if actor.person else None))
            if oid:
                record_push(actor, repository, [(f"refs/heads/{default_branch}", gitstore.ZERO, oid)])
    except IntegrityError as error:
        discard(repository.path)
        raise name_taken(namespace, name) from error
    except BaseException:
        discard(repository.path)
        raise
    return repository


def _first_files(namespace: Namespace, name: str, *, description: str, readme: bool, gitignore: str, licence: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    if readme:
        files["README.md"] = (f"# {name}\n" + (f"\n{description}\n" if description else "")).encode()
    if gitignore:
        text = gitignores.template(gitignore)
        if not text:
            raise Invalid(_("There is no such .gitignore template."), field="gitignore")
        files[".gitignore"] = text.encode()
    if licence:
        text = licences.template(licence, holder=namespace.display_name)
        if not text:
            raise Invalid(_("There is no text for this licence."), field="licence")
        files["LICENSE"] = text.encode()
    return files


def _first_commit(actor: Actor, repository: Repository, files: dict[str, bytes]) -> str:
    """Write the first commit and its branch; returns the oid."""
    return gitstore.commit_changes(
        repository.path,
        branch=repository.default_branch,
        changes=[gitstore.Put(path, content) for path, content in files.items()],
        message=_("Initial commit"),
        author=signature_of(actor),
    )
