"""Highlighting: one safe line of HTML per line of text, small and quick."""

import html
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from core.highlight import MAX_BYTES, MAX_LINE, highlight

SPAN = re.compile(r'<span class="[kscnfd]">|</span>')


def text_of(lines: list[str]) -> str:
    return html.unescape(SPAN.sub("", "\n".join(lines)))


@settings(max_examples=80, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("ab\"'<>&\n\t #/*{}()=\\中\x00\u202e"), max_size=80),
    st.sampled_from(["a.py", "a.html", "a.c", "a.md", "a.json", "a.sh", "a"]),
)
def test_nothing_is_lost_and_no_span_crosses_a_line(text: str, filename: str) -> None:
    lines = highlight(text, filename=filename)
    assert len(lines) == text.count("\n") + 1
    assert text_of(lines) == text
    for line in lines:
        assert line.count("<span ") == line.count("</span>")
        assert "<" not in SPAN.sub("", line)


def test_a_string_over_several_lines_is_closed_on_each() -> None:
    assert highlight('x = """a\nb"""', filename="a.py") == ['x = <span class="s">"""a</span>', '<span class="s">b"""</span>']


@pytest.mark.parametrize("language", ['python" onclick="x', "<script>", "", "nosuch", " ", "python\n"])
def test_a_hostile_language_name_is_harmless(language: str) -> None:
    assert "<script" not in "".join(highlight("<script>alert(1)</script>", language=language))


def test_large_files_and_long_lines_stay_plain() -> None:
    assert "<span" not in "".join(highlight("x = 1\n" * (MAX_BYTES // 6 + 1), filename="a.py"))
    assert "<span" not in "".join(highlight("def f(): " + "x" * MAX_LINE, filename="a.py"))


def test_a_60_kb_file_is_small_and_takes_at_most_twice_plain_pygments() -> None:
    text = (Path(highlight.__code__.co_filename).read_text() * 20)[:60_000]
    best_plain = best_ours = 1e9
    for _try in range(3):
        started = time.process_time()
        pygments_highlight(text, PythonLexer(), HtmlFormatter())
        best_plain = min(best_plain, time.process_time() - started)
        started = time.process_time()
        lines = highlight(text, filename="a.py")
        best_ours = min(best_ours, time.process_time() - started)
    assert best_ours <= 2 * best_plain
    assert sum(map(len, lines)) <= 260_000
