"""The words a mail quotes: of the thread, the comment, the review, the release."""

from activity.models import Kind, Round
from issues.models import Comment, Thread
from projects.models import Release
from pulls.models import LineComment, Review

QUOTED = 20_000  # characters


def text_of(round: Round) -> str:
    """As it stands now, "" if there is none, or it was hidden or deleted meanwhile."""
    facts = round.facts
    if "comment" in facts:
        found = Comment.objects.filter(pk=facts["comment"], thread=round.object_id, hidden_reason="").values_list("body", flat=True).first()
    elif "review" in facts:
        found = Review.objects.filter(pk=facts["review"]).exclude(state=Review.State.PENDING).values_list("body", flat=True).first()
    elif "line" in facts:
        found = LineComment.objects.filter(pk=facts["line"]).values_list("body", flat=True).first()
    elif round.kind == Kind.RELEASE:
        found = Release.objects.filter(pk=round.object_id).values_list("notes", flat=True).first()
    elif round.fact == f"thread:{round.object_id}":
        found = Thread.objects.filter(pk=round.object_id).values_list("body", flat=True).first()
    else:
        found = ""
    return (found or "").strip()[:QUOTED]
