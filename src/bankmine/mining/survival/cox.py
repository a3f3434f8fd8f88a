"""Cox's proportional hazards, for columns that may change in time, with Efron's treatment of ties.

`h(t, x) = h₀(t) exp(x·β)`; β maximises the partial likelihood (Cox 1972) over spells `(start, stop]`, so that
a subject whose columns change is several rows (Andersen and Gill 1982). Where d events fall on one time the
risk set gives way step by step (Efron 1977). The baseline is Efron's too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.arithmetic import weighted_sum
from bankmine.mining.contract import Estimator, Floats, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers
from bankmine.mining.survival.goodness import concordance
from bankmine.mining.survival.kaplan_meier import checked_level, chi_square_tail
from bankmine.mining.survival.spells import Spells, at_risk, events_at, spells_of

_MOST_STEPS = 50
_ENOUGH = 1e-9
_UNTOLD = 20.0  # standard error for one standard deviation; some .1 is usual, separation gives hundreds


class Effect(NamedTuple):
    """One column: log hazard and factor of the hazard for one unit more, with interval and p."""

    feature: str
    coefficient: float
    standard_error: float
    hazard_ratio: float
    low: float
    high: float
    p_value: float


class Cox(Estimator):
    """`penalty` is a ridge on β of the standardised columns (0: plain partial likelihood).

    No missing values; a constant column gets 0. Needs 20 spells and 10 events; five events a column are
    advisable.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=20)
    least_events: ClassVar[int] = 10

    def __init__(self, penalty: float = 0.0) -> None:
        self.penalty = penalty

    def fit(
        self, X: Matrix, stop: Any, event: Any, *, start: Any = None, names: Iterable[str] | None = None
    ) -> Self:
        """Fit on `X` (rows, columns) and spells. FeasibilityError below the minimum or where β runs away."""
        values = self._learn_matrix(X, names)
        spells = spells_of(stop, event, start)
        if len(spells) != len(values):
            raise UsageError(
                f"Cox was given {len(values)} rows and {len(spells)} spells",
                hint="Give one spell for each row.",
            )
        self.minimum.require("Cox", len(values))
        self.events_ = int(spells.event.sum())
        if self.events_ < self.least_events:
            raise FeasibilityError(
                f"Cox was given {self.events_} events", hint=f"It needs at least {self.least_events}."
            )
        self._fit(values, spells)
        return self

    def log_hazard(self, X: Matrix) -> Floats:
        """`(x − mean)·β`, what rows are ranked by."""
        return weighted_sum(self._matrix(X) - self.means_, self.coefficients_)

    decision_function = log_hazard

    def survival(self, X: Matrix, times: Any) -> Floats:
        """The chance to be there still after each time, if the columns stay as they are; (rows, times).

        NaN after the last time watched in training, and at a missing time.
        """
        asked = np.asarray(times, dtype=np.float64)
        place = np.searchsorted(self.times_, asked, side="right")
        total = np.concatenate([[0.0], self.cumulative_hazard_])[place]
        curve = np.exp(-np.outer(np.exp(self.log_hazard(X)), total))
        return np.where(asked[None, :] <= self.last_, curve, np.nan)

    def reasons(self, X: Matrix, *, top: int = 3) -> Reasons:
        """Each column's part of the log hazard against the mean row."""
        values = self._matrix(X)
        return strongest((values - self.means_) * self.coefficients_, values, self.names_, top)

    def table(self, *, level: float = 0.95) -> list[Effect]:
        """The effects in the order of the columns, with Wald intervals."""
        z = NormalDist().inv_cdf((1 + checked_level(level)) / 2)
        rows = []
        for name, b, error in zip(self.names_, self.coefficients_, self.standard_errors_, strict=True):
            low, high = np.exp(b - z * error), np.exp(b + z * error)
            p = chi_square_tail((b / error) ** 2, 1) if error > 0 else 1.0
            rows.append(Effect(name, float(b), float(error), float(np.exp(b)), float(low), float(high), p))
        return rows

    def to_json(self) -> dict[str, Any]:
        """Parameters, coefficients with their errors, and the baseline."""
        vectors = ("means", "coefficients", "standard_errors", "times", "cumulative_hazard")
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            **{name: numbers(getattr(self, f"{name}_")) for name in vectors},
            **{name: getattr(self, f"{name}_") for name in _FIGURES},
            "concordance": None if np.isnan(self.concordance_) else self.concordance_,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The fitted miner that `to_json` described."""
        made = cls(**content["parameters"])
        made.names_ = tuple(content["names"])
        for name in ("means", "coefficients", "standard_errors", "times", "cumulative_hazard"):
            setattr(made, f"{name}_", array(content[name]))
        for name in _FIGURES:
            setattr(made, f"{name}_", content[name])
        known = content["concordance"]
        made.concordance_ = float("nan") if known is None else float(known)
        return made

    def _fit(self, values: Floats, spells: Spells) -> None:
        self.means_: Floats = values.mean(axis=0)
        deviation = values.std(axis=0)
        varies = deviation > 1e-12 * np.maximum(np.abs(self.means_), 1.0)
        scale = np.where(varies, deviation, 1.0)
        likelihood = _PartialLikelihood((values - self.means_) / scale * varies, spells, self.penalty)
        beta, found = _climb(likelihood)
        # A constant column has no information: 1 on the diagonal keeps the inverse, and its error is 0.
        inverse = np.linalg.pinv(found.information + np.diag((~varies).astype(np.float64)), hermitian=True)
        _refuse_untold(found.information, varies, self.names_)
        self.coefficients_ = np.where(varies, beta / scale, 0.0)
        self.standard_errors_ = np.where(varies, np.sqrt(np.diag(inverse)) / scale, 0.0)
        self.times_, self.cumulative_hazard_ = likelihood.baseline(beta)
        self.last_ = float(spells.stop.max())
        # Without the ridge, so that twice its rise over the null is the likelihood ratio.
        self.log_likelihood_ = found.value + 0.5 * self.penalty * float(beta @ beta)
        self.null_log_likelihood_ = likelihood.at(np.zeros_like(beta)).value
        try:
            self.concordance_ = concordance(
                spells.stop, spells.event, self.log_hazard(values), start=spells.start
            )
        except FeasibilityError:  # all events at one time: nobody stays longer than another
            self.concordance_ = float("nan")


_FIGURES = ("last", "log_likelihood", "null_log_likelihood", "events")


@dataclass(frozen=True)
class _Point:
    value: float
    gradient: Floats
    information: Floats


class _PartialLikelihood:
    """Efron's partial likelihood of β, with its slope and information.

    Sums over risk sets are running totals over the rows sorted by time. A row's part in the information's
    first term does not depend on the time but through the total of the weights while it is at risk, so no
    (rows × columns × columns) array is needed:

        Σ_t Σ_l S2(t, l) / S0(t, l) = Σ_i w_i x_i x_iᵀ · (A(stop_i) − A(start_i) − tied share)
    """

    def __init__(self, values: Floats, spells: Spells, penalty: float) -> None:
        self.values, self.spells, self.penalty = values, spells, penalty
        self.times = spells.event_times
        tied = events_at(spells, self.times)
        self.time_of = np.repeat(np.arange(len(self.times)), tied)  # one place for each event
        first = np.repeat(np.cumsum(tied) - tied, tied)
        self.given_way = (np.arange(len(self.time_of)) - first) / tied[self.time_of]  # l / d
        self.ended = np.flatnonzero(spells.event)
        self.ended_at = np.searchsorted(self.times, spells.stop[self.ended])
        after = np.searchsorted(self.times, spells.stop, side="right")
        before = np.searchsorted(self.times, spells.start, side="right")
        self.span = (before, after)
        self.total = values[spells.event].sum(axis=0)

    def at(self, beta: Floats) -> _Point:
        """The penalised log likelihood, its slope and its negative second derivative at β."""
        line = self.values @ beta
        top = line.max(initial=0.0)
        weight = np.exp(line - top)
        s0, s1 = self._risk(weight)
        part = self._shares(weight, s0)
        value = float(line[self.spells.event].sum() - (np.log(s0) + top).sum())
        middle = s1 / s0[:, None]
        gradient = self.total - (weight * part) @ self.values
        information = (self.values * (weight * part)[:, None]).T @ self.values - middle.T @ middle
        ridge = self.penalty
        return _Point(
            value - 0.5 * ridge * float(beta @ beta),
            gradient - ridge * beta,
            information + ridge * np.eye(len(beta)),
        )

    def baseline(self, beta: Floats) -> tuple[Floats, Floats]:
        """Events' times and the cumulative baseline hazard of the mean row, by Efron."""
        weight = np.exp(self.values @ beta)
        s0, _ = self._risk(weight)
        steps = np.bincount(self.time_of, weights=1.0 / s0, minlength=len(self.times))
        return self.times, np.cumsum(steps)

    def _risk(self, weight: Floats) -> tuple[Floats, Floats]:
        """The risk set's sum of weights, and of weights times x, for each event in its turn."""
        weighted = np.column_stack([weight, self.values * weight[:, None]])
        whole = at_risk(self.spells, self.times, weighted)
        gone = np.zeros_like(whole)
        np.add.at(gone, self.ended_at, weighted[self.ended])
        both = whole[self.time_of] - self.given_way[:, None] * gone[self.time_of]
        return both[:, 0], both[:, 1:]

    def _shares(self, weight: Floats, s0: Floats) -> Floats:
        """For each row the total of 1 / S0 over the events during which it was at risk."""
        steps = np.bincount(self.time_of, weights=1.0 / s0, minlength=len(self.times))
        total = np.concatenate([[0.0], np.cumsum(steps)])
        before, after = self.span
        share = total[after] - total[before]
        tied = np.bincount(self.time_of, weights=self.given_way / s0, minlength=len(self.times))
        share[self.ended] -= tied[self.ended_at]
        return np.asarray(share)


