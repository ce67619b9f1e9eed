"""Jupyter notebooks (nbformat 4) as safe HTML: Markdown, highlighted code, text and raster outputs; HTML and SVG outputs are left out."""

import base64
import binascii
import html
import json
from typing import Any

from core.highlight import highlight
from core.markdown import Links
from core.markdown import render as render_markdown

CELLS, OUTPUT = 500, 20_000
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
    for cell in cells[:CELLS]:
        if not isinstance(cell, dict):
            continue
        source = _joined(cell.get("source"))
        if cell.get("cell_type") == "markdown":
            out.append(f'<div class="cell">{render_markdown(source, links).html}</div>')
        else:
            code = "\n".join(highlight(source, language=language if cell.get("cell_type") == "code" else "text"))
            outputs = cell.get("outputs")
            made = "".join(_output(output) for output in outputs[:100]) if isinstance(outputs, list) else ""
            out.append(f'<div class="cell"><pre class="code-block hl" tabindex="0"><code>{code}</code></pre>{made}</div>')
    return "\n".join(out)
