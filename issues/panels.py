"""What this app puts into named places."""

from django.utils.translation import gettext_lazy as _

from core.actors import Actor
from core.documents import DocumentKind, document_kinds
from core.places import blob_holders
from issues import events, places, rules  # noqa: F401 - registers rows about people, and facts
from issues.queries import documents
from projects.models import Repository
from projects.places import HeadFigure, Tab, head_figures, tabs

# -1 where the choice is "off", 1 for "on", 0 for none made
head_figures.add(
    HeadFigure(
        "issues_choice",
        "SELECT CASE WHEN has_issues THEN 1 WHEN NOT has_issues THEN -1 ELSE 0 END FROM issues_counter WHERE repository_id = %(id)s",
    )
)
head_figures.add(HeadFigure("open_issues", "SELECT open_issues FROM issues_counter WHERE repository_id = %(id)s"))
_CHOICES = {1: True, -1: False}


def _has_issues(actor: Actor, repository: Repository, figures: dict[str, int]) -> bool:
    return rules.issues_are_on(repository, _CHOICES.get(figures.get("issues_choice", 0)))


document_kinds.add(
    DocumentKind(
        "issues", _("Issues"), "circle-dot", documents.ISSUES.documents, documents.ISSUES.ids, documents.ISSUES.access,
        documents.ISSUES.readable, documents.FOLLOWS,
    ),
    order=20,
)  # fmt: skip
tabs.add(
    Tab("issues", _("Issues"), "circle-dot", "/issues", lambda _actor, _repository: True, count="open_issues", shown=_has_issues), order=20
)

for _kind in (
    "blocked",
    "unblocked",
    "blocking",
    "unblocking",
    "part_added",
    "part_removed",
    "parent_set",
    "parent_removed",
    "duplicated",
    "has_duplicate",
):
    places.happening_kinds.add(places.HappeningKind(_kind, "issues/_entry_relation.html"))
places.happening_kinds.add(places.HappeningKind("transferred", "issues/_entry_moved.html"))

blob_holders.add(("issues.Attachment", "sha256"))
