"""Text to words, the same for both engines: width, case, traditional characters, Chinese words, names in code, pinyin.

Every token consists of letters and digits alone, so that neither engine cuts it again.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

VERSION = 1  # of what this module makes of a text; another number makes the worker build the index anew
HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_TABLE = {
    ord(line[0]): line[1]
    for line in (Path(__file__).resolve().parents[2] / "core" / "data" / "simplified.txt").read_text("utf-8").splitlines()
}
_OWN_WORDS = [
    "盘古大模型",
    "鹏城",
    "鹏城云脑",
    "云脑",
    "启智",
    "启智社区",
    "鹏城实验室",
    "开源大集市",
    "大模型",
    "大语言模型",
    "昇思",
    "昇腾",
    "飞桨",
    "悟道",
    "紫东太初",
    "书生",
    "通义",
    "文心",
    "智源",
    "强化学习",
    "迁移学习",
    "联邦学习",
    "深度学习",
    "机器学习",
    "图神经网络",
    "神经网络",
    "目标检测",
    "图像分割",
    "语义分割",
    "语音识别",
    "语音合成",
    "知识图谱",
    "量子计算",
    "多模态",
    "预训练",
    "微调",
    "算子",
]
STOP = frozenset("的 了 和 与 及 在 是 之 或 为 the a an of and or for to in is on with by".split())  # noqa: SIM905
_RUN = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+(?:[+#]+(?![^\\W_]))?")
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_HAN = re.compile(f"[{HAN}]")
_NAMES = {"c++": "cplusplus", "c#": "csharp", "f#": "fsharp"}


@cache
def _jieba() -> Any:
    """The segmenter with our own words; made at first use, because its dictionary is 110 MB of memory in each process."""
    import rjieba

    made = rjieba.Jieba()
    for word in _OWN_WORDS:
        made.add_word(word, made.suggest_freq(word), "nz")
    return made


def folded(text: str) -> str:
    """NFKC, lower case, simplified characters."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_TABLE)


def is_han(text: str) -> bool:
    """True if it begins with a Chinese character."""
    return bool(_HAN.match(text))


@lru_cache(maxsize=20_000)
def chinese(run: str) -> tuple[str, ...]:
    """Words of a folded Chinese run, finest first, compounds after their parts."""
    return tuple(_jieba().cut_for_search(run))


def finest(run: str) -> tuple[str, ...]:
    """The shortest words that cover a Chinese run, without little words: what a text must contain to be found by it."""
    found = tuple(dict.fromkeys(chinese(run)))
    fine = tuple(word for word in found if not _made_of(word, found))
    fine = tuple(word for word in fine if not any(word != other and word in other for other in fine))
    return tuple(word for word in fine if word not in STOP) or (run,)


def _made_of(word: str, parts: tuple[str, ...]) -> bool:
    """True if other words of `parts` cover all of `word`."""
    covered = [False] * len(word)
    for part in parts:
        if part != word and (at := word.find(part)) >= 0:
            covered[at : at + len(part)] = [True] * len(part)
    return all(covered)


def latin(run: str) -> tuple[str, ...]:
    """A name as it is and its camelCase and letter-digit parts, folded: `MindSpore2` → mindspore2 mind spore 2."""
    whole = folded(run)
    if whole.endswith(("+", "#")):
        whole = _NAMES.get(whole, whole.rstrip("+#"))
    parts = tuple(folded(part) for part in _CAMEL.findall(run)) if run.isascii() else ()
    return (whole, *parts) if len(parts) > 1 else (whole,)


def runs(text: str) -> list[str]:
    """Chinese and other runs of a text, width folded, case kept."""
    return _RUN.findall(unicodedata.normalize("NFKC", text).translate(_TABLE))


def words(text: str) -> list[str]:
    """Every token a text is found by, in order."""
    found: list[str] = []
    for run in runs(text):
        found.extend(chinese(run) if is_han(run) else latin(run))
    return [word for word in found if word.isalnum()]


def names(text: str) -> list[str]:
    """As `words`, with neighbouring parts of a name joined too: `mind-spore_lite` is also found as mindspore, sporelite and mindsporelite."""
    found = words(text)
    cut = [latin(run) for run in runs(text) if not is_han(run)]
    parts = [part for whole, *smaller in cut for part in (smaller or [whole])]
    joined = [left + right for left, right in pairwise(parts)]
    if len(parts) > 2:
        joined.append("".join(parts))
    return found + [word for word in joined if word.isalnum() and len(word) <= 60]


def characters(text: str) -> list[str]:
    """Single Chinese characters and Latin words, for text that is cut into other words than the reader's."""
    found: list[str] = []
    for run in runs(text):
        found.extend(run if is_han(run) else (folded(run).rstrip("+#"),))
    return [word for word in found if word.isalnum()]


@lru_cache(maxsize=50_000)
def syllables(run: str) -> tuple[str, ...]:
    """Pinyin of a Chinese run, one syllable a character, without tones (ü is written v)."""
    import pypinyin  # at first use: its tables are 40 MB in each process

    return tuple(syllable for syllable in pypinyin.lazy_pinyin(run, errors="ignore") if syllable)


def pinyin(text: str, *, span: int = 8) -> list[str]:
    """Joined pinyin and initials of every stretch of words of the Chinese in a text, at most `span` characters long.

    鹏城云脑 → pengcheng pc pengchengyunnao pcyn yunnao yn.
    """
    found: dict[str, None] = {}
    for run in _RUN.findall(folded(text)):
        if not is_han(run):
            continue
        said = syllables(run)
        if len(said) != len(run):
            continue
        edges = _edges(run)
        for start in edges:
            for end in edges:
                if start < end <= start + span:
                    found["".join(said[start:end])] = None
                    if end - start > 1:
                        found["".join(syllable[0] for syllable in said[start:end])] = None
    return [word for word in found if word.isalnum()]


def _edges(run: str) -> list[int]:
    """Where words of a Chinese run begin and end."""
    edges = {0, len(run)}
    for word in chinese(run):
        at = run.find(word)
        while at >= 0:
            edges |= {at, at + len(word)}
            at = run.find(word, at + 1)
    return sorted(edges)


def spoken(run: str) -> str:
    """Joined pinyin of a whole Chinese run, the key under which words that sound alike meet."""
    return "".join(syllables(folded(run)))


def joined(tokens: Iterable[str], *, limit: int = 20_000) -> str:
    """Tokens as one text for an engine, at most `limit` of them."""
    kept = list(tokens)[:limit]
    return " ".join(kept)
