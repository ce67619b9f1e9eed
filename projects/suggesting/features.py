"""What a project says about itself, as weighted words.

A word counts once, with the weight of the best place it stands in; neighbouring words are also taken in twos (not in READMEs), so that
“deep learning” is more than “learning”. Phrases that fields are known by are kept whole, up to four words.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

PLACES = {"topics": 3.0, "name": 2.0, "description": 2.0, "readme": 0.6, "owner": 0.5}
LANGUAGE = "language:"
README_CHARACTERS = 1500
README_WORDS = 250
PHRASE = 4  # words of the longest phrase
Words = Callable[[str], list[str]]  # a text's words in order (the search's own segmentation)
_STOP = frozenset(
    "a an the of and or for to in is on with by from as at be it its are this that your you can into via using use used based "  # noqa: SIM905
    "的 了 和 与 及 在 是 之 或 为 基于 使用 一个 可以 支持 实现 进行 提供 用于 以及".split()
)
_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Project:
    """What is read of one project."""

    id: int
    owner: str = ""
    name: str = ""
    description: str = ""
    topics: tuple[str, ...] = ()
    language: str = ""
    readme: str = ""


def tokens(text: str, words: Words) -> list[str]:
    """Words that may mean something: no little words, no single Latin letters, no numbers."""
    return [word for word in words(text) if word not in _STOP and not word.isdigit() and (len(word) > 1 or _HAN.match(word))]


def grams(found: Sequence[str], longest: int) -> Iterator[str]:
    """Stretches of one to `longest` words."""
    for size in range(1, longest + 1):
        for start in range(len(found) - size + 1):
            yield " ".join(found[start : start + size])


def features(project: Project, words: Words, phrases: Collection[str] = ()) -> dict[str, float]:
    """Word → weight of the best place it stands in."""
    found: dict[str, float] = {}
    texts = {
        "topics": project.topics,
        "name": (project.name,),
        "description": (project.description,),
        "owner": (project.owner.rpartition("/")[2],),
        "readme": (project.readme[:README_CHARACTERS],),
    }
    for place, parts in texts.items():
        weight = PLACES[place]
        for part in parts:
            said = tokens(part, words)[:README_WORDS]
            pairs = place != "readme"
            for gram in grams(said, PHRASE if pairs else 2):
                if found.get(gram, 0.0) < weight and (gram in phrases or _counts(gram, pairs=pairs)):
                    found[gram] = weight
    if project.language:
        found[LANGUAGE + project.language.lower()] = 0.5
    return found


def _counts(gram: str, *, pairs: bool) -> bool:
    """Single words, and pairs of Latin ones: Chinese words come with their compounds already."""
    spaces = gram.count(" ")
    return not spaces or (spaces == 1 and pairs and not _HAN.search(gram))


def shown(found: Iterable[tuple[str, float]], spelled: Mapping[str, str]) -> list[tuple[str, float]]:
    """Features with their shares as a reader knows them: names of fields as they are written, no word that is part of one before it."""
    kept: list[tuple[str, float]] = []
    for feature, share in found:
        word = spelled.get(feature, feature.removeprefix(LANGUAGE))
        if not any(word.casefold() in other.casefold() for other, _share in kept):
            kept.append((word, share))
    return kept
