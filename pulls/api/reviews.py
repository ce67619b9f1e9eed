"""Reviews, comments on lines, who is asked."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as people
from core.actors import Scope
from core.errors import Invalid, NotFound
from core.schema import PAGED, operation, page_of
from pulls import commands, queries, rules
from pulls.api import shapes
from pulls.api.pulls import PullBase
from pulls.models import LineComment, LineThread, Pull, Review


def where(given: dict[str, Any]) -> dict[str, Any]:
    """The lines that a `LineCommentIn` speaks of. Raises Invalid."""
    if "path" not in given or "line" not in given:
        raise Invalid(_("Give a path and a line."), field="line")
    return {name: given[name] for name in ("path", "side", "line", "start_line", "oid")}


class ReviewsApi(PullBase):
    """`…/pulls/{number}/reviews`."""

    @operation("list_reviews", answer=page_of(shapes.ReviewOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Reviews of a pull request

        Oldest first; what is not sent yet is nobody's business.
        """
        row = self.pull(request, namespace, name, number)
        base = self.home(request, row)
        rows = row.reviews.exclude(state=Review.State.PENDING).select_related("author")
        return self.rows(request, rows, by="pk", show=lambda found: shapes.review_out(found, base))

    @operation(
        "create_review", body=shapes.ReviewIn, answer=shapes.ReviewOut, status=201, scope=Scope.WRITE,
        example={"verdict": "comment", "body": "Looks good so far."},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Send a review

        With its comments on lines, all of it or nothing. Nobody approves their own pull request.
        """
        row, actor = self.pull(request, namespace, name, number), self.actor(request)
        given = self.validated(request, shapes.ReviewIn)
        rules.can_review(actor, row).require()
        said: list[tuple[commands.Lines | LineThread, str]] = []
        for one in given["comments"]:
            answer_to, oid = one.get("in_reply_to"), one["oid"] or given["oid"]
            place = (
                queries.line_comment(actor, row, answer_to).thread if answer_to else commands.lines_at(row, **where({**one, "oid": oid}))
            )
            said.append((place, one["body"]))
        made = commands.review_at_once(actor, row, said=said, verdict=given["verdict"], body=given["body"], oid=given["oid"])
        return Response(shapes.review_out(made, self.home(request, row)), status=201)


class DismissalApi(PullBase):
    """`…/pulls/{number}/reviews/{review}/dismissal`."""

    @operation(
        "dismiss_review",
        body=shapes.DismissalIn,
        answer=shapes.ReviewOut,
        scope=Scope.WRITE,
        example={"reason": "Looked at an old version"},
    )
    def put(self, request: Request, namespace: str, name: str, number: int, review: int) -> Response:
        """Take a verdict out of the count

        For maintainers.
        """
        row = self.pull(request, namespace, name, number)
        found = queries.reviews_sent(row, [min(review, 2**62)]).get(review)
        if found is None:
            raise NotFound(_("There is nothing at this address, or you may not see it."))
        found.pull = row
        made = commands.dismiss_review(self.actor(request), found, reason=self.validated(request, shapes.DismissalIn)["reason"])
        return Response(shapes.review_out(made, self.home(request, row)))


class LineCommentsApi(PullBase):
    """`…/pulls/{number}/line-comments`."""

    @operation("list_line_comments", answer=page_of(shapes.LineCommentOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Comments on lines

        Oldest first, each where its line is now; your own unsent ones among them.
        """
        row = self.pull(request, namespace, name, number)
        rows = queries.shown_comments(self.actor(request)).filter(thread__pull=row).select_related("thread", "author", "review")
        base = self.home(request, row)
        return self.rows(
            request, rows, by="pk", show=lambda one: shapes.line_comment_out(one, queries.spots(row, [one.thread])[one.thread_id], base)
        )

    @operation(
        "create_line_comment", body=shapes.LineCommentIn, answer=shapes.LineCommentOut, status=201, scope=Scope.WRITE,
        example={"path": "src/a.py", "line": 1, "body": "```suggestion\nprint(3)\n```"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Comment on lines, or answer"""
        row, actor = self.pull(request, namespace, name, number), self.actor(request)
        given = self.validated(request, shapes.LineCommentIn)
        if answer_to := given.get("in_reply_to"):
            made = commands.reply(actor, queries.line_comment(actor, row, answer_to).thread, body=given["body"])
        else:
            made = commands.comment_on_lines(actor, row, **where(given), body=given["body"])
        return Response(_printed(row, made, self.home(request, row)), status=201)


def _printed(row: Pull, made: LineComment, base: str) -> dict[str, Any]:
    return shapes.line_comment_out(made, queries.spots(row, [made.thread])[made.thread_id], base)


class LineCommentApi(PullBase):
    """`…/pulls/{number}/line-comments/{comment}`."""

    @operation("update_line_comment", body=shapes.ResolvedIn, answer=shapes.LineCommentOut, scope=Scope.WRITE, example={"resolved": True})
    def patch(self, request: Request, namespace: str, name: str, number: int, comment: int) -> Response:
        """Change a comment on lines, or settle its conversation"""
        row, actor = self.pull(request, namespace, name, number), self.actor(request)
        found, given = queries.line_comment(actor, row, comment), self.validated(request, shapes.ResolvedIn)
        if "body" in given:
            found = commands.edit_line_comment(actor, found, body=given["body"])
        if "resolved" in given:
            commands.resolve_conversation(actor, found.thread, resolved=given["resolved"])
        return Response(_printed(row, found, self.home(request, row)))

    @operation("delete_line_comment", status=204, scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str, number: int, comment: int) -> Response:
        """Delete a comment on lines"""
        row, actor = self.pull(request, namespace, name, number), self.actor(request)
        commands.delete_line_comment(actor, queries.line_comment(actor, row, comment))
        return Response(status=204)


class SuggestionsApi(PullBase):
    """`…/pulls/{number}/suggestions`."""

    @operation(
        "apply_suggestions",
        body=shapes.SuggestionsIn,
        answer=shapes.AppliedOut,
        status=201,
        scope=Scope.WRITE,
        also=[409],
        example={"comments": [1]},
    )
    def post(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Commit suggestions onto the head branch

        Several become one commit; 409 if their lines changed since.
        """
        row, actor = self.pull(request, namespace, name, number), self.actor(request)
        rules.can_apply(actor, row).require()
        rules.can_apply(actor, row).require()
        given = self.validated(request, shapes.SuggestionsIn)
        comments = [queries.line_comment(actor, row, pk) for pk in dict.fromkeys(given["comments"])]
        oid = commands.apply_suggestions(actor, row, comments, message=given["message"])
        return Response({"oid": oid}, status=201)


class ReviewersApi(PullBase):
    """`…/pulls/{number}/reviewers`."""

    @operation("get_reviewers", answer=shapes.ReviewersOut)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Whose review is waited for"""
        return Response(shapes.reviewers_out(self.pull(request, namespace, name, number)))

    @operation("request_reviewers", body=shapes.ReviewersIn, answer=shapes.ReviewersOut, scope=Scope.WRITE, example={"people": ["bob"]})
    def post(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Ask for a review"""
        row = self.pull(request, namespace, name, number)
        rules.can_ask_for_review(self.actor(request), row).require()
        users, teams = _named(row, self.validated(request, shapes.ReviewersIn))
        commands.request_review(self.actor(request), row, people=users, teams=teams)
        return Response(shapes.reviewers_out(row))

    @operation("withdraw_reviewers", body=shapes.ReviewersIn, answer=shapes.ReviewersOut, scope=Scope.WRITE, example={"people": ["bob"]})
    def delete(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Do not ask any more"""
        row = self.pull(request, namespace, name, number)
        rules.can_ask_for_review(self.actor(request), row).require()
        users, teams = _named(row, self.validated(request, shapes.ReviewersIn))
        wanted = {("user", user.pk) for user in users} | {("team", team.pk) for team in teams}
        for one in queries.requests(row):
            if {("user", one.user_id), ("team", one.team_id)} & wanted:
                one.pull = row
                commands.withdraw_request(self.actor(request), one)
        return Response(shapes.reviewers_out(row))


def _named(pull: Pull, given: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """People and teams. Raises Invalid."""
    try:
        users = [people.person(login) for login in given["people"]]
        teams = [people.team(people.organization(pull.repository.namespace.slug), slug) for slug in given["teams"]]
    except NotFound as error:
        raise Invalid(error.message, field="people") from error
    return users, teams
