"""BG/NBD (Fader, Hardie and Lee 2005) and MBG/NBD (Batislam, Denizel and Filiztekin 2007).

While a customer, purchases come at random at a rate λ ~ Gamma(r, α); after each purchase the customer leaves
with probability p ~ Beta(a, b). In BG/NBD nobody leaves before the first repeat purchase; in MBG/NBD the
first purchase of all may already be the last. With k = x (BG) or x + 1 (MBG) chances to leave so far,

    L = Γ(r+x) αʳ / Γ(r) / B(a, b) · { B(a, b+k) (α+T)^−(r+x)  +  [k>0] B(a+1, b+k−1) (α+t)^−(r+x) }
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from bankmine.mining.contract import Floats, Ints
from bankmine.mining.value.model import Generator, PurchaseModel
from bankmine.mining.value.purchases import Purchases

_NEAR_ONE = 1e-5  # a = 1 is a removable singularity: the mean of both sides is taken


class _BetaGeometric(PurchaseModel):
    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    times: ClassVar[tuple[str, ...]] = ("alpha",)
    extra: ClassVar[int]  # chances to leave before the first repeat purchase

    def _likelihood(self, theta: Floats, rows: Purchases) -> tuple[float, Floats]:
        from scipy.special import digamma, gammaln

        r, alpha, a, b = theta
        counts, code, x, weight = rows.counts, rows.code, rows.frequency, rows.weight
        k = counts + self.extra
        by_count = np.bincount(code, weights=weight, minlength=len(counts))
        n = r + x
        at_age, at_last = alpha + rows.age, alpha + rows.recency
        log_age, ratio = np.log(at_age), np.log(at_age / at_last)
        chance = a / np.maximum(b + k - 1, 1e-300)
        odds = np.where(k > 0, np.log(chance), -np.inf)[code] + n * ratio
        gone, either = _logistic(odds)
        value = by_count @ (gammaln(r + counts) + gammaln(a + b) + gammaln(b + k) - gammaln(b)
                            - gammaln(a + b + k))  # fmt: skip
        value += weight @ (either - n * log_age)
        value += by_count.sum() * (r * np.log(alpha) - gammaln(r))
        heavy = weight * gone
        by_gone = np.bincount(code, weights=heavy, minlength=len(counts))
        total, both = digamma(a + b), digamma(a + b + k)
        inverse_age = 1.0 / at_age
        gradient = np.array([
            by_count @ (digamma(r + counts) - digamma(r) + np.log(alpha)) - weight @ log_age + heavy @ ratio,
            by_count.sum() * r / alpha - weight @ (n * inverse_age)
            + heavy @ (n * (inverse_age - 1.0 / at_last)),
            by_count @ (total - both) + by_gone.sum() / a,
            by_count @ (digamma(b + k) - both - digamma(b) + total)
            - by_gone @ np.where(k > 0, chance / a, 0.0),
        ])  # fmt: skip
        return float(value), gradient

    def _first_starts(self, rows: Purchases) -> list[Floats]:
        """Rates from the mean purchases a unit of time; a fifth leave after a purchase, or most stay."""
        per_unit = float(rows.weight @ rows.frequency / (rows.weight @ rows.age))
        return [
            np.array([r, r / per_unit, a, b])
            for r, a, b in ((0.5, 1.0, 3.0), (1.5, 0.5, 5.0), (0.2, 0.3, 1.0))
        ]

    def _odds_gone(self, theta: Floats, x: Floats, recency: Floats, age: Floats) -> Floats:
        """Odds that the customer has left, given the history."""
        r, alpha, a, b = theta
        k = x + self.extra
        left = a / np.maximum(b + k - 1, 1e-300)
        logarithm = np.log(left) + (r + x) * np.log((alpha + age) / (alpha + recency))
        return np.where(k > 0, np.exp(np.minimum(logarithm, 700.0)), 0.0)

    def _alive(self, theta: Floats, x: Floats, recency: Floats, age: Floats) -> Floats:
        return np.asarray(1.0 / (1.0 + self._odds_gone(theta, x, recency, age)), dtype=np.float64)

    def _expected(self, theta: Floats, x: Floats, recency: Floats, age: Floats, ahead: float) -> Floats:
        """Equation 10 of the paper after Euler's transformation, which keeps the series tame.

        (a+b+k−1)/(a−1) · [1 − y^(a−1) ₂F₁(a+b+k−1−r−x, a−1; a+b+k−1; 1−y)] · P(alive), y = (α+T)/(α+T+t).
        """
        from scipy.special import hyp2f1

        if abs(theta[2] - 1) < _NEAR_ONE:
            sides = [theta + np.array([0, 0, side - theta[2], 0]) for side in (1 - 2e-5, 1 + 2e-5)]
            return np.asarray(
                sum(self._expected(one, x, recency, age, ahead) for one in sides) / 2, dtype=np.float64
            )
        r, alpha, a, b = theta
        c = a + b + x + self.extra - 1
        y = (alpha + age) / (alpha + age + ahead)
        alive = 1.0 / (1.0 + self._odds_gone(theta, x, recency, age))
        left = -np.expm1((a - 1) * np.log(y) + np.log(hyp2f1(c - r - x, a - 1, c, 1 - y)))
        return np.asarray(c / (a - 1) * left * alive, dtype=np.float64)

    def _future(
        self, theta: Floats, x: Floats, recency: Floats, age: Floats, ahead: float, generator: Generator
    ) -> Ints:
        r, alpha, a, b = theta
        alive = generator.random(len(x)) < self._alive(theta, x, recency, age)
        rate = generator.gamma(r + x, 1.0 / (alpha + age))
        leaving = generator.beta(a, b + x + self.extra)
        most = generator.geometric(np.maximum(leaving, 1e-12))
        return np.where(alive, np.minimum(generator.poisson(rate * ahead), most), 0).astype(np.int64)

    def _histories(self, theta: Floats, age: Floats, generator: Generator) -> Floats:
        """Purchases at random until the customer leaves: order statistics of evenly spread instants."""
        r, alpha, a, b = theta
        rate = generator.gamma(r, 1.0 / alpha, len(age))
        leaving = generator.beta(a, b, len(age))
        most = generator.geometric(np.maximum(leaving, 1e-12)) - self.extra
        wanted = generator.poisson(rate * age)
        x = np.minimum(wanted, most)
        last = generator.beta(np.maximum(x, 1), np.maximum(wanted - x, 0) + 1.0)
        return np.column_stack([x, np.where(x > 0, last * age, 0.0), age]).astype(np.float64)


class BgNbd(_BetaGeometric):
    """BG/NBD: a customer may leave after each repeat purchase. Parameters r, alpha, a, b."""

    extra = 0


class MbgNbd(_BetaGeometric):
    """MBG/NBD: a customer may leave after each purchase, the first included. Parameters r, alpha, a, b."""

    extra = 1


def _logistic(odds: Floats) -> tuple[Floats, Floats]:
    """`1 / (1 + exp(−o))` and `log(1 + exp(o))`; beyond ±40 the small part is below the last digit."""
    small = np.exp(-np.minimum(np.abs(odds), 40.0))
    share = np.where(odds >= 0, 1.0, small) / (1.0 + small)
    return np.asarray(share, dtype=np.float64), np.maximum(odds, 0.0) + np.log1p(small)
