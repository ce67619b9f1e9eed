"""Reviews of pull requests and comments on their lines."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core.actors import Actor, Scope
from core.errors import Invalid, NotFound
from githubapi.api.base import signed_in
from githubapi.api.history import moment
from githubapi.api.pulls import FILES_MAX, PullView
from githubapi.api.shapes import pulls as shapes
from projects.models import Repository
from projects.queries.browsing import reading
from pulls import commands, queries, rules
from pulls.models import LineComment, LineThread, Pull, Review
from pulls.queries.conversations import line_comment, shown_comments
from pulls.queries.places import spots

VERDICTS = {"APPROVE": Review.State.APPROVED, "REQUEST_CHANGES": Review.State.CHANGES, "COMMENT": Review.State.COMMENT}
SIDES = {"LEFT": LineThread.Side.OLD, "RIGHT": LineThread.Side.NEW}


class LineIn(serializers.Serializer[Any]):
    """Where a comment stands: `line` and `side`, or the older `position` in the file's diff."""

    body = serializers.CharField(trim_whitespace=False)
    path = serializers.CharField(max_length=4096)
    line = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    side = serializers.ChoiceField(choices=[*SIDES], required=False, default="RIGHT")
    start_line = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    start_side = serializers.ChoiceField(choices=[*SIDES], required=False)
    position = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class LineCommentIn(LineIn):
    """A comment on lines, or an answer to one."""

    path = serializers.CharField(max_length=4096, required=False, default="", allow_blank=True)
    commit_id = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    subject_type = serializers.ChoiceField(choices=["line", "file"], required=False, default="line")
    in_reply_to = serializers.IntegerField(min_value=1, max_value=2**62, required=False)


class BodyIn(serializers.Serializer[Any]):
    """Words."""

    body = serializers.CharField(trim_whitespace=False)


class ReviewIn(serializers.Serializer[Any]):
    """A review; without `event` it stays pending."""

    commit_id = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    body = serializers.CharField(required=False, default="", allow_blank=True, trim_whitespace=False)
    event = serializers.ChoiceField(choices=[*VERDICTS], required=False)
    comments = serializers.ListField(child=LineIn(), required=False, default=list, max_length=100)


class EventIn(serializers.Serializer[Any]):
    """The verdict of a pending review."""

    event = serializers.ChoiceField(choices=[*VERDICTS])
    body = serializers.CharField(required=False, default="", allow_blank=True, trim_whitespace=False)


class DismissalIn(serializers.Serializer[Any]):
    """Why a verdict does not count any more."""

    message = serializers.CharField(max_length=500)


