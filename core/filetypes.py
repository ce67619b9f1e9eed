"""What a file is: language by name, extension or shebang; generated and vendored files; LFS pointers."""

import json
import re
from functools import cache
from pathlib import Path

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
_SHEBANG = re.compile(rb"#!\s*(?:\S*/env\s+(?:-S\s+)?)?(?:\S*/)?([A-Za-z]+)[\d.]*")
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


def language(path: str, head: bytes = b"") -> str:
    """The language's name, "" if unknown: by file name, longest known extension, then the interpreter of a `#!` line in `head`."""
    extensions, names, interpreters, _kinds = _tables()
    name = path.rpartition("/")[2]
    if name in names:
        return names[name]
    parts = name.lower().split(".")
    for start in range(1, len(parts)):
        if found := extensions.get("." + ".".join(parts[start:])):
            return found
    if head.startswith(b"#!") and (match := _SHEBANG.match(head)):
        return interpreters.get(match[1].decode(), "")
    return ""


def counts(path: str) -> str:
    """The language a file adds to in a repository's statistics: programming and markup only, nothing vendored, generated or documentation."""
    if _VENDORED.search(path) or _GENERATED.search(path) or _DOCUMENTATION.search(path):
        return ""
    found = language(path)
    return found if found and _tables()[3].get(found) in ("programming", "markup") else ""


def is_generated(path: str) -> bool:
    """True for lock files, compiled protocol buffers, minified and vendored files: folded in diffs."""
    return bool(_GENERATED.search(path) or _VENDORED.search(path))


def lfs_pointer(data: bytes) -> tuple[str, int] | None:
    """(sha256, bytes) of a Git LFS pointer (git-lfs spec v1), else None."""
    match = _LFS.match(data[:1024])
    return (match[1].decode(), int(match[2])) if match else None
