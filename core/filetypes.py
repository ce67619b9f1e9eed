"""What a file is: language by name and content, what a browser can show, generated and vendored files, LFS pointers."""

import json
import re
from functools import cache
from pathlib import Path

from core import languages

_DATA = Path(__file__).parent / "data" / "languages.json"
_PREFERRED = {
    ".h": "C", ".m": "Objective-C", ".md": "Markdown", ".rs": "Rust", ".sql": "SQL", ".ts": "TypeScript", ".tsx": "TSX", ".pl": "Perl", ".php": "PHP",
    ".r": "R", ".cs": "C#", ".f": "Fortran", ".v": "Verilog", ".html": "HTML", ".css": "CSS", ".json": "JSON", ".yml": "YAML", ".yaml": "YAML",
    ".txt": "Text", ".sh": "Shell", ".inc": "PHP", ".cl": "OpenCL", ".s": "Assembly", ".asm": "Assembly", ".tex": "TeX", ".xml": "XML", ".d": "D",
    ".fs": "F#", ".gd": "GDScript", ".l": "Lex", ".ls": "LiveScript", ".lua": "Lua", ".mod": "Modula-2", ".ncl": "NCL", ".pro": "Prolog", ".t": "Perl",
    ".toml": "TOML", ".properties": "Java Properties", ".rst": "reStructuredText", ".svg": "SVG", ".vue": "Vue", ".cu": "Cuda", ".ipynb": "Jupyter Notebook",
    ".po": "Gettext Catalog", ".c": "C", ".cpp": "C++", ".hpp": "C++", ".py": "Python", ".java": "Java", ".go": "Go", ".js": "JavaScript", ".ini": "INI",
}  # fmt: skip
_VENDORED = re.compile(r"(^|/)(node_modules|vendor|third_party|third-party|bower_components|dist|\.venv|site-packages)/|\.min\.(js|css)$")
_GENERATED = re.compile(
    r"(^|/)(package-lock\.json|yarn\.lock|pnpm-lock\.yaml|Cargo\.lock|poetry\.lock|go\.sum|Gemfile\.lock)$|_pb2(_grpc)?\.py$|\.pb\.go$|\.map$"
)
_DOCUMENTATION = re.compile(r"(^|/)(docs?|documentation)/", re.IGNORECASE)
_LFS = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n$")


@cache
def _tables() -> tuple[dict[str, str], dict[str, str], dict[str, str], dict[str, str]]:
    """(extension, file name, interpreter) → language, and language → type."""
    extensions: dict[str, str] = {}
    names: dict[str, str] = {}
    interpreters: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for row in json.loads(_DATA.read_text(encoding="utf-8")):
        kinds[row["name"]] = row["type"]
        for extension in row.get("extensions", ()):
            extensions.setdefault(extension.lower(), row["name"])
        for name in row.get("filenames", ()):
            names.setdefault(name, row["name"])
        for interpreter in row.get("interpreters", ()):
            interpreters.setdefault(interpreter, row["name"])
    return {**extensions, **_PREFERRED}, names, interpreters, kinds


@cache
def _by_lower_name() -> dict[str, str]:
    return {name.lower().replace(" ", "-"): name for name in _tables()[3]}


def _extensions(path: str) -> list[str]:
    """The endings of a name, longest first: `.tar.gz`, `.gz`."""
    parts = path.rpartition("/")[2].lower().split(".")
    return ["." + ".".join(parts[start:]) for start in range(1, len(parts))]


def language(path: str, data: bytes = b"") -> str:
    """The language's name, "" if unknown: an editor's line in `data`, the file name, the `#!` line, then the longest known extension,
    where several languages share it the one that `data` gives away."""
    extensions, names, interpreters, _kinds = _tables()
    if data and (word := languages.editor_word(data)) and (found := languages.of_editor_word(word, _by_lower_name())):
        return found
    name = path.rpartition("/")[2]
    if name in names:
        return names[name]
    if found := interpreters.get(languages.interpreter(data), ""):
        return found
    for extension in _extensions(path):
        if found := extensions.get(extension, ""):
            return (languages.telltale(extension, data) if data else "") or found
    return ""


def needs_content(path: str) -> bool:
    """True for names whose language only the content tells: extensions of several languages, and names without any."""
    name = path.rpartition("/")[2]
    return languages.ambiguous(name[name.rfind(".") :]) if "." in name else name not in _tables()[1]


_MEDIA = {
    "png": ("image", "image/png"), "apng": ("image", "image/apng"), "jpg": ("image", "image/jpeg"), "jpeg": ("image", "image/jpeg"),
    "gif": ("image", "image/gif"), "webp": ("image", "image/webp"), "avif": ("image", "image/avif"), "bmp": ("image", "image/bmp"),
    "ico": ("image", "image/x-icon"), "svg": ("image", "image/svg+xml"), "mp3": ("audio", "audio/mpeg"), "wav": ("audio", "audio/wav"),
    "ogg": ("audio", "audio/ogg"), "oga": ("audio", "audio/ogg"), "opus": ("audio", "audio/ogg"), "flac": ("audio", "audio/flac"),
    "aac": ("audio", "audio/aac"), "m4a": ("audio", "audio/mp4"), "mp4": ("video", "video/mp4"), "m4v": ("video", "video/mp4"),
    "webm": ("video", "video/webm"), "ogv": ("video", "video/ogg"), "mov": ("video", "video/quicktime"), "pdf": ("pdf", "application/pdf"),
}  # fmt: skip


def media(filename: str) -> tuple[str, str]:
    """(image | audio | video | pdf, content type) by extension; ("", "") for everything else."""
    return _MEDIA.get(filename.rpartition(".")[2].lower(), ("", "")) if "." in filename else ("", "")


def is_pdf(head: bytes) -> bool:
    """True if the bytes begin like a PDF (ISO 32000-1 §7.5.2: the header stands within the first kilobyte)."""
    return b"%PDF-" in head[:1024]


def counts(path: str, data: bytes = b"") -> str:
    """The language a file adds to in a repository's statistics: programming and markup only, nothing vendored, generated or documentation."""
    if _VENDORED.search(path) or _GENERATED.search(path) or _DOCUMENTATION.search(path):
        return ""
    found = language(path, data)
    return found if found and _tables()[3].get(found) in ("programming", "markup") else ""


def is_generated(path: str) -> bool:
    """True for lock files, compiled protocol buffers, minified and vendored files: folded in diffs."""
    return bool(_GENERATED.search(path) or _VENDORED.search(path))


def lfs_pointer(data: bytes) -> tuple[str, int] | None:
    """(sha256, bytes) of a Git LFS pointer (git-lfs spec v1), else None."""
    match = _LFS.match(data[:1024])
    return (match[1].decode(), int(match[2])) if match else None
