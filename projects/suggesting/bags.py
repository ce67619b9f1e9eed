"""Tens of thousands of projects' words in little memory: each bag holds numbers of words, the lexicon knows their spelling."""

from array import array
from collections.abc import Iterator, Mapping
from typing import Any


class Lexicon:
    """Word ↔ number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.words: list[str] = []

    def bag(self, features: Mapping[str, float]) -> "Bag":
        """The same words and weights, five bytes a word."""
        numbers = array("I")
        for word in features:
            number = self._numbers.get(word)
            if number is None:
                number = self._numbers[word] = len(self.words)
                self.words.append(word)
            numbers.append(number)
        return Bag(self, numbers, array("f", features.values()))


class Bag(Mapping[str, float]):
    """Words with their weights, as `features` found them."""

    __slots__ = ("_lexicon", "_numbers", "_weights")

    def __init__(self, lexicon: Lexicon, numbers: "array[int]", weights: "array[float]") -> None:
        self._lexicon, self._numbers, self._weights = lexicon, numbers, weights

    def __iter__(self) -> Iterator[str]:
        words = self._lexicon.words
        return (words[number] for number in self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, word: str) -> float:
        for found, weight in self.items():
            if found == word:
                return float(weight)
        raise KeyError(word)

    def items(self) -> Any:
        """Pairs, without a look-up for each."""
        return zip(self, self._weights, strict=True)
