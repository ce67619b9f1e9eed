"""A new pull request: two branches, what lies between them, the words."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.actors import ActorRequest
from core.errors import Invalid
from core.forms import attempt
from projects import queries as hosting
from projects.models import Repository
from projects.queries.comparison import End
from projects.views import diffs
from projects.views.common import page_of, repository_page
from pulls import commands, queries, rules
from pulls.forms import PullForm
from pulls.models import Pull
from pulls.queries import proposing
from pulls.views.acts import reviewers_of


@require_http_methods(["GET", "HEAD", "POST"])
@repository_page
def pull_new(request: ActorRequest, repository: Repository) -> HttpResponse:
    """`?base=main&head=owner/name:branch`; without them both are chosen first."""
    rules.can_open(request.actor, repository).require()
    asked_base = request.GET.get("base", "") or repository.default_branch
    asked_head = request.GET.get("head", "")
    base = proposing.branch_end(request.actor, repository, asked_base) if ":" not in asked_base else None
    head = proposing.branch_end(request.actor, repository, asked_head) if asked_head else None
    context: dict[str, Any] = {
        "asked_base": asked_base,
        "asked_head": asked_head,
        "bases": [ref.short for ref in hosting.refs(repository)[0]][:400],
        "heads": proposing.heads(request.actor, repository),
    }
    if base is None or head is None:
        missing = _("There is no such branch, or you may not see it.") if asked_head or base is None else ""
        return _page(request, repository, {**context, "problem": missing}, status=404 if missing else 200)
    form = _form(request, repository, base, head)
    existing = proposing.open_pull_between(repository, base, head)
    if (
        request.method == "POST"
        and existing is None
        and (made := attempt(form, lambda cleaned: _open(request, repository, base, head, cleaned)))
    ):
        return redirect(made)
    context |= {"form": form, "existing": existing or proposing.open_pull_between(repository, base, head)}
    return _page(request, repository, {**context, **_compared(request, repository, base, head)}, status=422 if form.is_bound else 200)


def _form(request: ActorRequest, repository: Repository, base: End, head: End) -> PullForm:
    from_fork = head.home.pk != repository.pk
    if request.method == "POST":
        return PullForm(request.POST, from_fork=from_fork)
    with hosting.reading():
        found = proposing.between(repository, base, head)
    given = {name: request.GET[name] for name in ("title", "body") if name in request.GET}
    return PullForm(initial={"title": found.title, "body": found.body, "maintainers_may_push": True, **given}, from_fork=from_fork)


def _open(request: ActorRequest, repository: Repository, base: End, head: End, cleaned: dict[str, Any]) -> Pull:
    """Open it and ask the named people. Raises Invalid before anything is opened if somebody cannot be asked."""
    users, teams = _reviewers(repository, cleaned["reviewers"])
    if request.actor.person is not None and request.actor.person in users:
        raise Invalid(_("The author does not review their own pull request."), field="reviewers")
    pull = commands.open_pull(
        request.actor, repository, head=head.home, head_branch=head.position.name, base_branch=base.position.name, title=cleaned["title"],
        body=cleaned["body"], is_draft=cleaned["is_draft"], maintainers_may_push=cleaned.get("maintainers_may_push", False),
    )  # fmt: skip
    if users or teams:
        commands.request_review(request.actor, pull, people=users, teams=teams)
    return pull


def _reviewers(repository: Repository, text: str) -> tuple[list[Any], list[Any]]:
    if not text.strip():
        return [], []
    users, teams = reviewers_of(text)
    queries.require_reviewers(repository, users, teams)
    return users, teams


def _compared(request: ActorRequest, repository: Repository, base: End, head: End) -> dict[str, Any]:
    """Commits and files of what is proposed."""
    keep = (("base", request.GET.get("base", "") or base.position.name), ("head", request.GET.get("head", "")))
    options = diffs.Options.of(request, keep=keep)
    store = head.home if head.home.pk != repository.pk else None
    with hosting.reading():
        found = proposing.between(repository, base, head)
        known = hosting.authors(found.commits)
        shown = [hosting.shown(one, known) for one in found.commits]
        diff = diffs.shown(repository, found.merge_base, found.head_oid, options, store=store) if shown else None
    target = f"{repository.get_absolute_url()}/pulls/new?{urlencode(dict(keep))}"
    return {"commits": shown, "diff": diff, "unrelated": not found.merge_base, "target": target, "head": head, "base_end": base}


def _page(request: ActorRequest, repository: Repository, context: dict[str, Any], *, status: int) -> HttpResponse:
    return page_of(request, repository, "pulls/new.html", context, tab="pulls", status=status)
