"""The classifier: a multinomial logistic regression over weighted words (scikit-learn fits it; its arrays are plain numpy).

Imported by the process that trains alone: numpy, scipy and scikit-learn take 100 MB.
Examples come from four sources, the surer the heavier: decisions of curators, categories given by people, projects whose own words name one
field clearly (or none), and each field's names by themselves, so that a field without any example can be suggested
(seeded classification: Chang et al., “Importance of Semantic Representation: Dataless Classification”, AAAI 2008).
"""

import io
import math
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from projects.suggesting.fields import STAYS

FORMAT = 1  # of the stored arrays
WEIGHTS = {"decision": 3.0, "curated": 1.0, "words": 0.3, "name": 1.0}
PARAMETERS: dict[str, Any] = {"C": 20.0, "max_iter": 120, "vocabulary": 30_000, "rarest": 2, "weights": WEIGHTS}
WORDS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Example:
    """A project with the class it is known to have; `source` is a key of WEIGHTS."""

    features: Mapping[str, float]
    slug: str
    source: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the model says of one project: a class, how sure (0…1), the words that speak for it with their share."""

    slug: str
    confidence: float
    words: list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Model:
    """`weights`: classes × words, `bias`: classes, `rarity`: words."""

    classes: list[str]
    words: dict[str, int]
    weights: Any
    bias: Any
    rarity: Any

    def judge(self, documents: Sequence[Mapping[str, float]]) -> list[Judged]:
        """One answer for each document, in order."""
        if not documents:
            return []
        matrix = _matrix(documents, self.words, self.rarity)
        scores = matrix @ self.weights.T + self.bias
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        chances /= chances.sum(axis=1, keepdims=True)
        best = chances.argmax(axis=1)
        names = list(self.words)
        mean = self.weights.mean(axis=0)
        return [
            Judged(self.classes[best[row]], float(chances[row, best[row]]), self._speaking(matrix[row], int(best[row]), mean, names))
            for row in range(len(documents))
        ]

    def _speaking(self, row: Any, at: int, mean: Any, names: list[str]) -> list[tuple[str, float]]:
        """The words that lift this class above the average class, the strongest first."""
        parts = row.data * (self.weights[at, row.indices] - mean[row.indices])
        order = [int(place) for place in np.argsort(-parts)[:WORDS_SHOWN] if parts[place] > 0]
        total = float(parts[parts > 0].sum()) or 1.0
        return [(names[row.indices[place]], round(float(parts[place]) / total, 3)) for place in order]

    def to_bytes(self) -> bytes:
        """Arrays and texts, no code: an npz that is read with pickles forbidden."""
        out = io.BytesIO()
        np.savez_compressed(
            out,
            format=np.array([FORMAT]),
            classes=np.array(self.classes, dtype=np.str_),
            words=np.array(list(self.words), dtype=np.str_),
            weights=self.weights.astype(np.float16),
            bias=self.bias.astype(np.float32),
            rarity=self.rarity.astype(np.float32),
        )
        return out.getvalue()


def from_bytes(data: bytes) -> Model:
    """Raises ValueError for anything but our own format."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            if int(kept["format"][0]) != FORMAT:
                raise ValueError("another format")
            words = {str(word): at for at, word in enumerate(kept["words"])}
            classes = [str(name) for name in kept["classes"]]
            return Model(classes, words, kept["weights"].astype(np.float32), kept["bias"], kept["rarity"])
    except (KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError("not a stored model") from error


def fit(examples: Sequence[Example]) -> Model:
    """Raises ValueError with fewer than two classes."""
    classes = sorted({one.slug for one in examples})
    if len(classes) < 2:
        raise ValueError("one class alone")
    words, rarity = _vocabulary([one.features for one in examples])
    matrix = _matrix([one.features for one in examples], words, rarity)
    place = {slug: at for at, slug in enumerate(classes)}
    answers = np.array([place[one.slug] for one in examples])
    weights = np.array([WEIGHTS[one.source] for one in examples])
    made = LogisticRegression(C=PARAMETERS["C"], max_iter=PARAMETERS["max_iter"], tol=1e-3, solver="lbfgs", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `max_iter` bounds the time; more steps change next to nothing
        made.fit(matrix, answers, sample_weight=weights)
    coefficients, bias = made.coef_, made.intercept_
    if len(classes) == 2:  # scikit-learn keeps one row for two classes
        coefficients, bias = np.vstack([-coefficients / 2, coefficients / 2]), np.array([-bias[0] / 2, bias[0] / 2])
    return Model(classes, words, coefficients.astype(np.float32), bias.astype(np.float32), rarity)


def _vocabulary(documents: Sequence[Mapping[str, float]]) -> tuple[dict[str, int], Any]:
    """The commonest words with their rarity (idf, smoothed). Names of fields stay whatever their number."""
    seen: Counter[str] = Counter()
    for features in documents:
        seen.update(features.keys())
    alone = {next(iter(features)) for features in documents if len(features) == 1}
    kept = [word for word, times in seen.most_common() if times >= PARAMETERS["rarest"] or word in alone]
    kept = sorted(dict.fromkeys([*alone, *kept[: PARAMETERS["vocabulary"]]]))
    total = len(documents)
    return {word: at for at, word in enumerate(kept)}, np.array(
        [math.log((1 + total) / (1 + seen[word])) + 1 for word in kept], dtype=np.float32
    )


def _matrix(documents: Sequence[Mapping[str, float]], words: Mapping[str, int], rarity: Any) -> Any:
    """Documents × words, each row of length 1."""
    data: list[float] = []
    columns: list[int] = []
    ends = [0]
    for features in documents:
        found = [(words[word], weight * float(rarity[words[word]])) for word, weight in features.items() if word in words]
        length = math.sqrt(sum(value * value for _at, value in found)) or 1.0
        data.extend(value / length for _at, value in found)
        columns.extend(at for at, _value in found)
        ends.append(len(data))
    return csr_matrix((np.array(data, dtype=np.float32), columns, ends), shape=(len(documents), len(words)))


def agreement(examples: Sequence[Example]) -> dict[str, float]:
    """How often a model that has not seen them agrees with one in five of the examples people gave. For orientation alone: people
    sort what is easy first. {} with fewer than 50."""
    human = [one for one in examples if one.source in ("decision", "curated")]
    if len(human) < 50:
        return {}
    asked = human[::5]
    without = set(map(id, asked))
    made = fit([one for one in examples if id(one) not in without])
    judged = made.judge([one.features for one in asked])
    right = sum(said.slug == one.slug for said, one in zip(judged, asked, strict=True))
    return {"asked": len(asked), "right": right}


def sources(examples: Iterable[Example]) -> dict[str, int]:
    """How many examples each source gave."""
    return dict(Counter(one.source for one in examples))


def by_class(examples: Iterable[Example]) -> dict[str, int]:
    """How many examples people gave of each class."""
    return dict(Counter(one.slug or STAYS for one in examples if one.source in ("decision", "curated")))
