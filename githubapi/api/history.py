"""Commits, comparisons, and what programs say about commits."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.dateparse import parse_date, parse_datetime
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core.actors import Scope
from core.errors import Invalid, NotFound
from githubapi.api.base import DEPTH, RepositoryView, signed_in
from githubapi.api.shapes import git as shapes
from githubapi.api.shapes import statuses as checks
from githubapi.api.shapes.repositories import base as base_of
from projects import commands, queries
from projects.models import CheckAnnotation, CheckRun, CommitStatus, Repository
from projects.queries import statuses as reads
from projects.queries.browsing import begun, reading
from projects.queries.comparison import between, end
from projects.queries.signing import commit_marks

FILES = 300


def moment(request: Request, name: str) -> datetime | None:
    """A time of the query; a date begins at midnight UTC. Raises Invalid."""
    said = request.query_params.get(name, "")
    if not said:
        return None
    try:
        found = parse_datetime(said)
        day = parse_date(said) if found is None else None
    except ValueError:
        found = day = None
    if found is None and day is not None:
        found = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if found is None:
        raise Invalid("Give a time such as 2026-01-31T12:00:00Z.", field=name)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def plain(pieces: Any, kind: str = "text/plain; charset=utf-8") -> StreamingHttpResponse:
    """Text that no browser runs."""
    answer = StreamingHttpResponse(begun(pieces), content_type=kind)
    answer["Content-Security-Policy"], answer["X-Content-Type-Options"] = "default-src 'none'; sandbox", "nosniff"
    return answer


class CommitsApi(RepositoryView):
    """`…/commits`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """History of `sha` (a branch, tag or commit), newest first; `path`, `author`, `since`, `until`."""
        row, at = self.repository(request, owner, repo), self.at(request)
        here = self.commit_at(row, request.query_params.get("sha", "")[:1000])
        page, size, first = self.pages(request)
        filters = {"file": request.query_params.get("path", "")[:1000].strip("/"), "author": request.query_params.get("author", "")[:200]}
        times = {name: moment(request, name) for name in ("since", "until")}
        filtered = any(filters.values()) or any(times.values())
        if page > 1 or filtered or not here.is_tip:
            self.spend(request, 2)
        with reading():
            found = gitstore.log(row.path, here.oid, limit=min(first + size + 1, DEPTH + 1), **filters, **times).commits  # type: ignore[arg-type]
        shown = found[first : first + size]
        known, marks = queries.authors(shown), commit_marks(row, shown)
        answer = Response([shapes.commit(row, one, at, known, marks.get(one.oid)) for one in shown])
        total = row.commits if row.commits and not filtered and here.oid == row.head_oid else None
        return self.linked(request, answer, page, size, total, more=len(found) > first + size)


class CommitApi(RepositoryView):
    """`…/commits/{ref}`."""

    def get(self, request: Request, owner: str, repo: str, ref: str) -> HttpResponseBase:
        """A commit with its files; the media types `diff`, `patch` and `sha`."""
        row = self.repository(request, owner, repo)
        here = self.commit_at(row, ref)
        if self.accepts(request, "sha"):
            return HttpResponse(here.oid, content_type="text/plain; charset=utf-8")
        self.spend(request, 1)
        with reading():
            commit = gitstore.commit(row.path, here.oid)
        parent = commit.parents[0] if commit.parents else ""
        if self.accepts(request, "diff") or (self.accepts(request, "patch") and len(commit.parents) > 1):
            return plain(gitstore.diff_stream(row.path, parent, here.oid))
        if self.accepts(request, "patch"):
            return plain(gitstore.patch_stream(row.path, here.oid))
        with reading():
            diff = gitstore.commit_diff(row.path, here.oid, limit=FILES, lines=shapes.PATCH_LINES)
        mark = queries.signature_mark(row, commit)
        return Response(shapes.commit(row, commit, self.at(request), queries.authors([commit]), mark, diff))


class CompareApi(RepositoryView):
    """`…/compare/{base}...{head}`."""

    def get(self, request: Request, owner: str, repo: str, basehead: str) -> HttpResponseBase:
        """From the common ancestor to the head; `owner:ref` for one of a fork."""
        row, actor, at = self.repository(request, owner, repo), self.actor(request), self.at(request)
        first, dots, second = basehead.partition("...")
        if not dots:
            raise NotFound("Not Found")
        base, head = end(actor, row, first), end(actor, row, second)
        self.spend(request, 5)
        with reading():
            found = between(row, base, head)
            if self.accepts(request, "diff") and base.home.pk == head.home.pk == row.pk:
                return plain(gitstore.diff_stream(row.path, found.ancestor, head.position.oid))
            tip = gitstore.commit(base.home.path, base.position.oid)
            ancestor = gitstore.commit(row.path, found.ancestor) if found.ancestor else tip
        known = queries.authors([*found.commits, tip, ancestor])
        states = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}
        here, page = f"{base_of(row, at)}/compare/{first}...{second}", f"{at.page(row.get_absolute_url())}/compare/{first}...{second}"
        return Response(
            {
                "url": here, "html_url": page, "permalink_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch",
                "base_commit": shapes.commit(row, tip, at, known), "merge_base_commit": shapes.commit(row, ancestor, at, known),
                "status": states.get((found.ahead > 0, found.behind > 0), "identical"), "ahead_by": found.ahead, "behind_by": found.behind,
                "total_commits": found.ahead, "commits": [shapes.commit(row, one, at, known) for one in reversed(found.commits)],
                "files": shapes.files(row, head.position.oid, found.diff, at),
            }
        )  # fmt: skip


