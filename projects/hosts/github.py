"""GitHub's REST API, `GET /repos/{owner}/{repo}`; also GitHub Enterprise Server, whose address ends in /api/v3.

Answers of https://docs.github.com/rest/repos/repos: 200, 304 (costs nothing with a token), 301 with the address by number, 403 and 429 for
limits, 404, 451 for takedowns.
"""

from projects.hosts import facts
from projects.hosts.facts import Document, Facts


class GitHub:
    """Port for GitHub."""

    def address(self, path: str) -> str:
        """`path` is owner and name."""
        return f"/repos/{path}"

    def headers(self, token: str) -> dict[str, str]:
        """The version is the one written for."""
        fixed = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return {**fixed, "Authorization": f"Bearer {token}"} if token else fixed

    def facts(self, document: Document) -> Facts:
        """Of the `full-repository` schema."""
        return Facts(
            path=facts.path(document["full_name"]),
            description=facts.text(document.get("description"), longest=facts.DESCRIPTION_MAX),
            website=facts.website(document.get("homepage")),
            topics=facts.topics(document.get("topics")),
            licence=facts.licence(document.get("license")),
            default_branch=facts.text(document.get("default_branch"), longest=200),
            stars=facts.number(document.get("stargazers_count")),
            forks=facts.number(document.get("forks_count")),
            is_archived=document.get("archived") is True,
            is_private=document.get("private") is True,
        )
