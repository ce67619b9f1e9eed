"""Atom feeds (RFC 4287) of releases, tags and commits."""

import hashlib
from datetime import datetime

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

import gitstore
from core import filenames
from core.actors import ActorRequest
from core.errors import NotFound
from projects import queries
from projects.models import Repository
from projects.views.common import repository_page
from projects.views.notes import rendered_notes

ENTRIES = 30


def _feed(request: ActorRequest, repository: Repository, title: str, page: str) -> Atom1Feed:
    return Atom1Feed(
        title=f"{repository} · {title}",
        link=request.build_absolute_uri(f"{repository.get_absolute_url()}/{page}"),
        description=text(repository.description),
        feed_url=request.build_absolute_uri(),
        author_name=repository.namespace.slug,  # RFC 4287: of every entry that names nobody
    )


def _answer(feed: Atom1Feed) -> HttpResponse:
    response = HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
    response["Cache-Control"] = "private, max-age=60"
    return response


def conditional_feed(request: ActorRequest, feed: Atom1Feed) -> HttpResponse:
    """The feed, or 304 for a reader who has it."""
    response = _answer(feed)
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
    response["ETag"] = etag
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response


def text(value: str) -> str:
    """Without the characters XML 1.0 cannot hold."""
    return "".join(
        character
        for character in value
        if character in "\t\n" or " " <= character <= "\ud7ff" or "\ue000" <= character <= "\ufffd" or character > "\uffff"
    )


def _verbatim(value: str) -> str:
    """A message as HTML: readers take what an entry holds for HTML, and a message may say anything."""
    return f"<pre>{escape(text(value).strip())}</pre>" if value.strip() else ""


def _absolute(request: ActorRequest, html: str) -> str:
    """Rendered HTML with links that work outside of the site."""
    origin = request.build_absolute_uri("/")
    return html.replace(' href="/', f' href="{origin}').replace(' src="/', f' src="{origin}')


@require_GET
@repository_page
def releases_feed(request: ActorRequest, repository: Repository) -> HttpResponse:
    """The latest published releases."""
    feed = _feed(request, repository, _("Releases"), "releases")
    for release in queries.releases(request.actor, repository).filter(is_draft=False)[:ENTRIES]:
        address = request.build_absolute_uri(f"{repository.get_absolute_url()}/releases/tag/{filenames.quoted(release.tag)}")
        notes = _absolute(request, rendered_notes(repository, release.notes, release.tag))
        feed.add_item(
            title=text(release.title or release.tag), link=address, unique_id=address, description=text(notes),
            author_name=release.author.shown_name if release.author else None, pubdate=release.published_at,
            updateddate=release.published_at,
        )  # fmt: skip
    return _answer(feed)


@require_GET
@repository_page
def tags_feed(request: ActorRequest, repository: Repository) -> HttpResponse:
    """The latest tags by version."""
    feed = _feed(request, repository, _("Tags"), "tags")
    for tag in queries.tags(repository)[:ENTRIES]:
        address = request.build_absolute_uri(f"{repository.get_absolute_url()}/tree/{filenames.quoted(tag.short)}")
        details = gitstore.tag_details(repository.path, tag.oid)
        when = queries.commit_date(repository, tag.commit)
        feed.add_item(
            title=text(filenames.shown(tag.short)), link=address, unique_id=f"{address}#{tag.oid}", description=_verbatim(details.message),
            author_name=text(details.tagger.name) if details.tagger else None, pubdate=when, updateddate=when,
        )  # fmt: skip
    return _answer(feed)


@require_GET
@repository_page
def commits_feed(request: ActorRequest, repository: Repository) -> HttpResponse:
    """The latest commits of the default branch, or of `?ref=`."""
    feed = _feed(request, repository, _("Commits"), "commits")
    if repository.is_empty:
        return _answer(feed)
    oid = gitstore.commit_oid(repository.path, request.GET.get("ref", "") or repository.default_branch)
    if not oid:
        raise NotFound(_("There is no such branch."))
    for commit in gitstore.log(repository.path, oid, limit=ENTRIES).commits:
        address = request.build_absolute_uri(f"{repository.get_absolute_url()}/commit/{commit.oid}")
        when: datetime | None = commit.committer.when
        feed.add_item(
            title=text(commit.subject), link=address, unique_id=address, description=_verbatim(commit.message),
            author_name=text(commit.author.name), pubdate=when, updateddate=when,
        )  # fmt: skip
    return _answer(feed)
