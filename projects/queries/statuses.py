"""What programs said about commits, put together: one word for a commit, and the list behind it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

import gitstore
from core.errors import NotFound
from projects.models import CheckAnnotation, CheckRun, CheckSetting, CommitStatus, Repository
from projects.queries.browsing import position, reading, require_reached

PENDING, SUCCESS, FAILURE, ERROR, NEUTRAL = "pending", "success", "failure", "error", "neutral"
GRAVITY = (FAILURE, ERROR, PENDING, SUCCESS, NEUTRAL)  # the first that occurs is the commit's
GOOD = frozenset({SUCCESS, NEUTRAL})
_OF_CONCLUSION = {
    "success": SUCCESS, "failure": FAILURE, "neutral": NEUTRAL, "skipped": NEUTRAL, "cancelled": ERROR, "timed_out": ERROR,
    "action_required": FAILURE, "stale": ERROR,
}  # fmt: skip
TONES = {PENDING: "warn", SUCCESS: "ok", FAILURE: "bad", ERROR: "bad", NEUTRAL: "muted"}
ICONS = {PENDING: "hourglass", SUCCESS: "circle-check", FAILURE: "circle-x", ERROR: "triangle-alert", NEUTRAL: "circle-dashed"}


@dataclass(frozen=True, slots=True)
class Result:
    """The latest word under one name: a status, or a check run (`run` is its id). `state`: pending, success, failure, error or neutral."""

    name: str
    state: str
    words: str  # the state as the page says it
    description: str = ""
    target: str = ""
    run: int | None = None
    at: datetime | None = None

    @property
    def tone(self) -> str:
        """Class of its colour."""
        return TONES[self.state]

    @property
    def icon(self) -> str:
        """Name of its sign."""
        return ICONS[self.state]


@dataclass(frozen=True, slots=True)
class Combined:
    """All results of one commit, by name. `state` is the gravest of them, "" where nothing was said."""

    oid: str
    results: tuple[Result, ...] = field(default=())

    @property
    def state(self) -> str:
        """The gravest: failure before error before pending before success; neutral ones count only alone."""
        present = {one.state for one in self.results}
        return next((state for state in GRAVITY if state in present), "")

    @property
    def passed(self) -> int:
        """Results that stand in nobody's way."""
        return sum(one.state in GOOD for one in self.results)

    @property
    def tone(self) -> str:
        """Class of its colour."""
        return TONES.get(self.state, "muted")

    @property
    def icon(self) -> str:
        """Name of its sign."""
        return ICONS.get(self.state, "circle-dashed")

    @property
    def words(self) -> str:
        """The state and how many passed."""
        said = {
            SUCCESS: pgettext("check", "Checks passed"), FAILURE: pgettext("check", "Checks failed"), ERROR: pgettext("check", "Checks broke off"),
            PENDING: pgettext("check", "Checks are running"), NEUTRAL: pgettext("check", "Checks have nothing to say"),
        }.get(self.state, "")  # fmt: skip
        return _("%(words)s (%(passed)d of %(total)d)") % {"words": said, "passed": self.passed, "total": len(self.results)} if said else ""

    def state_of(self, name: str) -> str:
        """The state under one name, "" where nothing was said: what a required check asks."""
        return next((one.state for one in self.results if one.name == name), "")

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that have not passed (a neutral result passes)."""
        return [name for name in names if self.state_of(name) not in GOOD]


def combined(repository: Repository, oid: str) -> Combined:
    """The results of one commit; two queries."""
    return combined_many(repository, [oid]).get(oid) or Combined(oid)


def combined_many(repository: Repository, oids: Iterable[str]) -> dict[str, Combined]:
    """Commit → its results, of those commits that have any; two queries for any number."""
    wanted = set(oids)
    if not wanted:
        return {}
    found: dict[str, dict[str, Result]] = {}
    rows = CommitStatus.objects.filter(repository=repository, oid__in=wanted, is_latest=True)
    for status in rows.only("oid", "context", "state", "description", "target", "created_at"):
        found.setdefault(status.oid, {})[status.context] = Result(
            status.context, status.state, status.get_state_display(), status.description, status.target, at=status.created_at
        )
    runs = CheckRun.objects.filter(repository=repository, oid__in=wanted, is_latest=True).defer("summary", "text")
    for run in runs:
        found.setdefault(run.oid, {})[run.name] = result_of(run)
    return {oid: Combined(oid, tuple(sorted(named.values(), key=lambda one: one.name.lower()))) for oid, named in found.items()}


def result_of(run: CheckRun) -> Result:
    """A check run as one of a commit's results."""
    is_over = run.status == CheckRun.Status.COMPLETED
    state = _OF_CONCLUSION.get(run.conclusion, NEUTRAL) if is_over else PENDING
    words = run.get_conclusion_display() if is_over else run.get_status_display()
    return Result(run.name, state, words, run.title, run.details, run=run.pk, at=run.completed_at or run.started_at or run.created_at)


