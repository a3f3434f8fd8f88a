"""A cut-off on the score by profit: approve up to the chance of going bad at which the money is made.

The best cut-off on some data flatters itself on the same data. So it is chosen on one half of the customers
and judged on the other, both ways round, and the profit with its interval is that of the judged halves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.bank.hashing import splitmix64
from bankmine.decisions.credit_policy.money import Floats, break_even
from bankmine.errors import FeasibilityError
from bankmine.evaluation.intervals import Interval, mean_interval

LEAST_BADS = 10


@dataclass(frozen=True)
class Point:
    """One cut-off of the frontier: share approved, bad rate among them, profit in minor units."""

    at: float
    approved: float
    bad_rate: float
    profit_minor: float


@dataclass(frozen=True)
class CutOff:
    """The cut-off that earns most on all rows; `judged` is the profit an applicant brings out of sample.

    `gain` is that minus approving everybody, `break_even` the chance at which an average credit earns
    nothing: where the score is calibrated the two cut-offs lie near each other.
    """

    at: float
    break_even: float
    frontier: tuple[Point, ...]
    judged: Interval
    gain: Interval
    halves: tuple[float, float]

    def lines(self) -> Iterator[str]:
        """The cut-off in lines for people."""
        if self.at < 0:
            yield "Cut-off by profit: at today's prices no cut-off on the tested applications earns anything."
            return
        best = next(point for point in self.frontier if point.at == self.at)
        yield (
            f"Cut-off by profit, at today's prices: approve up to a chance of {self.at:.1%} of going bad: "
            f"{best.approved:.1%} approved, {best.bad_rate:.1%} of them bad. Chosen on either half of the "
            f"customers: {self.halves[0]:.1%} and {self.halves[1]:.1%}; break-even of an average credit: "
            f"{self.break_even:.1%}."
        )


def frontier(
    probability: Floats, bad: Any, good_minor: Floats, bad_minor: Floats, *, most: int = 200
) -> tuple[Point, ...]:
    """Approval rate, bad rate and profit at each cut-off, riskier last; at most `most` of them.

    A cut-off approves chances up to and including it. The first point approves nobody (at −1).
    """
    order = np.argsort(probability, kind="stable")
    chance, went_bad = probability[order], np.asarray(bad, dtype=np.float64)[order]
    profit = np.cumsum(np.where(went_bad > 0, bad_minor[order], good_minor[order]))
    last = np.flatnonzero(np.append(np.diff(chance) > 0, True)) if len(chance) else np.zeros(0, np.int64)
    best = last[np.argmax(profit[last])] if len(last) else 0
    if len(last) > most:
        last = np.unique(np.append(last[np.linspace(0, len(last) - 1, most).astype(int)], best))
    bads = np.cumsum(went_bad)
    points = [
        Point(float(chance[k]), (k + 1) / len(chance), float(bads[k] / (k + 1)), float(profit[k]))
        for k in last
    ]
    return (Point(-1.0, 0.0, 0.0, 0.0), *points)


def best_point(points: tuple[Point, ...]) -> Point:
    """The most profitable cut-off; the stricter of equals."""
    return max(points, key=lambda point: (point.profit_minor, -point.at))


def best_cut_off(
    probability: Floats,
    bad: Any,
    good_minor: Floats,
    bad_minor: Floats,
    customers: Any,
    *,
    random_state: int = 0,
) -> CutOff:
    """The cut-off by profit over applicants whose outcome is known; arrays of shape (rows,).

    FeasibilityError with fewer than 10 bad ones.
    """
    truth = np.asarray(bad, dtype=np.bool_)
    if truth.sum() < LEAST_BADS or len(truth) - truth.sum() < LEAST_BADS:
        raise FeasibilityError(
            f"a cut-off by profit needs {LEAST_BADS} bad and good applications with known outcome; there are "
            f"{int(truth.sum())} and {int((~truth).sum())}",
            hint="Use a longer test period or a policy without a cut-off of its own.",
        )  # fmt: skip
    points = frontier(probability, truth, good_minor, bad_minor)
    half = splitmix64(np.asarray(customers, dtype=np.int64)) % np.uint64(2) == 1
    profit, earned, chosen = np.where(truth, bad_minor, good_minor), np.zeros(len(truth)), []
    for side in (half, ~half):
        learnt = ~side
        at = best_point(
            frontier(
                probability[learnt], truth[learnt], good_minor[learnt], bad_minor[learnt], most=len(truth)
            )
        ).at
        chosen.append(at)
        earned[side] = np.where(probability[side] <= at, profit[side], 0.0)
    judged = mean_interval(earned, groups=customers, random_state=random_state, name="profit an applicant")
    gain = mean_interval(
        earned - profit, groups=customers, random_state=random_state, name="gain an applicant"
    )
    even = float(break_even(np.array(good_minor.mean()), np.array(bad_minor.mean())))
    return CutOff(best_point(points).at, even, points, judged, gain, (chosen[0], chosen[1]))
