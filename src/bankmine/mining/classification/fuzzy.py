"""Fuzzy rules with weights: IF balance is low AND age is high THEN positive, each met to a degree.

Every column is parted into overlapping triangles (Wang & Mendel 1992); all rules of one or two conditions are
weighed by fuzzy confidence and support, the best are kept, and each votes with its degree times its weight
(Ishibuchi, Nakashima & Murata 1999; rule weights after Ishibuchi & Yamamoto 2005).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bankmine.mining.arithmetic import logistic
from bankmine.mining.classification.calibration import Platt
from bankmine.mining.classification.classifier import Classifier
from bankmine.mining.classification.rules import Condition, Rule, counted, strongest_first
from bankmine.mining.classification.sampling import capped
from bankmine.mining.contract import Floats, Ints, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers

MOST_ROWS = 40_000
MOST_COLUMNS = 60
TERMS = {2: ("low", "high"), 3: ("low", "medium", "high"),
         5: ("very low", "low", "medium", "high", "very high")}  # fmt: skip


class Term(NamedTuple):
    """One word of one column: a triangle with its top at `peak` and its feet at the neighbours' tops.

    A flag (two values in training) has crisp terms; `left` or `right` is NaN where the term goes on for ever.
    """

    column: int
    word: str
    left: float
    peak: float
    right: float

    def degree(self, values: Floats) -> Floats:
        """Membership of each value, 0 to 1; a missing value belongs to no term."""
        x = values[:, self.column]
        with np.errstate(invalid="ignore"):
            up = np.ones(len(x)) if np.isnan(self.left) else (x - self.left) / (self.peak - self.left)
            down = np.ones(len(x)) if np.isnan(self.right) else (self.right - x) / (self.right - self.peak)
            degree = np.clip(np.minimum(up, down), 0.0, 1.0)
        return np.asarray(np.where(np.isnan(x), 0.0, degree))


class FuzzyRules(Classifier):
    """`terms` words a column (2, 3 or 5), at evenly spaced quantiles; at most `most_rules` rules a class.

    A rule's confidence is counted with both classes given the same total weight, so that a rare class is
    heard; its weight is confidence in its class less that in the other. The votes become a probability by
    Platt's sigmoid. A rule is kept only if its degree sums to `least_support` of the rows, and one of two
    conditions only if it is surer than both of its conditions alone. Of more than 60 columns the 60 whose
    terms tell most take part; at most 40,000 random rows are used (`rows_used_`). Takes missing values; needs
    100 rows and 20 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=100, each_class=20)
    accepts_missing: ClassVar[bool] = True

    def __init__(
        self,
        terms: int = 3,
        *,
        most_rules: int = 150,
        least_support: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.terms = terms
        self.most_rules = most_rules
        self.least_support = least_support
        self.random_state = random_state

    def fit(self, X: Matrix, y: Any, *, names: Iterable[str] | None = None) -> Self:
        """Part the columns, weigh the rules, keep the best. FeasibilityError below the minimum data."""
        values = self._learn_matrix(X, names)
        truth = self._learn_labels(y, len(values))
        rows = capped(truth, MOST_ROWS, self.random_state)
        self.rows_used_ = len(rows)
        values, truth = values[rows], truth[rows]
        every = [term for column in range(values.shape[1]) for term in partition(values, column, self.terms)]
        degrees = _degrees(every, values)
        kept = _telling(every, degrees, truth)
        self.terms_ = tuple(every[one] for one in kept)
        self._choose(degrees[:, kept], truth)
        self.scale_ = Platt().fit(self._votes(values), truth)
        return self

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds of a positive; they rise with the votes."""
        scale = self.scale_
        return -(scale.a_ * ((self._votes(self._matrix(X)) - scale.centre_) / scale.spread_) + scale.b_)

    def probability(self, X: Matrix) -> Floats:
        """Probability of a positive."""
        return logistic(self.decision_function(X))

    def contributions(self, X: Matrix) -> Floats:
        """Each vote in log-odds less the vote's mean in training, shared among the rule's columns."""
        values = self._matrix(X)
        degrees = _degrees(self.terms_, values)
        slope = -self.scale_.a_ / self.scale_.spread_
        parts = np.zeros(values.shape)
        for (first, second), weight, mean in zip(
            self.pairs_.tolist(), self.weights_, self.means_, strict=True
        ):
            vote = slope * weight * (degrees[:, first] * (degrees[:, second] if second >= 0 else 1.0) - mean)
            columns = [self.terms_[one].column for one in (first, second) if one >= 0]
            for column in columns:
                parts[:, column] += vote / len(columns)
        return parts

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The columns whose rules moved the row most, in log-odds."""
        values = self._matrix(X)
        return strongest(self.contributions(values), values, self.names_, top)

    def rules(self) -> tuple[Rule, ...]:
        """The rules; rows and hits are sums of degrees, `weight` is the rule's own in its vote.

        A condition's bounds are where the degree is above 0; its word says what it means.
        """
        found = []
        for (first, second), weight, rows, hits in zip(
            self.pairs_.tolist(), self.weights_, self.sums_, self.hits_, strict=True
        ):
            conditions = [self._condition(self.terms_[one]) for one in (first, second) if one >= 0]
            positive = weight >= 0
            found.append(
                counted(
                    conditions, positive=positive, rows=rows, hits=hits if positive else rows - hits,
                    total=self.rows_used_, share=self.base_rate_ if positive else 1 - self.base_rate_,
                    weight=float(weight),
                )
            )  # fmt: skip
        return strongest_first(found)

    def to_json(self) -> dict[str, Any]:
        """Parameters, terms and rules."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "rows_used": self.rows_used_,
            "terms": [
                [one.column, one.word, *numbers([one.left, one.peak, one.right])] for one in self.terms_
            ],
            "pairs": self.pairs_.tolist(),
            "weights": numbers(self.weights_),
            "sums": numbers(self.sums_),
            "hits": numbers(self.hits_),
            "means": numbers(self.means_),
            "scale": self.scale_.to_json(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.rows_used_ = int(content["rows_used"])
        miner.terms_ = tuple(
            Term(int(column), word, *array(bounds).tolist()) for column, word, *bounds in content["terms"]
        )
        miner.pairs_ = np.asarray(content["pairs"], dtype=np.int64).reshape(-1, 2)
        miner.weights_, miner.means_ = array(content["weights"]), array(content["means"])
        miner.sums_, miner.hits_ = array(content["sums"]), array(content["hits"])
        miner.scale_ = Platt.from_json(content["scale"])
        return miner

    def _choose(self, degrees: Floats, truth: Any) -> None:
        """All rules of one and two conditions weighed by two matrix products; the best of each class kept."""
        sums, hits = degrees.T @ degrees, degrees.T @ (degrees * truth[:, None])
        alone = degrees.sum(axis=0), degrees.T @ truth.astype(np.float64)
        np.fill_diagonal(sums, alone[0])
        np.fill_diagonal(hits, alone[1])
        weight = rule_weight(hits, sums - hits, float(truth.sum()), float((~truth).sum()))
        owner = np.array([term.column for term in self.terms_])
        first, second = np.triu_indices(len(self.terms_))
        self_alone = first == second
        single = np.abs(np.diag(weight))
        sure = np.abs(weight[first, second])
        allowed = (self_alone | (owner[first] != owner[second])) & (
            sums[first, second] >= self.least_support * len(truth)
        )
        allowed &= self_alone | (sure > np.maximum(single[first], single[second]))
        worth = np.where(allowed, sure * np.sqrt(sums[first, second] / len(truth)), 0.0)
        kept = [
            place
            for sign in (1, -1)
            for place in np.argsort(-worth * (np.sign(weight[first, second]) == sign), kind="stable")[
                : self.most_rules
            ].tolist()
            if worth[place] > 0 and np.sign(weight[first[place], second[place]]) == sign
        ]
        first, second = first[kept], second[kept]
        self.pairs_: Ints = np.column_stack([first, np.where(first == second, -1, second)]).astype(np.int64)
        self.weights_ = weight[first, second]
        self.sums_, self.hits_ = sums[first, second], hits[first, second]
        self.means_ = self.sums_ / len(truth)

    def _votes(self, values: Floats) -> Floats:
        """The sum of degree times weight over the rules, shape (rows,)."""
        degrees = _degrees(self.terms_, values)
        total = np.zeros(len(values))
        for (first, second), weight in zip(self.pairs_.tolist(), self.weights_, strict=True):
            total += weight * degrees[:, first] * (degrees[:, second] if second >= 0 else 1.0)
        return total

    def _condition(self, term: Term) -> Condition:
        name = self.names_[term.column]
        low = -np.inf if np.isnan(term.left) else term.left
        high = np.inf if np.isnan(term.right) else term.right
        if not term.word:  # a flag: crisp, cut in the middle between its two values
            middle = term.peak + ((high if np.isinf(low) else low) - term.peak) / 2
            low, high = (low, middle) if np.isinf(low) else (middle, high)
        return Condition(name, low, high, word=term.word)


def rule_weight(positives: Any, negatives: Any, all_positives: float, all_negatives: float) -> Floats:
    """Confidence in the positive class less that in the negative, both classes given the same total weight.

    `positives` and `negatives` are sums of degrees. The certainty factor CF = c(A ⇒ +) − c(A ⇒ −) of
    Ishibuchi and Yamamoto for two classes, with sign; 0 where no row meets the rule.
    """
    plus = np.asarray(positives, dtype=np.float64) / max(all_positives, 1.0)
    minus = np.asarray(negatives, dtype=np.float64) / max(all_negatives, 1.0)
    total = plus + minus
    return np.asarray((plus - minus) / np.where(total > 0, total, 1.0))


def partition(values: Floats, column: int, terms: int = 3) -> list[Term]:
    """The words of a column: triangles at evenly spaced quantiles, crisp for a flag, none for a constant."""
    known = values[~np.isnan(values[:, column]), column]
    points = np.unique(known)
    if len(points) < 2:
        return []
    if len(points) == 2:
        return [
            Term(column, "", np.nan, points[0], points[1]),
            Term(column, "", points[0], points[1], np.nan),
        ]
    words = TERMS[terms]
    at = np.unique(np.quantile(known, np.linspace(0.05, 0.95, terms), method="nearest"))
    if len(at) < 2:
        at = np.array([at[0], points[-1]]) if at[0] < points[-1] else np.array([points[0], at[0]])
    said = words if len(at) == terms else ("low", "high") if len(at) == 2 else [f"about {x:.4g}" for x in at]
    return triangles(column, at, said)


def triangles(column: int, peaks: Sequence[float] | Floats, words: Sequence[str]) -> list[Term]:
    """Overlapping triangles with tops at ascending `peaks`; the outer two go on beyond."""
    edges = [np.nan, *(float(peak) for peak in peaks), np.nan]
    return [
        Term(column, word, edges[place], edges[place + 1], edges[place + 2])
        for place, word in enumerate(words)
    ]


def _degrees(terms: Sequence[Term], values: Floats) -> Floats:
    """Membership of each row in each term, shape (rows, terms)."""
    result = np.zeros((len(values), len(terms)))
    for place, term in enumerate(terms):
        result[:, place] = term.degree(values)
    return result


def _telling(terms: Sequence[Term], degrees: Floats, truth: Any) -> list[int]:
    """Positions of the terms of the columns that tell most: largest spread of weights, weighed by support."""
    sums, hits = degrees.sum(axis=0), degrees.T @ truth.astype(np.float64)
    weight = rule_weight(hits, sums - hits, float(truth.sum()), float((~truth).sum()))
    worth: dict[int, float] = {}
    for term, one, rows in zip(terms, weight, sums, strict=True):
        worth[term.column] = worth.get(term.column, 0.0) + float(one) ** 2 * float(rows)
    best = set(sorted(worth, key=lambda column: (-worth[column], column))[:MOST_COLUMNS])
    return [place for place, term in enumerate(terms) if term.column in best]
