"""What a pull request changes: files with conversations on their lines, its commits, its versions against each other."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

import gitstore
from core import filenames
from core.actors import ActorRequest
from core.errors import Conflict, Unavailable
from gitstore.ranges import Interdiff, RangePair, interdiff, range_diff
from projects import queries as hosting
from projects.queries.parts import part
from projects.queries.statuses import combined_many
from projects.views import diffs
from pulls import queries, rules
from pulls.models import LineThread, Pull, Review, Version
from pulls.queries.conversations import Conversation
from pulls.views import acts
from pulls.views.common import Failure, number_of, pull_page, run, show

_CELL = re.compile(r"f(\d{1,6})([LRT])(\d{1,8})")
_SIDE = {"L": LineThread.Side.OLD, "R": LineThread.Side.NEW, "T": LineThread.Side.NEW}


@require_http_methods(["GET", "HEAD", "POST"])
@pull_page
def pull_files(request: ActorRequest, pull: Pull) -> HttpResponseBase:
    """The newest version's files; `?comment=f3R21` opens the form below line 21 of file 3 without a script."""
    failure = None
    if request.method == "POST":
        outcome = run(request, pull, acts.ON_LINES)
        if isinstance(outcome, HttpResponse):
            return outcome
        failure = outcome
    return files_page(request, pull, failure)


def files_page(request: ActorRequest, pull: Pull, failure: Failure | None = None) -> HttpResponse:
    """The page, with the form that failed."""
    options = diffs.Options.of(request)
    with hosting.reading():
        shown = diffs.shown(pull.repository, pull.merge_base, pull.head_oid, options, anchors=_anchors(options))
    talk = queries.conversations(request.actor, pull, paths=[name for file in shown.files for name in (file.path, file.old_path)])
    pending = queries.pending_review(request.actor, pull)
    marks = queries.viewed(request.actor, pull, [file.path for file in shown.files])
    notes = _notes(request, pull, shown, talk, failure, pending)
    body = diffs.placed(shown.html, notes, _file_acts(request, pull, shown.files, marks), _folded(request, shown.files, talk, marks))
    context = {
        "body_diff": replace(shown, html=body),
        "has_suggestions": any(said.may_batch for one in talk for said in one.said),
        "pending": pending,
        "may_review": rules.can_review(request.actor, pull),
        "may_judge": rules.can_judge(request.actor, pull),
    }
    return show(request, pull, "pulls/files.html", context, at="files", failure=failure)


def _anchors(options: diffs.Options) -> str:
    query = options.query()
    return escape(f"{query}{'&' if len(query) > 1 else ''}comment=")


def _notes(
    request: ActorRequest, pull: Pull, shown: diffs.Shown, talk: list[Conversation], failure: Failure | None, pending: Review | None
) -> dict[str, str]:
    """Name of a cell or of a file's top → what stands there: conversations, and the open form."""
    split = diffs.Options.of(request).split
    at: dict[str, list[str]] = {}
    for one in talk:
        name = _place(shown, one)
        if name:
            html: str = render_to_string("pulls/_conversation.html", conversation_context(request, pull, one, failure, pending), request)
            at.setdefault(name, []).append(html)
    opened = _opened(request, pull, shown, failure, pending)
    if opened:
        name, html = opened
        at.setdefault(name, []).append(html)
    return {name: _row("".join(pieces), split) if not name.startswith("top ") else "".join(pieces) for name, pieces in at.items()}


def _row(html: str, split: bool) -> str:
    return f'\n<tr class=note><td colspan=4><div class="note-box stack gap-sm">{html}</div>'


def _place(shown: diffs.Shown, one: Conversation) -> str:
    """The cell the conversation stands below; the top of its file where the line is not on the page or changed."""
    old = one.thread.side == LineThread.Side.OLD
    file = next((file for file in shown.files if (file.old_path if old else file.path) == one.thread.path), None)
    if file is None:
        return ""
    cell = f"f{file.index}{'L' if old else 'R'}{one.spot.line}"
    if one.spot.is_outdated or not one.spot.line or diffs.missing(shown.html, [cell]):
        return f"top {file.index}"
    return cell


