"""Names that Git and we accept (git-check-ref-format(1), and the spellings of `.git` that file systems fold)."""

import re
import unicodedata

from gitstore.errors import NameInvalid

_REF_BAD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|\.$|/$")
_HEX = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_DOTGIT = re.compile(r"(\.git|git~\d+)[ .]*(:.*)?", re.IGNORECASE)
_IGNORABLE = re.compile("[\u200c\u200d\u200e\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
INTERNAL = ("refs/pull/", "refs/keep/", "refs/backup/", "refs/pr/", "refs/internal/")  # nobody pushes to them
HIDDEN = tuple(prefix for prefix in INTERNAL if prefix != "refs/pull/")  # nobody is shown them


def ref_name_fault(ref: str) -> str:
    """ "" for a good full ref name under refs/, else a code: prefix, characters, dash, hex, head, refs, length, unicode."""
    if not ref.startswith("refs/") or ref.count("/") < 2:
        return "prefix"
    short = ref.split("/", 2)[2]
    if not short or _REF_BAD.search(ref) or ref.endswith("@"):
        return "characters"
    if any(part.startswith("-") for part in short.split("/")):
        return "dash"
    if _HEX.fullmatch(short):
        return "hex"
    if short == "HEAD":
        return "head"
    if short.startswith("refs/"):
        return "refs"
    if len(ref.encode("utf-8", "surrogateescape")) > 200:
        return "length"
    if any(0xDC80 <= ord(character) <= 0xDCFF for character in ref) or unicodedata.normalize("NFC", ref) != ref:
        return "unicode"
    return ""


def check_ref_name(ref: str) -> None:
    """Raise NameInvalid for a ref we refuse to make."""
    if fault := ref_name_fault(ref):
        raise NameInvalid(ref, fault)


def is_dotgit(part: str) -> bool:
    """True for every spelling of `.git` that some file system takes for it."""
    return bool(_DOTGIT.fullmatch(_IGNORABLE.sub("", part)))


def path_fault(path: str) -> str:
    """ "" for a path we may write, else a code: empty, part, dotgit, control, length."""
    if not path or len(path.encode("utf-8", "surrogateescape")) > 4000:
        return "length" if path else "empty"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "part"
        if is_dotgit(part) or "\\" in part:
            return "dotgit"
        if any(ord(character) < 32 or ord(character) == 127 for character in part):
            return "control"
        if len(part.encode("utf-8", "surrogateescape")) > 255:
            return "length"
    return ""


def check_path(path: str) -> None:
    """Raise NameInvalid for a path we refuse to write."""
    if fault := path_fault(path):
        raise NameInvalid(path, fault)
