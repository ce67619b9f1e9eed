"""Comments on issues and pull requests."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import Scope
from githubapi.api.base import signed_in
from githubapi.api.history import moment
from githubapi.api.issues import ThreadView
from githubapi.api.shapes import issues as shapes
from issues import commands, rules
from issues.models import Comment, Thread
from issues.queries import threads
from projects.models import Repository


class CommentIn(serializers.Serializer[Any]):
    """Words."""

    body = serializers.CharField(trim_whitespace=False)


class CommentsApi(ThreadView):
    """`…/issues/{number}/comments`, `…/issues/comments`."""

    def get(self, request: Request, owner: str, repo: str, number: int = 0) -> Response:
        """In the order they were written; of the whole repository by `sort` and `direction`. Hidden ones are left out of neither."""
        row, at = self.repository(request, owner, repo), self.at(request)
        rows = Comment.objects.select_related("author__namespace", "thread")
        rows = rows.filter(thread=self.thread(request, row, number)) if number else rows.filter(self.all_of(row))
        if since := moment(request, "since"):
            rows = rows.filter(Q(edited_at__gte=since) | Q(created_at__gte=since))
        down = request.query_params.get("direction") == "desc" and not number

        def show(one: Comment) -> dict[str, Any]:
            one.thread.repository = row
            return shapes.comment(row, one, at)

        return self.listed(request, rows.order_by("-pk" if down else "pk"), show)

    def all_of(self, row: Repository) -> Q:
        """Condition on Comment: all of a repository that are shown."""
        return Q(thread__repository=row) if rules.has_issues(row) else Q(thread__repository=row, thread__kind=Thread.Kind.PULL)


class IssueCommentsApi(CommentsApi):
    """`…/issues/{number}/comments`."""

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Say something."""
        row = self.repository(request, owner, repo)
        found = self.thread(request, row, number)
        made = commands.add_comment(self.actor(request), found, body=self.given(request, CommentIn)["body"])
        made.thread = found
        return Response(shapes.comment(row, made, self.at(request)), status=201)


class CommentApi(ThreadView):
    """`…/issues/comments/{id}`."""

    def told(self, request: Request, row: Repository, pk: int) -> Response:
        """It as it is now."""
        found = threads.comment(self.actor(request), row, pk)
        return Response(shapes.comment(row, found, self.at(request)))

    def get(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """A comment."""
        return self.told(request, self.repository(request, owner, repo), pk)

    @signed_in(Scope.WRITE)
    def patch(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """Other words."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = threads.comment(actor, row, pk)
        commands.edit_comment(actor, found, body=self.given(request, CommentIn)["body"])
        return self.told(request, row, pk)

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, pk: int) -> HttpResponse:
        """Take it away."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        commands.delete_comment(actor, threads.comment(actor, row, pk))
        return HttpResponse(status=204)
