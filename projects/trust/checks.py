"""What a repository shows, and what that says: seven checks after OpenSSF Scorecard, those that need nothing but the repository.

Source: the checks License, Security-Policy, CI-Tests, Signed-Releases (here: tags), Maintained, Contributors and Packaging of
https://github.com/ossf/scorecard/blob/main/docs/checks.md. The thresholds are ours and stand here; the page shows evidence, not points.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

PASS, PART, FAIL = "pass", "part", "fail"
MAINTAINED_DAYS = 90
MAINTAINED_COMMITS = 12  # in them, about one a week
RELEASE_DAYS = 365
TAGS = 5  # the newest that are looked at
SECURITY = re.compile(r"security(\.[a-z-]+)?\.(md|markdown|rst|txt|adoc)|security", re.IGNORECASE)
FOLDERS = (
    "",
    ".github",
    ".gitee",
    ".gitlab",
    "docs",
    ".circleci",
    ".github/workflows",
    ".gitee/workflows",
    ".workflow",
    ".gitea/workflows",
)
CI_FILES = frozenset(
    {
        ".gitlab-ci.yml", ".travis.yml", "Jenkinsfile", "azure-pipelines.yml", ".drone.yml", ".woodpecker.yml", ".circleci/config.yml",
        "appveyor.yml", ".appveyor.yml", ".cirrus.yml", "bitbucket-pipelines.yml", "buildspec.yml", ".ci/run", "cloudbuild.yaml",
    }
)  # fmt: skip
CI_FOLDERS = (".github/workflows/", ".gitee/workflows/", ".gitea/workflows/", ".workflow/")


@dataclass(slots=True)
class Facts:
    """As they are stored. Paths are those of the commit that was looked at; days are ISO dates."""

    licence: str = ""  # SPDX id, "" for none or an unknown text
    licence_path: str = ""
    security_path: str = ""
    ci_path: str = ""
    tags: int = 0
    tags_looked_at: list[str] = field(default_factory=list)
    tags_signed: list[str] = field(default_factory=list)
    commits_lately: int = 0  # within MAINTAINED_DAYS of the day it was counted
    commits_year: int = 0
    authors_year: int = 0
    bus_factor: int = 0
    release: str = ""  # tag of the newest release
    released_on: str = ""
    archived: bool = False
    counted: bool = True  # whether commits have been counted at all

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Facts":
        """From what an older version may have stored."""
        return cls(**{name: value for name, value in stored.items() if name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Check:
    """One of them. `path` or `page` is the evidence: a file of the commit, or a page of the repository."""

    key: str
    result: str
    path: str = ""
    page: str = ""


def security_file(paths: Iterable[str]) -> str:
    """The security policy among paths of FOLDERS, "" if there is none."""
    return next((path for path in sorted(paths, key=len) if SECURITY.fullmatch(path.rpartition("/")[2])), "")


def ci_file(paths: Iterable[str]) -> str:
    """What runs tests by itself, "" if nothing does."""
    return next(
        (path for path in sorted(paths) if path in CI_FILES or (path.startswith(CI_FOLDERS) and path.endswith((".yml", ".yaml")))), ""
    )


def bus_factor(commits: Iterable[int]) -> int:
    """How many people, the busiest first, made more than half of the commits; 0 of none."""
    ordered = sorted(commits, reverse=True)
    total, sum_so_far = sum(ordered), 0
    for number, one in enumerate(ordered, 1):
        sum_so_far += one
        if 2 * sum_so_far > total:
            return number
    return 0


def judge(facts: Facts, *, today: date) -> list[Check]:
    """The checks in the order of the page."""
    return [
        Check("licence", PASS if facts.licence else PART if facts.licence_path else FAIL, path=facts.licence_path),
        Check("security", PASS if facts.security_path else FAIL, path=facts.security_path),
        Check("ci", PASS if facts.ci_path else FAIL, path=facts.ci_path),
        Check("signed", _share(len(facts.tags_signed), len(facts.tags_looked_at)), page="/tags" if facts.tags else ""),
        Check("maintained", _maintained(facts), page="/commits"),
        Check("people", PASS if facts.bus_factor > 2 else PART if facts.bus_factor == 2 else FAIL, page="/contributors"),
        Check("release", _release(facts, today), page="/releases" if facts.release else ""),
    ]


def _share(some: int, total: int) -> str:
    return PASS if total and some == total else PART if some else FAIL


def _maintained(facts: Facts) -> str:
    if facts.archived or not facts.commits_lately:
        return FAIL
    return PASS if facts.commits_lately >= MAINTAINED_COMMITS else PART


def _release(facts: Facts, today: date) -> str:
    if not facts.released_on:
        return FAIL
    return PASS if (today - date.fromisoformat(facts.released_on)).days <= RELEASE_DAYS else PART


def passed(checks: Iterable[Check]) -> int:
    """How many pass in full."""
    return sum(check.result == PASS for check in checks)
