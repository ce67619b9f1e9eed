"""Gitee's API v5, `GET /repos/{owner}/{repo}` (https://gitee.com/api/v5/swagger). It has no flag for archived ones but `status`."""

from projects.hosts import facts
from projects.hosts.facts import Document, Facts

CLOSED = frozenset({"关闭", "closed"})


class Gitee:
    """Port for Gitee."""

    def address(self, path: str) -> str:
        """`path` is owner and name."""
        return f"/repos/{path}"

    def headers(self, token: str) -> dict[str, str]:
        """The token goes into a header; its parameter `access_token` would end in logs."""
        fixed = {"Accept": "application/json"}
        return {**fixed, "Authorization": f"Bearer {token}"} if token else fixed

    def facts(self, document: Document) -> Facts:
        """Of the `Project` schema; `license` is an id, labels are objects with a name."""
        labels = document.get("project_labels")
        named = [label.get("name") for label in labels if isinstance(label, dict)] if isinstance(labels, list) else document.get("topics")
        return Facts(
            path=facts.path(document["full_name"]),
            description=facts.text(document.get("description"), longest=facts.DESCRIPTION_MAX),
            website=facts.website(document.get("homepage")),
            topics=facts.topics(named),
            licence=facts.licence(document.get("license")),
            default_branch=facts.text(document.get("default_branch"), longest=200),
            stars=facts.number(document.get("stargazers_count")),
            forks=facts.number(document.get("forks_count")),
            is_archived=document.get("status") in CLOSED,
            is_private=document.get("private") is True or document.get("internal") is True,
        )
