"""Commits, comparisons, contributors, languages."""

from datetime import UTC, datetime, time
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core.actors import Scope
from core.errors import Invalid
from core.schema import PAGED, flag, operation, page_of, text
from projects import commands, queries
from projects.api.base import GitBase, RepositoryBase
from projects.api.contents import content_of
from projects.api.files import REF
from projects.api.shapes import git as shapes
from projects.commands.edits import Change, Remove, Rename, Write
from projects.queries.browsing import opened_cursor, reading, sealed
from projects.queries.comparison import between, end

FILTERS = (
    text("path", "only commits that touch it"), text("author", "part of the author's name or address"), text("q", "part of the message"),
    text("since", "date, or date and time with zone"), text("until", "date, or date and time with zone"),
    flag("follow", "with `path`: through renames"),
)  # fmt: skip


def moment(request: Request, name: str, *, end_of_day: bool) -> datetime | None:
    """A time from `?since=` or `?until=`; a date is a day in UTC. Raises Invalid."""
    given = request.query_params.get(name, "")
    if not given:
        return None
    try:
        found, day = parse_datetime(given), parse_date(given)
    except ValueError:
        found = day = None
    if found is None and day is not None:
        found = datetime.combine(day, time.max if end_of_day else time.min, UTC)
    if found is None:
        raise Invalid(_("Give a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z."), field=name)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class CommitsApi(GitBase):
    """`…/commits`."""

    @operation("list_commits", answer=page_of(shapes.CommitOut), query=[REF, *PAGED, *FILTERS])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """History of a branch, tag or commit

        Newest first.
        """
        row = self.repository(request, namespace, name)
        here = self.asked(request, row)
        asked = {key: request.query_params.get(key, "")[:1000] for key in ("author", "q", "path", "follow")}
        since, until = moment(request, "since", end_of_day=False), moment(request, "until", end_of_day=True)
        cursor = request.query_params.get("cursor", "")
        if cursor or any(asked.values()) or since or until:
            self.spend(request, 2)
        with reading():
            found = gitstore.log(
                row.path, here.oid, limit=self.limit(request), after=opened_cursor(row, cursor), file=asked["path"].strip("/"),
                follow=asked["follow"] == "1", author=asked["author"], grep=asked["q"], since=since, until=until,
            )  # fmt: skip
        return self.page(request, {"items": [shapes.commit_out(one) for one in found.commits], "next": sealed(row, found.next)})

    @operation(
        "create_commit", body=shapes.CommitIn, answer=shapes.CommittedOut, status=201, scope=Scope.WRITE,
        example={
            "branch": "main",
            "message": "Two files",
            "changes": [
                {"action": "write", "path": "docs/a.md", "content": "# A\n", "encoding": "utf-8"},
                {"action": "delete", "path": "old.txt", "oid": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"},
            ],
        },
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Commit several files at once

        All of them or none. Each change names the blob it replaces, moves or deletes; 409 if someone was faster.
        """
        row = self.repository(request, namespace, name)
        given = self.validated(request, shapes.CommitIn)
        oid = commands.commit_files(
            self.actor(request), row, branch=given["branch"] or row.default_branch, message=given["message"],
            new_branch=given["new_branch"], changes=[change(one) for one in given["changes"]],
        )  # fmt: skip
        return Response({"commit": oid}, status=201)


def change(given: dict[str, Any]) -> Change:
    """One change of a commit. Raises Invalid."""
    path, oid, content = given["path"], given["oid"], given["content"]
    if given["action"] == "write":
        return Write(path, content_of({**given, "content": content or ""}), expected=oid)
    if not oid:
        raise Invalid(_("Say which blob is there (`oid`)."), field="oid")
    if given["action"] == "delete":
        return Remove(path, expected=oid)
    return Rename(path, given["to"], oid, None if content is None else content_of(given))


class CommitApi(GitBase):
    """`…/commits/{oid}`."""

    @operation("get_commit", answer=shapes.OneCommitOut)
    def get(self, request: Request, namespace: str, name: str, oid: str) -> Response:
        """A commit

        With its changed files and its signature. A branch or tag in place of the id works too.
        """
        row = self.repository(request, namespace, name)
        here = self.at(row, oid)
        self.spend(request, 1)
        with reading():
            commit = gitstore.commit(row.path, here.oid)
            diff = gitstore.commit_diff(row.path, here.oid, limit=300, lines=100_000)
        shown = {**shapes.commit_out(commit), "files": shapes.files_out(diff), "files_total": diff.total}
        return Response({**shown, "verification": shapes.verification_out(queries.signature_mark(row, commit))})


class CompareApi(GitBase):
    """`…/compare`."""

    SIDE = "branch, tag or commit; `namespace:ref` for one of a fork"

    @operation("compare", answer=shapes.CompareOut, query=[text("base", SIDE), text("head", SIDE)])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Compare two commits

        From their common ancestor to the head; also across forks.
        """
        row, actor = self.repository(request, namespace, name), self.actor(request)
        base, head = (end(actor, row, request.query_params.get(key, "")) for key in ("base", "head"))
        self.spend(request, 5)
        with reading():
            found = between(row, base, head)
        answer = {
            "base": base.position.oid, "head": head.position.oid, "merge_base": found.ancestor, "ahead": found.ahead, "behind": found.behind,
            "commits": [shapes.commit_out(commit) for commit in found.commits], "files": shapes.files_out(found.diff),
            "files_total": found.diff.total,
        }  # fmt: skip
        return Response(answer)


class ContributorsApi(RepositoryBase):
    """`…/contributors`."""

    @operation("list_contributors", answer=page_of(shapes.ContributorOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Who committed to the default branch

        Most commits first.
        """
        return self.slice(request, queries.contributors(self.repository(request, namespace, name)), shapes.contributor_out)


class LanguagesApi(RepositoryBase):
    """`…/languages`."""

    @operation("get_languages", answer={(200, "application/json"): {"type": "object", "additionalProperties": {"type": "integer"}}})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Languages of a repository

        Bytes by language on the default branch.
        """
        return Response(self.repository(request, namespace, name).languages)
