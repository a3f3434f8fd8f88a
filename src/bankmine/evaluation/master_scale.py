"""A master scale: grades of rising chance, each large enough to be tested, each with the rate that came true.

A bank does not lend by a chance of 1.372 % but by a grade, because terms, limits and reviews hang on it and a
grade can be checked against what came. Limits are found by exact search (dynamic programming over cuts of
the chance, the likeliest scale under the constraints) or laid out geometrically and merged until the
constraints hold. A grade's probability is the mean of Jeffreys' posterior, `(bads + ½) / (rows + 1)`, and so
is its interval: both from Beta(bads + ½, rows − bads + ½), as supervisors test it (ECB 2019). The rule that
a grade needs enough rows and bads, and that probabilities rise, is that of EBA GL/2017/16 and Basel CRE36.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.arrays import Floats, Ints, probabilities
from bankmine.evaluation.grading import grade_places
from bankmine.evaluation.plain import plain

MOST_CELLS = 60
_FIRST, _FACTOR = 0.0003, 2.0  # the geometric scale: Basel's floor of .03 % doubled again and again
Method = Literal["optimal", "geometric"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What every grade must hold.

    `most_grades`; `least_share` of all rows and `least_bads` in each grade; each grade's probability is at
    least `least_ratio` times that of the grade before it.
    """

    most_grades: int = 10
    least_share: float = 0.02
    least_bads: int = 5
    least_ratio: float = 1.25

    def __post_init__(self) -> None:
        if self.most_grades < 2 or not 0 <= self.least_share <= 0.5 or self.least_bads < 1:
            raise UsageError(
                f"a scale of at most {self.most_grades} grades with a share of {self.least_share} and "
                f"{self.least_bads} bads each was asked",
                hint="Give 2 grades or more, a share of 0 to 0.5, 1 bad or more.",
            )
        if not self.least_ratio > 1:
            raise UsageError(f"The least ratio is {self.least_ratio}", hint="Give a number above 1.")


@dataclass(frozen=True)
class ScaleGrade:
    """A grade: chances in `[low, high)` (the last one closed), its rows and bads, the calibrated
    probability and Jeffreys' 95 % interval of the rate that came true."""

    name: str
    low: float
    high: float
    rows: int
    bads: int
    probability: float
    observed: float
    observed_low: float
    observed_high: float


@dataclass(frozen=True)
class MasterScale:
    """The grades by rising chance, named from 1 on, and how they were found."""

    grades: tuple[ScaleGrade, ...]
    method: str
    rows: int
    bads: int

    @property
    def limits(self) -> tuple[float, ...]:
        """The limits of the chance, from 0 to 1; one more than grades."""
        return (*(one.low for one in self.grades), 1.0)

    def places(self, chance: Any) -> Ints:
        """The grade of each chance, from 0."""
        return grade_places(chance, self.limits)

    def probabilities(self, chance: Any) -> Floats:
        """The calibrated probability of the grade of each chance."""
        return np.array([one.probability for one in self.grades])[self.places(chance)]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        result: dict[str, Any] = plain(self)
        return result

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> MasterScale:
        """The scale `to_json` wrote."""
        grades = tuple(ScaleGrade(**one) for one in content["grades"])
        return cls(grades, content["method"], content["rows"], content["bads"])


def master_scale(
    y: Any, probability: Any, *, method: Method = "optimal", limits: Limits | None = None
) -> MasterScale:
    """The scale of chances of shape (rows,) with their 0/1 outcome; rows count as independent.

    Equal chances share a grade. FeasibilityError where rows or bads are too few for two grades, or no two
    grades differ as asked; UsageError for an unknown method.
    """
    label, chance = probabilities(y, probability)
    asked = limits or Limits()
    _require(len(label), int(label.sum()), asked)
    values, place = np.unique(chance, return_inverse=True)
    rows = np.bincount(place, minlength=len(values))
    bads = np.bincount(place, weights=label, minlength=len(values)).astype(np.int64)
    if method == "optimal":
        cuts = _search(*_cells(values, rows, bads), asked)
    elif method == "geometric":
        cuts = _merged(values, rows, bads, asked)
    else:
        raise UsageError(f"there is no method {method!r} for a scale", hint="Give optimal or geometric.")
    if len(cuts) < 2:
        raise FeasibilityError(
            f"no two grades of {len(label):,} rows with {int(label.sum()):,} bads differ by a factor of "
            f"{asked.least_ratio:g}",
            hint="The chances tell too little, or the data are too few: ask for less of each grade.",
        )
    return scale_of(label, chance, (0.0, *cuts[1:], 1.0), method=method)


