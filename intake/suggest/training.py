"""Trains a suggester from labelled texts. scikit-learn is imported only here, only when asked."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intake.suggest.grams import grams
from intake.suggest.model import HEADS, Floats, Model

# a run seen in one text only tells nothing about another text, and could be a person's name
SEEN = 2
FOLDS = 4
STRENGTH = {"category": 30.0, "kind": 10.0, "urgency": 10.0}
ROUNDS = 120
# with two, scikit-learn folds both into one column
LABELS_LEAST = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what a careful dispatcher called it; an empty label teaches that head nothing."""

    text: str
    category: str = ""
    kind: str = ""
    urgency: str = ""
    weight: float = 1.0


def examples_from(lines: Iterable[str], *, unclear: str) -> list[Example]:
    """Lines `category⇥kind⇥urgency⇥text`; `-` for a category means no request can be made out.

    ValueError names the line that is none.
    """
    found: list[Example] = []
    for number, line in enumerate(lines, start=1):
        row = line.rstrip("\r\n")
        if not row or row.startswith("#"):
            continue
        cells = row.split("\t")
        if len(cells) != 4 or not cells[3].strip():
            raise ValueError(f"line {number}: not category, kind, urgency, text")
        category, kind, urgency, text = cells
        found.append(Example(text, unclear if category == "-" else category, kind, urgency))
    return found


def train(examples: Sequence[Example], *, version: str) -> Model:
    """A model from examples. ValueError when a head has fewer than three labels."""
    matrix, vocabulary, rarity = _matrix(examples)
    labels: dict[str, tuple[str, ...]] = {}
    heat: dict[str, float] = {}
    columns: list[NDArray[Any]] = []
    biases: list[NDArray[Any]] = []
    for head in HEADS:
        rows = [row for row, example in enumerate(examples) if getattr(example, head)]
        names = [getattr(examples[row], head) for row in rows]
        if len(set(names)) < LABELS_LEAST:
            raise ValueError(f"{head}: at least {LABELS_LEAST} labels to tell apart")
        weights = np.array([examples[row].weight for row in rows])
        fitted = _fit(matrix[rows], names, weights, STRENGTH[head])
        labels[head] = tuple(map(str, fitted.classes_))
        heat[head] = _heat(matrix[rows], names, weights, STRENGTH[head])
        columns.append(fitted.coef_.T)
        biases.append(fitted.intercept_)
    full = np.hstack(columns)
    scale = np.maximum(np.abs(full).max(axis=0), 1e-9) / 127
    return Model(
        version=version,
        vocabulary=vocabulary,
        rarity=rarity,
        weights=np.rint(full / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        bias=np.hstack(biases).astype(np.float32),
        labels=labels,
        heat=heat,
        made={"texts": len(examples), "runs": len(vocabulary)},
    )


def _matrix(examples: Sequence[Example]) -> tuple[Any, dict[str, int], Floats]:
    """Texts × runs, each row of length one: rare runs weigh more."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - a second of import, only to train

    lists = [grams(example.text) for example in examples]
    seen = Counter(gram for found in lists for gram in found)
    kept = sorted(gram for gram, count in seen.items() if count >= SEEN)
    vocabulary = {gram: row for row, gram in enumerate(kept)}
    rarity = np.array([np.log((1 + len(lists)) / (1 + seen[g])) + 1 for g in kept], np.float32)
    places: list[int] = []
    values: list[Floats] = []
    ends = [0]
    for found in lists:
        rows = [vocabulary[gram] for gram in found if gram in vocabulary]
        weights = rarity[rows]
        values.append(weights / (float(np.sqrt(weights @ weights)) or 1.0))
        places.extend(rows)
        ends.append(len(places))
    matrix = csr_matrix((np.concatenate(values), places, ends), shape=(len(lists), len(kept)))
    return matrix, vocabulary, rarity


def _fit(matrix: Any, names: Sequence[str], weights: NDArray[Any], strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - see above

    fitting = LogisticRegression(C=strength, max_iter=ROUNDS, tol=1e-3)
    return fitting.fit(matrix, names, sample_weight=weights)


def _heat(matrix: Any, names: Sequence[str], weights: NDArray[Any], strength: float) -> float:
    """The temperature at which shares on unseen folds are worth what they say."""
    from sklearn.model_selection import KFold  # noqa: PLC0415 - see above

    order = {name: column for column, name in enumerate(sorted(set(names)))}
    truth = np.array([order[name] for name in names])
    sums = np.full((len(truth), len(order)), -1e3)
    folds = KFold(FOLDS, shuffle=True, random_state=1)
    for kept, held in folds.split(matrix):
        fitted = _fit(matrix[kept], [names[row] for row in kept], weights[kept], strength)
        seen = [order[name] for name in fitted.classes_]
        sums[np.ix_(held, seen)] = fitted.decision_function(matrix[held])
    heats = np.exp(np.linspace(np.log(0.3), np.log(4), 40))
    return float(min(heats, key=lambda heat: _surprise(sums / heat, truth)))


def _surprise(sums: NDArray[Any], truth: NDArray[Any]) -> float:
    top = sums.max(axis=1, keepdims=True)
    total = np.log(np.exp(sums - top).sum(axis=1)) + top[:, 0]
    return float((total - sums[np.arange(len(truth)), truth]).mean())
