"""Code owners are asked, and commits are kept even if the process that opened a pull request died."""

from core.actors import SYSTEM
from core.events import subscribe
from pulls.commands.merging import fresh
from pulls.commands.objects import keep_versions
from pulls.commands.reviewing import request_owners
from pulls.events import PullChanged, PullOpened, PullSynchronized
from pulls.models import Pull


def _pull(pk: int) -> Pull | None:
    """The row, if its repository is still there."""
    found = Pull.objects.select_related("repository").filter(pk=pk, repository__deleted_at=None).first()
    return fresh(found) if found is not None else None


@subscribe(PullOpened, outside=True)
def keep_opened(event: PullOpened, cause: str) -> None:
    """Hidden refs of its first version, and its owners."""
    if (pull := _pull(event.pull_id)) is not None:
        keep_versions(pull)
        request_owners(SYSTEM, pull)


@subscribe(PullSynchronized, outside=True)
def keep_pushed(event: PullSynchronized, cause: str) -> None:
    """Those of a new version, which may touch what others own."""
    if (pull := _pull(event.pull_id)) is not None:
        keep_versions(pull)
        request_owners(SYSTEM, pull)


@subscribe(PullChanged, outside=True)
def ask_owners_of_ready(event: PullChanged, cause: str) -> None:
    """A draft that is ready, or another base with other owners."""
    if event.what in ("ready", "retargeted") and (pull := _pull(event.pull_id)) is not None:
        request_owners(SYSTEM, pull)