def scale_of(y: Any, probability: Any, limits: Sequence[float], *, method: str = "given") -> MasterScale:
    """The grades between given limits (rising from 0 to 1) calibrated to rows and outcomes; a grade may be
    empty: its interval is then Jeffreys' prior's."""
    label, chance = probabilities(y, probability)
    place = grade_places(chance, tuple(limits))
    rows = np.bincount(place, minlength=len(limits) - 1)
    bads = np.bincount(place, weights=label, minlength=len(limits) - 1).astype(np.int64)
    grades = tuple(
        _grade(f"{number + 1}", limits[number], limits[number + 1], int(rows[number]), int(bads[number]))
        for number in range(len(limits) - 1)
    )
    return MasterScale(grades, method, len(label), int(label.sum()))


def shift(probability: Any, mean: float) -> float:
    """What must be added to every log-odds so that the mean chance becomes `mean` (inside 0 and 1).

    Calibration by one number: the order stays. Bisection to the last bit but a few.
    """
    odds = log_odds(probability)
    if not 0 < mean < 1 or not len(odds):
        raise UsageError(f"{len(odds)} chances cannot have the mean {mean}", hint="Give a mean inside 0, 1.")
    low, high = -60.0, 60.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if moved(odds, middle).mean() < mean else (low, middle)
    return (low + high) / 2


def log_odds(probability: Any) -> Floats:
    """`ln(p / (1 − p))` with p kept off 0 and 1 by 1e-9."""
    p = np.clip(np.asarray(probability, dtype=np.float64), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p) - np.log1p(-p))


def moved(odds: Floats, by: float) -> Floats:
    """Chances of log-odds moved by a number."""
    return np.asarray(1.0 / (1.0 + np.exp(-(odds + by))))


