"""Jupyter notebooks (nbformat 4) as safe HTML: Markdown, highlighted code, text and raster outputs; HTML and SVG outputs are left out."""

import base64
import binascii
import html
import json
import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.highlight import highlight
from core.markdown import MAX_WORK, Links
from core.markdown import render as render_markdown

CELLS, OUTPUT = 500, 20_000
CODE, OUTPUTS = 150_000, 8 * 1024**2  # characters of all cells together: code beyond it is shown plain, outputs are left out and counted
_IMAGES = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff"}


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _image(kind: str, value: Any) -> str:
    raw = "".join(_joined(value).split())
    try:
        data = base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        return ""
    if not data.startswith(_IMAGES[kind]) or len(data) > 4 * 1024**2:
        return ""
    return f'<p><img alt="" src="data:{kind};base64,{base64.b64encode(data).decode()}"></p>'


def _output(output: Any) -> str:
    if not isinstance(output, dict):
        return ""
    if output.get("output_type") == "stream":
        text = _joined(output.get("text"))
    elif output.get("output_type") == "error":
        trace = output.get("traceback")
        text = "\n".join(line for line in trace if isinstance(line, str)) if isinstance(trace, list) else ""
        text = text or f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}"
    else:
        bundle = output.get("data")
        if not isinstance(bundle, dict):
            return ""
        for kind in _IMAGES:
            if kind in bundle and (image := _image(kind, bundle[kind])):
                return image
        text = _joined(bundle.get("text/plain"))
        if "text/html" in bundle or "image/svg+xml" in bundle:
            note = html.escape(_("HTML and SVG output is not shown."))
            return f'<p class="muted">{note}</p>' + (_plain(text) if text else "")
    return _plain(text) if text else ""


def render(text: str, links: Links | None = None) -> str | None:
    """Safe HTML of a notebook, None if it is none."""
    try:
        notebook = json.loads(text)
        cells = notebook["cells"]
        language = str(notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python"))[:40]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(cells, list):
        return None
    page = _Page(language, links)
    for cell in cells[:CELLS]:
        if isinstance(cell, dict):
            page.add(cell)
    if page.left_out:
        page.parts.append(_note(ngettext("%d output is not shown.", "%d outputs are not shown.", page.left_out) % page.left_out))
    if len(cells) > CELLS:
        left = len(cells) - CELLS
        page.parts.append(_note(ngettext("%d more cell is not shown.", "%d more cells are not shown.", left) % left))
    return "\n".join(page.parts)


class _Page:
    """The cells one after the other; what they may cost together is bounded."""

    def __init__(self, language: str, links: Links | None) -> None:
        self.language, self.links = language, links
        self.parts: list[str] = []
        self.work = self.code = self.shown = self.left_out = 0

    def add(self, cell: dict[str, Any]) -> None:
        """Text rendered, code highlighted with its number, outputs below it."""
        source = _joined(cell.get("source"))
        kind = cell.get("cell_type")
        if kind == "markdown":
            self.parts.append(f'<div class="cell">{self._text(source)}</div>')
            return
        self.code += len(source)
        lines = highlight(source, language=self.language if kind == "code" and self.code <= CODE else "text")
        number = cell.get("execution_count")
        label = f'<span class="cell-number">[{number}]</span>' if isinstance(number, int) and kind == "code" else ""
        code = "\n".join(lines)
        self.parts.append(f'<div class="cell cell-in">{label}<pre class="code-block hl" tabindex="0"><code>{code}</code></pre>')
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            if self.shown >= OUTPUTS:
                self.left_out += 1
                continue
            part = _output(output)
            self.shown += len(part)
            self.parts.append(part)
        self.parts.append("</div>")

    def _text(self, source: str) -> str:
        if self.work >= MAX_WORK:
            return _plain(source)
        made = render_markdown(source, self.links, spent=self.work)
        self.work = max(self.work, made.work)
        return made.html


def _note(text: str) -> str:
    return f'<p class="muted">{html.escape(text)}</p>'


_COLOURS = re.compile(r"\x1b\[[0-9;]{0,40}[A-Za-z]")  # what terminals take for colours and moves (ECMA-48)


def _plain(text: str) -> str:
    cut = _COLOURS.sub("", text[:OUTPUT])
    more = "\n…" if len(text) > OUTPUT else ""
    return f'<pre class="code-block" tabindex="0">{html.escape(cut)}{more}</pre>'
