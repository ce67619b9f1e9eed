"""What of the pages and files of a project counts as a view or a download (`projects.counting`)."""

from core.actors import ActorRequest
from core.clients import client_ip
from projects.commands.counting import note_visit
from projects.counting import agents
from projects.counting.visits import VIEW
from projects.models import Repository

PAGES = frozenset(
    {
        "repository",
        "repository_tree",
        "repository_blob",
        "repository_commits",
        "repository_history",
        "repository_commit",
        "repository_blame",
        "repository_branches",
        "repository_compare",
        "repository_contributors",
        "repository_find",
        "repository_forks",
        "repository_mirror",
        "repository_releases",
        "repository_stars",
        "repository_tags",
        "repository_traffic",
        "repository_trust",
        "release_page",
    }
)


def note_page(request: ActorRequest, repository: Repository, status: int) -> None:
    """A page of the project was answered: a view, if a person's browser asked."""
    match = request.resolver_match
    if request.method == "GET" and status in (200, 304) and match and match.url_name in PAGES and agents.is_reading(request.headers):
        note_visit(request.actor, repository.pk, VIEW, address=client_ip(request), agent=request.headers.get("User-Agent", ""))


def note_file(request: ActorRequest, repository: Repository, kind: str, status: int = 200) -> None:
    """An archive or a file of a release is on its way, from its beginning: a download."""
    if request.method == "GET" and status == 200 and "Range" not in request.headers:
        note_visit(request.actor, repository.pk, kind, address=client_ip(request), agent=request.headers.get("User-Agent", ""))
