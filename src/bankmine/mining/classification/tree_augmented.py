"""Tree-augmented naive Bayes: each column may lean on one other, and the best such tree is found exactly.

Friedman, Geiger & Goldszmidt (1997): weigh every pair of attributes by its mutual information given the
class, take the maximum spanning tree (Chow & Liu 1968), direct it from a root, and let each attribute depend
on the class and its parent. What naive Bayes counts twice in columns that repeat each other is counted once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

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
from bankmine.mining.contract import Floats, Ints, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers

Codes = NDArray[np.int16]


class TreeAugmentedBayes(Classifier):
    """`smoothing` is the weight (s in the paper, 5 there) of an attribute's overall share in its share under
    one value of its parent and the class, in rows.

    With `arcs_must_pay` an arc stays only where its information is worth more than the description length
    of its table (½ log rows a free number), which makes the tree a forest (Lucas 2004): small data carry
    few arcs. `parent_` holds each attribute's parent, −1 for roots; attributes of which training saw one
    code take no part. Takes missing values; needs 100 rows and 20 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=100, each_class=20)
    accepts_missing: ClassVar[bool] = True

    def __init__(
        self, smoothing: float = 5.0, *, most_bins: int = MOST_BINS, arcs_must_pay: bool = True
    ) -> None:
        self.smoothing = smoothing
        self.arcs_must_pay = arcs_must_pay
        self.most_bins = most_bins

    def fit(self, X: Matrix, y: Any, *, names: Iterable[str] | None = None) -> Self:
        """Learn bins, tree and tables. FeasibilityError below the minimum data."""
        values = self._learn_matrix(X, names)
        truth = self._learn_labels(y, len(values))
        learnt = learn_attributes(values, truth, self.names_, most_bins=self.most_bins)
        codes = encode(learnt, values)
        used = [place for place in range(len(learnt)) if np.ptp(codes[:, place]) > 0]
        self.attributes_ = tuple(learnt[place] for place in used)
        codes = codes[:, used]
        sizes = [one.size for one in self.attributes_]
        information = conditional_information(codes, truth, sizes)
        price = _price(codes) if self.arcs_must_pay else 0.0
        self.parent_ = spanning_parents(information, information - price)
        self.counts_ = tuple(
            _table(codes, truth, place, int(self.parent_[place]), sizes) for place in range(len(used))
        )
        self._weigh()
        return self

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds of a positive."""
        total = np.full(len(X), self.prior_)
        for part in self._parts(self._matrix(X)).T:
            total += part
        return total

    def probability(self, X: Matrix) -> Floats:
        """Probability of a positive."""
        return logistic(self.decision_function(X))

    def contributions(self, X: Matrix) -> Floats:
        """The evidence of each column given its parent, shape (rows, columns)."""
        values = self._matrix(X)
        return spread(self.attributes_, self._parts(values), len(self.names_), values)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """The columns with the most evidence, in log-odds."""
        values = self._matrix(X)
        return strongest(self.contributions(values), values, self.names_, top)

    def arcs(self) -> tuple[tuple[str, str], ...]:
        """The tree as (parent, child), by name."""
        return tuple(
            (self.attributes_[parent].name, self.attributes_[child].name)
            for child, parent in enumerate(self.parent_.tolist())
            if parent >= 0
        )

    def rules(self) -> tuple[Rule, ...]:
        """One rule for each bin under each bin of its parent that training had; `weight` is its evidence."""
        total = float(self.rows_)
        found = []
        for place, (attribute, table) in enumerate(zip(self.attributes_, self.counts_, strict=True)):
            parent = int(self.parent_[place])
            for above, code in zip(*np.nonzero(table.sum(axis=2)), strict=True):
                evidence = float(self.evidence_[place][above, code])
                positive = evidence >= 0
                conditions = attribute.conditions([int(code)])
                if parent >= 0:
                    conditions += self.attributes_[parent].conditions([int(above)])
                found.append(
                    counted(
                        conditions, positive=positive, rows=float(table[above, code].sum()),
                        hits=float(table[above, code, int(positive)]), total=total,
                        share=self.base_rate_ if positive else 1 - self.base_rate_, weight=evidence,
                    )
                )  # fmt: skip
        return strongest_first(found)

    def to_json(self) -> dict[str, Any]:
        """Parameters, bins, tree and counts."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "attributes": [one.to_json() for one in self.attributes_],
            "parent": self.parent_.tolist(),
            "counts": [numbers(table) for table in self.counts_],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.names_ = tuple(content["names"])
        miner.base_rate_ = float(content["base_rate"])
        miner.attributes_ = tuple(Attribute.from_json(one) for one in content["attributes"])
        miner.parent_ = np.asarray(content["parent"], dtype=np.int64)
        miner.counts_ = tuple(array(table) for table in content["counts"])
        miner._weigh()
        return miner

    counts_: tuple[Floats, ...]

    def _weigh(self) -> None:
        self.rows_ = float(self.counts_[0].sum()) if self.counts_ else 0.0
        self.prior_ = float(np.log(self.base_rate_) - np.log1p(-self.base_rate_))
        self.evidence_ = tuple(_evidence(table, self.smoothing) for table in self.counts_)

    def _parts(self, values: Floats) -> Floats:
        """The evidence of each attribute, shape (rows, attributes)."""
        codes = encode(self.attributes_, values).astype(np.int64)
        parts = np.zeros(codes.shape)
        for place, evidence in enumerate(self.evidence_):
            parent = int(self.parent_[place])
            above = codes[:, parent] if parent >= 0 else np.zeros(len(codes), dtype=np.int64)
            parts[:, place] = evidence[above, codes[:, place]]
        return parts