def jeffreys_interval(bads: int, rows: int, level: float = 0.95) -> tuple[float, float]:
    """Closed interval of the rate, equal tails of Beta(bads + ½, rows − bads + ½)."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low, high = betaincinv(bads + 0.5, rows - bads + 0.5, [tail, 1 - tail])
    return float(low), float(high)


def _grade(name: str, low: float, high: float, rows: int, bads: int) -> ScaleGrade:
    under, over = jeffreys_interval(bads, rows)
    observed = bads / rows if rows else float("nan")
    return ScaleGrade(
        name, float(low), float(high), rows, bads, float(_posterior(rows, bads)), observed, under, over
    )


def _posterior(rows: Any, bads: Any) -> Any:
    return (bads + 0.5) / (rows + 1.0)


def _require(rows: int, bads: int, asked: Limits) -> None:
    if bads < 2 * asked.least_bads:
        raise FeasibilityError(
            f"a scale was asked of {rows:,} rows with {bads:,} bads",
            hint=f"Two grades with {asked.least_bads} bads each need {2 * asked.least_bads}.",
        )


def _cells(values: Floats, rows: Ints, bads: Ints) -> tuple[Floats, Ints, Ints]:
    """At most MOST_CELLS neighbouring cells: half their cuts at equal rows, half at equal bads."""
    if len(values) <= MOST_CELLS:
        return values, rows, bads
    parts = np.arange(1, MOST_CELLS // 2) / (MOST_CELLS // 2)
    cuts: set[int] = {0}
    for counts in (rows, bads):
        summed = np.cumsum(counts)
        cuts |= set((np.searchsorted(summed, parts * summed[-1]) + 1).tolist())
    begin = np.array(sorted(one for one in cuts if one < len(values)), dtype=np.int64)
    return values[begin], np.add.reduceat(rows, begin), np.add.reduceat(bads, begin)


def _search(values: Floats, rows: Ints, bads: Ints, asked: Limits) -> list[float]:
    """Lower ends of the likeliest two or more grades that hold the limits, none where there are none; of
    equally likely scales the one with fewest grades.

    Exact over the cells: `best[a, b]` is the likelihood of cells before b whose last grade is [a, b), one
    more grade a round; a grade may follow any that ends where it begins and is rarer enough.
    """
    probability, fit = _segments(rows, bads, asked)
    size = len(values)
    best = np.where(np.arange(size + 1)[:, None] == 0, fit, -np.inf)
    chains, final, found = [np.full((size + 1, size + 1), -1)], -np.inf, (0, 0)
    for grade in range(asked.most_grades):
        if grade:
            best, before = _one_more(best, probability, fit, asked.least_ratio)
            chains.append(before)
        last = int(np.argmax(best[:, size]))
        if grade and best[last, size] > final + 1e-9:
            final, found = float(best[last, size]), (grade, last)
    grade, begin = found
    if final == -np.inf:
        return []
    cuts, end = [float(values[begin])], size
    while grade:
        begin, end = int(chains[grade][begin, end]), begin
        cuts.append(float(values[begin]))
        grade -= 1
    return cuts[::-1]


def _segments(rows: Ints, bads: Ints, asked: Limits) -> tuple[Floats, Floats]:
    """Probability and log-likelihood of every run of cells [a, b); −∞ where it is too small for a grade."""
    n, d = np.append(0, np.cumsum(rows)), np.append(0, np.cumsum(bads))
    many, bad = (n[None, :] - n[:, None]).astype(float), (d[None, :] - d[:, None]).astype(float)
    allowed = (many >= max(1.0, asked.least_share * n[-1])) & (bad >= asked.least_bads)
    p = _posterior(np.where(allowed, many, 1.0), np.where(allowed, bad, 0.0))
    return p, np.where(allowed, bad * np.log(p) + (many - bad) * np.log1p(-p), -np.inf)


def _one_more(best: Floats, probability: Floats, fit: Floats, ratio: float) -> tuple[Floats, Ints]:
    """The best of one grade more, and where the grade before it begins."""
    size = len(best)
    made, before = np.full((size, size), -np.inf), np.full((size, size), -1)
    for a in range(1, size - 1):
        earlier = np.flatnonzero(np.isfinite(best[:a, a]))
        if not len(earlier):
            continue
        order = earlier[np.argsort(probability[earlier, a], kind="stable")]
        reached = np.maximum.accumulate(best[order, a])
        first = np.append(True, best[order, a][1:] > reached[:-1])
        which = order[np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))]
        fits = np.searchsorted(probability[order, a] * ratio, probability[a], side="right") - 1
        may = (fits >= 0) & np.isfinite(fit[a])
        made[a, may] = fit[a, may] + reached[fits[may]]
        before[a, may] = which[fits[may]]
    return made, before


def _merged(values: Floats, rows: Ints, bads: Ints, asked: Limits) -> list[float]:
    """Lower ends of the geometric grades, neighbours merged until all hold the limits.

    The first grade that is too small joins the neighbour with fewer rows; then of all neighbours too alike,
    or where there are too many grades, the two most alike become one.
    """
    edges = [_FIRST * _FACTOR**step for step in range(12)]
    begin = np.unique(np.append(0, np.searchsorted(values, edges)))
    begin = begin[begin < len(values)]
    grades = [
        [float(values[at]), int(n), int(d)]
        for at, n, d in zip(begin, np.add.reduceat(rows, begin), np.add.reduceat(bads, begin), strict=True)
    ]
    least = max(1.0, asked.least_share * float(rows.sum()))
    while len(grades) > 1 and (pair := _to_merge(grades, least, asked)) is not None:
        grades[pair] = [grades[pair][0], *(grades[pair][k] + grades[pair + 1][k] for k in (1, 2))]
        del grades[pair + 1]
    return [float(one[0]) for one in grades]


def _to_merge(grades: list[list[Any]], least: float, asked: Limits) -> int | None:
    """The place of the first of two neighbours to be merged; None where all is well."""
    for at, (_, rows, bads) in enumerate(grades):
        if rows < least or bads < asked.least_bads:
            if at == 0 or at == len(grades) - 1:
                return max(0, at - 1)
            return at if grades[at + 1][1] < grades[at - 1][1] else at - 1
    p = np.array([_posterior(rows, bads) for _, rows, bads in grades])
    ratio = p[1:] / p[:-1]
    if (ratio < asked.least_ratio).any() or len(grades) > asked.most_grades:
        return int(np.argmin(ratio))
    return None
