"""Named places of repositories: where other packages add their own to pages and take part in pushes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pygit2

from accounts.places import PersonalRows, personal_rows
from core.actors import Actor
from core.places import Place
from core.rules import Decision
from projects.models import Repository

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class Tab:
    """One tab under a repository's title. `suffix` follows the repository's address, `key` says which one is current.

    `visible(actor, repository)` decides without a query; `shown` may ask the figures of the head besides. `count` names an attribute of the
    page's header row or one of its `head_figures`, "" for none.
    """

    key: str
    label: "str | StrPromise"
    icon: str
    suffix: str
    visible: Callable[[Actor, Repository], bool]
    count: str = ""
    shown: Callable[[Actor, Repository, dict[str, int]], bool] | None = None


@dataclass(frozen=True)
class HeadFigure:
    """A number that the head of every page of a repository asks for in its one query: `sql` selects one value, with `%(id)s` for the repository."""

    key: str
    sql: str


head_figures: Place[HeadFigure] = Place("figures of a repository's head")
tabs: Place[Tab] = Place("repository tabs")


@dataclass(frozen=True)
class NamespaceBox:
    """A box on the page of a person or organisation: `template` is rendered with `context(actor, namespace)`."""

    key: str
    template: str


namespace_boxes: Place[NamespaceBox] = Place("boxes of a namespace page")


@dataclass(frozen=True)
class FrontBox:
    """A box above the files on the front page of a repository: `template` is rendered with `box`, what `context(actor, repository)` returns; None
    shows nothing. The page is made anew where the texts of `box` differ."""

    key: str
    template: str
    context: Callable[[Actor, Repository], Any]


front_boxes: Place[FrontBox] = Place("boxes of a repository's front page")

# (actor, repository) → address of the page that proposes a branch, to which `?base=…&head=…` is added; "" if the actor may propose nothing
proposals: Place[Callable[[Actor, Repository], str]] = Place("pages that propose a branch")


def proposal(actor: Actor, repository: Repository) -> str:
    """The first address that a package offers."""
    return next((address for offer in proposals if (address := offer(actor, repository))), "")


@dataclass(frozen=True)
class DirectoryBox:
    """A part of the dataset directory: `template` is rendered with what `context(actor)` returns as `box`."""

    key: str
    template: str
    context: Callable[[Actor], dict[str, Any]]


dataset_boxes: Place[DirectoryBox] = Place("parts of the dataset directory")


demo_parts: Place[Callable[[], object]] = Place("what other packages add to the demo; safe to repeat")


ZERO = "0" * 40
Update = tuple[str, str, str]  # ref, old oid, new oid; ZERO for none


@dataclass
class Proposal:
    """What someone wants a repository's refs to become.

    `quarantine` is the object directory that holds the pushed objects until the push is accepted (None: they are in the
    repository already). `quarantine_bytes` is its size on disk. `options` are the texts of `git push -o`. `merging`: a pull request is merged,
    whose rules say who may.
    """

    actor: Actor
    repository: Repository
    access: str  # of the actor, as `rules.access`
    updates: list[Update]
    options: frozenset[str] = frozenset()
    quarantine: Path | None = None
    quarantine_bytes: int = 0
    merging: bool = False
    memo: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def store(self) -> Any:
        """The repository opened by pygit2, pushed objects included."""
        opened = pygit2.Repository(str(self.repository.path))
        if self.quarantine is not None:
            opened.odb.add_disk_alternate(str(self.quarantine))
        return opened


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a push is not accepted: `ref` it is about ("" for the whole push), a sentence, and a stable code."""

    ref: str
    reason: str
    code: str = "policy"


