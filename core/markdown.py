"""GitHub-flavoured Markdown as safe HTML: rendered by markdown-it, links resolved into the repository, then sanitised by nh3."""

import hashlib
import html
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import nh3
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from core import tasklists
from core.highlight import highlight
from core.tasklists import Task

MAX_CHARACTERS = 1024**2
MAX_WORK = 800_000  # of one document, in units of about a microsecond; a list of 3,500 links (350 kB) takes 670,000
STEP, BLOCK_TOKEN, ADDRESS = (
    10,
    6,
    40,
)  # the cost of an attempt of the inline parser, of a token of the block parser, of a bare address made a link
FORMULA, HIGHLIGHTED = 100, 2.5  # of a formula, of a character of highlighted code: what is too much of these is shown as source
MAX_LINES = 15_000
MAX_DEPTH, MAX_DEPTH_SUM = 400, 2_000_000  # of open tags; the HTML parser's time grows with the sum over all tags
_VERSION = "5"
_SCHEMES = {"http", "https", "mailto"}
_MATH = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "msub", "msup", "msubsup", "mfrac", "msqrt", "mroot", "munder", "mover",
    "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose", "mfenced", "merror", "mmultiscripts",
}  # fmt: skip
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "img", "input", "ins", "kbd", "label", "li", "mark", "ol", "p", "picture", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small",
    "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
} | _MATH  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"title", "lang", "dir", "id", "align"},
    "a": {"href", "name", "class"},
    "img": {"src", "alt", "width", "height", "loading"},
    "input": {"type", "checked", "disabled"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "details": {"open"},
    "code": {"class"}, "span": {"class"}, "pre": {"class", "tabindex"}, "div": {"class", "tabindex"}, "ul": {"class"}, "li": {"class"}, "section": {"class"},
    "sup": {"class"}, "b": {"class"}, "p": {"class"}, "table": {"class"},
    "math": {"display", "xmlns"}, "mo": {"stretchy", "fence", "separator", "form"}, "mi": {"mathvariant"}, "mtable": {"columnalign", "rowspacing"},
    "mspace": {"width"}, "mstyle": {"displaystyle", "scriptlevel"}, "menclose": {"notation"}, "mfrac": {"linethickness"},
}  # fmt: skip
_CLASS = re.compile(
    r"(k|s|c|n|f|d|hl|code-block|code-lang|table-scroll|grid-table|footnotes|footnote-ref|footnote-backref|footnotes-list|footnote-item"
    r"|task-list-item|contains-task-list|mermaid-source|notice|notice-title|notice-(note|tip|important|warning|caution)|math|external-image|cell|cell-(in|out)|mention|thread-link)"
)
_WORDS = {"NOTE": _("Note"), "TIP": _("Tip"), "IMPORTANT": _("Important"), "WARNING": _("Warning"), "CAUTION": _("Caution")}
_ALERT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*")


@dataclass(frozen=True, slots=True)
class Links:
    """Where relative addresses lead: `blob` and `raw` are the pages' addresses up to the ref, `directory` is the file's."""

    blob: str = ""
    raw: str = ""
    directory: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Safe HTML, the front matter's source ("" for none), and the work it took, of MAX_WORK."""

    html: str
    front_matter: str = ""
    work: int = 0


