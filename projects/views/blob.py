"""Files: rendered or as source, and their raw bytes from a sandboxed answer."""

import html
import posixpath
import re
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import gitstore
from core import budget, filenames, filetypes
from core.actors import ActorRequest
from core.errors import NotFound
from core.templatetags.openi import bytes_
from projects import commands, queries, rules
from projects.models import Repository
from projects.queries.parts import part
from projects.templatetags import rows
from projects.views import readme, rendering
from projects.views.common import conditional, etag_of, page_of, repository_page

SHOWN_BYTES = 1024 * 1024  # of a text file; the rest is one link away
SHOWN_LINES = 20_000
NOTEBOOK_BYTES = 16 * 1024**2  # of a rendered notebook: most of it is images
RENDERED = {"markdown", "rst", "notebook", "table", "diagram", "svg"}
RAW_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'; frame-ancestors 'none'"
# A browser's PDF viewer does not start in a sandbox. It runs apart from our origin, and with `nosniff` the answer is never anything else.
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"


@dataclass(frozen=True, slots=True)
class File:
    """What a file's page shows; immutable for one blob and name, so it is kept."""

    kind: str  # text | markdown | rst | notebook | table | diagram | image | svg | pdf | audio | video | lfs | binary | symlink
    facts: str
    html: str = ""
    is_text: bool = False
    warnings: list[dict[str, Any]] = field(default_factory=list)


@require_safe
@repository_page
def repository_blob(request: ActorRequest, repository: Repository, tail: str) -> HttpResponseBase:
    """One file. `?view=source` shows the source of what would be rendered. A directory redirects to its page."""
    position = queries.position(repository, filenames.tail(request, 3))
    view = "source" if request.GET.get("view") == "source" else ""
    etag = etag_of(
        request,
        repository,
        "blob",
        position.oid,
        view,
        queries.ref_state(repository),
        queries.last_commits_ready(repository, position.folder()),
    )

    def make() -> HttpResponseBase:
        if not position.is_tip:
            budget.spend(request)
        with queries.reading():
            entry = gitstore.entry(repository.path, position.oid, position.path)
        if entry.kind == "tree":
            return HttpResponseRedirect(f"{repository.get_absolute_url()}/tree/{position.ref}{position.quoted_path}")
        if entry.kind == "submodule":
            raise NotFound(_("This is a submodule: its files live in another repository."))
        return page_of(request, repository, "projects/blob.html", _context(request, repository, position, entry, view))

    return conditional(request, etag, make)


def _context(request: ActorRequest, repository: Repository, position: queries.Position, entry: gitstore.Entry, view: str) -> dict[str, Any]:
    base = repository.get_absolute_url()
    raw_href = f"{base}/raw/{position.ref}{position.quoted_path}"
    # links inside rendered text lead to the same ref, so they are part of the key
    key = ("file", entry.oid, entry.kind, position.path, view, get_language(), base, position.ref if view != "source" else "")
    file: File = part(key, lambda: _file(repository, position, entry, view, raw_href))
    latest = queries.last_commit_of_file(repository, position)
    if latest is None:
        commands.request_listing(request.actor, repository, oid=position.oid, folder=position.directory)
    known = queries.authors([latest]) if latest else {}
    return {
        "base": base,
        "position": position,
        "crumbs": position.crumbs(base),
        "switch": queries.switch(repository, position, page="blob"),
        "latest": queries.shown(latest, known) if latest else None,
        "raw_href": raw_href,
        "facts": file.facts,
        "content": mark_safe(file.html),  # noqa: S308 - built by the renderers, which escape
        "is_text": file.is_text,
        "has_rendered": file.kind in RENDERED,
        "view": "source" if view == "source" or file.kind not in RENDERED else "rendered",
        "warnings": file.warnings[:5],
        "warnings_left": len(file.warnings) > 5,
        "siblings": _siblings(repository, position),
        "may_push": bool(rules.can_push(request.actor, repository)),
    }


def _siblings(repository: Repository, position: queries.Position) -> SafeString:
    """The files beside this one (at most 60 around it), for the column on wide screens."""
    base = repository.get_absolute_url()
    key = ("siblings", base, position.oid, position.ref, position.path)
    return mark_safe(part(key, lambda: _siblings_html(repository, position, base)))  # noqa: S308 - escaped there


