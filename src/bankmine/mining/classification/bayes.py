"""Naive Bayes on supervised bins: each column adds its own evidence to the log-odds.

`log odds = log(P(+)/P(−)) + Σⱼ log(P(xⱼ|+) / P(xⱼ|−))`, with columns binned by Fayyad and Irani's criterion
(Dougherty, Kohavi & Sahami 1995 found it the best way to give naive Bayes numbers) and categories joined.
The evidence of a bin is its weight of evidence; missing values are a bin like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.mining.arithmetic import logistic
from bankmine.mining.classification.classifier import Classifier
from bankmine.mining.classification.discretisation import (
    MOST_BINS,
    Attribute,
    encode,
    learn_attributes,
    spread,
)
from bankmine.mining.classification.rules import Rule, counted, strongest_first
from bankmine.mining.contract import Floats, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers


class NaiveBayes(Classifier):
    """`smoothing` is the weight of the overall share of a bin in its share within a class, in rows.

    A bin no training row had says nothing. Numbers are cut into at most `most_bins` bins; a column in which
    no cut pays says only whether it is missing. Takes missing values; needs 50 rows and 10 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=50, each_class=10)
    accepts_missing: ClassVar[bool] = True

    def __init__(self, smoothing: float = 5.0, *, most_bins: int = MOST_BINS) -> None:
        self.smoothing = smoothing
        self.most_bins = most_bins

    def fit(self, X: Matrix, y: Any, *, names: Iterable[str] | None = None) -> Self:
        """Learn bins and evidence. FeasibilityError below the minimum data."""
        values = self._learn_matrix(X, names)
        truth = self._learn_labels(y, len(values))
        self.attributes_ = learn_attributes(values, truth, self.names_, most_bins=self.most_bins)
        codes = encode(self.attributes_, values)
        self.counts_ = tuple(
            np.column_stack([np.bincount(codes[truth == kind, place], minlength=one.size) for kind in (0, 1)])
            .astype(np.float64)
            for place, one in enumerate(self.attributes_)
        )  # fmt: skip
        self._weigh()
        return self

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds of a positive, as if columns were independent within a class."""
        codes = encode(self.attributes_, self._matrix(X))
        total = np.full(len(codes), self.prior_)
        for place, evidence in enumerate(self.evidence_):
            total += evidence[codes[:, place]]
        return total

    def probability(self, X: Matrix) -> Floats:
        """Probability of a positive; too sure of itself where columns repeat each other: calibrate it."""
        return logistic(self.decision_function(X))

    def contributions(self, X: Matrix) -> Floats:
        """The evidence of each column, shape (rows, columns); with the prior it adds up to the log-odds."""
        values = self._matrix(X)
        codes = encode(self.attributes_, values)
        parts = np.column_stack([evidence[codes[:, place]] for place, evidence in enumerate(self.evidence_)])
        return spread(self.attributes_, parts, len(self.names_), values)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The columns with the most evidence, in log-odds."""
        values = self._matrix(X)
        return strongest(self.contributions(values), values, self.names_, top)

    def rules(self) -> tuple[Rule, ...]:
        """One rule a bin that any training row had; `weight` is its evidence in log-odds."""
        total = float(self.counts_[0].sum())
        found = []
        for attribute, table, evidence in zip(self.attributes_, self.counts_, self.evidence_, strict=True):
            if (table.sum(axis=1) > 0).sum() < 2:
                continue
            for code in np.flatnonzero(table.sum(axis=1) > 0).tolist():
                positive = bool(evidence[code] >= 0)
                found.append(
                    counted(
                        attribute.conditions([code]), positive=positive, rows=float(table[code].sum()),
                        hits=float(table[code, int(positive)]), total=total,
                        share=self.base_rate_ if positive else 1 - self.base_rate_,
                        weight=float(evidence[code]),
                    )
                )  # fmt: skip
        return strongest_first(found)

    def to_json(self) -> dict[str, Any]:
        """Parameters, bins and counts."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "attributes": [one.to_json() for one in self.attributes_],
            "counts": [numbers(table) for table in self.counts_],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.attributes_ = tuple(Attribute.from_json(one) for one in content["attributes"])
        miner.counts_ = tuple(array(table) for table in content["counts"])
        miner._weigh()
        return miner

    counts_: tuple[Floats, ...]

    def _weigh(self) -> None:
        """Evidence of every bin from the counts; the prior from the base rate."""
        self.evidence_ = tuple(_evidence(table, self.smoothing) for table in self.counts_)
        self.prior_ = float(np.log(self.base_rate_) - np.log1p(-self.base_rate_))


def _evidence(table: Floats, smoothing: float) -> Floats:
    """`log(P(bin|+) / P(bin|−))` for a table (bins, 2); 0 for bins no row had."""
    rows = table.sum(axis=1)
    overall = rows / rows.sum()
    share = (table + smoothing * overall[:, None]) / (table.sum(axis=0) + smoothing)
    seen = rows > 0
    safe = np.where(seen[:, None], np.maximum(share, 1e-300), 1.0)
    return np.asarray(np.where(seen, np.log(safe[:, 1]) - np.log(safe[:, 0]), 0.0))