def conversation_context(
    request: ActorRequest, pull: Pull, one: Conversation, failure: Failure | None, pending: Review | None
) -> dict[str, Any]:
    """What `pulls/_conversation.html` needs."""
    failure = failure or Failure()
    about = failure.typed.get("thread") == str(one.thread.pk)
    edited = number_of(failure.typed.get("comment", "") if failure.act == "edit_line" else request.GET.get("edit_line", ""))
    return {
        "pull": pull, "one": one, "thread": one.thread, "editing": edited, "edit_failure": failure if failure.act == "edit_line" else None,
        "reply_failure": failure if failure.act == "reply" and about else None, "pending": pending,
        "here": acts.here(request), "is_open_reply": request.GET.get("reply") == str(one.thread.pk),
    }  # fmt: skip


def _opened(
    request: ActorRequest, pull: Pull, shown: diffs.Shown, failure: Failure | None, pending: Review | None
) -> tuple[str, str] | None:
    """The form for a new conversation: its place and HTML."""
    typed: Mapping[str, str] = {}
    if failure is not None and failure.act == "line":
        typed = failure.typed
        path = acts.path_of(typed.get("path", ""))
        side = "L" if typed.get("side") == LineThread.Side.OLD else "R"
        file = next((file for file in shown.files if path in (file.path, file.old_path)), None)
        number = number_of(typed.get("line", ""))
    elif match := _CELL.fullmatch(request.GET.get("comment", "")):
        side, number = match[2], int(match[3])
        file = next((file for file in shown.files if file.index == int(match[1])), None)
    else:
        return None
    if file is None or not rules.can_review(request.actor, pull):
        return None
    cell = f"f{file.index}{side}{number}"
    at_top = side == "T" or not number or diffs.missing(shown.html, [cell])
    context = {
        "pull": pull, "path": filenames.quoted(file.old_path if side == "L" else file.path), "shown_path": filenames.shown(file.path),
        "side": _SIDE[side], "line": 0 if at_top and side == "T" else number, "typed": typed, "failure": failure if typed else None,
        "here": acts.here(request), "pending": pending, "cell": cell,
        "may_suggest": side == "R" and number > 0, "current": _text_at(pull, file.path, number) if side == "R" and number else "",
    }  # fmt: skip
    return (f"top {file.index}" if at_top else cell), render_to_string("pulls/_new_line.html", context, request)


def _text_at(pull: Pull, path: str, number: int) -> str:
    """The line as it is, for the beginning of a suggestion; "" where it is no text."""
    with hosting.reading():
        entry = gitstore.entry_at(pull.repository.path, pull.head_oid, path)
        data = gitstore.blob(pull.repository.path, entry.oid).data.split(b"\n") if entry is not None else []
    return data[number - 1].decode("utf-8", "replace").rstrip("\r") if 0 < number <= len(data) else ""


def _file_acts(request: ActorRequest, pull: Pull, files: Iterable[diffs.File], marks: Mapping[str, str]) -> dict[int, str]:
    """Beside each file's name: “viewed”, and a comment on the whole file."""
    if request.actor.person is None:
        return {}
    csrf, target, review = get_token(request), acts.here(request), bool(rules.can_review(request.actor, pull))
    options = diffs.Options.of(request)
    found: dict[int, str] = {}
    for file in files:
        is_viewed = marks.get(file.path) == file.new_oid
        form = format_html(
            '<form method="post" action="{}" class="inline-form"><input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="act" value="viewed"><input type="hidden" name="file" value="{}"><input type="hidden" name="path" value="{}"><input type="hidden" name="blob" value="{}"><input type="hidden" name="viewed" value="{}"><button class="btn btn-sm btn-quiet" type="submit" aria-pressed="{}">{}</button></form>',
            target, csrf, file.index, filenames.quoted(file.path), file.new_oid, "0" if is_viewed else "1",
            "true" if is_viewed else "false", _("Viewed") if is_viewed else _("Mark as viewed"),
        )  # fmt: skip
        link = format_html(
            '<a class="btn btn-sm btn-quiet" href="{}comment=f{}T0#f{}" rel="nofollow">{}</a>',
            options.query() + ("&" if len(options.query()) > 1 else ""), file.index, file.index, _("Comment"),
        ) if review else SafeString("")  # fmt: skip
        found[file.index] = link + form
    return found