def _siblings_html(repository: Repository, position: queries.Position, base: str) -> str:
    with queries.reading():
        entries = sorted(
            gitstore.tree(repository.path, position.oid, position.directory), key=lambda one: (one.kind != "tree", one.name.casefold())
        )
    here = next((i for i, one in enumerate(entries) if one.name == position.filename), 0)
    prefix = f"{filenames.quoted(position.directory)}/" if position.directory else ""
    out = []
    for one in entries[max(0, here - 30) : here + 31]:
        if one.kind == "submodule":
            continue
        page = "tree" if one.kind == "tree" else "blob"
        current = " aria-current=page" if one.name == position.filename else ""
        out.append(
            f'<li><a href="{base}/{page}/{position.ref}/{prefix}{filenames.quoted(one.name)}"{current}>'
            f'<svg class=icon aria-hidden=true><use href="#{rows.SYMBOLS[one.kind]}"/></svg>{filenames.shown_html(one.name)}</a></li>'
        )
    return "".join(out)


def _file(repository: Repository, position: queries.Position, entry: gitstore.Entry, view: str, raw_href: str) -> File:
    """Read and render one blob; what is too large or not text gets a note and the way to the raw bytes."""
    with queries.reading():
        whole = view != "source" and readme.kind_of(position.filename) == "notebook"
        blob = gitstore.blob(repository.path, entry.oid, limit=NOTEBOOK_BYTES if whole else SHOWN_BYTES)
    size = bytes_(blob.size)
    if entry.kind == "symlink":
        return File("symlink", size, _symlink_html(repository, position, blob.data.decode("utf-8", "surrogateescape")))
    if pointer := filetypes.lfs_pointer(blob.data):
        note = html.escape(_("Stored with Git LFS"))
        oid, real = pointer
        return File("lfs", f"{bytes_(real)}, Git LFS", f'<p class="plain-note">{note}: <code>{oid}</code>, {bytes_(real)}</p>')
    media = filetypes.media(position.filename)[0]
    if media == "pdf" and not filetypes.is_pdf(blob.data):
        media = ""
    if media and view != "source":
        is_svg = position.filename.lower().endswith(".svg")
        return File("svg" if is_svg else media, size, _media_html(media, position, raw_href), is_text=is_svg)
    decoded = rendering.decoded(blob.data)
    if decoded is None:
        note = html.escape(_("This file is not text."))
        link = html.escape(_("Download"))
        return File("binary", size, f'<p class="plain-note">{note} <a href="{raw_href}?download=1" rel=nofollow>{link} ({size})</a></p>')
    return _text_file(repository, position, blob, decoded, view, raw_href)


def _symlink_html(repository: Repository, position: queries.Position, target: str) -> str:
    """The target, as a link where it stays inside the repository; what is there is not looked up."""
    shown, note = filenames.shown_html(target), html.escape(_("Symbolic link to"))
    path = posixpath.normpath(posixpath.join(position.directory, target))
    if target and not target.startswith("/") and path != ".." and not path.startswith("../"):
        place = f"/{filenames.quoted(path)}" if path != "." else ""
        return f'<p class="plain-note">{note} <a href="{repository.get_absolute_url()}/blob/{position.ref}{place}"><code>{shown}</code></a></p>'
    return f'<p class="plain-note">{note} <code>{shown}</code>. {html.escape(_("It leads out of the repository."))}</p>'


def _media_html(media: str, position: queries.Position, raw_href: str) -> str:
    name = filenames.shown_html(position.filename)
    if media == "image":
        return f'<div class="media"><img src="{raw_href}" alt="{name}"></div>'
    download = f'<a href="{raw_href}?download=1" rel=nofollow>{html.escape(_("Download"))}</a>'
    if media in ("audio", "video"):
        note = html.escape(_("If your browser cannot play it:"))
        return f'<div class="media"><{media} src="{raw_href}" controls preload=metadata aria-label="{name}"></{media}></div><p class="plain-note">{note} {download}</p>'
    note, opens = html.escape(_("If your browser does not show it here:")), html.escape(_("Open the PDF"))
    frame = f'<iframe class="pdf-frame" src="{raw_href}" title="{name}" loading="lazy"></iframe>'
    return f'{frame}<p class="plain-note">{note} <a href="{raw_href}" rel=nofollow>{opens}</a> · {download}</p>'


