"""The discrete-time hazard: the chance that it happens in this period, of those to whom it has not happened.

`h(x, j) = P(event in [j, j+1) | still there at j, x)`, and survival is `Π (1 − h)` (Cox 1972, section 8;
Singer and Willett 1993). A row is one subject in one period, so any classifier will do: `logistic` (log-odds
`b(j) + x·β + x·γ / (1 + j)`) or `boosting` (trees over x and j).

Two uses, one fit. *Features that change*: give each period's row its own x, with j the time since the
subject came. *Landmarks* (van Houwelingen 2007): look at every subject at a cutoff, and give its x of the
cutoff to all the periods after it; then `γ / (1 + j)` lets what is known today count less far ahead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.classification.boosting import Boosting
from bankmine.mining.classification.logistic import Logistic
from bankmine.mining.contract import (
    Estimator,
    Floats,
    Ints,
    Matrix,
    MinimumData,
    Reasons,
    labels,
    strongest,
)
from bankmine.mining.files import document, from_document

CLOCK = "periods_since_start"
_MOST_CLOCKS = 60


class PersonPeriods(NamedTuple):
    """Subjects spread over the periods in which they were watched.

    `row` is the subject's position, `start` the period's number (0 is the first), `event` whether it happened
    then; arrays of one length, ordered by (row, start).
    """

    row: Ints
    start: Ints
    event: NDArray[np.bool_]


def person_periods(duration: Any, event: Any, *, most: int | None = None) -> PersonPeriods:
    """One row for each subject and period at risk.

    `duration`, whole numbers: with an event the number of the period in which it happened (0 is the first);
    without, how many periods were watched in full. `most` cuts all subjects off after so many periods.
    """
    given = np.asarray(duration)
    whole = np.isfinite(given) & (given == np.floor(given))
    if not whole.all():
        raise UsageError(
            f"{int((~whole).sum())} of {given.size} durations are no whole numbers",
            hint="Count whole periods, from 0 on.",
        )
    lasted = given.astype(np.int64)
    happened = labels(event, len(lasted))
    if (lasted < 0).any() or (most is not None and most < 1):
        raise UsageError("A duration or the number of periods is negative or none", hint="Count from 0 on.")
    watched = lasted + happened
    count = watched if most is None else np.minimum(watched, most)
    row = np.repeat(np.arange(len(lasted)), count)
    first = np.repeat(np.cumsum(count) - count, count)
    start = np.arange(len(row)) - first
    return PersonPeriods(row, start, happened[row] & (start == lasted[row]))


class DiscreteHazard(Estimator):
    """`miner` is "logistic" (ridge `C`; no missing values) or "boosting" (missing values allowed).

    `fading` (logistic) adds the terms that weaken with the periods. Needs 200 person-periods, 20 with an
    event and 20 without. A period later than any of training counts as the last of training.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=200, each_class=20)

    def __init__(
        self,
        miner: str = "logistic",
        *,
        C: float = 1.0,
        fading: bool = True,
        n_estimators: int = 150,
        num_leaves: int = 7,
        learning_rate: float = 0.05,
        random_state: int = 0,
    ) -> None:
        self.miner = miner
        self.C = C
        self.fading = fading
        self.n_estimators = n_estimators
        self.num_leaves = num_leaves
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(
        self,
        X: Matrix,
        start: Any,
        event: Any,
        *,
        names: Iterable[str] | None = None,
        sample_weight: Any = None,
    ) -> Self:
        """Fit on person-periods: `X` (rows, columns), `start` the period's number, `event` 0/1."""
        if self.miner not in ("logistic", "boosting"):
            raise UsageError(f"There is no miner {self.miner!r}", hint="Give logistic or boosting.")
        values = self._learn_matrix(X, names)
        happened = labels(event, len(values))
        self.minimum.require("DiscreteHazard", len(values), int(happened.sum()))
        clock = _clock(start, len(values))
        self.last_ = int(clock.max())
        self.periods_ = tuple(int(one) for one in np.unique(clock)[:_MOST_CLOCKS])
        self.base_rate_ = float(happened.mean())
        made = self._new()
        made.fit(self._design(values, clock), happened, names=self._columns(), sample_weight=sample_weight)
        self.fitted_ = made
        return self

    def hazard(self, X: Matrix, start: Any = 0) -> Floats:
        """The chance in the period `start` (one number, or one a row), given that it was reached."""
        values = self._matrix(X)
        return self._hazard(values, _clock(start, len(values)))

    def survival(self, X: Matrix, periods: int, *, start: Any = 0) -> Floats:
        """The chance to be there still after 1 … `periods` periods from `start` on, (rows, periods)."""
        if periods < 1:
            raise UsageError(f"{periods} periods were asked", hint="Ask for at least 1.")
        values = self._matrix(X)
        clock, left = _clock(start, len(values)), np.ones(len(values))
        survival = np.empty((len(values), periods))
        for ahead in range(periods):
            left = left * (1.0 - self._hazard(values, clock + ahead))
            survival[:, ahead] = left
        return survival

    def reasons(self, X: Matrix, *, top: int = 3, start: Any = 0) -> Reasons:
        """What moved each row's hazard in the period `start`, in log-odds; the period itself is no reason."""
        values = self._matrix(X)
        parts = self.fitted_.contributions(self._design(values, _clock(start, len(values))))
        width = len(self.names_)
        moved = parts[:, :width].copy()
        if self.miner == "logistic" and self.fading:
            moved += parts[:, width : 2 * width]
        return strongest(moved, values, self.names_, top)

    def to_json(self) -> dict[str, Any]:
        """Parameters, the periods of training and the classifier."""
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "base_rate": self.base_rate_,
            "last": self.last_,
            "periods": list(self.periods_),
            "classifier": document(self.fitted_),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        made = cls(**content["parameters"])
        made.names_ = tuple(content["names"])
        made.base_rate_ = float(content["base_rate"])
        made.last_ = int(content["last"])
        made.periods_ = tuple(int(one) for one in content["periods"])
        made.fitted_ = from_document(content["classifier"])
        return made

    def _hazard(self, values: Floats, clock: Ints) -> Floats:
        probability: Floats = self.fitted_.probability(self._design(values, clock))
        return probability

    def _new(self) -> Logistic | Boosting:
        if self.miner == "logistic":
            return Logistic(self.C, random_state=self.random_state)
        return Boosting(
            self.n_estimators, num_leaves=self.num_leaves, learning_rate=self.learning_rate,
            min_data_in_leaf=100, random_state=self.random_state,
        )  # fmt: skip

    def _columns(self) -> list[str]:
        if self.miner == "boosting":
            return [*self.names_, CLOCK]
        fading = [f"{name} / (1 + {CLOCK})" for name in self.names_] if self.fading else []
        return [*self.names_, *fading, *(f"{CLOCK}={one}" for one in self.periods_[1:])]

    def _design(self, values: Floats, clock: Ints) -> Floats:
        """The classifier's columns: x, x / (1 + j), and the period (one column each, or as a number)."""
        clock = np.minimum(clock, self.last_)
        if self.miner == "boosting":
            return np.column_stack([values, clock])
        near = (1.0 / (1.0 + clock))[:, None]
        parts = [values, values * near] if self.fading else [values]
        # A period is the last one of training that is not later, so that gaps have an answer too.
        place = np.searchsorted(self.periods_, clock, side="right") - 1
        flags = (place[:, None] == np.arange(1, len(self.periods_))[None, :]).astype(np.float64)
        return np.column_stack([*parts, flags])

    def _refuse_missing(self, values: Floats) -> None:
        if self.miner == "boosting" and not np.isinf(values).any():
            return
        super()._refuse_missing(values)


def _clock(start: Any, rows: int) -> Ints:
    """The periods' numbers as whole numbers from 0 on, one a row."""
    given = np.asarray(start)
    if given.ndim == 0:
        given = np.full(rows, given)
    clock = given.astype(np.int64)
    if given.shape != (rows,) or (clock != given).any() or (clock < 0).any():
        raise UsageError(
            f"The periods have shape {given.shape} for {rows} rows, or are no whole numbers from 0 on",
            hint="Give one number for all, or one a row.",
        )
    return clock
