"""This site's own check looks at what is pushed."""

from core.actors import SYSTEM
from core.events import subscribe
from projects.commands.house_checks import run_house_check
from projects.events import RefsUpdated
from projects.models import Repository


@subscribe(RefsUpdated, outside=True)
def check_topic_branches(event: RefsUpdated, cause: str) -> None:
    """Tips of branches other than the default one, where the repository wants it."""
    default = Repository.objects.filter(pk=event.repository_id, check_setting__is_on=True).values_list("default_branch", flat=True).first()
    if default is None:
        return
    oids = [new for ref, _old, new in event.updates if ref.startswith("refs/heads/") and ref != f"refs/heads/{default}" and new.strip("0")]
    run_house_check(SYSTEM, event.repository_id, oids=oids)
