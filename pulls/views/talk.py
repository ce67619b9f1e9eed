"""The page of a pull request: talk, reviews, what happened, the merge box."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

import gitstore
from core.actors import Actor, ActorRequest
from issues.models import Thread
from issues.queries import Entry
from issues.views.threads import talk_context
from projects import queries as hosting
from projects import rules as hosting_rules
from projects.models import Repository
from pulls import commands, queries, rules
from pulls.commands.merging import default_message
from pulls.models import Pull
from pulls.queries.conversations import Conversation
from pulls.views.acts import ON_TALK, here
from pulls.views.common import Failure, pull_page, run, show
from pulls.views.files import conversation_context
from pulls.views.merging import ON_MERGING

COMMITS_NAMED = 10
ACTS = {**ON_TALK, **ON_MERGING}


@require_http_methods(["GET", "HEAD", "POST"])
@pull_page
def pull_talk(request: ActorRequest, pull: Pull) -> HttpResponseBase:
    """Talk and merge box; `POST` does one act."""
    if request.method != "POST":
        return talk_page(request, pull)
    outcome = run(request, pull, ACTS)
    return outcome if isinstance(outcome, HttpResponse) else talk_page(request, pull, outcome)


def show_pull(request: ActorRequest, repository: Repository, thread: Thread, *, status: int = 200, **more: Any) -> HttpResponse:
    """What the shared addresses of talk answer with."""
    return talk_page(request, queries.pull(request.actor, repository, thread.number), status=status, **more)


def close(actor: Actor, thread: Thread, _reason: str) -> object:
    """Close, from the form of a comment."""
    return commands.close_pull(actor, queries.pull(actor, thread.repository, thread.number))


def reopen(actor: Actor, thread: Thread) -> object:
    """Open again, from the form of a comment."""
    return commands.reopen_pull(actor, queries.pull(actor, thread.repository, thread.number))


def talk_page(request: ActorRequest, pull: Pull, failure: Failure | None = None, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page, with the form that failed."""
    talk = queries.conversations(request.actor, pull)
    context = talk_context(request, pull.thread)
    pending = queries.pending_review(request.actor, pull)
    tell(request, pull, context["timeline"].entries, talk, failure, pending)
    state = queries.merge_state(request.actor, pull)
    context |= {
        **_box(request, pull, state),
        "pending": pending,
        "here": here(request),
        "verdicts": state.verdicts,
        "requests": queries.requests(pull),
        "may_ask": bool(rules.can_ask_for_review(request.actor, pull)),
        "may_dismiss": bool(rules.can_dismiss(request.actor, pull)),
        "has_suggestions": any(said.may_batch for one in talk for said in one.said),
        "before_composer": "pulls/_merge_box.html",
        **more,
    }
    answer = show(request, pull, "pulls/page.html", context, at="talk", failure=failure)
    if status != 200:
        answer.status_code = status
    return answer


def _box(request: ActorRequest, pull: Pull, state: queries.MergeState) -> dict[str, Any]:
    """What the merge box shows."""
    actor, head = request.actor, pull.head_repository
    words = {method: default_message(pull, method, state.settings) for method in state.methods}
    first = state.methods[0] if state.methods else None
    head_is_here = bool(head is not None and pull.head_branch and not head.deleted_at)
    may_push_head = bool(head is not None and head_is_here and hosting_rules.can_push(actor, head))
    return {
        "merge": state,
        "merge_first": first,
        "merge_waits": any(reason.code == "checking" for reason in state.reasons),
        "merge_words": words[first] if first else ("", ""),
        "is_behind": pull.is_open and pull.merge_base != pull.base_oid,
        "may_update": bool(rules.can_apply(actor, pull)),
        "may_delete_branch": may_push_head and not pull.is_open and not pull.branch_deleted_oid and _there(pull),
        "may_restore_branch": may_push_head and not pull.is_open and bool(pull.branch_deleted_oid),
        "may_undo": pull.is_merged and bool(hosting_rules.can_push(actor, pull.repository)),
        "may_cancel_auto": pull.auto_merge_by_id is not None and bool(rules.can_edit(actor, pull)),
        "is_foreign": head is not None and head.pk != pull.repository_id,
        "may_let_push": bool(rules.can_let_push(actor, pull)),
        "branches": [ref.short for ref in hosting.refs(pull.repository)[0]][:300] if rules.can_edit(actor, pull) else [],
    }


def _there(pull: Pull) -> bool:
    head = pull.head_repository
    return head is not None and bool(gitstore.ref_oid(head.path, f"refs/heads/{pull.head_branch}"))


def tell(
    request: ActorRequest, pull: Pull, entries: Sequence[Entry], talk: list[Conversation], failure: Failure | None, pending: Any
) -> None:
    """Give entries of pull requests what their template shows: the review with its conversations, commits of a push."""
    reviews = queries.reviews_sent(pull, [int(one.facts.get("review") or 0) for one in entries if one.happening.kind == "reviewed"])
    htmls = dict(zip(reviews, queries.rendered(request.actor, pull.repository, [one.body for one in reviews.values()]), strict=True))
    by_review: dict[int, list[dict[str, Any]]] = {}
    alone: dict[int, dict[str, Any]] = {}
    for one in talk:
        first, made = one.said[0].comment, conversation_context(request, pull, one, failure, pending)
        made["with_place"] = True
        if first.review_id is not None:
            by_review.setdefault(first.review_id, []).append(made)
        else:
            alone[one.thread.pk] = made
    for entry in entries:
        facts, kind = dict(entry.facts), entry.happening.kind
        if kind == "reviewed":
            pk = int(facts.get("review") or 0)
            facts |= {"review": reviews.get(pk), "html": htmls.get(pk, ""), "talk": by_review.get(pk, [])}
        elif kind == "line_commented":
            facts |= {"talk": [alone[pk]] if (pk := int(facts.get("line_thread") or 0)) in alone else []}
        elif kind == "pushed" and not facts.get("forced"):
            facts |= {"named": _commits(pull, str(facts.get("old", "")), str(facts.get("new", "")))}
        entry.facts = facts


def _commits(pull: Pull, old: str, new: str) -> list[gitstore.Commit]:
    """The newest commits of a push, oldest first."""
    try:
        return queries.commits_between(pull.repository, old, new, limit=COMMITS_NAMED)
    except gitstore.GitError:
        return []