def _folded(request: ActorRequest, files: Iterable[diffs.File], talk: list[Conversation], marks: Mapping[str, str]) -> set[int]:
    """Files shown closed: viewed ones, and generated ones nobody speaks of; never the one whose form is open, nor a file asked for alone."""
    if request.GET.get("file"):
        return set()
    spoken = {one.thread.path for one in talk}
    open_ = request.GET.get("comment", "")
    return {
        file.index
        for file in files
        if (marks.get(file.path) == file.new_oid or (file.is_generated and file.path not in spoken))
        and not open_.startswith((f"f{file.index}L", f"f{file.index}R", f"f{file.index}T"))
    }


@require_safe
@pull_page
def pull_commits(request: ActorRequest, pull: Pull) -> HttpResponse:
    """The newest version's commits, oldest first, with what checks say of them."""
    with hosting.reading():
        found = queries.commits(pull)
        known = hosting.authors(found)
        rows = [hosting.shown(one, known) for one in found]
    context = {
        "commits": rows,
        "left": max(0, pull.commits - len(rows)),
        "checks": combined_many(pull.repository, [one.oid for one in found]),
        "base": pull.get_absolute_url(),
    }
    return show(request, pull, "pulls/commits.html", context, at="commits")


@require_safe
@pull_page
def pull_commit(request: ActorRequest, pull: Pull, oid: str) -> HttpResponse:
    """One commit of one of its versions, against its first parent."""
    with hosting.reading():
        commit = queries.require_commit(pull, oid)
        known = hosting.authors([commit])
        parent = commit.parents[0] if commit.parents else ""
        shown = diffs.shown(pull.repository, parent, commit.oid, diffs.Options.of(request))
        every = [one.oid for one in queries.commits(pull)]
    at = every.index(oid) if oid in every else -1
    base = f"{pull.get_absolute_url()}/commits"
    context = {
        "commit": hosting.shown(commit, known),
        "diff": shown,
        "older": f"{base}/{every[at - 1]}" if at > 0 else "",
        "newer": f"{base}/{every[at + 1]}" if 0 <= at < len(every) - 1 else "",
        "is_old_version": at < 0,
    }
    return show(request, pull, "pulls/commit.html", context, at="commits")


@require_safe
@pull_page
def pull_versions(request: ActorRequest, pull: Pull) -> HttpResponse:
    """All versions; `?from=1&to=2` compares two of them without what the base brought."""
    every = list(pull.versions.select_related("pushed_by__namespace").order_by("number"))
    numbers = (number_of(request.GET.get(name, "")) for name in ("from", "to"))
    old, new = (next((one for one in every if one.number == number), None) for number in numbers)
    context: dict[str, Any] = {"versions": every[::-1], "old": old, "new": new, "base": pull.get_absolute_url()}
    if old is not None and new is not None and old.pk != new.pk:
        context |= _compared(request, pull, old, new)
    return show(request, pull, "pulls/versions.html", context, at="versions")


def _compared(request: ActorRequest, pull: Pull, old: Version, new: Version) -> dict[str, Any]:
    """Commits in pairs, and what the author changed."""
    path, options = pull.repository.path, diffs.Options.of(request, keep=(("from", str(old.number)), ("to", str(new.number))))
    ends = (old.merge_base, old.head_oid, new.merge_base, new.head_oid)

    def compare() -> tuple[list[RangePair], Interdiff | None]:
        try:
            pairs = range_diff(path, *ends)
        except gitstore.TooLarge:
            pairs = []
        return pairs, interdiff(path, *ends)

    try:
        pairs, between = part(("range diff", pull.repository.storage_id.hex, *ends), compare)
        with hosting.reading():
            shown = diffs.shown(pull.repository, between.old, between.new, options) if between is not None else None
    except (gitstore.GitError, Conflict, Unavailable):
        return {"problem": _("Git could not compare these two versions.")}
    return {
        "pairs": pairs, "diff": shown, "is_clean": between is None or between.clean, 
        "rebased": old.merge_base != new.merge_base,
    }  # fmt: skip
