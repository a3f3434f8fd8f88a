"""The survival curve of a group (Kaplan and Meier 1958) and the log-rank test between groups.

`S(t) = Π_{tᵢ ≤ t} (1 − dᵢ / nᵢ)`: dᵢ events among nᵢ at risk at tᵢ. Its variance is Greenwood's (1926),
`S² Σ dᵢ / (nᵢ (nᵢ − dᵢ))`; intervals are taken on the scale log(−log S), where they stay inside 0 and 1
(Kalbfleisch and Prentice 1980). The log-rank test compares events with those expected if all groups were
alike (Mantel 1966).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, MinimumData
from bankmine.mining.files import array, numbers
from bankmine.mining.learner import Learner
from bankmine.mining.survival.spells import Spells, at_risk, events_at, spells_of


@dataclass(frozen=True)
class Quantile:
    """A time by which a share is gone, with its interval; infinite where the curve does not fall so low."""

    value: float
    low: float
    high: float


class KaplanMeier(Learner):
    """The curve of one group. Needs two spells; late starts (left truncation) are allowed.

    What `fit` learns: `times_` (events' times, rising), `at_risk_`, `events_`, `survival_` just after each
    time, `greenwood_` (the running sum of d / (n (n − d))) and `last_`, the last time anybody was watched.
    """

    minimum = MinimumData(rows=2)

    def fit(self, stop: Any, event: Any, *, start: Any = None) -> Self:
        """Fit on spells `(start, stop]` of shape (rows,). UsageError where they cannot be meant."""
        spells = spells_of(stop, event, start)
        self.minimum.require("KaplanMeier", len(spells))
        self.times_ = spells.event_times
        self.at_risk_ = at_risk(spells, self.times_)
        self.events_ = events_at(spells, self.times_).astype(np.float64)
        self.survival_ = np.asarray(np.cumprod(1.0 - self.events_ / self.at_risk_), dtype=np.float64)
        left = self.at_risk_ - self.events_
        terms = np.divide(self.events_, self.at_risk_ * left, out=np.full(len(left), np.inf), where=left > 0)
        self.greenwood_ = np.asarray(np.cumsum(terms), dtype=np.float64)
        self.last_ = float(spells.stop.max())
        self.rows_ = len(spells)
        return self

    def survival(self, times: Any) -> Floats:
        """S at each time (events at the time itself have happened).

        NaN after the last time watched, and at a missing time.
        """
        return self._at(times, self.survival_, 1.0)

    def standard_error(self, times: Any) -> Floats:
        """Greenwood's standard error of S at each time; 0 where S is 0 or 1, NaN where S is."""
        survival, total = self.survival(times), self._at(times, self.greenwood_, 0.0)
        return np.asarray(survival * np.sqrt(np.where(np.isinf(total), 0.0, total)))

    def interval(self, times: Any, *, level: float = 0.95) -> tuple[Floats, Floats]:
        """Limits of S at each time, on the scale log(−log S); S of 1 and of 0 are their own limits."""
        z = NormalDist().inv_cdf((1 + checked_level(level)) / 2)
        survival, total = self.survival(times), self._at(times, self.greenwood_, 0.0)
        inner = (survival > 0) & (survival < 1)
        safe = np.where(inner, survival, 0.5)
        wide = z * np.sqrt(np.where(inner, total, 0.0)) / -np.log(safe)
        low, high = safe ** np.exp(wide), safe ** np.exp(-wide)
        return np.where(inner, low, survival), np.where(inner, high, survival)

    def quantile(self, share: float = 0.5, *, level: float = 0.95) -> Quantile:
        """The first time at which at most `1 − share` are left, and where the limits fall so low.

        The median by default (Brookmeyer and Crowley 1982).
        """
        low, high = self.interval(self.times_, level=level)
        return Quantile(*(self._first(curve, 1.0 - share) for curve in (self.survival_, low, high)))

    def mean_until(self, limit: float) -> float:
        """The mean time spent there before `limit` (the area under the curve up to it).

        NaN where the limit lies after the last time watched, unless nobody is left by then. UsageError for
        a missing or negative limit.
        """
        if not limit >= 0:
            raise UsageError(f"The limit is {limit}", hint="Give a time from 0 on.")
        if limit > self.last_ and not (len(self.survival_) and self.survival_[-1] == 0):
            return float("nan")
        inside = self.times_[self.times_ < limit]
        edges = np.concatenate([[0.0], inside, [limit]])
        heights = np.concatenate([[1.0], self.survival_[: len(inside)]])
        return float(np.dot(np.diff(edges), heights))

    def to_json(self) -> dict[str, Any]:
        """The steps."""
        names = ("times", "at_risk", "events", "survival")
        return {
            **{name: numbers(getattr(self, f"{name}_")) for name in names},
            "last": self.last_,
            "rows": self.rows_,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The fitted curve that `to_json` described."""
        made = cls()
        for name in ("times", "at_risk", "events", "survival"):
            setattr(made, f"{name}_", array(content[name]))
        left = made.at_risk_ - made.events_
        terms = np.divide(made.events_, made.at_risk_ * left, out=np.full(len(left), np.inf), where=left > 0)
        made.greenwood_ = np.asarray(np.cumsum(terms), dtype=np.float64)
        made.last_, made.rows_ = float(content["last"]), int(content["rows"])
        return made

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """No parameters."""
        return {}

    def _at(self, times: Any, values: Floats, before: float) -> Floats:
        asked = np.asarray(times, dtype=np.float64)
        place = np.searchsorted(self.times_, asked, side="right")
        found = np.concatenate([[before], values])[place]
        return np.where(asked <= self.last_, found, np.nan)

    def _first(self, curve: Floats, level: float) -> float:
        # 1e-12 forgives the rounding of a product that is exactly the level on paper.
        below = np.flatnonzero(curve <= level + 1e-12)
        return float(self.times_[below[0]]) if len(below) else float("inf")


@dataclass(frozen=True)
class LogRank:
    """The log-rank test: χ² with its degrees of freedom, and for each group events seen and expected."""

    statistic: float
    degrees: int
    p_value: float
    observed: Mapping[Any, float]
    expected: Mapping[Any, float]


def log_rank(stop: Any, event: Any, group: Any, *, start: Any = None) -> LogRank:
    """Whether groups (one key a row, two groups or more) leave at different rates.

    UsageError for fewer than two groups. With no event at all the statistic is 0 and p is 1.
    """
    spells = spells_of(stop, event, start)
    given = np.asarray(group)
    absent = sum(one is None or one != one for one in given.ravel().tolist())  # NaN differs from itself
    if absent:
        raise UsageError(
            f"{absent} of {given.size} rows have no group",
            hint="Leave them out, or give them one of their own.",
        )
    keys, which = np.unique(given, return_inverse=True)
    if len(keys) < 2 or len(which) != len(spells):
        raise UsageError(f"The log-rank test was given {len(keys)} group(s)", hint="Give two or more.")
    times = spells.event_times
    risk = np.stack([at_risk(spells.take(which == one), times) for one in range(len(keys))])
    seen = np.stack([events_at(spells.take(which == one), times) for one in range(len(keys))])
    expected, covariance = _expected(risk, seen.astype(np.float64))
    gap = (seen.sum(axis=1) - expected)[:-1]
    statistic = float(gap @ np.linalg.pinv(covariance[:-1, :-1]) @ gap) if len(times) else 0.0
    degrees = len(keys) - 1
    names = keys.tolist()
    return LogRank(
        statistic=statistic,
        degrees=degrees,
        p_value=chi_square_tail(statistic, degrees),
        observed=dict(zip(names, seen.sum(axis=1).astype(float).tolist(), strict=True)),
        expected=dict(zip(names, expected.tolist(), strict=True)),
    )


def chi_square_tail(statistic: float, degrees: int) -> float:
    """The chance of a χ² at least as large."""
    from scipy.special import gammaincc

    return float(gammaincc(degrees / 2, max(statistic, 0.0) / 2))


def _expected(risk: Floats, seen: Floats) -> tuple[Floats, Floats]:
    """Expected events of each group and their covariance (hypergeometric), from (groups, times)."""
    at, events = risk.sum(axis=0), seen.sum(axis=0)
    share = risk / at
    spread = events * (at - events) / np.maximum(at - 1, 1)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return (share * events).sum(axis=1), covariance


def checked_level(level: float) -> float:
    """The level of an interval; UsageError where it is no share between 0 and 1."""
    if not 0 < level < 1:
        raise UsageError(f"The level is {level}", hint="Give a level between 0 and 1, such as 0.95.")
    return level


def curve_of(spells: Spells) -> KaplanMeier:
    """The curve of spells already checked."""
    return KaplanMeier().fit(spells.stop, spells.event, start=spells.start)
