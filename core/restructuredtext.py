"""reStructuredText as safe HTML: docutils without file access or raw HTML, then the same sanitiser as Markdown."""

import html

from core.markdown import MAX_CHARACTERS, Links, sanitise

MAX_LINES = 4_000  # docutils takes some 0.3 ms a line of a table or a list
_SETTINGS = {
    "raw_enabled": False, "file_insertion_enabled": False, "_disable_config": True, "report_level": 5, "halt_level": 5, "syntax_highlight": "none",
    "initial_header_level": 2, "embed_stylesheet": False, "doctitle_xform": False, "math_output": "MathML", "line_length_limit": 10_000,
}  # fmt: skip


def render(text: str, links: Links | None = None) -> str:
    """Safe HTML; the source, escaped, where docutils gives up."""
    from docutils.core import publish_parts  # at first use: 5 MB in each process
    from docutils.utils import SystemMessage

    if len(text) > MAX_CHARACTERS // 4 or text.count("\n") > MAX_LINES:
        return f'<pre class="code-block" tabindex="0">{html.escape(text)}</pre>'
    try:
        markup = publish_parts(text, writer_name="html5", settings_overrides=_SETTINGS)["body"]
    except (SystemMessage, RecursionError, ValueError, AttributeError):
        return f'<pre class="code-block" tabindex="0">{html.escape(text)}</pre>'
    return sanitise(str(markup), links or Links())
