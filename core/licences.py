"""Licences: names by SPDX id, texts to create a repository with, and detection by similarity of words."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "data"
OPENI = "OpenI-1.0"  # 启智开源许可证 1.0; not on the SPDX list
_FIRST = ("MulanPSL-2.0", OPENI, "Apache-2.0", "MIT", "BSD-3-Clause", "GPL-3.0-only", "MPL-2.0")
_WORD = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")
_HEADERS = (
    ("Apache-2.0", re.compile(r"licensed under the apache license, version 2\.0", re.IGNORECASE)),
    ("MulanPSL-2.0", re.compile(r"mulan psl v2|mulanpsl2", re.IGNORECASE)),
    (OPENI, re.compile(r"启智开源许可证|openi (?:open source )?licen[cs]e", re.IGNORECASE)),
)
FILE = re.compile(r"(?:licen[cs]e|copying|unlicense)(?:[-.].*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Licence:
    """An id and its name."""

    id: str
    name: str


@cache
def names() -> dict[str, str]:
    """SPDX id → name, ours included."""
    found: dict[str, str] = json.loads((_FOLDER / "licences.json").read_text(encoding="utf-8"))
    return {**found, OPENI: "启智开源许可证 OpenI License 1.0", "MulanPSL-2.0": "木兰宽松许可证 Mulan PSL v2"}


@cache
def _texts() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((_FOLDER / "licences").glob("*.txt"))}


def offered() -> list[Licence]:
    """Licences with a text, the usual ones first."""
    order = [*_FIRST, *(key for key in _texts() if key not in _FIRST)]
    return [Licence(key, names().get(key, key)) for key in order if key in _texts()]


def template(licence: str, *, holder: str, year: int | None = None) -> str:
    """The text with year and holder filled in, "" if we have none."""
    text = _texts().get(licence, "")
    this_year = str(year or date.today().year)  # noqa: DTZ011 - a year on a licence
    if licence == OPENI:
        text = text.replace("XXXX著作权由“著作权人名称”所有", f"{this_year}著作权由“{holder}”所有")
    for mark in ("<year>", "[year]", "<YEAR>", "[yyyy]", "(c) <Year>", "[Year]"):
        text = text.replace(mark, this_year if mark != "(c) <Year>" else f"(c) {this_year}")
    for mark in (
        "<copyright holders>",
        "<copyright holder>",
        "<owner>",
        "[fullname]",
        "<name of author>",
        "[name of copyright owner]",
        "[name of author]",
        "<Copyright Holder>",
    ):
        text = text.replace(mark, holder)
    return text


def _bag(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.lower()))


@cache
def _bags() -> dict[str, Counter[str]]:
    return {key: _bag(text) for key, text in _texts().items()}


def _similarity(one: Counter[str], other: Counter[str]) -> float:
    """Sørensen–Dice coefficient of two bags of words, 0…1."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def detect(text: str) -> str:
    """The SPDX id of a licence file, "" if none is at least 0.9 alike and no short notice names one."""
    bag = _bag(text[:200_000])
    best, score = max(((key, _similarity(bag, other)) for key, other in _bags().items()), key=lambda pair: pair[1], default=("", 0.0))
    if score >= 0.9:
        return best
    return next((key for key, pattern in _HEADERS if pattern.search(text[:20_000])), "")


def is_licence_file(name: str) -> bool:
    """LICENSE, LICENCE.md, COPYING …"""
    return bool(FILE.fullmatch(name))
