"""GitLab's API v4, `GET /projects/:id?license=true`, of gitlab.com and of self-managed servers (https://docs.gitlab.com/api/projects/)."""

from urllib.parse import quote

from projects.hosts import facts
from projects.hosts.facts import Document, Facts


class GitLab:
    """Port for GitLab."""

    def address(self, path: str) -> str:
        """The whole path, groups too, is one encoded segment."""
        return f"/projects/{quote(path, safe='')}?license=true"

    def headers(self, token: str) -> dict[str, str]:
        """Personal, project and group access tokens alike."""
        fixed = {"Accept": "application/json"}
        return {**fixed, "PRIVATE-TOKEN": token} if token else fixed

    def facts(self, document: Document) -> Facts:
        """`tag_list` is what `topics` was called before 14.0."""
        return Facts(
            path=facts.path(document["path_with_namespace"]),
            description=facts.text(document.get("description"), longest=facts.DESCRIPTION_MAX),
            topics=facts.topics(document.get("topics") or document.get("tag_list")),
            licence=facts.licence(document.get("license")),
            default_branch=facts.text(document.get("default_branch"), longest=200),
            stars=facts.number(document.get("star_count")),
            forks=facts.number(document.get("forks_count")),
            is_archived=document.get("archived") is True,
            is_private=document.get("visibility", "public") != "public",
        )
