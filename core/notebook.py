"""Jupyter notebooks (nbformat 4) as safe HTML: Markdown, highlighted code, text and raster outputs; HTML and SVG outputs are left out."""

import base64
import binascii
import html
import json
from typing import Any

from django.utils.translation import gettext as _

from core.highlight import highlight
from core.markdown import Links
from core.markdown import render as render_markdown

CELLS, OUTPUT = 500, 20_000
MARKDOWN, CODE, OUTPUTS = (
    200_000,
    512 * 1024,
    8 * 1024**2,
)  # characters of all cells together; what is beyond is shown plain, outputs are left out
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
        text = f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}"
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
    return f'<pre class="code-block" tabindex="0">{html.escape(text[:OUTPUT])}</pre>' if text else ""


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
    out = []
    markdown = code = shown = 0
    for cell in cells[:CELLS]:
        if not isinstance(cell, dict):
            continue
        source = _joined(cell.get("source"))
        if cell.get("cell_type") == "markdown":
            markdown += len(source)
            made = render_markdown(source, links).html if markdown <= MARKDOWN else _plain(source)
            out.append(f'<div class="cell">{made}</div>')
            continue
        code += len(source)
        lines = highlight(source, language=language if cell.get("cell_type") == "code" and code <= CODE else "text")
        out.append('<div class="cell"><pre class="code-block hl" tabindex="0"><code>' + "\n".join(lines) + "</code></pre>")
        outputs = cell.get("outputs")
        for output in outputs[:100] if isinstance(outputs, list) else ():
            part = _output(output)
            shown += len(part)
            out.append(part if shown <= OUTPUTS else "")
        out.append("</div>")
    return "\n".join(out)


def _plain(text: str) -> str:
    return f'<pre class="code-block" tabindex="0">{html.escape(text[:OUTPUT])}</pre>'
