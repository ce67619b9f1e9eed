"""Boards, of a repository or of an organisation."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import queries as people
from accounts.models import Namespace
from core.actors import ActorRequest
from core.errors import DomainError, Invalid
from core.forms import attempt, done
from issues import commands, queries, rules
from issues.forms.more import BoardChangeForm, BoardForm, CardForm, ColumnForm
from issues.models import Board, Thread
from issues.views.lists import require_issues
from projects.models import Repository
from projects.views.common import page_of, repository_page

Owner = Repository | Namespace
View = Callable[..., HttpResponse]


def of_repository(view: View) -> Callable[..., Any]:
    """The view below a repository's address, where it has issues."""

    @repository_page
    def page(request: ActorRequest, repository: Repository, /, **places: int) -> HttpResponse:
        require_issues(repository)
        return view(request, repository, **places)

    return page


def of_organization(view: View) -> Callable[..., HttpResponse]:
    """The view below an organisation's, for its members; others learn nothing."""

    @wraps(view)
    def page(request: ActorRequest, slug: str, **places: int) -> HttpResponse:
        organization = people.organization(slug)
        organization.namespace.organization = organization
        rules.can_see_boards(request.actor, organization.namespace).require()
        return view(request, organization.namespace, **places)

    return page


def _base(owner: Owner) -> str:
    return f"{owner.get_absolute_url()}/boards" if isinstance(owner, Repository) else f"/-/orgs/{owner.slug}/boards"


def _show(request: ActorRequest, owner: Owner, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    context["boards_base"] = _base(owner)
    if isinstance(owner, Repository):
        return page_of(request, owner, template, {**context, "layout": "issues/layout.html"}, tab="issues", status=status)
    more = {"layout": "issues/org_layout.html", "organization": owner.organization, "tab": "boards"}
    return render(request, template, {**context, **more}, status=status)


@require_GET
def board_list(request: ActorRequest, owner: Owner) -> HttpResponse:
    """All of them."""
    context = {"boards": queries.boards(owner), "may_make": bool(rules.can_make_board(request.actor, owner))}
    return _show(request, owner, "issues/boards.html", context)


@require_http_methods(["GET", "POST"])
def board_new(request: ActorRequest, owner: Owner) -> HttpResponse:
    """A new board."""
    rules.can_make_board(request.actor, owner).require()
    first = {"columns": "\n".join((_("To do"), _("In progress"), _("Done"))), "query": "is:open"}
    form = BoardForm(request.POST) if request.method == "POST" else BoardForm(initial=first)

    def make(cleaned: dict[str, str]) -> Board:
        return commands.make_board(
            request.actor,
            owner,
            name=cleaned["name"],
            by=cleaned["by"],
            query=cleaned["query"],
            columns=cleaned["columns"].splitlines(),
        )

    if request.method == "POST" and (made := attempt(form, make)):
        return redirect(_address(owner, made))
    return _show(request, owner, "issues/board_new.html", {"form": form}, status=422 if form.is_bound else 200)


def _address(owner: Owner, board: Board) -> str:
    return f"{_base(owner)}/{board.number}"


@require_http_methods(["GET", "POST"])
def board_view(request: ActorRequest, owner: Owner, number: int) -> HttpResponse:
    """The columns with their cards; POST puts a card on it (`other`, `column`)."""
    board = queries.board(request.actor, owner, number)
    form = CardForm(request.POST if request.method == "POST" else None, columns=board.columns.order_by("position"))

    def add(cleaned: dict[str, object]) -> object:
        thread = _thread(request, owner, str(cleaned["other"]))
        if thread is None:
            raise Invalid(_("There is no issue or pull request “%s”, or you may not see it.") % str(cleaned["other"])[:100], field="other")
        return commands.add_card(request.actor, board, thread, cleaned["column"])  # type: ignore[arg-type]

    if request.method == "POST" and attempt(form, add):
        return redirect(_address(owner, board))
    context = {
        "board": board,
        "lanes": queries.board_page(request.actor, board),
        "form": form,
        "may_change": bool(rules.can_change_board(request.actor, board)),
        "address": _address(owner, board),
    }
    return _show(request, owner, "issues/board.html", context, status=422 if form.is_bound else 200)


@require_POST
def board_move(request: ActorRequest, owner: Owner, number: int) -> HttpResponse:
    """Put `thread` (a number) into `column`, `before` another one or last; `act=remove` takes it off. Scripts ask for JSON."""
    board = queries.board(request.actor, owner, number)
    as_json = "application/json" in request.headers.get("Accept", "")
    try:
        _move(request, owner, board)
    except DomainError as error:
        if as_json:
            return JsonResponse({"error": error.message, "code": error.code}, status=error.status)
        messages.error(request, error.message)
    return JsonResponse({"moved": True}) if as_json else redirect(_address(owner, board))


def _move(request: ActorRequest, owner: Owner, board: Board) -> None:
    thread = _thread(request, owner, request.POST.get("thread", ""))
    if thread is None:
        raise Invalid(_("Choose a card."), field="thread")
    if request.POST.get("act") == "remove":
        for card in board.cards.filter(thread=thread):
            commands.remove_card(request.actor, card)
        return
    before = _thread(request, owner, request.POST.get("before", ""))
    commands.move_card(request.actor, board, thread, column=queries.column(board, request.POST.get("column", "")), before=before)


def _thread(request: ActorRequest, owner: Owner, text: str) -> Thread | None:
    return queries.named_thread(request.actor, owner if isinstance(owner, Repository) else None, text) if text else None


@require_http_methods(["GET", "POST"])
def board_settings(request: ActorRequest, owner: Owner, number: int) -> HttpResponse:
    """Name, query, columns, removal. `act` says which form was sent."""
    board = queries.board(request.actor, owner, number)
    rules.can_change_board(request.actor, board).require()
    act, here = request.POST.get("act", ""), f"{_address(owner, board)}/settings"
    chosen = queries.column(board, request.POST.get("column") or request.GET.get("column") or "")
    if act == "delete":
        commands.delete_board(request.actor, board)
        messages.success(request, _("The board is deleted. The issues are still there."))
        return redirect(_base(owner))
    if act in ("left", "right", "drop") and chosen is not None:
        if act == "drop":
            commands.delete_column(request.actor, chosen)
        else:
            commands.move_column(request.actor, chosen, left=act == "left")
        return redirect(here)
    change = BoardChangeForm(
        request.POST if act == "change" else None, initial={"name": board.name, "query": board.query}, auto_id="id_change_%s"
    )
    kept = {"name": chosen.name, "most": chosen.most} if chosen is not None else {}
    column = ColumnForm(request.POST if act == "column" else None, initial=kept, auto_id="id_column_%s")
    saved = attempt(change, done(lambda cleaned: commands.change_board(request.actor, board, **cleaned))) if act == "change" else None
    if act == "column":
        saved = attempt(column, lambda cleaned: commands.save_column(request.actor, board, column=chosen, **cleaned))
    if saved:
        messages.success(request, _("Saved."))
        return redirect(here)
    context = {
        "board": board,
        "columns": board.columns.order_by("position", "pk"),
        "forms": {"change": change, "column": column},
        "chosen": chosen,
    }
    context["address"] = _address(owner, board)
    return _show(request, owner, "issues/board_settings.html", context, status=422 if act else 200)
