"""What an issue waits for, what it is part of, what it doubles, and where it goes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.actors import ActorRequest
from core.errors import Invalid
from core.forms import attempt, done
from issues import commands, queries, rules
from issues.forms.more import OtherForm, TransferForm
from issues.models import Thread
from issues.views.threads import KINDS
from projects import queries as projects_queries
from projects.models import Repository
from projects.views.common import page_of, repository_page


@require_http_methods(["GET", "POST"])
@repository_page
def thread_relations(request: ActorRequest, repository: Repository, kind: str, number: int) -> HttpResponse:
    """Lists with buttons; a form for each kind. `act` says which was sent."""
    thread = queries.thread(request.actor, repository, number, kind=KINDS[kind])
    rules.can_triage(request.actor, repository).require()
    sent = request.POST.get("act", "") if request.method == "POST" else ""
    here = f"{thread.get_absolute_url()}/relations"
    if sent in ("unblock", "unpart", "up", "down"):
        _take_away(request, thread, sent)
        return redirect(here)
    shown = {name: OtherForm(request.POST if name == sent else None, auto_id=f"id_{name}_%s") for name in ("blocker", "part", "duplicate")}
    if sent in shown and attempt(shown[sent], done(lambda cleaned: _add(request, thread, sent, cleaned["other"]))):
        messages.success(
            request, {"blocker": _("It waits for it now."), "part": _("It is a part now.")}.get(sent, _("It is closed as a duplicate."))
        )
        return redirect(thread if sent == "duplicate" else here)
    context = {"thread": thread, "relations": queries.relations(request.actor, thread), "forms": shown}
    return page_of(request, repository, "issues/relations.html", context, tab=kind, status=422 if sent else 200)


def _add(request: ActorRequest, thread: Thread, act: str, text: str) -> None:
    other = _named(request, thread, text)
    if act == "blocker":
        commands.add_dependency(request.actor, thread, other)
    elif act == "part":
        commands.add_part(request.actor, thread, other)
    else:
        commands.mark_duplicate(request.actor, thread, other)


def _named(request: ActorRequest, thread: Thread, text: str) -> Thread:
    found = queries.named_thread(request.actor, thread.repository, text)
    if found is None:
        raise Invalid(_("There is no issue or pull request “%s”, or you may not see it.") % text[:100], field="other")
    return found


def _take_away(request: ActorRequest, thread: Thread, act: str) -> None:
    """Buttons of a row: `other` is the id of the other thread, which the reader saw."""
    relations = queries.relations(request.actor, thread)
    among = relations.blockers if act == "unblock" else [*relations.parts, *([relations.parent] if relations.parent else [])]
    other = next((row for row in among if str(row.pk) == request.POST.get("other")), None)
    if other is None:
        return
    if act == "unblock":
        commands.remove_dependency(request.actor, thread, other)
    elif act == "unpart":
        commands.remove_part(request.actor, thread if relations.parent is not None and other.pk == relations.parent.pk else other)
    else:
        commands.move_part(request.actor, other, up=act == "up")


@require_http_methods(["GET", "POST"])
@repository_page
def issue_transfer(request: ActorRequest, repository: Repository, number: int) -> HttpResponse:
    """Asks where, says what will happen."""
    thread = queries.thread(request.actor, repository, number)
    rules.can_triage(request.actor, repository).require()
    form = TransferForm(request.POST) if request.method == "POST" else TransferForm()

    def move(cleaned: dict[str, str]) -> Thread:
        return commands.transfer_issue(request.actor, thread, _repository(request, cleaned["into"]))

    if request.method == "POST" and (moved := attempt(form, move)):
        messages.success(request, _("The issue is here now. Its old address leads here."))
        return redirect(moved)
    context = {"thread": thread, "form": form}
    return page_of(request, repository, "issues/transfer.html", context, tab="issues", status=422 if form.is_bound else 200)


def _repository(request: ActorRequest, text: str) -> Repository:
    namespace, _slash, name = text.strip().strip("/").rpartition("/")
    rows = projects_queries.repositories(request.actor).filter(namespace__slug__lower=namespace.lower(), name__lower=name.lower())
    found = rows.select_related("namespace").first()
    if found is None:
        raise Invalid(_("There is no project “%s”, or you may not see it.") % text[:100], field="into")
    return found