class ReviewsApi(PullView):
    """`…/pulls/{number}/reviews`."""

    def get(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """In the order they were sent; one's own pending one too."""
        row, at = self.repository(request, owner, repo), self.at(request)
        found = self.pull(request, row, number)
        return self.listed(request, reviews(self.actor(request), found).order_by("pk"), lambda one: shapes.review(row, found, one, at))

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Send one with its comments at once, or keep it pending without an `event`."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = self.pull(request, row, number)
        given = self.given(request, ReviewIn)
        begun = queries.pending_review(actor, found)
        if begun is not None:
            raise Invalid("User can only have one pending review per pull request", field="event")
        if "event" not in given and not given["comments"]:
            raise Invalid("Give an event or comments.", field="event")
        rules.can_review(actor, found).require()
        said = [(commands.lines_at(found, **placed(row, found, one, given["commit_id"])), one["body"]) for one in given["comments"]]
        verdict = VERDICTS[given["event"]] if "event" in given else ""
        made = commands.review_at_once(actor, found, said=said, verdict=verdict, body=given["body"], oid=given["commit_id"])
        return Response(shapes.review(row, found, one_review(actor, found, made.pk), self.at(request)))


def reviews(actor: Actor, pull: Pull) -> QuerySet[Review]:
    """Those that were sent, and the actor's own pending one."""
    sent = pull.reviews.exclude(state=Review.State.PENDING)
    own = pull.reviews.filter(author=actor.person, author__isnull=False)
    return (sent | own).select_related("author__namespace")


def one_review(actor: Actor, pull: Pull, pk: int) -> Review:
    """Raises NotFound."""
    found = reviews(actor, pull).filter(pk=min(pk, 2**62)).first()
    if found is None:
        raise NotFound("Not Found")
    found.pull = pull
    return found


def placed(row: Repository, pull: Pull, given: dict[str, Any], oid: str) -> dict[str, Any]:
    """Where a comment stands, as the command wants it. Raises Invalid."""
    side: str = SIDES[given["side"]]
    line, start = given.get("line", 0), given.get("start_line", 0)
    if not line and "position" in given:
        side, line = at_position(row, pull, given["path"], given["position"], oid)
    if not line and given.get("subject_type", "line") == "line":
        raise Invalid("Pull request review thread line must be part of the diff", field="line")
    return {"path": given["path"], "side": side, "line": line, "start_line": start, "oid": oid}


def at_position(row: Repository, pull: Pull, path: str, position: int, oid: str) -> tuple[str, int]:
    """Side and line of a position: lines of the file's diff counted from its first hunk, further hunk headers too. Raises Invalid."""
    with reading():
        found = gitstore.diff(row.path, pull.merge_base, oid or pull.head_oid, limit=FILES_MAX, lines=100_000)
    file = next((one for one in found.files if one.new_path == path or (one.status == "deleted" and one.old_path == path)), None)
    count = 0
    for number, hunk in enumerate((file.hunks or ()) if file else ()):
        count += number > 0
        for line in hunk.lines:
            count += 1
            if count == position:
                return (LineThread.Side.NEW, line.new) if line.new is not None else (LineThread.Side.OLD, line.old or 0)
    raise Invalid("position is not part of the diff", field="position")


class ReviewApi(PullView):
    """`…/pulls/{number}/reviews/{id}`."""

    def get(self, request: Request, owner: str, repo: str, number: int, pk: int) -> Response:
        """A review."""
        row = self.repository(request, owner, repo)
        found = self.pull(request, row, number)
        return Response(shapes.review(row, found, one_review(self.actor(request), found, pk), self.at(request)))

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, number: int, pk: int) -> Response:
        """Throw away one's pending one."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = self.pull(request, row, number)
        one = one_review(actor, found, pk)
        if one.state != Review.State.PENDING:
            raise Invalid("Can not delete a non-pending pull request review", field="state")
        shown = shapes.review(row, found, one, self.at(request))
        commands.discard_review(actor, found)
        return Response(shown)


class ReviewEventsApi(PullView):
    """`…/pulls/{number}/reviews/{id}/events`."""

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str, number: int, pk: int) -> Response:
        """Send one's pending one."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = self.pull(request, row, number)
        if one_review(actor, found, pk).state != Review.State.PENDING:
            raise Invalid("This review was sent already.", field="event")
        given = self.given(request, EventIn)
        made = commands.submit_review(actor, found, verdict=VERDICTS[given["event"]], body=given["body"])
        return Response(shapes.review(row, found, one_review(actor, found, made.pk), self.at(request)))


