"""How good suggestions are, from labels people gave without seeing them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ENOUGH = 100  # labelled projects above the threshold, before a figure is published
REQUIRED = 0.95  # what the lower bound must reach before anything is sorted without a person
Z = 1.959964  # two-sided 95 %
UNCLEAR = None  # a label “cannot be told”: it never counts as right


@dataclass(frozen=True, slots=True)
class Labelled:
    """One project of the sample: what is suggested ("" stays in other), how surely, and the label each person gave."""

    slug: str
    confidence: float
    labels: tuple[str | None, ...]
    parents: tuple[str, ...] = ()  # of each label, "" for none


@dataclass(frozen=True, slots=True)
class Precision:
    """Of the labelled projects with a suggestion at or above `threshold`, how many are right."""

    threshold: float
    asked: int
    right: int

    @property
    def is_enough(self) -> bool:
        """True if the figure may be published."""
        return self.asked >= ENOUGH

    @property
    def share(self) -> float:
        """0…1."""
        return self.right / self.asked if self.asked else 0.0

    @property
    def bound(self) -> float:
        """The lower end of Wilson's 95 % interval."""
        return wilson(self.right, self.asked)

    @property
    def allows_automatic(self) -> bool:
        """True if sorting without a person is allowed."""
        return self.is_enough and self.bound >= REQUIRED


def wilson(right: int, asked: int, z: float = Z) -> float:
    """Lower end of the score interval (E. B. Wilson, “Probable inference…”, JASA 22, 1927); 0 where none is right."""
    if not right:
        return 0.0
    share = right / asked
    centre = share + z * z / (2 * asked)
    spread = z * math.sqrt(share * (1 - share) / asked + z * z / (4 * asked * asked))
    return max(0.0, (centre - spread) / (1 + z * z / asked))


def is_right(one: Labelled) -> bool:
    """Every person named this field, or a child of it. Where two disagree, or one could not tell, it is not right."""
    parents = one.parents or ("",) * len(one.labels)
    return bool(one.labels) and all(
        label is not UNCLEAR and one.slug in (label, above) for label, above in zip(one.labels, parents, strict=True)
    )


def precision(sample: Iterable[Labelled], threshold: float) -> Precision:
    """Of suggestions of a field alone: “stays in other” sorts nothing."""
    above = [one for one in sample if one.labels and one.slug and one.confidence >= threshold]
    return Precision(threshold, len(above), sum(map(is_right, above)))


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two people on the same projects. `kappa` is Cohen's (1960), None where chance alone would agree."""

    both: int
    same: int
    kappa: float | None


def agreement(pairs: Sequence[tuple[str | None, str | None]]) -> Agreement:
    """Of first and second labels."""
    total = len(pairs)
    same = sum(first == second for first, second in pairs)
    if not total:
        return Agreement(0, 0, None)
    names = {name for pair in pairs for name in pair}
    chance = sum(sum(first == name for first, _ in pairs) * sum(second == name for _, second in pairs) for name in names) / total**2
    return Agreement(total, same, None if chance >= 1 else (same / total - chance) / (1 - chance))