class StatusIn(serializers.Serializer[Any]):
    """What a program says."""

    state = serializers.ChoiceField(choices=CommitStatus.State.values)
    context = serializers.CharField(max_length=255, required=False, default="default")  # type: ignore[assignment] # the word is free
    description = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)
    target_url = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class StatusesApi(RepositoryView):
    """`…/commits/{ref}/statuses`, `…/statuses/{sha}`."""

    def get(self, request: Request, owner: str, repo: str, ref: str) -> Response:
        """All that were set, newest first."""
        row, at = self.repository(request, owner, repo), self.at(request)
        return self.listed(request, reads.statuses(row, reads.commit_named(row, ref)), lambda one: checks.status(row, one, at))

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str, ref: str) -> Response:
        """Set one."""
        row = self.repository(request, owner, repo)
        given = self.given(request, StatusIn)
        given["target"] = given.pop("target_url")
        made = commands.set_status(self.actor(request), row, oid=reads.commit_named(row, ref), **given)
        return Response(checks.status(row, made, self.at(request)), status=201)


class CombinedApi(RepositoryView):
    """`…/commits/{ref}/status`."""

    def get(self, request: Request, owner: str, repo: str, ref: str) -> Response:
        """The latest of each context; without any the state is pending, as GitHub has it."""
        row, at = self.repository(request, owner, repo), self.at(request)
        oid = reads.commit_named(row, ref)
        page, size, first = self.pages(request)
        latest = list(reads.latest_statuses(row, oid))
        states = {one.state for one in latest}
        state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
        answer = Response(checks.combined(row, oid, latest[first : first + size], len(latest), state, at))
        return self.linked(request, answer, page, size, len(latest))


class AnnotationIn(serializers.Serializer[Any]):
    """What a check says about lines."""

    path = serializers.CharField(max_length=1000)
    start_line = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    end_line = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    start_column = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True)
    end_column = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True)
    annotation_level = serializers.ChoiceField(choices=CheckAnnotation.Level.values)
    message = serializers.CharField(max_length=65535)
    title = serializers.CharField(max_length=255, required=False, default="", allow_blank=True, allow_null=True)
    raw_details = serializers.CharField(max_length=65535, required=False, default="", allow_blank=True, allow_null=True)


class OutputIn(serializers.Serializer[Any]):
    """What a check found."""

    title = serializers.CharField(max_length=255, required=False, allow_blank=True, allow_null=True)
    summary = serializers.CharField(max_length=65535, required=False, allow_blank=True, allow_null=True)
    text = serializers.CharField(max_length=65535, required=False, allow_blank=True, allow_null=True)
    annotations = serializers.ListField(child=AnnotationIn(), required=False, max_length=50)


class CheckRunPatch(serializers.Serializer[Any]):
    """What can be changed of a check run."""

    status = serializers.ChoiceField(choices=CheckRun.Status.values, required=False)
    conclusion = serializers.ChoiceField(choices=CheckRun.Conclusion.values, required=False)
    started_at = serializers.DateTimeField(required=False)
    completed_at = serializers.DateTimeField(required=False)
    details_url = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=200, required=False, allow_blank=True)
    output = OutputIn(required=False)


class CheckRunIn(CheckRunPatch):
    """A new check run."""

    name = serializers.CharField(max_length=255)
    head_sha = serializers.RegexField(r"^[0-9a-f]{40}$")


def told(given: dict[str, Any]) -> dict[str, Any]:
    """GitHub's words as those of the commands."""
    output = dict(given.pop("output", {}))
    notes = [{**one, "level": one["annotation_level"]} for one in output.pop("annotations", [])]
    if "details_url" in given:
        given["details"] = given.pop("details_url")
    return {**given, **{key: value or "" for key, value in output.items()}, "annotations": notes}


class CheckRunsOfApi(RepositoryView):
    """`…/commits/{ref}/check-runs`."""

    def get(self, request: Request, owner: str, repo: str, ref: str) -> Response:
        """Of each name the latest, or all with `filter=all`."""
        row, at = self.repository(request, owner, repo), self.at(request)
        rows = reads.check_runs(row, reads.commit_named(row, ref), latest=request.query_params.get("filter") != "all")
        for key, field in (("check_name", "name"), ("status", "status")):
            if said := request.query_params.get(key, "")[:255]:
                rows = rows.filter(**{field: said})
        answer = self.listed(request, rows, lambda run: checks.check_run(row, run, at))
        answer.data = {"total_count": rows.count(), "check_runs": answer.data}
        return answer


class CheckRunsApi(RepositoryView):
    """`…/check-runs`."""

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Begin a run, or tell of one that is over."""
        row = self.repository(request, owner, repo)
        given = told(self.given(request, CheckRunIn))
        made = commands.create_check_run(self.actor(request), row, oid=given.pop("head_sha"), **given)
        return Response(checks.check_run(row, reads.check_run(row, made.pk), self.at(request)), status=201)


class CheckRunApi(RepositoryView):
    """`…/check-runs/{id}`."""

    def shown(self, request: Request, row: Repository, pk: int) -> Response:
        """A run."""
        return Response(checks.check_run(row, reads.check_run(row, pk), self.at(request)))

    def get(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """A run."""
        return self.shown(request, self.repository(request, owner, repo), pk)

    @signed_in(Scope.WRITE)
    def patch(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """Change it."""
        row = self.repository(request, owner, repo)
        found = reads.check_run(row, pk)
        commands.update_check_run(self.actor(request), found, **told(self.given(request, CheckRunPatch)))
        return self.shown(request, row, pk)


class AnnotationsApi(RepositoryView):
    """`…/check-runs/{id}/annotations`."""

    def get(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """What it says about lines."""
        row, at = self.repository(request, owner, repo), self.at(request)
        run = reads.check_run(row, pk)
        return self.listed(request, reads.annotations(run), lambda one: checks.annotation(row, run.oid, one, at))