class DismissalsApi(PullView):
    """`…/pulls/{number}/reviews/{id}/dismissals`."""

    @signed_in(Scope.WRITE)
    def put(self, request: Request, owner: str, repo: str, number: int, pk: int) -> Response:
        """A verdict does not count any more."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = self.pull(request, row, number)
        one = one_review(actor, found, pk)
        commands.dismiss_review(actor, one, reason=self.given(request, DismissalIn)["message"])
        return Response(shapes.review(row, found, one_review(actor, found, pk), self.at(request)))


class LineCommentsView(PullView):
    """Views of comments on lines."""

    def told(self, request: Request, row: Repository, pull: Pull, rows: list[LineComment]) -> list[dict[str, Any]]:
        """The forms of some comments of one pull request; one query besides."""
        at, places = self.at(request), spots(pull, {one.thread_id: one.thread for one in rows}.values())
        firsts: dict[int, int] = {}
        known = (
            LineComment.objects.filter(thread__in={one.thread_id for one in rows})
            .order_by("created_at", "pk")
            .values_list("thread_id", "pk")
        )
        for thread, pk in known:
            firsts.setdefault(thread, pk)
        shown = []
        for one in rows:
            spot, first = places.get(one.thread_id), firsts.get(one.thread_id, one.pk)
            line = None if spot is None or spot.is_outdated else spot.line or None
            shown.append(shapes.line_comment(row, pull, one, at, line=line, first=first if first != one.pk else None))
        return shown

    def comment(self, request: Request, row: Repository, pk: int) -> tuple[Pull, LineComment]:
        """A comment by its number. Raises NotFound."""
        number = (
            LineComment.objects.filter(pk=min(pk, 2**62), thread__pull__repository=row)
            .values_list("thread__pull__thread__number", flat=True)
            .first()
        )
        if number is None:
            raise NotFound("Not Found")
        pull = self.pull(request, row, number)
        return pull, line_comment(self.actor(request), pull, pk)


class LineCommentsApi(LineCommentsView):
    """`…/pulls/{number}/comments`."""

    def rows(self, request: Request, pull: Pull) -> QuerySet[LineComment]:  # type: ignore[override]
        """Those the reader may see."""
        rows = shown_comments(self.actor(request)).filter(thread__pull=pull).select_related("thread", "author__namespace").order_by("pk")
        since = moment(request, "since")
        return rows.filter(created_at__gte=since) if since else rows

    def get(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """In the order they were written."""
        row = self.repository(request, owner, repo)
        pull = self.pull(request, row, number)
        page, size, first = self.pages(request)
        rows = self.rows(request, pull)
        answer = Response(self.told(request, row, pull, list(rows[first : first + size])))
        return self.linked(request, answer, page, size, rows.count())

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Say something about lines, or answer with `in_reply_to`."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        pull = self.pull(request, row, number)
        given = self.given(request, LineCommentIn)
        if "in_reply_to" in given:
            made = commands.reply(actor, line_comment(actor, pull, given["in_reply_to"]).thread, body=given["body"])
        else:
            made = commands.comment_on_lines(actor, pull, **placed(row, pull, given, given["commit_id"]), body=given["body"])
        return Response(self.told(request, row, pull, [line_comment(actor, pull, made.pk)])[0], status=201)


class RepliesApi(LineCommentsView):
    """`…/pulls/{number}/comments/{id}/replies`."""

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str, number: int, pk: int) -> Response:
        """Answer."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        pull = self.pull(request, row, number)
        thread = line_comment(actor, pull, pk).thread
        made = commands.reply(actor, thread, body=self.given(request, BodyIn)["body"])
        return Response(self.told(request, row, pull, [line_comment(actor, pull, made.pk)])[0], status=201)


class ReviewCommentsApi(LineCommentsApi):
    """`…/pulls/{number}/reviews/{id}/comments`."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: Request, owner: str, repo: str, number: int, pk: int = 0) -> Response:
        """Those that were sent with a review."""
        row = self.repository(request, owner, repo)
        pull = self.pull(request, row, number)
        found = list(self.rows(request, pull).filter(review=one_review(self.actor(request), pull, pk))[:1000])
        page, size, first = self.pages(request)
        answer = Response(self.told(request, row, pull, found[first : first + size]))
        return self.linked(request, answer, page, size, len(found))


class LineCommentApi(LineCommentsView):
    """`…/pulls/comments/{id}`."""

    def get(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """A comment."""
        row = self.repository(request, owner, repo)
        pull, found = self.comment(request, row, pk)
        return Response(self.told(request, row, pull, [found])[0])

    @signed_in(Scope.WRITE)
    def patch(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """Other words."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        pull, found = self.comment(request, row, pk)
        commands.edit_line_comment(actor, found, body=self.given(request, BodyIn)["body"])
        return Response(self.told(request, row, pull, [line_comment(actor, pull, pk)])[0])

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, pk: int) -> HttpResponse:
        """Take it away."""
        row = self.repository(request, owner, repo)
        commands.delete_line_comment(self.actor(request), self.comment(request, row, pk)[1])
        return HttpResponse(status=204)