@dataclass(slots=True)
class _State:
    links: Links
    images: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: plain, or with `href` a link of ours; `css` is one of the classes that pass (`mention`, `thread-link`)."""

    text: str
    href: str = ""
    title: str = ""
    css: str = ""


Linker = Callable[[str], Sequence[Piece]]  # cuts a run of plain text (no code, no link) into pieces that give the same text together


def cache_key(kind: str, text: str, links: Links) -> str:
    """A cache key for `render(text, links)`."""
    digest = hashlib.blake2b(repr((_VERSION, get_language(), text, links)).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
    return f"md:{kind}:{digest}"


def _math(content: str, options: dict[str, Any]) -> str:
    """MathML of a formula; source where it is too long or wrong."""
    if len(content) <= 4000:
        try:
            return str(convert(content, display="block" if options.get("display_mode") else "inline"))
        except Exception:  # noqa: BLE001 - the converter raises what it likes on bad input; the source is shown
            pass
    return f"<code>{html.escape(content)}</code>"


class _TooMuchWork(Exception):
    """The text would take seconds to parse."""


def _count_step(state: StateInline, silent: bool) -> bool:
    """An inline rule that only counts, so that quadratic inputs end at the same place on every machine."""
    _spend(state.env, STEP)
    return False


def _count_tokens(state: StateCore) -> None:
    """A core rule after the block parser: tables of many cells and lists of many items end here, before their text is parsed."""
    _spend(state.env, BLOCK_TOKEN * len(state.tokens))


def _spend(env: Any, cost: int) -> None:
    env["work"] = env.get("work", 0) + cost
    if env["work"] > MAX_WORK:
        raise _TooMuchWork


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": True, "maxNesting": 60})
    parser.use(front_matter_plugin).use(footnote_plugin)
    parser.use(dollarmath_plugin, renderer=_math, allow_labels=False, double_inline=True)
    parser.inline.ruler.before("text", "count_step", _count_step)
    parser.core.ruler.after("block", "count_tokens", _count_tokens)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _slug(text: str) -> str:
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")[:80] or "section"


def _anchors(tokens: Sequence[Token]) -> None:
    """Headings get ids; the second of the same text ends in -1, as on other forges."""
    seen: dict[str, int] = {}
    for heading, inline in pairwise(tokens):
        if heading.type != "heading_open":
            continue
        slug = _slug("".join(child.content for child in inline.children or () if child.type in ("text", "code_inline")))
        count = seen[slug] = seen.get(slug, -1) + 1
        heading.attrSet("id", f"user-content-{slug}-{count}" if count else f"user-content-{slug}")


def _fence(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    language = token.info.strip().split(maxsplit=1)[0][:40] if token.info.strip() else ""
    if language == "math":
        return f'<div class="math">{_math(token.content, {"display_mode": True})}</div>\n'
    if language == "mermaid":
        return diagram(token.content)
    lines = "\n".join(highlight(token.content.rstrip("\n"), language=language)) if language else html.escape(token.content.rstrip("\n"))
    return f'<pre class="code-block hl" tabindex="0"><code>{lines}</code></pre>\n'


def diagram(text: str) -> str:
    """A Mermaid diagram, which static/js/mermaid-frames.js draws; without script its source is shown."""
    return f'<pre class="code-block mermaid-source" tabindex="0"><code>{html.escape(text)}</code></pre>\n'


def _table_open(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return '<div class="table-scroll" tabindex="0"><table class="grid-table">\n'


def _table_close(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</table></div>\n"


_IGNORED = re.compile(r"^[\x00-\x20]+|[\t\r\n]+|[\x00-\x20]+$")  # what browsers drop (WHATWG URL, basic URL parser)


def resolved(address: str, base: str, directory: str) -> str:
    """A relative address below `base`; "" for what we refuse (other schemes, protocol-relative, escaping the repository)."""
    address = _IGNORED.sub("", address)
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme:
        return address if parts.scheme.lower() in _SCHEMES else ""
    if address.startswith(("#", "?")):
        return address
    if address.startswith(("//", "\\")) or "\\" in address.split("?")[0]:
        return ""
    if not base:
        return address if address.startswith("/") else ""
    stack: list[str] = [] if parts.path.startswith("/") else [part for part in directory.split("/") if part]
    for part in unquote(parts.path).split("/"):
        if part == "..":
            if not stack:
                return ""
            stack.pop()
        elif part not in ("", "."):
            stack.append(part)
    tail = (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    return f"{base.rstrip('/')}/{quote('/'.join(stack))}{tail}"


def _filter(links: Links) -> Any:
    """nh3's attribute filter: addresses resolved, our classes only, ids prefixed so that they cannot shadow the page's."""

    def keep(tag: str, name: str, value: str) -> str | None:
        if name == "href":
            if value.startswith("#"):
                return value if value.startswith("#user-content-") else f"#user-content-{value[1:]}"
            return resolved(value, links.blob, links.directory) or None
        if name == "src":
            made = resolved(value, links.raw, links.directory)
            return made if made.startswith("/") and not made.startswith("//") else None
        if name == "class":
            return " ".join(part for part in value.split() if _CLASS.fullmatch(part)) or None
        if name in ("id", "name"):
            return value if value.startswith("user-content-") else f"user-content-{value}"
        if name == "type":
            return "checkbox" if value == "checkbox" else None
        return value

    return keep


_EXTERNAL_IMAGE = re.compile(r"<img\b[^>]*?\bsrc=\"(https?:[^\"]*)\"[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"\balt=\"([^\"]*)\"", re.IGNORECASE)


def _image_as_link(match: re.Match[str]) -> str:
    """No page of ours calls another host: an external image becomes a link with its alternative text."""
    address = html.unescape(match[1])
    alt = _ALT.search(match[0])
    label = html.unescape(alt[1]) if alt and alt[1] else address.rpartition("/")[2] or address
    return f'<a class="external-image" href="{html.escape(address)}">{html.escape(label)}</a>'


def _alerts(tokens: list[Token]) -> None:
    """`> [!NOTE]` blocks get the classes of a notice and the word as their first line: colour alone says nothing."""
    for index, token in enumerate(tokens[:-2]):
        if token.type != "blockquote_open" or tokens[index + 2].type != "inline":
            continue
        inline = tokens[index + 2]
        match = _ALERT.match(inline.content)
        first = inline.children[0] if inline.children else None
        if match and first is not None and first.type == "text" and first.content.startswith("[!"):
            first.content = _ALERT.sub("", first.content)
            token.tag = "div"
            token.attrSet("class", f"notice notice-{match[1].lower()}")
            title = Token("html_inline", "", 0, content=f'<b class="notice-title">{html.escape(str(_WORDS[match[1]]))}</b> ')
            inline.children = [title, *(inline.children or ())]
            ends = (tokens[i] for i in range(index + 1, len(tokens)))
            next(end for end in ends if end.type == "blockquote_close" and end.level == token.level).tag = "div"


_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_FLAT = {"area", "br", "col", "hr", "img", "input", "wbr", "p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option"}


def _is_too_deep(markup: str) -> bool:
    """True for HTML whose open tags nest beyond the limits; what the parser closes by itself is not counted."""
    open_tags: list[str] = []
    total = 0
    for closing, name in _TAG.findall(markup):
        lowered = name.lower()
        if lowered in _FLAT:
            pass
        elif not closing:
            open_tags.append(lowered)
        elif open_tags and open_tags[-1] == lowered:
            open_tags.pop()
        total += len(open_tags)
        if len(open_tags) > MAX_DEPTH or total > MAX_DEPTH_SUM:
            return True
    return False


def sanitise(markup: str, links: Links) -> str:
    """HTML from any renderer through the allow-list; links of other sites carry nofollow noopener ugc. Too deep: its source."""
    if _is_too_deep(markup):
        return _source(markup).html
    markup = _EXTERNAL_IMAGE.sub(_image_as_link, markup)
    return nh3.clean(
        markup,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter(links),
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener ugc",
        clean_content_tags={"script", "style", "iframe", "object", "embed", "noscript", "template", "title", "textarea", "select", "svg"},
        set_tag_attribute_values={"img": {"loading": "lazy"}, "input": {"disabled": "disabled"}},
    )


def runs(text: str) -> list[str]:
    """The plain text of a document in order, without code, links and HTML: where words may name people and things. [] if it is shown as source."""
    if len(text) > MAX_CHARACTERS or _is_pathological(text):
        return []
    try:
        tokens = _parser().parse(text, {"work": ADDRESS * _addresses(text)})
    except (_TooMuchWork, RecursionError):
        return []
    return [child.content for _parent, child in _plain(tokens)]


def _plain(tokens: Sequence[Token]) -> list[tuple[Token, Token]]:
    """Runs of plain text outside links, each with the token it is in."""
    found = []
    for parent in tokens:
        inside = 0
        for child in parent.children or ():
            opens = child.type == "link_open" or (child.type == "html_inline" and child.content.lower().startswith(("<a ", "<a>")))
            closes = child.type == "link_close" or (child.type == "html_inline" and child.content.lower().startswith("</a"))
            inside = max(0, inside + opens - closes)
            if child.type == "text" and not inside:
                found.append((parent, child))
    return found


def _link_words(tokens: Sequence[Token], linker: Linker) -> None:
    """Words that `linker` knows become links."""
    for parent, child in _plain(tokens):
        pieces = linker(child.content)
        if any(piece.href for piece in pieces):
            children = parent.children or []
            at = next(place for place, one in enumerate(children) if one is child)
            children[at : at + 1] = [_word(piece) for piece in pieces]


def _word(piece: Piece) -> Token:
    if not piece.href:
        return Token("text", "", 0, content=piece.text)
    title = f' title="{html.escape(piece.title)}"' if piece.title else ""
    css = f' class="{html.escape(piece.css)}"' if piece.css else ""
    return Token("html_inline", "", 0, content=f'<a href="{html.escape(piece.href)}"{title}{css}>{html.escape(piece.text)}</a>')


def render(text: str, links: Links | None = None, *, spent: int = 0, linker: Linker | None = None, number_tasks: bool = False) -> Rendered:
    """Markdown as safe HTML. Over MAX_CHARACTERS, or with pathological nesting, the source is shown escaped.

    `spent` is the work of earlier parts of the same page: together they have MAX_WORK. `linker` makes links of words; their addresses are
    the site's, so it goes with `Links()` only. `number_tasks`: the boxes of task lists carry their place in the text as `data-task`.
    """
    links = links or Links()
    if len(text) > MAX_CHARACTERS or _is_pathological(text):
        return _source(text)
    env: dict[str, Any] = {"work": spent + ADDRESS * _addresses(text)}
    parser = _parser()
    try:
        tokens = parser.parse(text, env)
    except (_TooMuchWork, RecursionError):
        return _source(text, MAX_WORK)
    left = _limit(tokens, MAX_WORK - env["work"])
    mark = f"task-{secrets.token_hex(12)}-" if number_tasks else ""
    tasklists.mark_boxes(tokens, mark)
    _anchors(tokens)
    if linker is not None:
        _link_words(tokens, linker)
    front = next((token.content for token in tokens if token.type == "front_matter"), "")
    tokens = [token for token in tokens if token.type != "front_matter"]
    _alerts(tokens)
    markup = sanitise(parser.renderer.render(tokens, parser.options, env), links)
    return Rendered(tasklists.boxes(markup, mark) if mark else markup, front, MAX_WORK - max(0, int(left)))


def _source(text: str, work: int = 0) -> Rendered:
    return Rendered(f'<pre class="code-block" tabindex="0">{html.escape(text[:MAX_CHARACTERS])}</pre>', "", work)


def _limit(tokens: Sequence[Token], left: float) -> float:
    """Formulas and code that cost more than what is `left` of the document's work are shown as source; returns what is left then."""
    for token in (each for outer in tokens for each in (outer, *(outer.children or ()))):
        if token.type.startswith("math_"):
            left -= FORMULA
            if left < 0:
                token.type = "code_inline" if token.type.startswith("math_inline") else "code_block"
        elif token.type == "fence" and token.info:
            left -= HIGHLIGHTED * len(token.content)
            if left < 0:
                token.info = ""
    return left


def tasks(text: str) -> list[Task]:
    """The items of a text's task lists in order, as `render` numbers them; [] if the text is shown as source."""
    if "[" not in text or len(text) > MAX_CHARACTERS or _is_pathological(text):
        return []
    try:
        return tasklists.tasks(_parser().parse(text, {"work": ADDRESS * _addresses(text)}))
    except (_TooMuchWork, RecursionError):
        return []


def _addresses(text: str) -> int:
    return sum(text.count(mark) for mark in ("www.", "://", "@"))


def _is_pathological(text: str) -> bool:
    """More lines or brackets left open than the limits, or runs of one opening mark that make inline parsing quadratic."""
    if text.count("\n") > MAX_LINES:
        return True
    if text.count("[") - text.count("]") > 3_000:
        return True
    return len(text) > 20_000 and bool(re.search(r"[\[\]!*_`<(]{3000}|(?:\[\]?\(?){3000}|(?:> ?){500}", text))


def render_text(text: str) -> str:
    """Markdown without a repository (legal pages, notices): relative links stay site-relative."""
    return render(text).html
