"""What both SSH servers understand: the command of a client, and the line for those who bring none."""

import shlex

from django.utils.translation import gettext as _

from core.actors import Actor
from projects.transport import errors, packs


def greeting(actor: Actor) -> str:
    """What `ssh -T git@host` shows."""
    if actor.person is None:
        return _("This deploy key works. There is no shell here; use git.")
    return _("Hello %s! Your key works. There is no shell here; use git.") % actor.person.username


def parse(command: str) -> tuple[str, str, str, str]:
    """(service, namespace, name, kind) of a command such as `git-upload-pack '/ns/name.git'`. Raises WireError."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if len(words) == 3 and words[0] == "git":
        words = [f"git-{words[1]}", words[2]]
    if len(words) != 2 or words[0] not in packs.SERVICES:
        raise errors.WireError(403, _("Only git fetch and git push are possible here."))
    parts = words[1].strip("/").removesuffix(".git").split("/")
    kind = ""
    if parts[0] == "datasets" and len(parts) == 3:
        kind, parts = "dataset", parts[1:]
    if len(parts) < 2 or not all(parts):
        raise errors.no_repository()
    return words[0], "/".join(parts[:-1]), parts[-1], kind