def version(repository: Repository) -> int:
    """Changes with every word about a commit of the repository; 0: nothing was ever said. One query."""
    return CheckSetting.objects.filter(repository=repository).values_list("version", flat=True).first() or 0


def shown_on(repository: Repository, oids: Iterable[str], *, version: int) -> dict[str, Combined]:
    """The results for a page about these commits; no query where `version` says that nothing was ever said."""
    return combined_many(repository, oids) if version else {}


def statuses(repository: Repository, oid: str) -> QuerySet[CommitStatus]:
    """Every status of a commit with its creator, newest first."""
    return CommitStatus.objects.filter(repository=repository, oid=oid).select_related("creator", "creator__namespace").order_by("-pk")


def latest_statuses(repository: Repository, oid: str) -> QuerySet[CommitStatus]:
    """The latest of each context, newest first."""
    return statuses(repository, oid).filter(is_latest=True)


def check_runs(repository: Repository, oid: str, *, latest: bool = True) -> QuerySet[CheckRun]:
    """Check runs of a commit with their creator and `annotations_total`, newest first; `latest`: of each name the last."""
    rows = CheckRun.objects.filter(repository=repository, oid=oid).select_related("creator", "creator__namespace")
    return (rows.filter(is_latest=True) if latest else rows).annotate(annotations_total=Count("annotations")).order_by("-pk")


def check_run(repository: Repository, pk: int) -> CheckRun:
    """One run with its creator. Raises NotFound."""
    rows = CheckRun.objects.filter(repository=repository, pk=min(pk, 2**62)).select_related("creator", "creator__namespace")
    found = rows.annotate(annotations_total=Count("annotations")).first()
    if found is None:
        raise NotFound(_("There is no such check run."))
    found.repository = repository
    return found


def annotations(run: CheckRun) -> QuerySet[CheckAnnotation]:
    """What the run says about lines, by file."""
    return run.annotations.order_by("path", "start_line", "pk")


def house_check_is_on(repository: Repository) -> bool:
    """Whether this site's own check looks at pushes to topic branches."""
    return CheckSetting.objects.filter(repository=repository, is_on=True).exists()


def require_commit(repository: Repository, oid: str) -> None:
    """Raise NotFound unless a branch, a tag or a pull request of this repository leads to the commit of the full `oid`."""
    with reading():
        gitstore.commit(repository.path, oid)
    if oid in gitstore.refs(repository.path, "refs/pull").values():
        return
    require_reached(repository, oid)


def commit_named(repository: Repository, name: str) -> str:
    """The full oid behind a branch, tag or oid; of a pull request's commits too, by the full oid. Raises NotFound."""
    if len(name) == 40 and all(one in "0123456789abcdef" for one in name):
        require_commit(repository, name)
        return name
    found = position(repository, name)
    if found.path:
        raise NotFound(_("There is no such branch, tag or commit."))
    return found.oid
