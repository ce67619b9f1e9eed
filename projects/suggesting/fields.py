"""What the names and synonyms of the fields say, before anybody has decided anything."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from projects.suggesting.features import PHRASE, PLACES, Words, tokens

FILE = Path(__file__).resolve().parent.parent / "data" / "field_words.json"
STAYS = ""  # the class “stays in other”
CLEAR = 2.0  # how much a field must be spoken for (a topic or a rare word of the name), and how often more than the next one
OTHERS = 0.5
_CUT = re.compile(r"\s+and\s+|[、,，;；/]|与|和")


@dataclass(frozen=True, slots=True)
class Field:
    """A category that may be suggested. `words` are names and synonyms as people wrote them; `parent` is its parent's slug or ""."""

    slug: str
    words: tuple[str, ...]
    parent: str = ""


@cache
def more_words() -> Mapping[str, tuple[str, ...]]:
    """Words beyond a field's own, by slug: names of well-known projects, methods, tools."""
    return {slug: tuple(words) for slug, words in json.loads(FILE.read_text(encoding="utf-8")).items()}


@dataclass(slots=True)
class Phrases:
    """Phrase → slugs of the fields that are known by it; and how it is written."""

    fields: dict[str, set[str]] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)

    def of(self, slug: str) -> list[str]:
        """The phrases of one field."""
        return sorted(phrase for phrase, slugs in self.fields.items() if slug in slugs)


def phrases(fields: Iterable[Field], words: Words) -> Phrases:
    """Every spelling of every field as the words of a text would be cut."""
    made = Phrases()
    for one in fields:
        for text in (*one.words, *more_words().get(one.slug, ())):
            for part in _CUT.split(text):
                cut = tokens(part, words)
                # a compound comes after its parts: where it is there, it is the phrase
                whole = part.strip().casefold()
                phrase = whole if whole in cut else " ".join(cut[:PHRASE])
                if phrase:
                    made.fields.setdefault(phrase, set()).add(one.slug)
                    made.spelled.setdefault(phrase, part.strip())
    return made


def spoken_for(features: Mapping[str, float], known: Phrases, weights: Mapping[str, float]) -> dict[str, float]:
    """Slug → how much the phrases in topics, name and description speak for it; what a README says in passing does not count."""
    found: dict[str, float] = {}
    for feature, weight in features.items():
        if weight >= PLACES["name"] and (slugs := known.fields.get(feature)):
            for slug in slugs:
                found[slug] = found.get(slug, 0.0) + weight * weights.get(feature, 1.0) / len(slugs)
    return found


def rarity(documents: Iterable[Mapping[str, float]], known: Phrases) -> dict[str, float]:
    """Phrase → 0…1: a word that one in five uses (“image”, “framework”) says little of a field, one in a thousand says all."""
    seen: Counter[str] = Counter()
    total = 0
    for features in documents:
        total += 1
        seen.update(feature for feature in features if feature in known.fields)
    return {phrase: min(1.0, math.log((total + 1) / (seen[phrase] + 1)) / math.log(50)) for phrase in known.fields} if total > 50 else {}


def trust(decided: Iterable[tuple[Mapping[str, float], str]], known: Phrases, parents: Mapping[str, str]) -> dict[str, float]:
    """Phrase → 0…1 for those that people met: a word they sorted elsewhere, or left in “other”, nearly every time speaks for nothing more
    (“chip” in a town of potato chips). `decided` are words and class of what people sorted."""
    met: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    for features, slug in decided:
        for feature, weight in features.items():
            if weight >= PLACES["name"] and (slugs := known.fields.get(feature)):
                met[feature] += 1
                agreed[feature] += bool(slugs & {slug, parents.get(slug, "")}) or any(parents.get(one) == slug for one in slugs if slug)
    return {phrase: (agreed[phrase] + 1) / (times + 1) for phrase, times in met.items()}


def mentions(features: Mapping[str, float], known: Phrases) -> bool:
    """True if any field is named anywhere, in the README too."""
    return any(feature in known.fields for feature in features)


def clear_field(spoken: Mapping[str, float], parents: Mapping[str, str]) -> str | None:
    """The one field that is spoken for; None if none is, or if it is not clear which. A child takes over from its parent."""
    if not spoken:
        return None
    order = sorted(spoken, key=lambda slug: (-spoken[slug], slug))
    best = order[0]
    rest = [slug for slug in order[1:] if parents.get(slug) != best and parents.get(best) != slug]
    if spoken[best] < CLEAR or (rest and spoken[rest[0]] > OTHERS * spoken[best]):
        return None
    children = [slug for slug in order if parents.get(slug) == best and spoken[slug] >= CLEAR]
    return children[0] if children else best
