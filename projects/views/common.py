"""What all pages of a repository share: finding it, the head, conditional answers, the anonymous budget."""

import hashlib
import os
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import get_language

from accounts import queries as people
from core import filenames
from core.actors import ActorRequest
from core.budget import BudgetSpent
from core.errors import NotFound
from core.places import header_marks
from core.site import banner_is_on, setting
from projects import places, queries, rules
from projects.mirrors.addresses import slug_of
from projects.models import Repository, Watch
from projects.views import counted

P = ParamSpec("P")


def _server() -> str:
    """The same in every process of one server, so that either answers 304 to what the other made; another after each start,
    because code, templates and settings may differ then. Process id and start of the parent (proc(5), /proc/PID/stat)."""
    parent = os.getppid()
    try:
        return f"{parent}.{Path(f'/proc/{parent}/stat').read_text().rpartition(')')[2].split()[19]}"
    except OSError:
        return f"{time.time():.0f}"


_STARTED = _server()


def repository_page(
    view: Callable[Concatenate[ActorRequest, Repository, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Gives the view its repository; an old or differently spelled address redirects to the present one, tail and all.

    NotFound and TakenDown go on to the middleware; a spent anonymous budget becomes a page that says how to clone.
    """

    @wraps(view)
    def page(request: ActorRequest, namespace: str, name: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        namespace = slug_of(namespace)
        try:
            repository = queries.repository(request.actor, namespace, name)
        except NotFound:
            former = queries.former_repository(request.actor, namespace, name)
            if former is None or request.method not in ("GET", "HEAD"):
                raise
            return _moved(request, former)
        if (repository.namespace.slug, repository.name) != (namespace, name) and request.method in ("GET", "HEAD"):
            return _moved(request, repository)
        try:
            answer = view(request, repository, *args, **kwargs)
            counted.note_page(request, repository, answer.status_code)
            return answer
        except BudgetSpent as error:
            response = page_of(request, repository, "projects/limited.html", {"error": error}, status=429)
            response["Retry-After"] = str(error.retry_after or 60)
            return response

    return page


def _moved(request: HttpRequest, repository: Repository) -> HttpResponse:
    rest = filenames.quoted(filenames.tail(request, 2))
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(repository.get_absolute_url() + (f"/{rest}" if rest else "") + (f"?{query}" if query else ""))


def head_context(request: ActorRequest, repository: Repository) -> dict[str, Any]:
    """What templates/projects/layout.html needs: one query for the counts."""
    head = _head(request, repository)
    base = repository.get_absolute_url()
    parent = repository.forked_from
    return {
        "repository": repository,
        "head": head,
        "head_tabs": [
            {
                "key": tab.key,
                "label": tab.label,
                "icon": tab.icon,
                "url": base + tab.suffix,
                "count": head.figures.get(tab.count, getattr(head, tab.count, 0)) if tab.count else None,
            }
            for tab in places.tabs
            if tab.visible(request.actor, repository) and (tab.shown is None or tab.shown(request.actor, repository, head.figures))
        ],
        "fork_parent": parent if parent is not None and rules.access(request.actor, parent) and parent.taken_down_at is None else None,
        "watch_levels": Watch.Level.choices,
    }


def _head(request: ActorRequest, repository: Repository) -> queries.Header:
    key = ("repository head", repository.pk)
    if key not in request.actor.memo:
        request.actor.memo[key] = queries.header(request.actor, repository)
    head: queries.Header = request.actor.memo[key]
    return head


def page_of(
    request: ActorRequest, repository: Repository, template: str, context: dict[str, Any], *, tab: str = "code", status: int = 200
) -> HttpResponse:
    """A page in the repository's layout."""
    return render(request, template, {"tab": tab, **head_context(request, repository), **context}, status=status)


def etag_of(request: ActorRequest, repository: Repository, *parts: object) -> str:
    """Strong ETag of a page about `repository`: `parts` name the content (oids, options), the rest is what the reader's frame shows.

    "" when the page shows a one-time message. What may be stale in a page that a reader keeps is the wording of an age, for an hour at most.
    """
    if request.session.get("_messages"):
        return ""
    actor, parent, banner = request.actor, repository.forked_from, setting("banner")
    frame = (
        _STARTED,
        int(time.time() // 3600),
        get_language(),
        actor.person and (actor.person.pk, actor.person.username, actor.person.display_name, actor.person.avatar, actor.person.theme),
        actor.is_staff,
        people.faces_version(),
        request.COOKIES.get("openi_theme", ""),
        request.COOKIES.get(settings.CSRF_COOKIE_NAME, "") if actor.person else "",
        bool(request.headers.get("HX-Request")),
        request.get_host(),
        request.get_full_path(),
        (banner, banner_is_on(banner), setting("operator"), setting("icp")),
        repository.pk,
        repository.updated_at,
        repository.visibility,
        repository.is_archived,
        repository.taken_down_at,
        parent and (str(parent), rules.access(actor, parent), parent.taken_down_at),
        rules.access(actor, repository),
        [mark.is_new(actor) for mark in header_marks] if actor.person else (),
        _mirror_stand(repository),
        _head(request, repository).version,
    )
    return '"' + hashlib.sha256(repr((frame, parts)).encode()).hexdigest()[:32] + '"'


def _mirror_stand(repository: Repository) -> tuple[object, ...]:
    mirror = getattr(repository, "mirror", None)
    return () if mirror is None else (mirror.state, mirror.cause, mirror.checked_at)


def conditional(request: ActorRequest, etag: str, make: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """304 if the reader has `etag` already, else what `make` makes, marked with it."""
    fresh = etag and etag in parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponseBase = HttpResponseNotModified() if fresh else make()
    if etag and response.status_code in (200, 304):
        response["ETag"] = etag
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response


def propose_upstream(request: ActorRequest, repository: Repository, upstream: "queries.Upstream | None") -> str:
    """Where a fork that is ahead proposes its default branch to the parent; "" if it cannot."""
    if upstream is None or not upstream.ahead or not rules.can_push(request.actor, repository):
        return ""
    address = places.proposal(request.actor, upstream.parent)
    head = f"{repository}:{repository.default_branch}"
    return f"{address}?{urlencode({'base': upstream.parent.default_branch, 'head': head})}" if address else ""