def _text_file(
    repository: Repository, position: queries.Position, blob: gitstore.Blob, decoded: rendering.Text, view: str, raw_href: str
) -> File:
    """Source with line numbers, or the rendered form of Markdown, reStructuredText, notebooks, tables and diagrams."""
    text = decoded.text
    lines = text.count("\n") + (not text.endswith("\n") and text != "")
    language = rendering.language_name(position.path, blob.data)
    facts = [ngettext("%d line", "%d lines", lines) % lines, bytes_(blob.size), language]
    if decoded.encoding.lower() not in ("utf-8", "ascii"):
        facts.append(decoded.encoding)
    kind = readme.kind_of(position.filename)
    if kind and view != "source" and not blob.truncated:
        rendered = readme.rendered_html(repository, position, text, kind)
        return File(kind, " · ".join(filter(None, facts)), f'<div class="panel-body prose" dir="auto">{rendered}</div>', is_text=True)
    shown = text.split("\n")[:SHOWN_LINES]
    if shown and shown[-1] == "":
        shown.pop()
    cut = blob.truncated or lines > SHOWN_LINES
    body = rows.source_rows(rendering.source_lines("\n".join(shown), position.filename, language))
    region = html.escape(_("Source, scrolls sideways"))
    content = f'<div class="table-scroll" tabindex="0" role="region" aria-label="{region}"><table class="code hl"><tbody>{body}</tbody></table></div>'
    if cut:
        note = html.escape(_("The file is cut here."))
        content += (
            f'<p class="plain-note">{note} <a href="{raw_href}" rel=nofollow>{html.escape(_("All of it"))} ({bytes_(blob.size)})</a></p>'
        )
    warnings = rendering.suspicious("\n".join(shown))[:20]
    return File(kind or "text", " · ".join(filter(None, facts)), content, is_text=True, warnings=warnings)


_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


@require_safe
@repository_page
def repository_raw(request: ActorRequest, repository: Repository, tail: str) -> HttpResponseBase:
    """The bytes of a file, streamed. Nothing in them runs: a sandbox policy, `nosniff`, and only plain types shown in place."""
    position = queries.position(repository, filenames.tail(request, 3))
    with queries.reading():
        entry = gitstore.entry(repository.path, position.oid, position.path)
    if entry.kind in ("tree", "submodule"):
        raise NotFound(_("There is no file at this address."))
    etag = f'"{entry.oid}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return _raw_headers(HttpResponseNotModified(), repository, position, etag)
    if not position.is_tip:
        budget.spend(request)
    with queries.reading():
        head = gitstore.blob(repository.path, entry.oid, limit=8192)
    content_type, inline = raw_type(position.filename, head.data)
    response = _ranged(request, repository, entry.oid, head.size, content_type, etag)
    response["Content-Disposition"] = content_disposition_header(
        not inline or "download" in request.GET, filenames.shown(position.filename)
    ) or ("inline" if inline else "attachment")
    return _raw_headers(response, repository, position, etag)


def raw_type(name: str, head: bytes) -> tuple[str, bool]:
    """Content type, and whether a browser may show it in place. Text is always plain text, HTML and XML are downloads.

    SVG keeps its type so that `<img>` shows it; the sandbox policy stops it when opened by itself.
    """
    if name.lower().endswith(".svg"):
        return "image/svg+xml", True
    kind = filetypes.media(name)[1]
    if kind and (kind != "application/pdf" or filetypes.is_pdf(head)):
        return kind, True
    decoded = rendering.decoded(head)
    if decoded is not None:
        return f"text/plain; charset={decoded.encoding if decoded.encoding.lower() != 'ascii' else 'utf-8'}", True
    return "application/octet-stream", False


def _raw_headers(response: HttpResponseBase, repository: Repository, position: queries.Position, etag: str) -> HttpResponseBase:
    response["ETag"] = etag
    is_pdf = filetypes.media(position.filename)[0] == "pdf"
    response["Content-Security-Policy"] = PDF_POLICY if is_pdf else RAW_POLICY
    response["X-Frame-Options"] = "SAMEORIGIN" if is_pdf else "DENY"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    public = repository.visibility == "public"
    fixed = not position.is_tip and len(position.name) == 40
    response["Cache-Control"] = f"{'public' if public else 'private'}, {'max-age=3600' if fixed else 'no-cache'}"
    response["X-Robots-Tag"] = "noindex"
    return response


def _ranged(request: HttpRequest, repository: Repository, oid: str, size: int, content_type: str, etag: str) -> HttpResponseBase:
    """200 with everything or 206 with one range (RFC 9110 §14); several ranges are answered with everything."""
    first, last, status = 0, size - 1, 200
    match = _RANGE.match(request.headers.get("Range", ""))
    if match and match.group(0) != "bytes=-" and request.headers.get("If-Range", etag) == etag:
        start, stop = match.groups()
        first = int(start) if start else max(0, size - int(stop))
        last = min(int(stop), size - 1) if start and stop else size - 1
        if first > last:
            response: HttpResponseBase = HttpResponse(status=416)
            response["Content-Range"] = f"bytes */{size}"
            return response
        status = 206
    pieces = queries.blob_pieces(repository, oid, first, last + 1) if request.method == "GET" else iter(())
    response = StreamingHttpResponse(pieces, status=status, content_type=content_type)
    response["Content-Length"] = str(last + 1 - first)
    response["Accept-Ranges"] = "bytes"
    if status == 206:
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response
