"""The page on which conflicts with the base are settled: each file by its whole text, or by choosing a side."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.actors import ActorRequest
from core.errors import Conflict, Invalid, LimitReached
from pulls import rules
from pulls.commands.heads import resolve_conflicts
from pulls.models import Pull
from pulls.queries.conflicts import Contradiction, InConflict, contradiction
from pulls.views.common import Failure, failed, pull_page, show

MARKERS = ("<<<<<<< ", "=======", ">>>>>>> ")


@require_http_methods(["GET", "HEAD", "POST"])
@pull_page
def pull_conflicts(request: ActorRequest, pull: Pull) -> HttpResponseBase:
    """Every file in conflict; `POST` commits the merge of the base into the branch."""
    rules.can_apply(request.actor, pull).require()
    found = contradiction(pull)
    if not found.files:
        return HttpResponseRedirect(pull.get_absolute_url())
    if request.method != "POST":
        return _page(request, pull, found)
    try:
        choices = {file.path: _choice(request, file) for file in found.files if file.settled_here}
        sent = request.POST
        resolve_conflicts(request.actor, pull, choices, expected=sent.get("expected", ""), base=sent.get("base", ""))
    except (Invalid, Conflict, LimitReached) as error:
        return _page(request, pull, found, failed(request, "resolve", error))
    return HttpResponseRedirect(f"{pull.get_absolute_url()}#merge", status=303)


def _choice(request: ActorRequest, file: InConflict) -> bytes | str:
    """What was decided about one file. Raises Invalid, naming the file in `field`."""
    how = request.POST.get(f"how-{file.key}", "")
    if how in file.sides:
        return how
    if how != "text" or file.text is None:
        raise Invalid(_("Decide about “%s”.") % file.shown, field=file.key)
    text = request.POST.get(f"text-{file.key}", "").replace("\r\n", "\n")
    if _is_marked(text):
        raise Invalid(_("There are conflict marks left in “%s”.") % file.shown, field=file.key)
    return (text.replace("\n", "\r\n") if "\r\n" in file.text else text).encode("utf-8", "replace")


def _is_marked(text: str) -> bool:
    """True if both ends of a conflict still stand in the text."""
    lines = text.split("\n")
    return any(line.startswith(MARKERS[0]) for line in lines) and any(line.startswith(MARKERS[2]) for line in lines)


def _page(request: ActorRequest, pull: Pull, found: Contradiction, failure: Failure | None = None) -> HttpResponse:
    typed = failure.typed if failure else {}
    files = [_shown(file, typed, failure.about if failure else "") for file in found.files]
    context = {"found": found, "files": files, "wrong": failure.about if failure else ""}
    return show(request, pull, "pulls/conflicts.html", context, at="talk", failure=failure)


def _shown(file: InConflict, typed: Any, wrong: str) -> dict[str, Any]:
    """One file with what was typed for it."""
    how = typed.get(f"how-{file.key}", "text" if file.text is not None else "")
    text = typed.get(f"text-{file.key}", file.text or "")
    return {"file": file, "how": how, "text": text, "rows": min(max(text.count("\n") + 2, 6), 40), "is_wrong": wrong == file.key}
