"""What all pages of one pull request share: finding it, its head, acts that keep what was typed when they fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from core.actors import ActorRequest
from core.errors import Conflict, DomainError, Invalid, LimitReached
from projects.models import Repository
from projects.views.common import page_of, repository_page
from pulls import queries, rules
from pulls.models import Pull

P = ParamSpec("P")
Act = Callable[[ActorRequest, Pull], str]  # the address to go to then


@dataclass(frozen=True, slots=True)
class Failure:
    """An act that did not succeed: which one, why, and what was typed."""

    act: str = ""
    message: str = ""
    about: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.act)


def pull_page(view: Callable[Concatenate[ActorRequest, Pull, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Gives the view its pull request; a number that is an issue's leads there."""

    @wraps(view)
    def page(request: ActorRequest, repository: Repository, number: int, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method in ("GET", "HEAD") and queries.is_issue(repository, number):
            return HttpResponseRedirect(f"{repository.get_absolute_url()}/issues/{number}")
        return view(request, queries.pull(request.actor, repository, number), *args, **kwargs)

    return repository_page(page)  # type: ignore[arg-type]  # Concatenate takes positional arguments, urls name them


def run(request: ActorRequest, pull: Pull, acts: Mapping[str, Act]) -> HttpResponse | Failure:
    """Do the sent act: a redirect, or why it failed. Forbidden and NotFound go on to the middleware."""
    name = request.POST.get("act", "")
    act = acts.get(name)
    if act is None:
        return Failure(name or "?", "", "", {})
    try:
        return HttpResponseRedirect(act(request, pull), status=303)
    except (Invalid, Conflict, LimitReached) as error:
        return failed(request, name, error)


def failed(request: ActorRequest, name: str, error: DomainError) -> Failure:
    """The reason with what was typed."""
    typed = {key: str(value) for key, value in request.POST.items() if key != "csrfmiddlewaretoken"}
    return Failure(name, error.message, error.field, typed)


def number_of(text: str) -> int:
    """A number of an address or form, 0 for none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def show(
    request: ActorRequest, pull: Pull, template: str, context: dict[str, Any], *, at: str, failure: Failure | None = None
) -> HttpResponse:
    """A page under the head of the pull request; `at` is the current tab: talk, commits, files, versions."""
    failure = failure or Failure()
    return page_of(
        request, pull.repository, template,
        {**head(request, pull, at), "failure": failure, "typed": failure.typed, **context}, tab="pulls", status=422 if failure else 200,
    )  # fmt: skip


def head(request: ActorRequest, pull: Pull, at: str) -> dict[str, Any]:
    """What `pulls/layout.html` needs."""
    base = pull.get_absolute_url()
    state = "merged" if pull.is_merged else "closed" if not pull.is_open else "draft" if pull.is_draft else "open"
    return {
        "pull": pull,
        "thread": pull.thread,
        "state": state,
        "head_shown": queries.head_shown(request.actor, pull),
        "may_edit": bool(rules.can_edit(request.actor, pull)),
        "at": at,
        "pull_tabs": [
            {"key": "talk", "href": base, "count": pull.thread.comment_count},
            {"key": "commits", "href": f"{base}/commits", "count": pull.commits},
            {"key": "files", "href": f"{base}/files", "count": pull.files},
            {"key": "versions", "href": f"{base}/versions", "count": None},
        ],
    }
