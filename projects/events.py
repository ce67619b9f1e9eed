"""Facts about repositories."""

from dataclasses import dataclass

from core.events import Fact


@dataclass(frozen=True)
class RepositoryCreated(Fact):
    """A repository exists."""

    repository_id: int
    by_id: int | None


@dataclass(frozen=True)
class MirrorsListed(Fact):
    """Repositories of other hosts are in the catalogue (one, or a batch of a list); nothing of them is here yet."""

    repository_ids: list[int]


@dataclass(frozen=True)
class MirrorListBegun(Fact):
    """A curator looked at a list of mirrors and wants it in the catalogue."""

    list_id: int


@dataclass(frozen=True)
class MirrorAsked(Fact):
    """Somebody, or upstream's webhook, wants a mirror to be looked at now."""

    mirror_id: int


@dataclass(frozen=True)
class NominationDecided(Fact):
    """A curator accepted or declined a nomination."""

    nomination_id: int
    accepted: bool


@dataclass(frozen=True)
class RepositoryForked(Fact):
    """`fork_id` was made from `source_id`."""

    fork_id: int
    source_id: int
    by_id: int | None


@dataclass(frozen=True)
class RepositoryRenamed(Fact):
    """New name or new namespace; the old address leads here until reused."""

    repository_id: int
    old: str
    new: str


@dataclass(frozen=True)
class RepositoryDeleted(Fact):
    """Hidden, with 7 days of undo."""

    repository_id: int
    by_id: int | None


@dataclass(frozen=True)
class RepositoryChanged(Fact):
    """What is known of it changed: description, topics, archived, taken down, a star taken back, or what the indexer counted."""

    repository_id: int


@dataclass(frozen=True)
class VisibilityChanged(Fact):
    """Who may read changed."""

    repository_id: int
    old: str
    new: str


@dataclass(frozen=True)
class RepositoryRestored(Fact):
    """The deletion was undone."""

    repository_id: int
    by_id: int | None


@dataclass(frozen=True)
class DefaultBranchChanged(Fact):
    """Another branch is what the front page shows; figures of the default branch must be counted anew."""

    repository_id: int
    old: str
    new: str


@dataclass(frozen=True)
class RefsUpdated(Fact):
    """One accepted push, whatever the number of refs. Up to 50 updates as (ref, old oid, new oid); the rest is in Git."""

    repository_id: int
    push_id: int
    by_id: int | None
    updates: list[list[str]]
    total: int


@dataclass(frozen=True)
class RepositoryStarred(Fact):
    """`by_id` starred the repository."""

    repository_id: int
    by_id: int


@dataclass(frozen=True)
class ReleasePublished(Fact):
    """A release left draft."""

    release_id: int
    repository_id: int


@dataclass(frozen=True)
class ImportRequested(Fact):
    """A repository waits to be filled."""

    import_id: int


@dataclass(frozen=True)
class RepositoryDetached(Fact):
    """It is no fork any more and leaves the shared pool."""

    repository_id: int
    by_id: int | None


@dataclass(frozen=True)
class RepositoryPurged(Fact):
    """It is gone for good, row and folder; `pool` is the shared pool it may have fed ("" for none), as hex."""

    repository_id: int
    pool: str


@dataclass(frozen=True)
class PurgeRequested(Fact):
    """What no ref of a repository reaches is to be removed."""

    purge_id: int


@dataclass(frozen=True)
class ListingRequested(Fact):
    """A reader looks at a directory of a long history whose last commits are not known; `folder` is percent-encoded."""

    repository_id: int
    oid: str
    folder: str


@dataclass(frozen=True)
class BulkEditRequested(Fact):
    """Curators changed more projects than one request can: a worker does it."""

    edit_id: int


@dataclass(frozen=True)
class CatalogueChanged(Fact):
    """Projects were hidden from the market and the search, or are shown again."""

    repository_ids: list[int]


@dataclass(frozen=True)
class ReportDecided(Fact):
    """A curator answered a reader's report."""

    report_id: int


@dataclass(frozen=True)
class CommitStatusSet(Fact):
    """A program said something about a commit, by a status or a check run: `state` is pending, success, failure, error or neutral."""

    repository_id: int
    oid: str
    context: str
    state: str
    by_id: int | None
