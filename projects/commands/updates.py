"""Several settings of a repository change at once: all of them or none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction

import gitstore
from accounts.commands.names import require_name
from core.actors import Actor
from core.errors import Faults
from projects import rules
from projects.commands.creation import require_free_address, require_visibility
from projects.commands.settings import (
    change_repository,
    clean_topics,
    opens,
    rename_repository,
    require_branch,
    require_visibility_like_parent,
    require_website,
    set_archived,
    write_default_branch,
    write_visibility,
)
from projects.models import Repository

WORDS = ("description", "website", "topics")  # a maintainer's; the rest is an administrator's


def update_repository(
    actor: Actor,
    repository: Repository,
    *,
    description: str | None = None,
    website: str | None = None,
    topics: Sequence[str] | None = None,
    default_branch: str | None = None,
    visibility: str | None = None,
    name: str | None = None,
    archived: bool | None = None,
) -> Repository:
    """Change what is not None, in one transaction. To take it out of the archive goes first, to put it there last.

    Raises NotFound or Forbidden (rules.can_maintain for WORDS, rules.can_administer), Invalid or Conflict of a field, InvalidFields (of
    several). Publishes what `change_repository`, `set_default_branch`, `set_visibility`, `rename_repository` and `set_archived` publish.
    """
    values: dict[str, Any] = {"description": description, "website": website, "topics": topics, "default_branch": default_branch}
    values |= {"visibility": visibility, "name": name, "archived": archived}
    asked = {field: value for field, value in values.items() if value is not None}
    _require_rights(actor, repository, asked)
    present = {field: getattr(repository, field) for field in ("default_branch", "visibility", "name")}
    present["archived"] = repository.is_archived
    given = {field: value for field, value in asked.items() if present.get(field) != value}
    oid = _require_values(repository, given)
    with _git_done(repository, given), transaction.atomic():
        _write(actor, repository, given, oid)
    return repository


def _require_rights(actor: Actor, repository: Repository, asked: dict[str, Any]) -> None:
    """Words of an archived repository change only together with its return from the archive."""
    if asked.keys() - set(WORDS):
        rules.can_administer(actor, repository).require()
    if asked.keys() & set(WORDS) and asked.get("archived") is not False:
        rules.can_maintain(actor, repository).require()


def _require_values(repository: Repository, given: dict[str, Any]) -> str:
    """The commit of the new default branch, "" without one. Raises what is wrong with all fields together."""
    faults, oid = Faults(), ""
    with faults.of_a_field():
        require_website(given.get("website", ""))
    with faults.of_a_field():
        clean_topics(given.get("topics", ()))
    if "default_branch" in given:
        with faults.of_a_field():
            oid = require_branch(repository, given["default_branch"])
    if "visibility" in given:
        with faults.of_a_field():
            require_visibility(given["visibility"])
            require_visibility_like_parent(repository, given["visibility"])
    if "name" in given:
        with faults.of_a_field():
            require_name(given["name"], kind="project", field="name")
            if given["name"].lower() != repository.name.lower():
                require_free_address(repository.namespace, given["name"], kind=repository.kind)
    faults.require()
    return oid


@contextmanager
def _git_done(repository: Repository, given: dict[str, Any]) -> Iterator[None]:
    """What git must know before the rows change; HEAD is put back if they do not. A left pool stays left: that costs space alone."""
    old = repository.default_branch
    if "visibility" in given and opens(repository, given["visibility"]):
        gitstore.leave_pool(repository.path)
    if "default_branch" in given:
        gitstore.set_head(repository.path, given["default_branch"])
    try:
        yield
    except BaseException:
        if "default_branch" in given:
            gitstore.set_head(repository.path, old)
        raise


def _write(actor: Actor, repository: Repository, given: dict[str, Any], oid: str) -> None:
    if given.get("archived") is False:
        set_archived(actor, repository, archived=False)
    if given.keys() & set(WORDS):
        change_repository(actor, repository, **{field: given.get(field, getattr(repository, field)) for field in WORDS})
    if "default_branch" in given:
        write_default_branch(repository, given["default_branch"], oid)
    if "visibility" in given:
        write_visibility(repository, given["visibility"])
    if "name" in given:
        rename_repository(actor, repository, name=given["name"])
    if given.get("archived"):
        set_archived(actor, repository, archived=True)
