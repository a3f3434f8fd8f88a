"""Gamma-Gamma (Colombo and Jiang 1999; Fader and Hardie 2013): how much a purchase is worth.

Purchases of a customer vary around a mean ~ Gamma(p, ν), and ν ~ Gamma(q, v) varies over customers. With x
purchases of mean m,

    log L = logΓ(px+q) − logΓ(px) − logΓ(q) + q log v + (px−1) log m + px log x − (px+q) log(v + x m)

and the expected mean is p (v + x m) / (p x + q − 1): the own mean pulled towards everybody's, the more the
fewer purchases there are. **The model assumes that how much is independent of how often**; `independence`
tests it, and where it fails the forecast of money is biased (too low if frequent buyers spend more).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import atanh, sqrt, tanh
from statistics import NormalDist
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.classification.classifier import row_weights
from bankmine.mining.contract import Estimator, Floats, Matrix, MinimumData, Reasons, strongest, table_values
from bankmine.mining.files import array, numbers
from bankmine.mining.learner import check_parameters
from bankmine.mining.value.fitting import Fitted, check_level, maximise

COLUMNS = ("purchases", "mean_amount")
PARAMETERS = ("p", "q", "v")
DEPENDENT = 0.2  # rank correlations beyond it bias a forecast of money by more than its interval


@dataclass(frozen=True)
class Independence:
    """Rank correlation (Spearman) of purchases and mean amount, with its interval (Fisher's z).

    `pearson` is that of the amounts themselves, as the papers print it. `holds` is false where the
    correlation is surely beyond ±0.2.
    """

    spearman: float
    low: float
    high: float
    pearson: float
    customers: int
    holds: bool

    def __str__(self) -> str:
        seen = f"rank correlation {self.spearman:+.2f} ({self.low:+.2f} to {self.high:+.2f})"
        return (
            f"That how much is independent of how often {self.verdict}: {seen} "
            f"over {self.customers:,} customers."
        )

    @property
    def verdict(self) -> str:
        """What the test says, in words."""
        if not self.holds:
            return "does not hold, and forecasts of money are biased"
        if self.low <= 0 <= self.high:
            return "is not contradicted"
        return "holds roughly (the dependence is weak)"


class GammaGamma(Estimator):
    """Gamma-Gamma on rows `purchases` (1 or more), `mean_amount` (above 0). Needs 50 customers.

    After `fit`: `fitted_` (p, q, v with their intervals and warnings) and `independence_`.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=50)

    def __init__(self, *, starts: int = 4, random_state: int = 0) -> None:
        self.starts = starts
        self.random_state = random_state

    def fit(
        self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None, sample_weight: Any = None
    ) -> Self:
        """Fit on customers with at least one purchase counted. FeasibilityError below the minimum data.

        `fitted_.warnings` says so where q ≤ 1: such a population has no mean amount.
        """
        check_parameters(self)
        values = _spending(X)
        given = row_weights(sample_weight, len(values))
        heavy = np.ones(len(values)) if given is None else given
        self.minimum.require("GammaGamma", int(heavy.sum()))
        x, mean = values.T
        _refuse_zero(x, mean)
        if len(np.unique(mean)) < 3:
            raise UsageError(
                f"{len(values)} customers share {len(np.unique(mean))} mean amounts",
                hint="Gamma-Gamma needs amounts that vary; where all are equal, the amount is the forecast.",
            )
        self.names_ = COLUMNS
        self.mean_ = np.average(values, axis=0, weights=heavy)
        self.scale_ = float(self.mean_[1])  # amounts are fitted in units of their mean
        self.independence_ = independence(x, mean)
        self.fitted_ = _in_units(self._maximise(x, mean / self.scale_, heavy), self.scale_, mean, heavy)
        return self

    @property
    def parameters_(self) -> dict[str, float]:
        """The fitted parameters by name; v in the unit of the amounts."""
        return self.fitted_.parameters

    def log_likelihood(self, X: Matrix) -> float:
        """The log-likelihood of (purchases, mean amount) under the fitted parameters."""
        x, mean = _spending(X).T
        _refuse_zero(x, mean)
        return _likelihood(self._theta(), x, mean, np.ones(len(x)))[0]

    def expected_amount(self, X: Matrix) -> Floats:
        """The expected mean amount of each customer's purchases; everybody's where there were none.

        NaN where the model has no mean, p x + q ≤ 1: so for customers without a purchase where q ≤ 1, which
        `fitted_.warnings` says.
        """
        p, q, v = self._theta()
        x, mean = _spending(X).T
        below = p * x + q - 1
        spent = np.where(x > 0, x * mean, 0.0)
        expected = np.divide(p * (v + spent), below, out=np.full(len(x), np.nan), where=below > 0)
        return np.asarray(expected, dtype=np.float64)

    def predict(self, X: Matrix) -> Floats:
        """`expected_amount`, under scikit-learn's name."""
        return self.expected_amount(X)

    def simulate_totals(self, X: Matrix, purchases: Any, *, random_state: int = 0) -> Floats:
        """Sums of `purchases` (draws, rows) future purchases of each customer, drawn given its history."""
        p, q, v = self._theta()
        x, mean = _spending(X).T
        many = np.asarray(purchases, dtype=np.float64)
        generator = np.random.default_rng(random_state)
        rate = generator.gamma(p * x + q, 1.0 / (v + np.where(x > 0, x * mean, 0.0)), many.shape)
        drawn = generator.gamma(np.where(many > 0, p * many, 1.0), 1.0 / np.maximum(rate, 1e-300))
        return np.asarray(np.where(many > 0, drawn, 0.0), dtype=np.float64)

    def reasons(self, X: Matrix, *, top: int = 2) -> Reasons:
        """How the own mean, and how often it was seen, move the expected amount off everybody's.

        Shapley values of two columns: each half of what it adds alone and half of what it adds last.
        """
        values, base = _spending(X), np.broadcast_to(self.mean_, (len(_spending(X)), 2))
        said = [
            self.expected_amount(np.column_stack([often[:, 0], much[:, 1]]))
            for often, much in ((base, base), (values, base), (base, values), (values, values))
        ]
        first = (said[1] - said[0] + said[3] - said[2]) / 2
        second = (said[2] - said[0] + said[3] - said[1]) / 2
        return strongest(np.column_stack([first, second]), values, COLUMNS, top)

    def to_json(self) -> dict[str, Any]:
        """Parameters, their covariance, what the fit reported, and the test of independence."""
        fitted = self.fitted_
        return {
            "parameters": self.get_params(),
            "names": list(COLUMNS),
            "mean": numbers(self.mean_),
            "scale": self.scale_,
            "independence": dict(vars(self.independence_)),
            "fitted": fitted.to_json(),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The fitted model that `to_json` described (without its starts)."""
        made = cls(**content["parameters"])
        made.names_, made.mean_, made.scale_ = COLUMNS, array(content["mean"]), float(content["scale"])
        made.independence_ = Independence(**content["independence"])
        made.fitted_ = Fitted.from_json(content["fitted"], PARAMETERS)
        return made

    def _maximise(self, x: Floats, mean: Floats, weight: Floats) -> Fitted:
        def climb(at: Floats) -> tuple[float, Floats]:
            theta = np.exp(at)
            value, gradient = _likelihood(theta, x, mean, weight)
            return value, gradient * theta

        generator = np.random.default_rng(self.random_state)
        starts = [np.array([p, q, q / p]) for p, q in ((5.0, 4.0), (1.0, 2.0), (20.0, 10.0))]
        while len(starts) < max(2, self.starts):
            starts.append(starts[0] * np.exp(generator.normal(0.0, 1.0, 3)))
        return maximise(PARAMETERS, climb, climb, starts[: max(2, self.starts)], float(weight.sum()))

    def _theta(self) -> Floats:
        return np.asarray(np.exp(self.fitted_.logarithms), dtype=np.float64)


def independence(purchases: Any, mean_amount: Any, *, level: float = 0.95) -> Independence:
    """The test of the model's assumption over customers with repeat purchases.

    Constant columns count as uncorrelated: there is nothing that could depend.
    """
    check_level(level)
    x, mean = np.asarray(purchases, dtype=np.float64), np.asarray(mean_amount, dtype=np.float64)
    rank, plain = _correlation(_ranks(x), _ranks(mean)), _correlation(x, mean)
    wide = NormalDist().inv_cdf((1 + level) / 2) * 1.03 / sqrt(max(len(x) - 3, 1))
    middle = atanh(min(max(rank, -0.999999), 0.999999))
    low, high = tanh(middle - wide), tanh(middle + wide)
    surely = low > DEPENDENT or high < -DEPENDENT
    return Independence(rank, low, high, plain, len(x), not surely)


def _likelihood(theta: Floats, x: Floats, mean: Floats, weight: Floats) -> tuple[float, Floats]:
    """The log-likelihood and its gradient in p, q, v."""
    from scipy.special import digamma, gammaln

    p, q, v = theta
    shape, below = p * x, v + x * mean
    value = (gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(v) + (shape - 1) * np.log(mean)
             + shape * np.log(x) - (shape + q) * np.log(below))  # fmt: skip
    both = digamma(shape + q)
    gradient = np.array([
        weight @ (x * (both - digamma(shape) + np.log(mean) + np.log(x) - np.log(below))),
        weight @ (both - digamma(q) + np.log(v) - np.log(below)),
        weight @ (q / v - (shape + q) / below),
    ])  # fmt: skip
    return float(weight @ value), gradient


def _in_units(fitted: Fitted, scale: float, mean: Floats, weight: Floats) -> Fitted:
    """The fit of amounts over their scale, in the amounts' own unit: v grows, densities shrink."""
    moved = fitted.logarithms + np.array([0.0, 0.0, np.log(scale)])
    value = fitted.log_likelihood - float(weight.sum()) * float(np.log(scale))
    warnings, q = fitted.warnings, float(np.exp(fitted.logarithms[1]))
    if q <= 1:
        none = "so customers without a purchase have no expected amount (NaN)"
        warnings = (*warnings, f"q is {q:.3g}, not above 1: the population has no mean amount, {none}")
    return replace(fitted, logarithms=moved, log_likelihood=value, warnings=warnings)


def _spending(X: Matrix) -> Floats:
    values = table_values(X, COLUMNS) if isinstance(X, pa.Table) else np.asarray(X, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 2:
        raise UsageError(
            f"Spending was given in the shape {values.shape}", hint="Give purchases, mean_amount."
        )
    bad = ~np.isfinite(values).all(axis=1) | (values < 0).any(axis=1)
    bad |= (values[:, 0] > 0) & (values[:, 1] <= 0)
    if bad.any():
        raise UsageError(
            f"{int(bad.sum())} of {len(values)} rows of spending cannot be meant",
            hint="Give finite counts, and mean amounts above 0 where there are purchases.",
        )
    return values


def _refuse_zero(x: Floats, mean: Floats) -> None:
    bad = int(((x <= 0) | (mean <= 0)).sum())
    if bad:
        raise UsageError(
            f"{bad} of {len(x)} customers have no purchase or no amount", hint="Leave them out of the fit."
        )


def _ranks(values: Floats) -> Floats:
    """Ranks from 0, ties sharing their mean."""
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(many) - 1
    return np.asarray((last - (many - 1) / 2)[place.reshape(-1)], dtype=np.float64)


def _correlation(one: Floats, other: Floats) -> float:
    left, right = one - one.mean(), other - other.mean()
    below = sqrt(float(left @ left) * float(right @ right))
    return float(left @ right) / below if below > 0 else 0.0
