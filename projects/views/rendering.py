"""How file contents become safe HTML: one place that knows the renderers of `core`."""

import html
from dataclasses import asdict

from django.utils.translation import gettext as _

from core import encodings, filetypes, highlight, markdown, notebook, restructuredtext, tables, unicode
from core.encodings import Text

_MEDIA = {
    "png": ("image", "image/png"), "jpg": ("image", "image/jpeg"), "jpeg": ("image", "image/jpeg"), "gif": ("image", "image/gif"),
    "webp": ("image", "image/webp"), "avif": ("image", "image/avif"), "bmp": ("image", "image/bmp"), "ico": ("image", "image/x-icon"),
    "svg": ("image", "image/svg+xml"), "mp3": ("audio", "audio/mpeg"), "wav": ("audio", "audio/wav"), "ogg": ("audio", "audio/ogg"),
    "flac": ("audio", "audio/flac"), "m4a": ("audio", "audio/mp4"), "mp4": ("video", "video/mp4"), "webm": ("video", "video/webm"),
    "pdf": ("pdf", "application/pdf"),
}  # fmt: skip
__all__ = ["Text", "decoded", "language_name", "lfs_pointer", "media", "prose", "source_lines", "suspicious"]


def media(filename: str) -> tuple[str, str]:
    """(image | audio | video | pdf, content type) by extension; ("", "") for everything else."""
    return _MEDIA.get(filename.rpartition(".")[2].lower(), ("", "")) if "." in filename else ("", "")


def decoded(data: bytes) -> Text | None:
    """Text of a file, None for binary ones."""
    return None if encodings.is_binary(data) else encodings.decode(data)


def source_lines(text: str, filename: str) -> list[str]:
    """One safe HTML string per line."""
    return highlight.highlight(text, filename=filename)


def language_name(path: str, data: bytes) -> str:
    """The language for the line above the source, "" if unknown."""
    return filetypes.language(path, data[:200])


def lfs_pointer(data: bytes) -> tuple[str, int] | None:
    """(sha256, bytes) of a Git LFS pointer."""
    return filetypes.lfs_pointer(data)


def suspicious(text: str) -> list[dict[str, object]]:
    """Lines with bidi controls or invisible characters: `line` (from 1) and `name`."""
    return [asdict(finding) for finding in unicode.suspicious(text, limit=20)]


def table_html(text: str, filename: str) -> str:
    """A CSV or TSV file as a table."""
    table = tables.parse(text, filename)
    head = "".join(f"<th scope=col dir=auto>{html.escape(cell)}" for cell in table.head)
    body = "".join("<tr>" + "".join(f"<td dir=auto>{html.escape(cell)}" for cell in row) for row in table.rows)
    note = f'<p class="muted">{html.escape(_("Only the first rows and columns are shown."))}</p>' if table.cut else ""
    region = html.escape(_("Table, scrolls sideways"))
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{region}">'
        f'<table class="grid-table dense"><thead><tr>{head}</thead><tbody>{body}</tbody></table></div>{note}'
    )


def prose(text: str, kind: str, *, page: str, raw: str, directory: str, filename: str = "") -> str:
    """Safe HTML of Markdown, reStructuredText, a notebook or a table."""
    links = markdown.Links(blob=page, raw=raw, directory=directory)
    if kind == "markdown":
        return markdown.render(text, links).html
    if kind == "rst":
        return restructuredtext.render(text, links)
    if kind == "table":
        return table_html(text, filename)
    made = notebook.render(text, links) if kind == "notebook" else None
    return made if made is not None else f'<pre class="code-block" tabindex="0">{html.escape(text)}</pre>'
