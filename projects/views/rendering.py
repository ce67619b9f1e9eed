"""How file contents become safe HTML: one place that knows the renderers of `core`."""

import html
from dataclasses import asdict

from django.utils.translation import gettext as _

from core import encodings, filetypes, highlight, markdown, notebook, restructuredtext, tables, unicode
from core.encodings import Text

__all__ = ["Text", "decoded", "language_name", "prose", "source_lines", "suspicious"]


def decoded(data: bytes) -> Text | None:
    """Text of a file, None for binary ones."""
    return None if encodings.is_binary(data) else encodings.decode(data)


def source_lines(text: str, filename: str, language: str = "") -> list[str]:
    """One safe HTML string per line; `language` is what `language_name` found by the whole file."""
    told = language != filetypes.language(filename) or filetypes.needs_content(filename) or highlight.lexer_for(filename=filename) is None
    if language and told and highlight.lexer_for(language=language) is not None:
        return highlight.highlight(text, language=language)
    return highlight.highlight(text, filename=filename)


def language_name(path: str, data: bytes) -> str:
    """The language by name and content, "" if unknown."""
    return filetypes.language(path, data)


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
    """Safe HTML of Markdown, reStructuredText, a notebook, a table or a diagram."""
    links = markdown.Links(blob=page, raw=raw, directory=directory)
    if kind == "markdown":
        return markdown.render(text, links).html
    if kind == "rst":
        return restructuredtext.render(text, links)
    if kind == "table":
        return table_html(text, filename)
    if kind == "diagram":
        return markdown.diagram(text)
    made = notebook.render(text, links) if kind == "notebook" else None
    return made if made is not None else f'<pre class="code-block" tabindex="0">{html.escape(text)}</pre>'
