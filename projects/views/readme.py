"""READMEs and other prose: Markdown, reStructuredText, notebooks, tables, plain text."""

import html
from typing import Any

import gitstore
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from core import filenames
from projects import queries
from projects.models import Repository
from projects.queries.parts import part
from projects.views import rendering

_KINDS = {
    "md": "markdown", "markdown": "markdown", "mdown": "markdown", "mkd": "markdown",
    "rst": "rst", "ipynb": "notebook", "csv": "table", "tsv": "table",
}  # fmt: skip
_ZH = ("_zh", ".zh", "-zh", "_cn", ".cn", "-cn", "_zh_cn", ".zh-cn", "_zh-cn", "-zh-cn", "-zh_cn", ".zh_cn", "_zh-hans", ".zh-hans")
_EN = ("_en", ".en", "-en", "_en_us", ".en-us", "_en-us")
MAX_BYTES = 1024 * 1024


def kind_of(filename: str) -> str:
    """markdown | rst | notebook | table, "" for what is shown as source."""
    return _KINDS.get(filename.rpartition(".")[2].lower(), "") if "." in filename else ""


def _language_of(stem: str) -> str:
    """zh, en or "" for a README without a language in its name; None is not one."""
    rest = stem.lower().removeprefix("readme")
    return "zh" if rest in _ZH else "en" if rest in _EN else "" if rest == "" else "?"


def candidates(entries: list[gitstore.Entry]) -> dict[str, gitstore.Entry]:
    """Language ("", zh, en) → the README of that language; Markdown before reStructuredText before text."""
    order = {"markdown": 0, "rst": 1, "notebook": 2, "": 3}
    found: dict[str, tuple[int, gitstore.Entry]] = {}
    for entry in entries:
        if entry.kind not in ("blob", "executable") or not entry.name.lower().startswith("readme"):
            continue
        stem, dot, extension = entry.name.rpartition(".")
        if not dot:
            stem, extension = entry.name, "txt"
        kind = _KINDS.get(extension.lower(), "")
        if kind == "table" or (not kind and extension.lower() != "txt"):
            if _language_of(entry.name) == "?":
                continue
            stem = entry.name  # README.zh without an extension
        language = _language_of(stem)
        rank = order[kind if kind in order else ""]
        if language != "?" and (language not in found or rank < found[language][0]):
            found[language] = (rank, entry)
    return {language: entry for language, (_rank, entry) in found.items()}


def context(repository: Repository, position: queries.Position, entries: list[gitstore.Entry], *, wanted: str = "") -> dict[str, Any]:
    """`readme` for `_readme.html`, in the reader's language where there is one; nothing without a README."""
    known = candidates(entries)
    if not known:
        return {}
    mine = "en" if (get_language() or "").startswith("en") else "zh"
    language = next((one for one in (wanted, mine, "", "zh", "en") if one in known), next(iter(known)))
    entry = known[language]
    path = f"{position.path}/{entry.name}" if position.path else entry.name
    file = queries.Position(position.kind, position.name, position.oid, path)
    key = ("readme", entry.oid, path, repository.get_absolute_url(), position.ref)
    content = part(key, lambda: _html(repository, file, entry))
    labels = {"": "README", "zh": "中文", "en": "English"}
    return {
        "readme": {
            "shown": filenames.shown(entry.name),
            "quoted": filenames.quoted(path),
            "html": mark_safe(content),  # noqa: S308 - built by the renderers, which escape
            "languages": [
                {"label": labels[one], "lang": one, "href": f"?readme={one or 'default'}#readme", "current": one == language} for one in known
            ]
            if len(known) > 1
            else [],
        }
    }


def _html(repository: Repository, file: queries.Position, entry: gitstore.Entry) -> str:
    with queries.reading():
        blob = gitstore.blob(repository.path, entry.oid, limit=MAX_BYTES)
    decoded = rendering.decoded(blob.data)
    if decoded is None:
        return ""
    return rendered_html(repository, file, decoded.text, kind_of(entry.name))


def rendered_html(repository: Repository, file: queries.Position, text: str, kind: str) -> str:
    """Safe HTML of `text`; relative links lead to pages of the same ref, relative images to raw files."""
    base = repository.get_absolute_url()
    if not kind:
        return f'<pre class="code-block" tabindex="0">{html.escape(text)}</pre>'
    return rendering.prose(text, kind, page=f"{base}/blob/{file.ref}", raw=f"{base}/raw/{file.ref}", directory=file.directory.encode("utf-8", "replace").decode(), filename=file.filename)
