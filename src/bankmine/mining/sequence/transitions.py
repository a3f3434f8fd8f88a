"""Which kind of event comes next after which, counted, and a logistic regression on the counts.

A Markov chain's transitions (Billingsley 1961) are the plainest trace of order: how often one kind is
followed directly by another within some days. A few dozen counts with a strong ridge are learnt from far
fewer rows than a recurrent network needs, and see what sums over windows cannot. Of a kind told in parts
("enquiry:bank:car loan") the first is counted.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import logistic
from bankmine.mining.classification.classifier import row_weights
from bankmine.mining.classification.logistic import Logistic
from bankmine.mining.contract import Estimator, Floats, MinimumData, labels
from bankmine.mining.learner import NotFittedError, check_parameters
from bankmine.mining.sequence.encoding import PART
from bankmine.mining.sequence.events import DAY, Sequences
from bankmine.mining.sequence.occlusion import EventReasons, occluded


class Transitions(Estimator):
    """Logistic regression on square roots of counts of "a, directly followed by b".

    Counted are pairs of neighbouring events at most `within_days` apart, and on different instants (the
    order of one instant is nobody's), the first of them at most `back_days` before the cutoff. `C` is the
    inverse strength of the ridge penalty. What fit learns: `kinds_` and `regression_`. A kind not seen in
    training, or beyond the `most_kinds` commonest there, counts in no pair; a row without events is
    answered. Needs 200 rows and 20 of each class.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=200, each_class=20)

    def __init__(
        self,
        C: float = 0.01,
        *,
        within_days: float = 30.0,
        back_days: float = 730.0,
        most_kinds: int = 64,
        random_state: int = 0,
    ) -> None:
        self.C = C
        self.within_days = within_days
        self.back_days = back_days
        self.most_kinds = most_kinds
        self.random_state = random_state

    def fit(self, X: Sequences, y: Any, *, sample_weight: Any = None) -> Self:
        """Learn from sequences and a 0/1 label. FeasibilityError below the minimum data."""
        check_parameters(self)
        _require_sequences(X)
        if not (self.within_days > 0 and self.back_days > 0):
            raise UsageError(
                "within_days and back_days must be above 0", hint="Give days, such as 30 and 730."
            )
        truth = labels(y, len(X))
        self.minimum.require(type(self).__name__, len(X), int(truth.sum()))
        self.kinds_ = _commonest(X, self.most_kinds)
        weight = row_weights(sample_weight, len(X))
        names = [f"{one} then {other}" for one in self.kinds_ for other in self.kinds_] or ["nothing"]
        self.regression_ = Logistic(self.C, random_state=self.random_state)
        self.regression_.fit(self._counts(X), truth, names=names, sample_weight=weight)
        return self

    def decision_function(self, X: Sequences) -> Floats:
        """Log-odds of a positive, shape (rows,)."""
        self._require_fitted()
        return self.regression_.decision_function(self._counts(X))

    def probability(self, X: Sequences) -> Floats:
        """Probability of a positive, shape (rows,)."""
        return logistic(self.decision_function(X))

    def reasons(self, X: Sequences, *, top: int = 3, burst_days: float = 14.0) -> EventReasons:
        """The events and bursts of events without which the log-odds would differ most."""
        self._require_fitted()
        return occluded(self.decision_function, X, top=top, burst_days=burst_days)

    def to_json(self) -> dict[str, Any]:
        """Parameters, kinds and the regression."""
        self._require_fitted()
        return {
            "parameters": self.get_params(),
            "kinds": list(self.kinds_),
            "regression": self.regression_.to_json(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        miner = cls(**content["parameters"])
        miner.kinds_ = tuple(content["kinds"])
        miner.regression_ = Logistic.from_json(content["regression"])
        return miner

    kinds_: tuple[str, ...]
    regression_: Logistic

    def _require_fitted(self) -> None:
        if "regression_" not in vars(self):
            raise NotFittedError("Transitions is not fitted", hint="Call fit first, or load a model.")

    def _counts(self, X: Sequences) -> Floats:
        """Square roots of the counts, shape (rows, kinds²); one column of zeros where there is no kind."""
        _require_sequences(X)
        width = len(self.kinds_)
        place = {kind: number for number, kind in enumerate(self.kinds_)}
        table = np.array([*(place.get(_first(kind), -1) for kind in X.kinds), -1], dtype=np.int64)
        code, row = table[X.kind], X.row
        gap, age = np.diff(X.when), X.cutoff[row] - X.when
        near = (row[1:] == row[:-1]) & (gap > 0) & (gap <= self.within_days * DAY)
        near &= (age[:-1] <= self.back_days * DAY) & (code[1:] >= 0) & (code[:-1] >= 0)
        pair = row[:-1] * width**2 + code[:-1] * width + code[1:]
        counted = np.bincount(pair[near], minlength=len(X) * width**2)
        return np.sqrt(counted.reshape(len(X), -1)) if width else np.zeros((len(X), 1))


def _commonest(X: Sequences, most: int) -> tuple[str, ...]:
    """The `most` commonest kinds by name, ties by name: of the pairs there are as many squared."""
    counts: Counter[str] = Counter()
    events = np.bincount(X.kind[X.kind >= 0], minlength=len(X.kinds)).tolist()
    for kind, number in zip(X.kinds, events, strict=True):
        counts[_first(kind)] += number
    seen = sorted((kind for kind in counts if counts[kind]), key=lambda kind: (-counts[kind], kind))
    return tuple(sorted(seen[:most]))


def _require_sequences(X: object) -> None:
    if not isinstance(X, Sequences):
        raise UsageError(
            f"Transitions was given {type(X).__name__}", hint="Give sequences of events (`sequences_of`)."
        )


def _first(kind: str) -> str:
    return kind.partition(PART)[0]
