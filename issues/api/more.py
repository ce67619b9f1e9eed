"""What stands around an issue: reactions, relations, moves, hidden comments, several at once, boards."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import Actor, Scope
from core.errors import Invalid, NotFound
from core.schema import operation
from issues import commands, queries, rules
from issues.api import shapes
from issues.api.issues import IssueBase, printed
from issues.logic.reactions import SIGNS
from issues.models import Board, HiddenReason, Thread
from projects import queries as projects_queries
from projects.models import Repository


def names() -> serializers.ListField:
    """A list of names."""
    return serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=20)


class ReactionIn(serializers.Serializer[Any]):
    """One reaction, given or taken back."""

    kind = serializers.ChoiceField(choices=list(SIGNS))
    given = serializers.BooleanField(required=False, default=True)


class ReactionsOut(serializers.Serializer[Any]):
    """How many there are of each kind."""

    reactions = serializers.DictField(child=serializers.IntegerField())


class RelationIn(serializers.Serializer[Any]):
    """`kind` blocker (this one waits for `issue`), part (`issue` is a part of this one) or duplicate (this one is closed as one of `issue`)."""

    kind = serializers.ChoiceField(choices=["blocker", "part", "duplicate"])
    issue = serializers.CharField(max_length=300)
    present = serializers.BooleanField(required=False, default=True)


class OtherOut(serializers.Serializer[Any]):
    """Another issue or pull request."""

    repository = serializers.CharField()
    number = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.CharField()


class RelationsOut(serializers.Serializer[Any]):
    """What hangs together; what the reader may not see is left out."""

    blockers = OtherOut(many=True)
    blocking = OtherOut(many=True)
    parts = OtherOut(many=True)
    parent = OtherOut(allow_null=True)
    duplicates = OtherOut(many=True)
    duplicate_of = OtherOut(allow_null=True)


class IssueTransferIn(serializers.Serializer[Any]):
    """Where to: `owner/project`."""

    into = serializers.CharField(max_length=300)


class HiddenIn(serializers.Serializer[Any]):
    """Why a comment is folded away; "" shows it again."""

    reason = serializers.ChoiceField(choices=HiddenReason.values, allow_blank=True)


class ManyIn(serializers.Serializer[Any]):
    """One change to several issues; what is absent stays."""

    numbers = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=2**31 - 1), max_length=commands.MANY_MAX)
    add_labels = names()
    remove_labels = names()
    assign = names()
    unassign = names()
    milestone = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    state = serializers.ChoiceField(choices=["open", "completed", "not_planned"], required=False)


class ManyOut(serializers.Serializer[Any]):
    """Numbers that were changed, and why others were not."""

    done = serializers.ListField(child=serializers.IntegerField())
    refused = serializers.DictField(child=serializers.CharField())


class BoardOut(serializers.Serializer[Any]):
    """A board; `by` is own, label or state."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    by = serializers.CharField()
    query = serializers.CharField(allow_blank=True)


class BoardsOut(serializers.Serializer[Any]):
    """All boards of a repository, at most 30."""

    boards = BoardOut(many=True)


class LaneOut(serializers.Serializer[Any]):
    """A column with its first cards; `id` is null for what is unsorted."""

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField(allow_blank=True)
    total = serializers.IntegerField()
    most = serializers.IntegerField(allow_null=True)
    cards = OtherOut(many=True)


class BoardPageOut(BoardOut):
    """A board with its columns."""

    columns = LaneOut(many=True)


class BoardIn(serializers.Serializer[Any]):
    """A new board; `columns` are names of its own or labels."""

    name = serializers.CharField(max_length=80)
    by = serializers.ChoiceField(choices=Board.By.values, required=False, default=Board.By.OWN)
    columns = serializers.ListField(child=serializers.CharField(max_length=60), required=False, default=list, max_length=20)
    query = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class CardIn(serializers.Serializer[Any]):
    """A card and where it goes: `column` null for unsorted, `before` another issue or "" for the end."""

    issue = serializers.CharField(max_length=300)
    column = serializers.IntegerField(allow_null=True)
    before = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


def other_out(row: Thread | None) -> dict[str, Any] | None:
    """JSON values of another thread."""
    return None if row is None else {"repository": str(row.repository), "number": row.number, "title": row.title, "state": row.state}


