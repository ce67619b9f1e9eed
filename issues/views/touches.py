"""Small acts on texts: reactions, tasks, folding away, history."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.actors import ActorRequest
from core.errors import DomainError, Invalid
from issues import commands, queries
from issues.models import Comment, Thread
from issues.views.threads import KINDS
from projects.models import Repository
from projects.views.common import page_of, repository_page


def _text(request: ActorRequest, repository: Repository, kind: str, number: int) -> tuple[Thread, Comment | None]:
    """The thread, and the comment that `comment` names."""
    thread = queries.thread(request.actor, repository, number, kind=KINDS[kind])
    pk = request.POST.get("comment") or request.GET.get("comment") or ""
    if not pk:
        return thread, None
    comment = queries.comment(request.actor, repository, int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 19 else 0)
    if comment.thread_id != thread.pk:
        raise Invalid(_("The comment is of another talk."), field="comment")
    comment.thread = thread
    return thread, comment


def _back(thread: Thread, comment: Comment | None) -> str:
    """Where on the page of the thread the text is."""
    if comment is None:
        return f"{thread.get_absolute_url()}#body"
    return f"{thread.get_absolute_url()}?comment={comment.pk}#comment-{comment.pk}"


@require_POST
@repository_page
def text_react(request: ActorRequest, repository: Repository, kind: str, number: int) -> HttpResponse:
    """Give or take back a reaction: `react` is its kind and `1` or `0`, as `heart:1`."""
    thread, comment = _text(request, repository, kind, number)
    name, _colon, given = request.POST.get("react", "").rpartition(":")
    commands.set_reaction(request.actor, thread, kind=name, comment=comment, given=given == "1")
    return redirect(_back(thread, comment))


@require_POST
@repository_page
def text_task(request: ActorRequest, repository: Repository, kind: str, number: int) -> HttpResponse:
    """Tick the task that the pressed button names (`task` is `place` and `1` or `0`, as `3-1`), of the `version` that was shown.

    Scripts ask for JSON and get the new version, so that the next click on the same page counts.
    """
    thread, comment = _text(request, repository, kind, number)
    place, _dash, state = request.POST.get("task", "").partition("-")
    version = request.POST.get("version", "")
    if not (place.isascii() and place.isdigit() and version.isascii() and version.isdigit() and len(place + version) < 18):
        raise Invalid(_("There is no such task."), field="task")
    text: Thread | Comment = comment or thread
    as_json = "application/json" in request.headers.get("Accept", "")
    try:
        made = commands.set_task(request.actor, text, place=int(place), done=state == "1", version=int(version))
    except DomainError as error:
        if as_json:
            return JsonResponse({"error": error.message, "code": error.code}, status=error.status)
        messages.error(request, error.message)
        return redirect(_back(thread, comment))
    return JsonResponse({"version": made.version}) if as_json else redirect(_back(thread, comment))


@require_POST
@repository_page
def comment_hide(request: ActorRequest, repository: Repository, kind: str, number: int) -> HttpResponse:
    """Fold a comment away for a `reason`, "" shows it again."""
    _thread, comment = _text(request, repository, kind, number)
    if comment is None:
        raise Invalid(_("Choose a comment."), field="comment")
    commands.hide_comment(request.actor, comment, reason=request.POST.get("reason", ""))
    return redirect(_back(comment.thread, comment))


@require_GET
@repository_page
def text_history(request: ActorRequest, repository: Repository, kind: str, number: int) -> HttpResponse:
    """Each edit of a title, body or comment with what changed, word by word; newest first."""
    thread, comment = _text(request, repository, kind, number)
    context = {"thread": thread, "comment": comment, "edits": queries.edits(request.actor, thread, comment), "back": _back(thread, comment)}
    return page_of(request, repository, "issues/history.html", context, tab=kind)
