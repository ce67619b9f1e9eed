"""Finding a repository for Git's clients: as few columns and joins as possible, because each fetch asks two or three times."""

from core.actors import Actor
from core.errors import NotFound
from projects import rules
from projects.models import Repository
from projects.queries.repositories import repository_for_git


def repository_for_wire(actor: Actor, namespace: str, name: str, *, kind: str = "") -> Repository:
    """As `repository_for_git`, without the people behind the namespace.

    Raises NotFound if there is none or the actor may not know of it, TakenDown (451) if it was removed by order.
    """
    rows = Repository.objects.select_related("namespace")
    rows = rows.filter(namespace__slug__lower=namespace.lower(), name__lower=name.lower(), deleted_at=None)
    for found in rows:  # at most a project and a dataset
        if (found.kind == "dataset") == (kind == "dataset"):
            rules.can_read(actor, found).require()
            return found
    if kind == "dataset":
        raise NotFound("")
    return repository_for_git(actor, namespace, name)