class MoreBase(IssueBase):
    """What these views share."""

    def named(self, request: Request, row: Repository, text: str, field: str) -> Thread:
        """The thread that a text names. Raises Invalid."""
        found = queries.named_thread(self.actor(request), row, text)
        if found is None:
            raise Invalid(_("There is no issue or pull request “%s”, or you may not see it.") % text[:100], field=field)
        return found


class ReactionsApi(MoreBase):
    """`…/issues/{number}/reactions`, of pull requests too."""

    @operation("react_to_issue", body=ReactionIn, answer=ReactionsOut, scope=Scope.WRITE, example={"kind": "heart"})
    def put(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Give or take back a reaction to an issue or pull request"""
        row = self.talk(request, namespace, name, number)
        return Response({"reactions": commands.set_reaction(self.actor(request), row, **self.validated(request, ReactionIn))})


class CommentReactionsApi(MoreBase):
    """`…/comments/{id}/reactions`."""

    @operation("react_to_comment", body=ReactionIn, answer=ReactionsOut, scope=Scope.WRITE, example={"kind": "+1"})
    def put(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Give or take back a reaction to a comment"""
        found = queries.comment(self.actor(request), self.repository(request, namespace, name), pk)
        given = self.validated(request, ReactionIn)
        return Response({"reactions": commands.set_reaction(self.actor(request), found.thread, comment=found, **given)})


class CommentHiddenApi(MoreBase):
    """`…/comments/{id}/hidden`."""

    @operation("hide_comment", body=HiddenIn, status=204, scope=Scope.WRITE, example={"reason": "off-topic"})
    def put(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Fold a comment away, or show it again"""
        found = queries.comment(self.actor(request), self.repository(request, namespace, name), pk)
        commands.hide_comment(self.actor(request), found, **self.validated(request, HiddenIn))
        return Response(status=204)


class RelationsApi(MoreBase):
    """`…/issues/{number}/relations`, of pull requests too."""

    @operation("get_issue_relations", answer=RelationsOut)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """What an issue waits for, consists of and doubles"""
        return Response(self.printed_relations(request, self.talk(request, namespace, name, number)))

    @operation(
        "set_issue_relation", body=RelationIn, answer=RelationsOut, scope=Scope.WRITE, example={"kind": "blocker", "issue": "ada/demo#2"}
    )
    def put(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Make or end one relation

        `present` false ends it; a duplicate ends when the issue is opened again.
        """
        row, actor = self.talk(request, namespace, name, number), self.actor(request)
        rules.can_triage(actor, row.repository).require()
        given = self.validated(request, RelationIn)
        other = self.named(request, row.repository, given["issue"], "issue")
        if given["kind"] == "blocker":
            (commands.add_dependency if given["present"] else commands.remove_dependency)(actor, row, other)
        elif given["kind"] == "duplicate":
            commands.mark_duplicate(actor, row, other)
        elif given["present"]:
            commands.add_part(actor, row, other)
        elif other.pk in {part.pk for part in queries.relations(actor, row).parts}:
            commands.remove_part(actor, other)
        return Response(self.printed_relations(request, row))

    def printed_relations(self, request: Request, row: Thread) -> dict[str, Any]:
        """JSON values."""
        found = queries.relations(self.actor(request), row)
        return {
            "blockers": [other_out(each) for each in found.blockers], "blocking": [other_out(each) for each in found.blocking],
            "parts": [other_out(each) for each in found.parts], "parent": other_out(found.parent),
            "duplicates": [other_out(each) for each in found.duplicates], "duplicate_of": other_out(found.duplicate_of),
        }  # fmt: skip


class IssueTransferApi(MoreBase):
    """`…/issues/{number}/transfer`."""

    @operation("transfer_issue", body=IssueTransferIn, answer=shapes.IssueOut, scope=Scope.WRITE, example={"into": "ada/elsewhere"})
    def post(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Move an issue to another repository

        It gets a new number there.
        """
        row, actor = self.issue(request, namespace, name, number), self.actor(request)
        rules.can_triage(actor, row.repository).require()
        space, _slash, project = self.validated(request, IssueTransferIn)["into"].strip("/").rpartition("/")
        try:
            into = projects_queries.repository(actor, space, project)
        except NotFound as error:
            raise Invalid(_("There is no project “%s”, or you may not see it.") % f"{space}/{project}"[:100], field="into") from error
        return Response(printed(request, commands.transfer_issue(actor, row, into)))


class ManyApi(MoreBase):
    """`…/issues/many`."""

    @operation("change_issues", body=ManyIn, answer=ManyOut, scope=Scope.WRITE, example={"numbers": [1, 2], "add_labels": ["bug"]})
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """One change to several issues

        Each by itself: one that refuses keeps the others from nothing.
        """
        row, actor = self.tracked(request, namespace, name), self.actor(request)
        rules.can_triage(actor, row).require()
        given = self.validated(request, ManyIn)
        threads = list(Thread.objects.filter(repository=row, number__in=given["numbers"]).order_by("number"))
        for thread in threads:
            thread.repository = row
        change = commands.Change(
            add_labels=tuple(commands.labels_named(row, given.get("add_labels", []))),
            remove_labels=tuple(commands.labels_named(row, given.get("remove_labels", []))),
            assign=tuple(commands.people_named(given.get("assign", []))), unassign=tuple(commands.people_named(given.get("unassign", []))),
            milestone=commands.milestone_numbered(row, given.get("milestone")), state=given.get("state", ""),
            clear_milestone="milestone" in given and given["milestone"] is None,
        )  # fmt: skip
        found = commands.change_threads(actor, row, threads, change)
        return Response({"done": found.done, "refused": {str(number): said for number, said in found.refused}})


def board_out(row: Board) -> dict[str, Any]:
    """JSON values of a board."""
    return {"number": row.number, "name": row.name, "by": row.by, "query": row.query}


class BoardsApi(MoreBase):
    """`…/boards`."""

    @operation("list_boards", answer=BoardsOut)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Boards of a repository"""
        return Response({"boards": [board_out(row) for row in queries.boards(self.tracked(request, namespace, name))]})

    @operation(
        "create_board", body=BoardIn, answer=BoardOut, status=201, scope=Scope.WRITE, example={"name": "Work", "columns": ["To do", "Done"]}
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Make a board"""
        row = self.tracked(request, namespace, name)
        return Response(board_out(commands.make_board(self.actor(request), row, **self.validated(request, BoardIn))), status=201)


class BoardApi(MoreBase):
    """`…/boards/{number}`."""

    @operation("get_board", answer=BoardPageOut)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """A board with its columns and their first cards"""
        row = queries.board(self.actor(request), self.tracked(request, namespace, name), number)
        return Response(printed_board(self.actor(request), row))

    @operation("delete_board", status=204, scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Remove a board

        The issues stay.
        """
        commands.delete_board(self.actor(request), queries.board(self.actor(request), self.tracked(request, namespace, name), number))
        return Response(status=204)


def printed_board(actor: Actor, row: Board) -> dict[str, Any]:
    """JSON values of a board with its columns."""
    lanes = [
        {
            "id": lane.column.pk if lane.column else None, "name": lane.column.name if lane.column else "", "total": lane.total,
            "most": lane.column.most if lane.column else None, "cards": [other_out(card) for card in lane.cards],
        }
        for lane in queries.board_page(actor, row)
    ]  # fmt: skip
    return {**board_out(row), "columns": lanes}


class CardsApi(MoreBase):
    """`…/boards/{number}/cards`."""

    @operation("move_card", body=CardIn, answer=BoardPageOut, scope=Scope.WRITE, example={"issue": "1", "column": None})
    def put(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Put a card into a column

        On a board of labels or states the issue changes accordingly.
        """
        home, actor = self.tracked(request, namespace, name), self.actor(request)
        row = queries.board(actor, home, number)
        rules.can_change_board(actor, row).require()
        given = self.validated(request, CardIn)
        column = queries.column(row, str(given["column"] or ""))
        before = self.named(request, home, given["before"], "before") if given["before"] else None
        commands.move_card(actor, row, self.named(request, home, given["issue"], "issue"), column=column, before=before)
        return Response(printed_board(self.actor(request), row))
