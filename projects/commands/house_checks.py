"""This site's own check of what is pushed to topic branches: titles, licence, large files, secrets."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

import gitstore
from core.actors import Actor
from core.rules import HIDE
from projects import policies
from projects.commands.indexing import tree_licence
from projects.commands.statuses import ANNOTATIONS, create_check_run
from projects.models import CheckRun, Repository
from projects.queries.statuses import house_check_is_on

NAME, SOURCE = "openi/house", "house"
TITLE = re.compile(r"[a-z]+(\([^()\n]{1,60}\))?!?: \S.*|Merge .+|Revert .+", re.DOTALL)  # conventionalcommits.org, and Git's own words
TITLES = 50  # commits that are looked at
FILES = 1000  # changed files that are looked at
LINES = 5000  # changed lines of one file
LARGE = 5 * 1024**2  # bytes
SHOWN = 20  # names of one kind in the summary


@dataclass(slots=True)
class Findings:
    """What the check found in a range of commits."""

    titles: list[str] = field(default_factory=list)  # those that follow no convention
    licence: str = ""
    large: list[str] = field(default_factory=list)
    secrets: list[dict[str, Any]] = field(default_factory=list)  # annotations; the secret itself is nowhere kept

    @property
    def conclusion(self) -> str:
        """Any of them is a failure."""
        return "failure" if self.titles or not self.licence or self.large or self.secrets else "success"


def run_house_check(actor: Actor, repository_id: int, *, oids: list[str]) -> list[CheckRun]:
    """Check these commits, tips of topic branches, against the default branch. Each commit once; safe to repeat. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id, deleted_at=None).first()
    if repository is None or repository.is_archived or not repository.path.is_dir() or not house_check_is_on(repository):
        return []
    base = gitstore.ref_oid(repository.path, f"refs/heads/{repository.default_branch}")
    made = []
    for oid in dict.fromkeys(oids):
        if not base or CheckRun.objects.filter(repository=repository, oid=oid, source=SOURCE).exists():
            continue
        try:
            findings = _findings(repository, base, oid)
        except gitstore.GitError:  # deleted meanwhile, or no commit
            continue
        with translation.override(settings.LANGUAGE_CODE):
            told = {"title": _title(findings), "summary": _summary(findings), "annotations": findings.secrets[:ANNOTATIONS]}
            made.append(create_check_run(actor, repository, oid=oid, name=NAME, source=SOURCE, conclusion=findings.conclusion, **told))
    return made


def _findings(repository: Repository, base: str, oid: str) -> Findings:
    """Raises GitError."""
    path = repository.path
    found = Findings(licence=tree_licence(path, oid))
    for commit in gitstore.between(path, base, oid, limit=TITLES):
        if not TITLE.fullmatch(commit.subject):
            found.titles.append(commit.subject[:120])
    ancestor = gitstore.merge_base(path, base, oid)
    for file in gitstore.diff(path, ancestor or "", oid, limit=FILES, lines=LINES).files:
        if file.status == "deleted" or file.new_mode not in (0o100644, 0o100755):
            continue
        name = file.new_path.encode("utf-8", "replace").decode()
        if gitstore.blob_size(path, file.new_oid) > LARGE:
            found.large.append(name)
        for hunk in file.hunks or ():
            for line in hunk.lines:
                if line.kind == "+" and line.new is not None:
                    kinds = sorted({str(what) for what, _match in policies.secrets_in(line.text)})
                    found.secrets += [{"path": name, "start_line": line.new, "level": "failure", "message": kind} for kind in kinds]
    return found


def _title(found: Findings) -> str:
    if found.conclusion == "success":
        return _("Titles, licence, sizes and secrets are in order")
    faults = [
        *([_("titles")] if found.titles else []), *([] if found.licence else [_("licence")]), *([_("large files")] if found.large else []),
        *([_("secrets")] if found.secrets else []),
    ]  # fmt: skip
    return _("To look at: %s") % ", ".join(faults)


def _summary(found: Findings) -> str:
    """A list in Markdown; names are code, so that they are nothing but text."""
    lines = [
        _item(not found.titles, _("Titles follow Conventional Commits, such as `fix: …`"), found.titles),
        _item(bool(found.licence), _("There is a licence that is known"), [found.licence] if found.licence else []),
        _item(not found.large, _("No file over %d MB is new") % (LARGE // 1024**2), found.large),
        _item(not found.secrets, _("No new line looks like a secret"), [f"{one['path']}:{one['start_line']}" for one in found.secrets]),
    ]
    return "\n".join(lines)


def _item(is_well: bool, words: str, names: list[str]) -> str:
    shown = "".join(f"\n  - `{name.replace('`', '′')}`" for name in names[:SHOWN])
    rest = f"\n  - +{len(names) - SHOWN}" if len(names) > SHOWN else ""
    return f"- {'✓' if is_well else '✗'} {words}{shown}{rest}"
