"""Releases, their files, and the page of tags."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import blobs, filenames
from core.actors import ActorRequest
from core.errors import Invalid, NotFound
from core.forms import attempt
from projects import commands, queries, rules
from projects.counting.visits import ASSET
from projects.forms.releases import ReleaseForm
from projects.models import Release, Repository
from projects.views import counted
from projects.views.common import page_of, repository_page
from projects.views.notes import rendered_notes

PER_PAGE = 10
TAGS_PER_PAGE = 50


@require_GET
@repository_page
def repository_releases(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Newest first; drafts on top for maintainers."""
    page = Paginator(queries.releases(request.actor, repository), PER_PAGE).get_page(request.GET.get("page"))
    latest = queries.latest_release(repository)
    context = {
        "page": page,
        "entries": _entries(repository, page),
        "latest": latest.pk if latest else None,
        "may_release": bool(rules.can_maintain(request.actor, repository)),
    }
    return page_of(request, repository, "projects/releases.html", context, tab="releases")


def _entries(repository: Repository, releases: Iterable[Release]) -> list[dict[str, object]]:
    """What _release.html shows: the release, its tag with its signature, its notes."""
    tags = {} if repository.is_empty else {tag.short: tag for tag in queries.refs(repository)[1]}
    found = [(release, tags.get(release.tag)) for release in releases]
    marks = queries.tag_marks(repository, [tag for _release, tag in found if tag])
    return [
        {
            "release": release,
            "oid": tag.oid if tag else "",
            "signature": marks.get(tag.oid) if tag else None,
            "notes": rendered_notes(repository, release.notes, release.tag if tag else ""),
        }
        for release, tag in found
    ]


@require_GET
@repository_page
def release_page(request: ActorRequest, repository: Repository, tag: str) -> HttpResponse:
    """One release."""
    release = queries.release(request.actor, repository, tag)
    latest = queries.latest_release(repository)
    context = {
        "entry": _entries(repository, [release])[0],
        "latest": latest.pk if latest else None,
        "may_release": bool(rules.can_maintain(request.actor, repository)),
    }
    return page_of(request, repository, "projects/release.html", context, tab="releases")


@require_GET
@repository_page
def release_latest(request: ActorRequest, repository: Repository, file: str = "") -> HttpResponse:
    """`/releases/latest` and `/releases/latest/download/<name>` lead to the newest finished release."""
    latest = queries.latest_release(repository)
    if latest is None:
        raise NotFound(_("There is no release yet."))
    tail = ("releases/download", latest.tag, file) if file else ("releases/tag", latest.tag)
    return redirect("/".join([repository.get_absolute_url(), *tail]))


@require_http_methods(["GET", "POST"])
@repository_page
def release_new(request: ActorRequest, repository: Repository) -> HttpResponse:
    """`?tag=` fills in the tag."""
    return _release_form(request, repository, None)


@require_http_methods(["GET", "POST"])
@repository_page
def release_edit(request: ActorRequest, repository: Repository, tag: str) -> HttpResponse:
    """Change notes, state and files."""
    return _release_form(request, repository, queries.release(request.actor, repository, tag))


def _stored(upload: "UploadedFile[bytes]") -> blobs.Blob:
    """The upload in the blob store. Raises Invalid (too large)."""
    try:
        return blobs.put(upload.chunks(), limit=settings.MAX_BLOB_BYTES)
    except blobs.WrongBlob as error:
        raise Invalid(_("“%s” is larger than this site allows.") % upload.name, field="files") from error


def _release_form(request: ActorRequest, repository: Repository, release: Release | None) -> HttpResponse:
    rules.can_maintain(request.actor, repository).require()
    names = ("tag", "target", "title", "notes", "is_prerelease", "is_draft")
    initial = (
        {name: getattr(release, name) for name in names}
        if release
        else {"tag": request.GET.get("tag", ""), "target": repository.default_branch}
    )
    form = ReleaseForm(request.POST, request.FILES) if request.method == "POST" else ReleaseForm(initial=initial)

    def save(cleaned: dict[str, object]) -> Release:
        fields = {name: cleaned[name] for name in names}
        stored = [(commands.asset_name(upload.name), upload.content_type or "", _stored(upload)) for upload in cleaned["files"]]  # type: ignore[attr-defined]
        saved = commands.save_release(request.actor, repository, release=release, **fields)  # type: ignore[arg-type]
        for file_name, kind, blob in stored:
            commands.add_asset(request.actor, saved, name=file_name, sha256=blob.sha256, size=blob.size, content_type=kind)
        for pk in request.POST.getlist("remove"):
            for asset in saved.assets.filter(pk=pk) if pk.isdecimal() else ():
                commands.remove_asset(request.actor, asset)
        return saved

    if request.method == "POST" and (saved := attempt(form, save)):
        messages.success(request, _("The release is saved."))
        return redirect(f"{repository.get_absolute_url()}/releases/tag/{filenames.quoted(saved.tag)}")
    context = {"form": form, "release": release, "assets": release.assets.all() if release else []}
    return page_of(request, repository, "projects/release_form.html", context, tab="releases", status=422 if form.is_bound else 200)


@require_POST
@repository_page
def release_delete(request: ActorRequest, repository: Repository, tag: str) -> HttpResponse:
    """Remove notes and files; the tag stays."""
    commands.delete_release(request.actor, queries.release(request.actor, repository, tag))
    messages.success(request, _("The release is deleted. Its tag is still there."))
    return redirect(f"{repository.get_absolute_url()}/releases")


@require_GET
@repository_page
def asset_download(request: ActorRequest, repository: Repository, tag: str, file: str) -> HttpResponseBase:
    """A file of a release, in ranges if asked; counted once per whole download."""
    asset = queries.asset(request.actor, repository, tag, file)
    if "Range" not in request.headers and request.method == "GET":
        commands.note_download(asset)
        counted.note_file(request, repository, ASSET)
    return blobs.response(request, asset.sha256, filename=asset.name, content_type=asset.content_type)


@require_GET
@repository_page
def repository_tags(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Tags, newest first, with their release."""
    found = queries.tags(repository)
    query = request.GET.get("q", "").strip()
    if query:
        found = [tag for tag in found if query.lower() in tag.short.lower()]
    page = Paginator(found, TAGS_PER_PAGE).get_page(request.GET.get("page"))
    with_release = set(repository.releases.filter(is_draft=False, tag__in=[tag.short for tag in page]).values_list("tag", flat=True))
    marks = queries.tag_marks(repository, page)
    context = {
        "page": page,
        "tags": [(tag, queries.commit_date(repository, tag.commit), marks.get(tag.oid)) for tag in page],
        "q": query,
        "with_release": with_release,
        "may_push": bool(rules.can_push(request.actor, repository)),
        "may_release": bool(rules.can_maintain(request.actor, repository)),
    }
    return page_of(request, repository, "projects/tags.html", context, tab="releases")


@require_POST
@repository_page
def tag_delete(request: ActorRequest, repository: Repository) -> HttpResponse:
    """`tag`, and `oid` it must still be at."""
    commands.delete_tag(request.actor, repository, tag=request.POST.get("tag", ""), oid=request.POST.get("oid", ""))
    messages.success(request, _("The tag is deleted."))
    return redirect(f"{repository.get_absolute_url()}/tags")