Policy = Callable[[Proposal], Iterable[Refusal]]
push_policies: Place[Policy] = Place("push policies")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a push to a ref that is no ref: the ref that moved instead, from `old` (ZERO: it is new), and lines for the person."""

    ref: str
    old: str
    new: str
    lines: list[str] = field(default_factory=list)
    forced: bool = False


@dataclass(frozen=True)
class PushDoor:
    """Refs below `prefix` are no refs: what is pushed there is handed to `take(actor, repository, name, oid, options)` once its objects are in
    the repository, `name` being the ref without the prefix. It moves refs itself, and raises DomainError to refuse.

    `may(actor, repository)` lets people in who may push nothing else. `look(actor, repository, name, options, size)` raises DomainError while the
    objects, `size` bytes of them, are not in the repository yet: what is refused then leaves nothing behind.
    """

    prefix: str
    may: Callable[[Actor, Repository], Decision]
    look: Callable[[Actor, Repository, str, frozenset[str], int], None]
    take: Callable[[Actor, Repository, str, str, frozenset[str]], Taken]


push_doors: Place[PushDoor] = Place("refs that are no refs")
PushGuests = Callable[[Actor, Repository], set[str]]
push_guests: Place[PushGuests] = Place("branches that people without write access may push to")


def guest_refs(actor: Actor, repository: Repository) -> set[str]:
    """Full names of refs of the repository that somebody let the actor push to although they may not write there."""
    return {ref for guests in push_guests for ref in guests(actor, repository)}


def push_door(ref: str) -> PushDoor | None:
    """The door a ref leads to, None for ordinary refs."""
    return next((door for door in push_doors if ref.startswith(door.prefix)), None)


_HISTORY = "the repository's history"
for _rows in (
    PersonalRows("projects.Collaborator.user", section="collaborations", columns=("repository__namespace__slug", "repository__name", "access")),
    PersonalRows("projects.Star.user", section="stars", columns=("repository__namespace__slug", "repository__name", "at")),
    PersonalRows("projects.Watch.user", section="watches", columns=("repository__namespace__slug", "repository__name", "level")),
    PersonalRows(
        "projects.Protection.push_users", section="push_rights", columns=("repository__namespace__slug", "repository__name", "pattern")
    ),
    PersonalRows(
        "projects.Push.user", keeps=_HISTORY, section="pushes", columns=("repository__namespace__slug", "repository__name", "updates", "at")
    ),
    PersonalRows(
        "projects.Release.author", keeps=_HISTORY, section="releases",
        columns=("repository__namespace__slug", "repository__name", "tag", "title", "created_at"),
    ),
    PersonalRows(
        "projects.ImportRun.by", keeps=_HISTORY, section="imports",
        columns=("repository__namespace__slug", "repository__name", "source_shown", "state", "created_at"),
    ),
    PersonalRows(
        "projects.PurgeRun.by", keeps=_HISTORY, section="purges",
        columns=("repository__namespace__slug", "repository__name", "state", "created_at"),
    ),
    PersonalRows(
        "projects.Mirror.created_by", keeps="the mirror's", section="mirrors",
        columns=("repository__namespace__slug", "repository__name", "created_at"),
    ),
    PersonalRows(
        "projects.PushMirror.created_by", keeps="the repository's", section="push_mirrors",
        columns=("repository__namespace__slug", "repository__name", "address", "created_at"),
    ),
    PersonalRows(
        "projects.CommitStatus.creator", keeps=_HISTORY, section="commit_statuses",
        columns=("repository__namespace__slug", "repository__name", "oid", "context", "state", "description", "target", "created_at"),
    ),
    PersonalRows(
        "projects.CheckRun.creator", keeps=_HISTORY, section="check_runs",
        columns=("repository__namespace__slug", "repository__name", "oid", "name", "conclusion", "created_at"),
    ),
    PersonalRows("projects.MirrorList.by", keeps="the market's", section="mirror_lists", columns=("name", "rows", "state", "created_at")),
    PersonalRows("projects.Classifier.by", keeps="the market's", section="classifiers_asked_for", columns=("created_at",)),
    PersonalRows("projects.SortingAct.by", keeps="the market's", section="categories_decided", columns=("kind", "total", "at")),
    PersonalRows("projects.LabelSample.drawn_by", keeps="the market's", section="label_samples", columns=("size", "drawn_at")),
    PersonalRows(
        "projects.Label.by", keeps="a published figure rests on it", section="labels",
        columns=("item__repository__namespace__slug", "item__repository__name", "category__slug", "is_unclear", "at"),
    ),
    PersonalRows("projects.Nomination.by", keeps="the market's", section="nominations", columns=("address", "reason", "state", "created_at")),
    PersonalRows("projects.BulkEdit.by", keeps="the catalogue's trail", section="bulk_edits", columns=("changes", "reason", "changed", "created_at")),
    PersonalRows("projects.Finding.settled_by", keeps="the catalogue's", section="findings_settled", columns=("kind", "settled_at")),
    PersonalRows("projects.Report.by", section="reports", columns=("reason", "text", "state", "answer", "created_at")),
    PersonalRows("projects.Report.decided_by", keeps="the reporter's", section="reports_decided", columns=("state", "decided_at")),
    PersonalRows("projects.Nomination.decided_by", keeps="the market's", section="nominations_decided", columns=("address", "decided_at")),
):  # fmt: skip
    personal_rows.add(_rows)
