"""Repositories."""

from typing import Any

from core import licences
from githubapi.api.shapes.common import At, moment, node_id
from githubapi.api.shapes.people import owner
from issues.models import Counter
from issues.rules import has_issues as has_issues_here
from projects import queries
from projects.models import Repository, Visibility

TAILS = {
    "forks": "/forks", "keys": "/keys{/key_id}", "collaborators": "/collaborators{/collaborator}", "teams": "/teams", "hooks": "/hooks",
    "issue_events": "/issues/events{/number}", "events": "/events", "assignees": "/assignees{/user}", "branches": "/branches{/branch}",
    "tags": "/tags", "blobs": "/git/blobs{/sha}", "git_tags": "/git/tags{/sha}", "git_refs": "/git/refs{/sha}", "trees": "/git/trees{/sha}",
    "statuses": "/statuses/{sha}", "languages": "/languages", "stargazers": "/stargazers", "contributors": "/contributors",
    "subscribers": "/subscribers", "subscription": "/subscription", "commits": "/commits{/sha}", "git_commits": "/git/commits{/sha}",
    "comments": "/comments{/number}", "issue_comment": "/issues/comments{/number}", "contents": "/contents/{+path}",
    "compare": "/compare/{base}...{head}", "merges": "/merges", "archive": "/{archive_format}{/ref}", "downloads": "/downloads",
    "issues": "/issues{/number}", "pulls": "/pulls{/number}", "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}", "labels": "/labels{/name}", "releases": "/releases{/id}",
    "deployments": "/deployments",
}  # fmt: skip
LEVELS = {"read": ("pull",), "write": ("pull", "triage", "push"), "maintain": ("pull", "triage", "push", "maintain")}
ALL = ("pull", "triage", "push", "maintain", "admin")


def base(row: Repository, at: At) -> str:
    """The address of a repository in this API."""
    return at.api("repos", row.namespace.segment, row.name)


def repository(row: Repository, at: At, *, access: str | None = None, parent: Repository | None = None) -> dict[str, Any]:
    """A repository with its namespace; annotated rows carry `stars_total` and `forks_total`. `access`: the caller's level, in one's own."""
    here, page, full_name = base(row, at), at.page(row.get_absolute_url()), f"{row.namespace.segment}/{row.name}"
    stars, forks = getattr(row, "stars_total", 0), getattr(row, "forks_total", 0)
    has_issues, opened = talk(row)
    found = {
        "id": row.pk, "node_id": node_id("Repository", row.pk), "name": row.name, "full_name": full_name,
        "private": row.visibility == Visibility.PRIVATE, "owner": owner(row.namespace, at), "html_url": page,
        "description": row.description or None, "fork": row.forked_from_id is not None, "url": here,
        **{f"{name}_url": here + tail for name, tail in TAILS.items()},
        "git_url": page.replace("https://", "git://").replace("http://", "git://") + ".git", "ssh_url": queries.clone_addresses(row, at.home)["ssh"],
        "clone_url": f"{page}.git", "svn_url": page, "mirror_url": None, "homepage": row.website or None,
        "created_at": moment(row.created_at), "updated_at": moment(row.updated_at), "pushed_at": moment(row.pushed_at),
        "size": row.size_bytes // 1024, "stargazers_count": stars, "watchers_count": stars, "watchers": stars,
        "forks_count": forks, "forks": forks, "network_count": forks, "language": row.main_language or None, "has_issues": has_issues,
        "has_projects": False, "has_downloads": True, "has_wiki": False, "has_pages": False, "has_discussions": False, "open_issues_count": opened,
        "open_issues": opened, "archived": row.is_archived, "disabled": row.taken_down_at is not None, "license": licence(row.licence, at),
        "allow_forking": True, "is_template": False, "web_commit_signoff_required": False, "topics": row.topics,
        "visibility": row.visibility, "default_branch": row.default_branch,
    }  # fmt: skip
    if access is not None:
        held = LEVELS.get(access, ALL if access == "admin" else ())
        found["permissions"] = {name: name in held for name in reversed(ALL)}
    if parent is not None:
        found["parent"] = found["source"] = repository(parent, at)
    return found


def talk(row: Repository) -> tuple[bool, int]:
    """Whether it has issues, and how many issues and pull requests are open: where `thread_counter` and `mirror` were selected, else a guess."""
    if "thread_counter" not in row._state.fields_cache:
        return True, 0
    counter: Counter | None = getattr(row, "thread_counter", None)
    return has_issues_here(row), counter.open_issues + counter.open_pulls if counter else 0


def licence(spdx: str, at: At) -> dict[str, Any] | None:
    """A licence by its SPDX id; None for none."""
    if not spdx:
        return None
    return {
        "key": spdx.lower(), "name": licences.names().get(spdx, spdx), "spdx_id": spdx, "url": None, "node_id": node_id("License", spdx.lower()),
        "html_url": None,
    }  # fmt: skip
