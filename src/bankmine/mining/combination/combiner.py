"""The second stage of a stack: logistic regression on the parts' log-odds, one for each set of parts.

    log odds = b₀ + Σ βₚ lₚ,   βₚ ≥ 0

with lₚ the log-odds a part gave a row it had not learnt from (Wolpert 1992; that the weights should not be
negative is Breiman 1996). A row that lacks a part is answered by the combiner of the parts it has, learnt on
every row that has them: nothing is filled in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.arithmetic import log_odds, weighted_sum
from bankmine.mining.contract import Floats, Ints, MinimumData
from bankmine.mining.files import array, numbers
from bankmine.mining.scorecard.regression import fit

LEAST = MinimumData(rows=50, each_class=10)
Truth = NDArray[np.bool_]
Set: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Combiner:
    """The answer of rows that have exactly `parts` (positions in the stack's parts).

    `read` are those the combiner reads: all of them, fewer where too few rows have all (then it is the
    combiner of those). `means` are the parts' mean log-odds over its `rows`; `area` is its AUC on rows whose
    members had not seen them, NaN where there is no combiner and the base rate answers.
    """

    parts: tuple[int, ...]
    read: tuple[int, ...]
    intercept: float
    weights: Floats
    means: Floats
    rows: int
    positives: int
    area: float

    def log_odds(self, held: Floats) -> Floats:
        """Log-odds of rows from all parts' log-odds, shape (rows, parts)."""
        return weighted_sum(held[:, list(self.read)], self.weights, self.intercept)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "parts": list(self.parts), "read": list(self.read), "intercept": self.intercept,
            "weights": numbers(self.weights), "means": numbers(self.means), "rows": self.rows,
            "positives": self.positives, "area": None if np.isnan(self.area) else self.area,
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(
            parts=tuple(content["parts"]), read=tuple(content["read"]),
            intercept=float(content["intercept"]), weights=array(content["weights"]),
            means=array(content["means"]), rows=int(content["rows"]), positives=int(content["positives"]),
            area=float("nan") if content["area"] is None else float(content["area"]),
        )  # fmt: skip


@dataclass(frozen=True)
class Held:
    """What the parts said of rows they had not learnt from: log-odds (rows, parts), NaN where a row lacks
    the part, with label and weight."""

    said: Floats
    truth: Truth
    counts: Floats | None

    def take(self, rows: Any) -> Held:
        """Some of the rows."""
        return Held(self.said[rows], self.truth[rows], None if self.counts is None else self.counts[rows])


def combiners(held: Held, *, C: float) -> dict[Set, Combiner]:
    """A combiner for every set of parts, the empty one too.

    Sets that too few rows have (50, 10 of each class) are answered by the largest set inside them that
    enough have, of equal ones that with more positives.
    """
    made: dict[Set, Combiner] = {}
    width = held.said.shape[1]
    for size in range(width + 1):
        for parts in combinations(range(width), size):
            combiner_of(parts, held, C, made)
    return made


def out_of_fold(held: Held, fold: Ints, *, C: float) -> Floats:
    """The stack's log-odds of each row by combiners that had not seen its fold either."""
    answer = np.empty(len(fold))
    for number in np.unique(fold).tolist():
        inside = np.flatnonzero(fold == number)
        others = held.take(fold != number)
        made: dict[Set, Combiner] = {}
        for rows, parts in sets_in(held.said[inside]):
            said = held.said[inside[rows]]
            answer[inside[rows]] = combiner_of(parts, others, C, made).log_odds(said)
    return answer


def sets_in(said: Floats) -> list[tuple[Ints, Set]]:
    """The sets of parts that rows have, each with the positions of its rows."""
    code = (~np.isnan(said)) @ (1 << np.arange(said.shape[1]))
    return [
        (np.flatnonzero(code == one), tuple(place for place in range(said.shape[1]) if one >> place & 1))
        for one in np.unique(code).tolist()
    ]


def combiner_of(parts: Set, held: Held, C: float, made: dict[Set, Combiner]) -> Combiner:
    """The combiner of a set of parts; `made` keeps it and those of smaller sets it had to ask."""
    if parts not in made:
        rows = ~np.isnan(held.said[:, list(parts)]).any(axis=1)
        few = min(int(held.truth[rows].sum()), int((~held.truth[rows]).sum()))
        if not parts:
            made[parts] = _base(held)
        elif few >= LEAST.each_class and rows.sum() >= LEAST.rows:
            made[parts] = _learnt(parts, held.take(rows), C)
        else:
            inside = [combiner_of(less, held, C, made) for less in combinations(parts, len(parts) - 1)]
            made[parts] = replace(max(inside, key=lambda one: (len(one.read), one.positives)), parts=parts)
    return made[parts]


def area_of(truth: Truth, score: Floats) -> float:
    """Area under the ROC curve; ties count half (Mann and Whitney 1947)."""
    from scipy.stats import rankdata

    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = float(rankdata(score)[truth].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def _learnt(parts: Set, held: Held, C: float) -> Combiner:
    values = held.said[:, list(parts)]
    found = fit(-values, held.truth, C=C, constrained=True, counts=held.counts)
    area = area_of(held.truth, weighted_sum(values, found.coefficients, found.intercept))
    means = np.average(values, axis=0, weights=held.counts)
    positives = int(held.truth.sum())
    return Combiner(parts, parts, found.intercept, found.coefficients, means, len(values), positives, area)


def _base(held: Held) -> Combiner:
    rate = float(np.average(held.truth, weights=held.counts))
    rows, positives, none = len(held.truth), int(held.truth.sum()), np.zeros(0)
    return Combiner((), (), float(log_odds(np.array(rate))), none, none, rows, positives, float("nan"))
