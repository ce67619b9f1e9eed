"""How file contents become safe HTML: one place that knows the renderers of `core`."""

import html
import re
from dataclasses import dataclass

_MEDIA = {
    "png": ("image", "image/png"), "jpg": ("image", "image/jpeg"), "jpeg": ("image", "image/jpeg"), "gif": ("image", "image/gif"),
    "webp": ("image", "image/webp"), "avif": ("image", "image/avif"), "bmp": ("image", "image/bmp"), "ico": ("image", "image/x-icon"),
    "svg": ("image", "image/svg+xml"), "mp3": ("audio", "audio/mpeg"), "wav": ("audio", "audio/wav"), "ogg": ("audio", "audio/ogg"),
    "flac": ("audio", "audio/flac"), "m4a": ("audio", "audio/mp4"), "mp4": ("video", "video/mp4"), "webm": ("video", "video/webm"),
    "pdf": ("pdf", "application/pdf"),
}  # fmt: skip


def media(filename: str) -> tuple[str, str]:
    """(image | audio | video | pdf, content type) by extension; ("", "") for everything else."""
    return _MEDIA.get(filename.rpartition(".")[2].lower(), ("", "")) if "." in filename else ("", "")


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded file."""

    text: str
    encoding: str


def decoded(data: bytes) -> Text | None:
    """Text of a file, None for binary ones."""
    if b"\0" in data[:8192]:
        return None
    try:
        return Text(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return Text(data.decode("gb18030", "replace"), "gb18030")


def source_lines(text: str, filename: str) -> list[str]:
    """One safe HTML string per line."""
    return html.escape(text, quote=False).split("\n")


def language_name(path: str, data: bytes) -> str:
    """The language for the line above the source, "" if unknown."""
    return ""


def lfs_pointer(data: bytes) -> tuple[str, int] | None:
    """(sha256, bytes) of a Git LFS pointer."""
    match = re.match(rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n$", data[:1024])
    return (match[1].decode(), int(match[2])) if match else None


def suspicious(text: str) -> list[dict[str, object]]:
    """Lines with bidi controls or invisible characters: `line` (from 1) and `name` of the first."""
    return []


def prose(text: str, kind: str, *, page: str, raw: str, directory: str) -> str:
    """Safe HTML of Markdown, reStructuredText, a notebook or a table."""
    return f'<pre class="code-block" tabindex="0">{html.escape(text)}</pre>'
