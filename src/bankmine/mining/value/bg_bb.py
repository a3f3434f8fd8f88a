"""BG/BB (Fader, Hardie and Shang 2010): purchases at discrete opportunities, such as a yearly gift or fee.

At each of n opportunities a customer still there buys with probability p ~ Beta(α, β), and before each one
leaves for good with probability θ ~ Beta(γ, δ). With x purchases, the last at opportunity t,

    L = B(α+x, β+n−x)/B(α, β) · B(γ, δ+n)/B(γ, δ)
        + Σ_{i=0}^{n−t−1} B(α+x, β+t−x+i)/B(α, β) · B(γ+1, δ+t+i)/B(γ, δ)

Here `frequency` is x, `recency` is t and `age` is n, all whole numbers.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.value.model import Generator, PurchaseModel
from bankmine.mining.value.purchases import Purchases

_NEAR_ONE = 1e-6
MOST_OPPORTUNITIES = 2000


class _Terms(NamedTuple):
    """All terms of all rows' sums: the row, and how many opportunities it lived (n where it lives still)."""

    row: Ints
    lived: Floats
    still: Ints  # 1 where the customer has not left


class BgBb(PurchaseModel):
    """BG/BB. Parameters alpha, beta (buying) and gamma, delta (leaving)."""

    parameter_names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")
    whole_times: ClassVar[bool] = True

    def _likelihood(self, theta: Floats, rows: Purchases) -> tuple[float, Floats]:
        from scipy.special import digamma

        a, b, c, d = theta
        terms = _terms(rows.recency, rows.age)
        height = _heights(theta, rows.frequency[terms.row], terms)
        total = _log_sum(height, terms.row, len(rows))
        x, lived, left = rows.frequency[terms.row], terms.lived, 1 - terms.still
        share = np.exp(height - total[terms.row]) * rows.weight[terms.row]
        both, end = digamma(a + b + lived), digamma(c + d + left + lived)
        heavy = rows.weight.sum()
        gradient = np.array([
            share @ (digamma(a + x) - both) + heavy * (digamma(a + b) - digamma(a)),
            share @ (digamma(b + lived - x) - both) + heavy * (digamma(a + b) - digamma(b)),
            share @ (digamma(c + left) - end) + heavy * (digamma(c + d) - digamma(c)),
            share @ (digamma(d + lived) - end) + heavy * (digamma(c + d) - digamma(d)),
        ])  # fmt: skip
        return float(rows.weight @ total), gradient

    def _first_starts(self, rows: Purchases) -> list[Floats]:
        """Buying at the rate seen, leaving in one of five or twenty opportunities."""
        rate = float(np.clip(rows.weight @ rows.frequency / (rows.weight @ rows.age), 0.01, 0.99))
        return [
            np.array([size * rate, size * (1 - rate), leaving * keen, (1 - leaving) * keen])
            for size, leaving, keen in ((2.0, 0.2, 3.0), (2.0, 0.05, 5.0), (1.0, 0.4, 1.0))
        ]

    def _log_each(self, theta: Floats, x: Floats, recency: Floats, age: Floats) -> Floats:
        terms = _terms(recency, age)
        return _log_sum(_heights(theta, x[terms.row], terms), terms.row, len(x))

    def _alive(self, theta: Floats, x: Floats, recency: Floats, age: Floats) -> Floats:
        """The chance to be a customer still at the next opportunity, n + 1."""
        from scipy.special import betaln

        a, b, c, d = theta
        here = betaln(a + x, b + age - x) - betaln(a, b) + betaln(c, d + age + 1) - betaln(c, d)
        return np.asarray(np.exp(here - self._log_each(theta, x, recency, age)), dtype=np.float64)

    def _expected(self, theta: Floats, x: Floats, recency: Floats, age: Floats, ahead: float) -> Floats:
        """Equation 13 of the paper: purchases in the next `ahead` opportunities."""
        from scipy.special import betaln, gammaln

        self._check_ahead(ahead)
        if abs(theta[2] - 1) < _NEAR_ONE:
            sides = [theta + np.array([0, 0, side - theta[2], 0]) for side in (1 - 2e-6, 1 + 2e-6)]
            return np.asarray(
                sum(self._expected(one, x, recency, age, ahead) for one in sides) / 2, dtype=np.float64
            )
        a, b, c, d = theta
        buying = betaln(a + x + 1, b + age - x) - betaln(a, b) + gammaln(c + d) - gammaln(1 + d)
        now, then = (gammaln(1 + d + at) - gammaln(c + d + at) for at in (age, age + ahead))
        lasting = -np.expm1(then - now) / (c - 1)
        each = self._log_each(theta, x, recency, age)
        return np.asarray(d * np.exp(buying + now - each) * lasting, dtype=np.float64)

    def _future(
        self, theta: Floats, x: Floats, recency: Floats, age: Floats, ahead: float, generator: Generator
    ) -> Ints:
        """Given life at opportunity n + 1 the leaving rate is Beta(γ, δ+n+1); then one after the other."""
        a, b, c, d = theta
        here = generator.random(len(x)) < self._alive(theta, x, recency, age)
        buying = generator.beta(a + x, b + age - x)
        leaving = generator.beta(c, d + age + 1)
        more = generator.geometric(np.maximum(leaving, 1e-12))  # opportunities lived from n + 1 on
        lived = np.where(here, np.minimum(more, int(ahead)), 0)
        return generator.binomial(lived, buying).astype(np.int64)

    def _histories(self, theta: Floats, age: Floats, generator: Generator) -> Floats:
        a, b, c, d = theta
        buying, leaving = generator.beta(a, b, len(age)), generator.beta(c, d, len(age))
        lived = np.minimum(generator.geometric(np.maximum(leaving, 1e-12)) - 1, age)
        x, recency = np.zeros(len(age)), np.zeros(len(age))
        for one in range(1, int(age.max(initial=0)) + 1):
            bought = (one <= lived) & (generator.random(len(age)) < buying)
            x += bought
            recency = np.where(bought, one, recency)
        return np.column_stack([x, recency, age])


def _terms(recency: Floats, age: Floats) -> _Terms:
    """For each row the lives that fit it: t, t+1 … n−1 opportunities and gone, or n and still there."""
    if age.max(initial=0) > MOST_OPPORTUNITIES:
        raise UsageError(
            f"A history of {int(age.max())} opportunities was given",
            hint=f"BG/BB takes up to {MOST_OPPORTUNITIES}; use a model in continuous time (BG/NBD).",
        )
    many = (age - recency).astype(np.int64) + 1
    row = np.repeat(np.arange(len(age)), many)
    place = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    lived = recency[row] + place
    return _Terms(row, lived, (lived == age[row]).astype(np.int64))


def _heights(theta: Floats, x: Floats, terms: _Terms) -> Floats:
    """The logarithm of each term."""
    from scipy.special import betaln

    a, b, c, d = theta
    buying = betaln(a + x, b + terms.lived - x) - betaln(a, b)
    leaving = betaln(c + 1 - terms.still, d + terms.lived) - betaln(c, d)
    return np.asarray(buying + leaving, dtype=np.float64)


def _log_sum(height: Floats, row: Ints, rows: int) -> Floats:
    """log Σ exp(height) over each row's terms, which lie together."""
    if rows == 0:
        return np.zeros(0)
    begin = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
    top = np.maximum.reduceat(height, begin)
    return np.asarray(top + np.log(np.add.reduceat(np.exp(height - top[row]), begin)), dtype=np.float64)
