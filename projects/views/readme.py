"""READMEs and other prose: Markdown, reStructuredText, notebooks, tables, plain text."""

import html
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import get_language

import gitstore
from core import filenames
from projects import queries
from projects.models import Repository
from projects.queries.parts import part
from projects.views import rendering

_KINDS = {
    "md": "markdown", "markdown": "markdown", "mdown": "markdown", "mkd": "markdown",
    "rst": "rst", "ipynb": "notebook", "csv": "table", "tsv": "table", "mmd": "diagram", "mermaid": "diagram",
}  # fmt: skip
_ZH = ("_zh", ".zh", "-zh", "_cn", ".cn", "-cn", "_zh_cn", ".zh-cn", "_zh-cn", "-zh-cn", "-zh_cn", ".zh_cn", "_zh-hans", ".zh-hans")
_EN = ("_en", ".en", "-en", "_en_us", ".en-us", "_en-us")
MAX_BYTES = 1024 * 1024


def kind_of(filename: str) -> str:
    """markdown | rst | notebook | table | diagram, "" for what is shown as source."""
    return _KINDS.get(filename.rpartition(".")[2].lower(), "") if "." in filename else ""


def _language_of(stem: str) -> str:
    """zh, en or "" for a README without a language in its name; None is not one."""
    rest = stem.lower().removeprefix("readme")
    return "zh" if rest in _ZH else "en" if rest in _EN else "" if rest == "" else "?"


def candidates(names: list[str]) -> dict[str, str]:
    """Language ("", zh, en) → the name of the README of that language; Markdown before reStructuredText before text."""
    order = {"markdown": 0, "rst": 1, "notebook": 2, "": 3}
    found: dict[str, tuple[int, str]] = {}
    for name in names:
        if not name.lower().startswith("readme"):
            continue
        stem, dot, extension = name.rpartition(".")
        if not dot:
            stem, extension = name, "txt"
        kind = _KINDS.get(extension.lower(), "")
        if kind in ("table", "diagram") or (not kind and extension.lower() != "txt"):
            if _language_of(name) == "?":
                continue
            stem = name  # README.zh without an extension
        language = _language_of(stem)
        rank = order[kind if kind in order else ""]
        if language != "?" and (language not in found or rank < found[language][0]):
            found[language] = (rank, name)
    return {language: name for language, (_rank, name) in found.items()}


def context(repository: Repository, position: queries.Position, known: dict[str, str], *, wanted: str = "") -> dict[str, Any]:
    """`readme` for `_readme.html`, in the reader's language where there is one; nothing without a README. `known`: see `candidates`."""
    if not known:
        return {}
    mine = "en" if (get_language() or "").startswith("en") else "zh"
    order = [wanted if wanted != "default" else ""] if wanted else []
    language = next((one for one in (*order, mine, "", "zh", "en") if one in known), next(iter(known)))
    name = known[language]
    path = f"{position.path}/{name}" if position.path else name
    file = queries.Position(position.kind, position.name, position.oid, path)
    with queries.reading():
        oid = gitstore.entry(repository.path, position.oid, path).oid
    key = ("readme", oid, path, repository.get_absolute_url(), position.ref, get_language())
    content = part(key, lambda: _html(repository, file, oid))
    labels = {"": "README", "zh": "中文", "en": "English"}
    return {
        "readme": {
            "shown": filenames.shown(name),
            "quoted": filenames.quoted(path),
            "html": mark_safe(content),  # noqa: S308 - built by the renderers, which escape
            "languages": [
                {"label": labels[one], "lang": one, "href": f"?readme={one or 'default'}#readme", "current": one == language}
                for one in known
            ]
            if len(known) > 1
            else [],
        }
    }


def _html(repository: Repository, file: queries.Position, oid: str) -> str:
    with queries.reading():
        blob = gitstore.blob(repository.path, oid, limit=MAX_BYTES)
    decoded = rendering.decoded(blob.data)
    if decoded is None:
        return ""
    return rendered_html(repository, file, decoded.text, kind_of(file.filename))


def rendered_html(repository: Repository, file: queries.Position, text: str, kind: str) -> str:
    """Safe HTML of `text`; relative links lead to pages of the same ref, relative images to raw files."""
    base = repository.get_absolute_url()
    if not kind:
        return f'<pre class="code-block" tabindex="0">{html.escape(text)}</pre>'
    return rendering.prose(
        text,
        kind,
        page=f"{base}/blob/{file.ref}",
        raw=f"{base}/raw/{file.ref}",
        directory=file.directory.encode("utf-8", "replace").decode(),
        filename=file.filename,
    )
