"""What is done from the pages of a pull request; each answers the address to go to then."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from django.contrib import messages
from django.utils.translation import gettext as _

from accounts import queries as people
from accounts.models import Team, User
from core.actors import ActorRequest
from core.errors import Invalid, NotFound
from pulls import commands, queries
from pulls.models import LineComment, LineThread, Pull, Review
from pulls.views.common import Act, number_of

_PAGE = re.compile(r"/.+/pulls/\d+(/files\b)?")


def here(request: ActorRequest, anchor: str = "", *, without: tuple[str, ...] = ("comment", "reply", "edit_line")) -> str:
    """The page the form stands on, without the parameters that open forms."""
    query = request.GET.copy()
    for name in without:
        query.pop(name, None)
    text = query.urlencode()
    page = _PAGE.match(request.path)  # the shared addresses of talk show the page, too
    return (page[0] if page else request.path) + (f"?{text}" if text else "") + (f"#{anchor}" if anchor else "")


def path_of(text: str) -> str:
    """A path as forms carry it: percent-encoded, any bytes."""
    return unquote(text, errors="surrogateescape")


def line(request: ActorRequest, pull: Pull) -> str:
    """Begin a conversation, now or as a part of the review."""
    sent = request.POST
    end = number_of(sent.get("line", ""))
    comment = commands.comment_on_lines(
        request.actor, pull, path=path_of(sent.get("path", "")), side=sent.get("side", LineThread.Side.NEW), line=end,
        start_line=number_of(sent.get("start_line", "")) or end, oid=sent.get("oid", ""), body=sent.get("body", ""), pending=_pending(sent),
    )  # fmt: skip
    return here(request, f"line-{comment.pk}")


def _pending(sent: Mapping[str, str]) -> bool:
    return sent.get("when") == "review"


def reply(request: ActorRequest, pull: Pull) -> str:
    """Answer; with `resolve` the conversation is settled, too."""
    thread = queries.line_thread(request.actor, pull, number_of(request.POST.get("thread", "")))
    if request.POST.get("when") == "resolve" and not request.POST.get("body", "").strip():
        commands.resolve_conversation(request.actor, thread, resolved=thread.resolved_at is None)
        return here(request, f"conversation-{thread.pk}")
    comment = commands.reply(request.actor, thread, body=request.POST.get("body", ""), pending=_pending(request.POST))
    if request.POST.get("when") == "resolve":
        commands.resolve_conversation(request.actor, thread, resolved=thread.resolved_at is None)
    return here(request, f"line-{comment.pk}")


def edit_line(request: ActorRequest, pull: Pull) -> str:
    """Other words for a comment on lines."""
    comment = _comment(request, pull)
    commands.edit_line_comment(request.actor, comment, body=request.POST.get("body", ""))
    return here(request, f"line-{comment.pk}")


def delete_line(request: ActorRequest, pull: Pull) -> str:
    """Remove a comment on lines."""
    comment = _comment(request, pull)
    commands.delete_line_comment(request.actor, comment)
    messages.success(request, _("The comment is deleted."))
    return here(request, f"conversation-{comment.thread_id}")


def _comment(request: ActorRequest, pull: Pull) -> LineComment:
    return queries.line_comment(request.actor, pull, number_of(request.POST.get("comment", "")))


def apply(request: ActorRequest, pull: Pull) -> str:
    """Commit the chosen suggestions: one of a button, or those ticked."""
    numbers = [number_of(text) for text in request.POST.getlist("suggestion")]
    comments = [queries.line_comment(request.actor, pull, number) for number in dict.fromkeys(numbers)]
    commands.apply_suggestions(request.actor, pull, comments, message=request.POST.get("message", ""))
    messages.success(request, _("The suggestions are committed.") if len(comments) > 1 else _("The suggestion is committed."))
    return here(request)


def viewed(request: ActorRequest, pull: Pull) -> str:
    """Looked at, or not."""
    sent = request.POST
    commands.mark_viewed(
        request.actor, pull, path=path_of(sent.get("path", "")), blob=sent.get("blob", ""), viewed=sent.get("viewed") == "1"
    )
    return here(request, f"f{number_of(sent.get('file', ''))}")


def review(request: ActorRequest, pull: Pull) -> str:
    """Send the review with its verdict."""
    sent = request.POST
    made = commands.submit_review(request.actor, pull, verdict=sent.get("verdict", ""), body=sent.get("body", ""), oid=sent.get("oid", ""))
    words = {Review.State.APPROVED: _("You approved."), Review.State.CHANGES: _("You asked for changes.")}
    messages.success(request, words.get(Review.State(made.state), _("Your review is sent.")))
    return f"{pull.get_absolute_url()}#review-{made.pk}"


def discard(request: ActorRequest, pull: Pull) -> str:
    """Throw away the comments of the review that is being written."""
    commands.discard_review(request.actor, pull)
    return here(request)


def dismiss(request: ActorRequest, pull: Pull) -> str:
    """A verdict counts no more."""
    found = queries.reviews_sent(pull, [number_of(request.POST.get("review", ""))])
    if not found:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    one = next(iter(found.values()))
    one.pull = pull
    commands.dismiss_review(request.actor, one, reason=request.POST.get("reason", ""))
    return here(request, f"review-{one.pk}")


def request_review(request: ActorRequest, pull: Pull) -> str:
    """Ask people (logins) and teams (`@organization/team`), separated by spaces or commas."""
    users, teams = reviewers_of(request.POST.get("reviewers", ""))
    commands.request_review(request.actor, pull, people=users, teams=teams)
    return here(request)


def reviewers_of(text: str) -> tuple[list[User], list[Team]]:
    """People and teams named in a field. Raises Invalid."""
    users, teams = [], []
    for name in text.replace("\0", "").replace("，", " ").replace(",", " ").replace("、", " ").split()[:50]:
        login = name.lstrip("@")
        organization, slash, team = login.partition("/")
        try:
            if slash:
                teams.append(people.team(people.organization(organization), team))
            else:
                users.append(people.person(login))
        except NotFound as error:
            raise Invalid(_("There is nobody of the name “%s”.") % name[:60], field="reviewers") from error
    if not users and not teams:
        raise Invalid(_("Name somebody."), field="reviewers")
    return users, teams


def withdraw(request: ActorRequest, pull: Pull) -> str:
    """Do not ask them any more."""
    wanted = number_of(request.POST.get("request", ""))
    for one in queries.requests(pull):
        if one.pk == wanted:
            one.pull = pull
            commands.withdraw_request(request.actor, one)
    return here(request)


def draft(request: ActorRequest, pull: Pull) -> str:
    """Back to a draft."""
    commands.set_draft(request.actor, pull, is_draft=True)
    return here(request)


def ready(request: ActorRequest, pull: Pull) -> str:
    """Ready for review."""
    commands.set_draft(request.actor, pull, is_draft=False)
    return here(request)


def retarget(request: ActorRequest, pull: Pull) -> str:
    """Another base branch."""
    commands.retarget_pull(request.actor, pull, base_branch=request.POST.get("base", "").strip())
    return here(request)


def let_push(request: ActorRequest, pull: Pull) -> str:
    """Whether maintainers of the base may push to the fork's branch."""
    commands.let_maintainers_push(request.actor, pull, allowed=request.POST.get("allowed") == "1")
    return here(request)


ON_LINES: dict[str, Act] = {
    "line": line, "reply": reply, "edit_line": edit_line, "delete_line": delete_line, "apply": apply, "viewed": viewed, "review": review,
    "discard": discard,
}  # fmt: skip
ON_TALK: dict[str, Act] = {
    **ON_LINES, "dismiss": dismiss, "request_review": request_review, "withdraw": withdraw, "draft": draft, "ready": ready, "retarget": retarget,
    "let_push": let_push,
}  # fmt: skip