def conditional_information(codes: Codes, truth: Any, sizes: list[int]) -> Floats:
    """Mutual information of every two attributes given the class, in nats, shape (attributes, attributes).

    `I(A;B|C) = Σ P(a,b,c) log( P(a,b|c) / (P(a|c) P(b|c)) )`. One matrix product a class counts all pairs.
    """
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    total = np.zeros((len(sizes), len(sizes)))
    for kind in (False, True):
        joint = _pairs(codes[np.asarray(truth) == kind], starts)
        single = np.diag(joint)
        rows = max(1.0, float((np.asarray(truth) == kind).sum()))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = joint * rows / (single[:, None] * single[None, :])
            parts = np.where(joint > 0, joint * np.log(ratio), 0.0)
        summed = np.add.reduceat(np.add.reduceat(parts, starts[:-1], axis=0), starts[:-1], axis=1)
        total += summed / len(codes)
    np.fill_diagonal(total, 0.0)
    return np.maximum(total, 0.0)


def spanning_parents(weights: Floats, worth: Floats | None = None) -> Ints:
    """Each attribute's parent in the maximum spanning tree rooted at attribute 0; −1 for a root.

    Prim (1957); of equal weights the lower number comes first. Arcs whose `worth` is negative are left out.
    """
    count = len(weights)
    parent = np.full(count, -1, dtype=np.int64)
    if count < 2:
        return parent
    weights = weights if worth is None else np.where(worth >= 0, weights, -1.0)
    best, link = weights[0].copy(), np.zeros(count, dtype=np.int64)
    outside = np.ones(count, dtype=np.bool_)
    outside[0] = False
    for _ in range(count - 1):
        chosen = int(np.where(outside, best, -np.inf).argmax())
        parent[chosen] = link[chosen] if best[chosen] >= 0 else -1
        outside[chosen] = False
        nearer = outside & (weights[chosen] > best)
        best[nearer], link[nearer] = weights[chosen][nearer], chosen
    return parent


def _price(codes: Codes) -> Floats:
    """Description length of an arc's table per row, in nats: ½ log rows for each free number, two classes."""
    seen = np.array([len(np.unique(codes[:, place])) for place in range(codes.shape[1])]) - 1.0
    return np.asarray(np.outer(seen, seen) * np.log(max(2, len(codes))) / max(1, len(codes)))


def _pairs(codes: Codes, starts: Ints) -> Floats:
    """How often every two codes stand in one row, shape (codes, codes); blocks of rows bound the memory."""
    width = int(starts[-1])
    joint = np.zeros((width, width))
    for begin in range(0, len(codes), 8192):
        part = codes[begin : begin + 8192] + starts[:-1]
        flags = np.zeros((len(part), width), dtype=np.float32)
        np.put_along_axis(flags, part, 1.0, axis=1)
        joint += flags.T @ flags  # whole numbers below 2^24: exact in any order
    return joint


def _table(codes: Codes, truth: Any, place: int, parent: int, sizes: list[int]) -> Floats:
    """Counts (codes of the parent, own codes, class); the root has one parent code."""
    above = sizes[parent] if parent >= 0 else 1
    up = codes[:, parent].astype(np.int64) if parent >= 0 else np.zeros(len(codes), dtype=np.int64)
    cell = (up * sizes[place] + codes[:, place]) * 2 + np.asarray(truth, dtype=np.int64)
    counts = np.bincount(cell, minlength=above * sizes[place] * 2)
    return counts.reshape(above, sizes[place], 2).astype(np.float64)


def _evidence(table: Floats, smoothing: float) -> Floats:
    """`log(P(code | parent, +) / P(code | parent, −))`, the paper's section 4.3 smoothing; 0 where unseen.

    A share under (parent, class) is drawn towards the attribute's share within the class, which itself is
    drawn towards the share over all rows.
    """
    overall = table.sum(axis=(0, 2))
    overall = overall / max(1.0, overall.sum())
    by_class = table.sum(axis=0)
    by_class = (by_class + smoothing * overall[:, None]) / (by_class.sum(axis=0) + smoothing)
    below = table.sum(axis=1, keepdims=True)
    share = (table + smoothing * by_class[None]) / (below + smoothing)
    seen = np.broadcast_to(overall[None, :, None] > 0, table.shape)
    safe = np.where(seen, np.maximum(share, 1e-300), 1.0)
    return np.asarray(np.log(safe[:, :, 1]) - np.log(safe[:, :, 0]))
