"""Looking at a repository for its trust page: by the worker, from what it holds, never on a page."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from django.db.models import Q, Sum
from django.utils import timezone

import gitstore
from core import licences
from core.actors import Actor
from core.rules import HIDE
from projects.logic import version_key
from projects.models import ContributionDay, Release, Repository, TrustReport
from projects.queries.contribution import contributors
from projects.trust import checks
from projects.trust.checks import Facts

FRESH = timedelta(days=7)  # what time alone changes is looked at anew
ENTRIES = 2000  # of one folder


def assess_repository(actor: Actor, repository_id: int, *, older_than: timedelta = timedelta(0)) -> None:
    """Look at the default branch, the newest tags and the counted commits, and keep what was seen. Safe to repeat.

    A report of the same state that is younger than `older_than` stays.
    """
    if not actor.is_system:
        HIDE.require()
    repository = Repository.objects.select_related("trust").filter(pk=repository_id, deleted_at=None).first()
    if repository is None or not repository.path.is_dir():
        return
    known = getattr(repository, "trust", None)
    if known and _is_same(repository, known) and timezone.now() - known.computed_at < older_than:
        return
    facts = _facts(repository)
    found = checks.judge(facts, today=datetime.now(UTC).date())
    values = {
        "oid": repository.head_oid, "facts": asdict(facts), "passed": checks.passed(found), "total": len(found), "computed_at": timezone.now(),
    }  # fmt: skip
    TrustReport.objects.update_or_create(repository=repository, defaults=values)


def _is_same(repository: Repository, known: TrustReport) -> bool:
    """Whether a push, a setting or a count of its commits has changed what the report says."""
    facts = Facts.of(known.facts)
    counted = repository.indexed_oid == repository.head_oid
    now = (repository.head_oid, repository.is_archived, repository.licence, counted)
    return (known.oid, facts.archived, facts.licence, facts.counted) == now


def due_assessments(limit: int) -> list[int]:
    """Repositories nobody has looked at yet, then those looked at longest ago."""
    rows = Repository.objects.filter(deleted_at=None).exclude(head_oid="")
    new = list(rows.filter(trust=None).order_by("-updated_at").values_list("pk", flat=True)[:limit])
    stale = Q(trust__computed_at__lt=timezone.now() - FRESH)
    return new + list(rows.filter(stale).order_by("trust__computed_at").values_list("pk", flat=True)[: limit - len(new)])


def _facts(repository: Repository) -> Facts:
    facts = Facts(archived=repository.is_archived, licence=repository.licence, counted=repository.indexed_oid == repository.head_oid)
    if repository.head_oid:
        paths = _paths(repository)
        facts.licence_path = next((path for path in paths if "/" not in path and licences.is_licence_file(path)), "")
        facts.security_path = checks.security_file(paths)
        facts.ci_path = checks.ci_file(paths)
    _tags(repository, facts)
    _people(repository, facts)
    return facts


def _paths(repository: Repository) -> list[str]:
    """Files of the folders where such things lie."""
    found = []
    for folder in checks.FOLDERS:
        try:
            entries = gitstore.tree(repository.path, repository.head_oid, folder)
        except gitstore.GitError:
            continue
        found += [entry.path for entry in entries[:ENTRIES] if entry.kind in ("blob", "executable")]
    return found


def _tags(repository: Repository, facts: Facts) -> None:
    tags = sorted(gitstore.tags(repository.path), key=lambda tag: version_key(tag.short), reverse=True)
    facts.tags = len(tags)
    for tag in tags[: checks.TAGS]:
        facts.tags_looked_at.append(_text(tag.short))
        if gitstore.signature_of(repository.path, tag.oid) is not None:
            facts.tags_signed.append(_text(tag.short))
    dated = [
        (released.astimezone(UTC).date().isoformat(), name)
        for name, released in Release.objects.filter(repository=repository, is_draft=False).values_list("tag", "published_at")
        if released
    ]
    for tag in tags[: checks.TAGS]:
        try:
            moment = gitstore.commit(repository.path, tag.commit).committer.when
        except gitstore.GitError:
            continue
        if moment is not None:
            dated.append((moment.astimezone(UTC).date().isoformat(), _text(tag.short)))
    if dated:
        facts.released_on, facts.release = max(dated)


def _people(repository: Repository, facts: Facts) -> None:
    today = datetime.now(UTC).date()
    lately = ContributionDay.objects.filter(repository=repository, day__gt=today - timedelta(days=checks.MAINTAINED_DAYS), day__lte=today)
    facts.commits_lately = lately.aggregate(n=Sum("commits"))["n"] or 0
    people = contributors(repository, since=today - timedelta(days=365))
    facts.commits_year = sum(one.commits for one in people)
    facts.authors_year = len(people)
    facts.bus_factor = checks.bus_factor(one.commits for one in people)


def _text(raw: str) -> str:
    return raw.encode("utf-8", "replace").decode().replace("\0", "")[:200]
