"""Server-side highlighting: one safe HTML string per line, six classes of openi.css, nothing for plain text."""

import html
from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Keyword, Literal, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

MAX_BYTES = 512 * 1024
MAX_LINE = 5000  # characters; longer lines make every lexer slow
_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "c"),
    (String, "s"),
    (Number, "n"),
    (Literal, "n"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Decorator, "d"),
    (Name.Tag, "k"),
    (Name.Attribute, "f"),
    (Name.Builtin.Pseudo, "k"),
)


@lru_cache(maxsize=512)
def _css(kind: _TokenType) -> str:
    return next((css for token, css in _CLASSES if kind in token), "")


@lru_cache(maxsize=256)
def _lexer(filename: str, language: str) -> Lexer | None:
    if not language:
        try:
            return get_lexer_for_filename(filename, stripnl=False, ensurenl=False)
        except ClassNotFound:
            return None
    words = language.lower().split()
    for alias in dict.fromkeys((" ".join(words), "-".join(words), *words[:1])):
        try:
            return get_lexer_by_name(alias, stripnl=False, ensurenl=False)
        except ClassNotFound:
            continue
    return None


def lexer_for(*, filename: str = "", language: str = "") -> Lexer | None:
    """A lexer by language name (of a code fence) or file name, None for plain text."""
    if language:
        return _lexer("", language)
    name = filename.rpartition("/")[2]
    return _lexer(name, "") if name else None


def plain(text: str) -> list[str]:
    """Escaped lines."""
    return html.escape(text, quote=False).split("\n")


def highlight(text: str, *, filename: str = "", language: str = "") -> list[str]:
    """One HTML string per line of `text` (split at `\\n`); spans never cross lines. Too large or too long lines stay plain."""
    lexer = lexer_for(filename=filename, language=language)
    if lexer is None or len(text) > MAX_BYTES or any(len(line) > MAX_LINE for line in text.split("\n")):
        return plain(text)
    lines: list[list[str]] = [[]]
    last = ""
    for kind, value in lexer.get_tokens(text):
        css = _css(kind)
        pieces = value.split("\n")
        for index, piece in enumerate(pieces):
            if index:
                if last:
                    lines[-1].append("</span>")
                    last = ""
                lines.append([])
            if not piece:
                continue
            if css != last and not (piece.isspace() and last):
                if last:
                    lines[-1].append("</span>")
                if css:
                    lines[-1].append(f'<span class="{css}">')
                last = css
            lines[-1].append(html.escape(piece, quote=False))
    if last:
        lines[-1].append("</span>")
    made = ["".join(parts) for parts in lines]
    wanted = text.count("\n") + 1
    return made[:wanted] + [""] * (wanted - len(made))
