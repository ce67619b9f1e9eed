"""Characters that make source read differently from what it does (the "Trojan Source" attack)."""

import re
import unicodedata
from dataclasses import dataclass

# bidi embeddings, overrides and isolates; zero-width and invisible characters. Arabic, Hebrew or Urdu letters are ordinary text.
_SUSPICIOUS = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\u00ad\u115f\u1160\u3164\uffa0\U000e0001-\U000e007f]|(?<!^)\ufeff")


@dataclass(frozen=True, slots=True)
class Finding:
    """Where: `line` from 1, `column` from 1; `name` is Unicode's."""

    line: int
    column: int
    name: str


def suspicious(text: str, *, limit: int = 100) -> list[Finding]:
    """The first `limit` suspicious characters."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        for match in _SUSPICIOUS.finditer(line):
            found.append(Finding(number, match.start() + 1, unicodedata.name(match[0], f"U+{ord(match[0]):04X}")))
            if len(found) >= limit:
                return found
    return found
