"""Bytes of a file as text and back: UTF-8, UTF-16 by its mark, then the legacy Chinese and Western encodings."""

from dataclasses import dataclass

from charset_normalizer import from_bytes

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SAMPLE = 65536
_SHORT = 400  # bytes


@dataclass(frozen=True, slots=True)
class Text:
    """Decoded text with `\\n` line ends; `encoding` is Python's name, `newline` what the file uses, `lossy` if bytes were replaced."""

    text: str
    encoding: str
    newline: str = "\n"
    lossy: bool = False
    mark: bytes = b""


def is_binary(data: bytes) -> bool:
    """True for what is no text: a NUL in the first 8 kB, unless a UTF-16 mark or the pattern of UTF-16 explains it."""
    head = data[:8192]
    if any(head.startswith(mark) for mark, _name in _MARKS):
        return False
    return b"\0" in head and _utf16_without_mark(head) is None


def _utf16_without_mark(head: bytes) -> str | None:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd > 0.4 * half and even < 0.02 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.02 * half:
        return "utf-16-be"
    return None


def guess(data: bytes) -> tuple[str, bytes]:
    """(encoding, byte order mark) of some text."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return ("utf-8" if name == "utf-8-sig" else name), mark
    wide = _utf16_without_mark(data[:8192]) if b"\0" in data[:8192] else None
    if wide:
        return wide, b""
    try:
        data.decode("utf-8")
        return "utf-8", b""
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and len(data) > 3:  # cut in the middle of a character
            return "utf-8", b""
    return _legacy(data[:_SAMPLE]), b""


def _legacy(sample: bytes) -> str:
    if len(sample) < _SHORT:  # too short for statistics: whatever GB 2312 explains is taken for Chinese of the mainland
        try:
            sample.decode("gb2312")
            return "gb18030"
        except UnicodeDecodeError:
            pass
    best = from_bytes(sample, cp_isolation=["gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1251"], threshold=0.3).best()
    if best is not None:
        return str(best.encoding)
    for name in ("gb18030", "big5"):
        try:
            sample[: len(sample) - 4].decode(name)
            return name
        except UnicodeDecodeError:
            continue
    return "cp1252"


def decode(data: bytes) -> Text:
    """`data` as text; never fails."""
    encoding, mark = guess(data)
    raw = data[len(mark) :]
    try:
        text, lossy = raw.decode(encoding), False
    except UnicodeDecodeError:
        text, lossy = raw.decode(encoding, "replace"), True
    newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") > 0 else "\n"
    return Text(text.replace("\r\n", "\n").replace("\r", "\n"), encoding, newline, lossy, mark)


def encode(text: str, like: Text | None) -> bytes:
    """`text` (line ends `\\n`) in the encoding and with the line ends of `like`; UTF-8 and LF for a new file. Raises UnicodeEncodeError."""
    if like is None:
        return text.encode("utf-8")
    return like.mark + text.replace("\n", like.newline).encode(like.encoding)
