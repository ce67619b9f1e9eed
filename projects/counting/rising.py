"""What is rising: a rate with decay against its own past, not a sum.

Each day's attention x is: people (accounts) who viewed or downloaded, three for each new star, and the square root of the strangers who did,
because strangers can be hired. Two rates of it decay by forward decay (Cormode, Shkapenyuk, Srivastava, Xu: Forward Decay, ICDE 2009), with the
half-lives FAST and SLOW: rate = (1 - 2^(-1/h)) · Σ x · 2^(-age/h). A project with the same attention every day has FAST = SLOW, however large it is.
The score is their difference over the square root of the slow rate plus a prior, the standard score of a Poisson count (its variance is its
mean): score = (fast - slow) / √(slow + PRIOR). What lies below zero is not rising.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

FAST = 3.0  # days
SLOW = 28.0
PRIOR = 1.0  # attention a day that everything may have by chance
SINCE = 120  # days: what is older weighs less than 1/19 of the slow rate
STAR = 3


@dataclass(frozen=True, slots=True)
class Day:
    """What happened to one project on the day `age` days ago."""

    age: int
    known: int = 0
    strangers: int = 0
    stars: int = 0

    @property
    def attention(self) -> float:
        """x of the formula."""
        return self.known + STAR * self.stars + sqrt(self.strangers)


def rate(days: Iterable[Day], half_life: float) -> float:
    """Attention a day, with decay; `half_life` in days."""
    return float((1 - 2 ** (-1 / half_life)) * sum(day.attention * 2 ** (-day.age / half_life) for day in days if day.age >= 0))


def score(days: Iterable[Day]) -> float:
    """How much more attention than usual, in standard deviations; 0 for what does not rise."""
    kept = list(days)
    slow = rate(kept, SLOW)
    return max(0.0, (rate(kept, FAST) - slow) / sqrt(slow + PRIOR))
