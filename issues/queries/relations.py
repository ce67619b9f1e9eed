"""Reads about what hangs together: dependencies, parts, duplicates; nothing of what the reader may not read."""

from dataclasses import dataclass, field

from django.db.models import QuerySet

from core.actors import Actor
from issues import rules
from issues.models import FormerNumber, Thread
from projects.models import Repository


@dataclass(frozen=True, slots=True)
class Relations:
    """Of one thread, as a reader may see them."""

    blockers: list[Thread] = field(default_factory=list)
    blocking: list[Thread] = field(default_factory=list)
    parts: list[Thread] = field(default_factory=list)
    parent: Thread | None = None
    duplicates: list[Thread] = field(default_factory=list)
    duplicate_of: Thread | None = None

    @property
    def open_blockers(self) -> int:
        """How many it still waits for."""
        return sum(row.is_open for row in self.blockers)

    @property
    def parts_done(self) -> int:
        """Closed parts."""
        return sum(not row.is_open for row in self.parts)

    @property
    def percent(self) -> int:
        """Of the parts, rounded down, so that 100 means all."""
        return 100 * self.parts_done // len(self.parts) if self.parts else 0


def relations(actor: Actor, thread: Thread) -> Relations:
    """Five queries at most."""
    readable = _shown(actor)
    parent = getattr(thread, "parentage", None)
    above = {pk for pk in (parent.parent_id if parent is not None else None, thread.duplicate_of_id) if pk is not None}
    found = {row.pk: row for row in readable.filter(pk__in=above)} if above else {}
    return Relations(
        blockers=list(readable.filter(blocking__blocked=thread).order_by("-state", "blocking__pk")),
        blocking=list(readable.filter(blockers__blocker=thread).order_by("-state", "blockers__pk")),
        parts=list(readable.filter(parentage__parent=thread).order_by("parentage__position", "pk")),
        parent=found.get(parent.parent_id) if parent is not None else None,
        duplicates=list(readable.filter(duplicate_of=thread).order_by("pk")[:50]),
        duplicate_of=found.get(thread.duplicate_of_id) if thread.duplicate_of_id else None,
    )


def _shown(actor: Actor) -> QuerySet[Thread]:
    return Thread.objects.filter(rules.threads_readable_by(actor)).select_related("repository__namespace").defer("body")


def named_thread(actor: Actor, repository: Repository | None, text: str) -> Thread | None:
    """The thread that `12`, `#12` (in `repository`), `ns/name#12` or an address of this site names; None for none that the actor may read."""
    place, _hash, number = _split(text.strip())
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    rows = _shown(actor).filter(number=int(number))
    if not place:
        return rows.filter(repository=repository).first() if repository is not None else None
    namespace, _slash, name = place.partition("/")
    return rows.filter(repository__namespace__slug__lower=namespace.lower(), repository__name__lower=name.lower()).first()


def _split(text: str) -> tuple[str, str, str]:
    """("ns/name", "#", "12"), the first part "" for this repository."""
    if "://" in text or text.startswith("/"):
        parts = text.partition("://")[2].partition("/")[2] if "://" in text else text[1:]
        pieces = parts.split("?")[0].split("#")[0].strip("/").split("/")
        if len(pieces) == 4 and pieces[2] in ("issues", "pulls"):
            return f"{pieces[0]}/{pieces[1]}", "#", pieces[3]
        return "", "", ""
    return text.rpartition("#") if "#" in text else ("", "", text)


def moved_thread(actor: Actor, repository: Repository, number: int) -> Thread | None:
    """Where the thread that had this number went, if the actor may know it."""
    if number >= 2**31:
        return None
    row = FormerNumber.objects.filter(repository=repository, number=number).first()
    return _shown(actor).filter(pk=row.thread_id).first() if row is not None else None
