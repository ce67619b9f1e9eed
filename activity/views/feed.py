"""The dashboard's feed, the activity page of a project, following people, and Atom feeds of both."""

import hashlib

from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import parse_etags, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import queries as people
from activity.commands import feed as commands
from activity.queries import feeds, pulse
from core.actors import Actor, ActorRequest
from core.filenames import shown
from projects import queries as projects
from projects.models import Repository
from projects.views.common import page_of, repository_page

ENTRIES = 40


@require_GET
@repository_page
def repository_activity(request: ActorRequest, repository: Repository) -> HttpResponse:
    """What happened lately, and the pulse of half a year."""
    found = pulse.pulse(repository)
    groups = feeds.grouped(feeds.of_repository(request.actor, repository))
    return page_of(request, repository, "activity/repository.html", {"pulse": found, "groups": groups}, tab="activity")


@require_GET
def repository_feed(request: ActorRequest, namespace: str, name: str) -> HttpResponse:
    """The same as Atom; a private one for a feed reader by `?login=…&key=…` of the reader's own feed address."""
    login = request.GET.get("login", "")
    actor = Actor(person=feeds.person_of_feed(login, request.GET.get("key", ""))) if login else request.actor
    repository = projects.repository(actor, namespace.replace(":", "/"), name)
    feed = _atom(request, str(repository), repository.get_absolute_url() + "/activity")
    return _with_groups(request, feed, feeds.grouped(feeds.of_repository(actor, repository), limit=ENTRIES))


@require_GET
def person_feed(request: ActorRequest, login: str) -> HttpResponse:
    """The dashboard of whoever the key belongs to, for a feed reader. Private things are in it: the key is a secret."""
    person = feeds.person_of_feed(login, request.GET.get("key", ""))
    with translation.override(person.language or "zh-hans"):
        feed = _atom(request, _("Dashboard of %s") % person.username, "/dashboard")
        answer = _with_groups(request, feed, feeds.grouped(feeds.of_dashboard(Actor(person=person)), limit=ENTRIES))
    answer["Cache-Control"] = "private, no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _atom(request: ActorRequest, title: str, page: str) -> Atom1Feed:
    return Atom1Feed(
        title=f"{title} · {_('Activity')}", link=request.build_absolute_uri(page), description="", feed_url=request.build_absolute_uri(request.path),
        author_name="OpenI",
    )  # fmt: skip


def _with_groups(request: ActorRequest, feed: Atom1Feed, groups: list[feeds.Group]) -> HttpResponse:
    for group in groups:
        path = group.thing.path if group.thing else group.repository.get_absolute_url()
        address = request.build_absolute_uri(path)
        title = f"{group.who} {group.sentence} {group.repository}" + (f": {group.thing.title}" if group.thing else "")
        feed.add_item(
            title=shown(title), link=address, unique_id=f"{request.build_absolute_uri('/')}acts/{group.first.pk}", description="",
            author_name=shown(group.people[0].shown_name), pubdate=group.at, updateddate=group.at,
        )  # fmt: skip
    response = HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
    response["ETag"], response["Cache-Control"] = etag, "private, max-age=60"
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response


@require_POST
def person_follow(request: ActorRequest, login: str) -> HttpResponse:
    """`follow=1` or `0`."""
    if request.actor.person is None:
        return redirect(f"/login?next=/{login}")
    person = people.person(login)
    act = commands.unfollow_person if request.POST.get("follow") == "0" else commands.follow_person
    act(request.actor, person)
    target = request.POST.get("next", "")
    return redirect(target if url_has_allowed_host_and_scheme(target, None) else person.get_absolute_url())


@require_GET
def person_follows(request: ActorRequest, login: str) -> HttpResponse:
    """Whom somebody follows, and who follows them."""
    person = feeds.shown_person(request.actor, login)
    page = feeds.follows(person, followers=request.GET.get("of") != "following", page=request.GET.get("page"))
    return render(
        request,
        "activity/follows.html",
        {"person": person, "page": page, "of": "following" if request.GET.get("of") == "following" else "followers"},
    )
