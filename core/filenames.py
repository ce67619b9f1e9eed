"""Names of files: bytes to Git, surrogate-escaped text to Python, percent-encoded in addresses, readable on pages."""

import re
from urllib.parse import quote

from django.http import HttpRequest
from django.utils.html import escape

# Controls, bidi controls, zero-width characters, surrogates left by undecodable bytes: never shown as themselves.
_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

_BROKEN = re.compile("%([89A-F][0-9A-F])")


def quoted(path: str) -> str:
    """`path` (surrogate-escaped) percent-encoded for an address; slashes stay. Round trip with `tail`."""
    return quote(path.encode("utf-8", "surrogateescape"), safe="/:@!$()*+,;=~-._")  # nothing left that HTML would read


def tail(request: HttpRequest, segments: int) -> str:
    """What follows the first `segments` segments of the address.

    Django writes bytes that are not UTF-8 as `%FF`, and so does a name that holds these three characters: see `unbroken`.
    """
    parts = request.path_info.split("/", segments + 1)
    return parts[segments + 1] if len(parts) > segments + 1 else ""


def unbroken(path: str) -> str:
    """`path` with each `%80`…`%FF` as the byte it may stand for (surrogate-escaped); the same string where there is none."""
    return _BROKEN.sub(lambda match: bytes([int(match[1], 16)]).decode("utf-8", "surrogateescape"), path)


def shown(name: str) -> str:
    """`name` for the page: controls as their pictures, invisible and bidi characters as `[U+202E]`, broken bytes as `\\xFF`."""
    return _ODD.sub(_picture, name)


def shown_html(name: str) -> str:
    """`shown`, escaped."""
    return str(escape(shown(name)))


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02X}"
    return f"[U+{code:04X}]"
