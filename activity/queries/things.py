"""What notifications are about, loaded for a page at once: title, address, state; and the words for what happened."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from activity.models import Hook, Kind, Notification
from core.filenames import quoted
from issues.models import Thread
from projects.models import Release


@dataclass(frozen=True, slots=True)
class Thing:
    """`path` is an address on this site; `state` is open | closed | merged for threads, "" else."""

    title: str
    path: str
    icon: str
    state: str = ""
    number: int = 0


def things(wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Thing]:
    """(kind, id) → thing; what is gone is left out. At most one query a kind."""
    by_kind: dict[str, set[int]] = {}
    for kind, pk in wanted:
        by_kind.setdefault(kind, set()).add(pk)
    found: dict[tuple[str, int], Thing] = {}
    for kind, load in ((Kind.THREAD, _threads), (Kind.RELEASE, _releases), (Kind.HOOK, _hooks)):
        if kind in by_kind:
            found |= {(kind.value, pk): thing for pk, thing in load(by_kind[kind]).items()}
    return found


def _threads(pks: set[int]) -> dict[int, Thing]:
    rows = Thread.objects.filter(pk__in=pks).select_related("repository__namespace").defer("body")
    return {row.pk: thread_thing(row) for row in rows}


def thread_thing(row: Thread) -> Thing:
    """An issue or a pull request, with the icon of its state."""
    if row.is_issue:
        icon, state = ("circle-dot" if row.is_open else "circle-check"), row.state
    else:
        state = "merged" if row.state_reason == Thread.StateReason.MERGED else row.state
        icon = "git-merge" if state == "merged" else "git-pull-request"
    return Thing(row.title, row.get_absolute_url(), icon, state, row.number)


def _releases(pks: set[int]) -> dict[int, Thing]:
    rows = Release.objects.filter(pk__in=pks, is_draft=False).select_related("repository__namespace")
    return {
        row.pk: Thing(row.title or row.tag, f"{row.repository.get_absolute_url()}/releases/tag/{quoted(row.tag)}", "tag") for row in rows
    }


def _hooks(pks: set[int]) -> dict[int, Thing]:
    rows = Hook.objects.filter(pk__in=pks).select_related("repository__namespace", "organization__namespace")
    return {row.pk: Thing(row.address_shown, _hook_path(row), "radio") for row in rows}


def _hook_path(hook: Hook) -> str:
    if hook.organization is not None:
        return f"/-/orgs/{hook.organization.slug}/hooks/{hook.pk}"
    return f"{hook.repository.get_absolute_url()}/settings/hooks/{hook.pk}" if hook.repository else "/"


def happened(what: str, who: str) -> str:
    """What happened, in a sentence."""
    words = {
        "opened": _("%(who)s opened it"),
        "commented": _("%(who)s commented"),
        "mentioned": _("%(who)s mentioned you"),
        "assigned": _("%(who)s assigned it to you"),
        "closed": _("%(who)s closed it"),
        "reopened": _("%(who)s reopened it"),
        "merged": _("%(who)s merged it"),
        "pushed": _("%(who)s pushed new commits"),
        "review_requested": _("%(who)s asks for your review"),
        "approved": _("%(who)s approved it"),
        "changes_requested": _("%(who)s asks for changes"),
        "reviewed": _("%(who)s reviewed it"),
        "released": _("%(who)s published a release"),
        "hook_off": _("It failed for three days and was switched off"),
    }
    return words.get(what, _("%(who)s changed it")) % {"who": who or _("Somebody")}


def sentence(row: Notification) -> str:
    """What happened last to the thing of a notification."""
    return happened(row.what, row.by.shown_name if row.by else "")
