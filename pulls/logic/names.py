"""Names: refs that keep commits, keys of paths, titles from branches and commits, messages from templates."""

import hashlib
import re

_WORD = re.compile(r"\{(title|number|body|author|head|base)\}")
MERGE_TITLE, MERGE_MESSAGE = "Merge pull request #{number} from {head}", "{title}"
SQUASH_TITLE, SQUASH_MESSAGE = "{title} (#{number})", "{body}"


def head_ref(number: int) -> str:
    """Holds the newest version; anybody who may read the repository can fetch it."""
    return f"refs/pull/{number}/head"


def merge_ref(number: int) -> str:
    """The merge as it would be, while there are no conflicts; for those who want to test it."""
    return f"refs/pull/{number}/merge"


def version_ref(number: int, version: int) -> str:
    """Keeps one version; never advertised."""
    return f"refs/keep/pull/{number}/{version}"


def path_key(path: str) -> str:
    """A key of fixed length for a path of any length and any bytes (surrogate-escaped)."""
    return hashlib.blake2b(path.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def from_template(template: str, words: dict[str, str]) -> str:
    """`template` with {title}, {number} … replaced; other braces stay as they are."""
    return _WORD.sub(lambda match: words.get(match[1], ""), template)


def title_from(branch: str, subjects: list[str]) -> str:
    """A first title: the subject of the only commit, else the branch's name as words."""
    if len(subjects) == 1 and subjects[0].strip():
        return subjects[0].strip()[:255]
    words = re.sub(r"[-_/]+", " ", branch).strip()
    return (words[:1].upper() + words[1:])[:255] if words else (subjects[-1].strip()[:255] if subjects else "")


def text_from(messages: list[str]) -> str:
    """A first text: the body of the only commit's message, else nothing."""
    if len(messages) != 1:
        return ""
    return messages[0].strip("\n").partition("\n")[2].strip("\n")