@np.errstate(all="ignore")  # a step too far is told by its likelihood
def _climb(likelihood: _PartialLikelihood) -> tuple[Floats, _Point]:
    """Newton's steps from 0, halved until the likelihood rises; FeasibilityError where it has no top."""
    beta = np.zeros(likelihood.values.shape[1])
    here = likelihood.at(beta)
    for _ in range(_MOST_STEPS):
        if not (np.isfinite(here.information).all() and np.isfinite(here.gradient).all()):
            break
        step = np.linalg.lstsq(here.information, here.gradient, rcond=1e-12)[0]
        size = 1.0
        while size > 1e-8:
            there = likelihood.at(beta + size * step)
            if np.isfinite(there.value) and there.value >= here.value - 1e-12 * abs(here.value):
                break
            size /= 2
        gain = there.value - here.value
        beta, here = beta + size * step, there
        if gain < _ENOUGH * (1.0 + abs(here.value)) and np.abs(here.gradient).max(initial=0.0) < 1e-6 * (
            1.0 + abs(here.value)
        ):
            return beta, here
    raise FeasibilityError(
        f"Cox did not settle within {_MOST_STEPS} steps", hint="Leave out columns that say the same or order "
        "rows as the durations do, or give the miner a penalty.",
    )  # fmt: skip


def _refuse_untold(information: Floats, varies: Any, names: tuple[str, ...]) -> None:
    """FeasibilityError where the data leave a direction open: a column separates, or columns say the same."""
    if not varies.any():
        return
    value, direction = np.linalg.eigh(information[np.ix_(varies, varies)])
    if value[0] > _UNTOLD**-2:
        return
    worst = np.flatnonzero(varies)[int(np.abs(direction[:, 0]).argmax())]
    raise FeasibilityError(
        f"The effect of the column {names[worst]!r} cannot be told: it separates who has the event from "
        "who has not, or says what other columns say",
        hint="Leave it out, or give the miner a penalty.",
    )
