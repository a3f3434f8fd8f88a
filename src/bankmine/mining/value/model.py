"""What all purchase models share: fitting, checks, forecasts, intervals, reasons and their file.

A purchase model says how likely a history of purchases is under a few parameters of the whole population;
what one customer will do follows from the parameters and the customer's own history (empirical Bayes).
The models differ in what they believe of leaving: see `beta_geometric.py`, `pareto_nbd.py`, `bg_bb.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from itertools import combinations
from math import factorial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.classification.classifier import row_weights
from bankmine.mining.contract import Estimator, Floats, Ints, Matrix, MinimumData, Reasons, strongest
from bankmine.mining.files import array, numbers
from bankmine.mining.learner import check_parameters
from bankmine.mining.value.fitting import Fitted, check_level, in_other_units, maximise
from bankmine.mining.value.purchases import COLUMNS, Purchases, history_values

LEAST_REPEATERS = 20
STARTS_ON = 4000  # rows on which the starts are tried

Generator = np.random.Generator


class Forecast(NamedTuple):
    """For each row the mean and the limits of simulated futures."""

    mean: Floats
    low: Floats
    high: Floats


class PurchaseModel(Estimator):
    """Base of BG/NBD, MBG/NBD, Pareto/NBD and BG/BB.

    Rows are `frequency, recency, age` (see `purchases.py`); `starts` is how many starts are tried. After
    `fit`: `fitted_` (parameters, log-likelihood, intervals, warnings), `mean_` (the average history). Needs
    50 customers, 20 of them with a repeat purchase.
    """

    minimum: ClassVar[MinimumData] = MinimumData(rows=50)
    parameter_names: ClassVar[tuple[str, ...]]
    times: ClassVar[tuple[str, ...]] = ()  # parameters that are measured in the unit of time
    whole_times: ClassVar[bool] = False

    def __init__(self, *, starts: int = 4, random_state: int = 0) -> None:
        self.starts = starts
        self.random_state = random_state

    def fit(
        self, X: Matrix, y: object = None, *, names: Iterable[str] | None = None, sample_weight: Any = None
    ) -> Self:
        """Fit on histories of shape (rows, 3), `sample_weight` (rows,) being how many customers have each.

        FeasibilityError below the minimum data, UsageError for weights that are not finite, 0 or more.
        """
        check_parameters(self)
        values = history_values(X, whole_times=self.whole_times)
        heavy = row_weights(sample_weight, len(values))
        rows = Purchases.of(values, heavy)
        self._require(rows)
        self.names_ = COLUMNS
        self.mean_ = np.average(values, axis=0, weights=heavy)
        self.fitted_ = self._maximise(rows)
        return self

    @property
    def parameters_(self) -> dict[str, float]:
        """The fitted parameters by name."""
        return self.fitted_.parameters

    def log_likelihood(self, X: Matrix, sample_weight: Any = None) -> float:
        """The log-likelihood of histories under the fitted parameters."""
        values = self._values(X)
        rows = Purchases.of(values, row_weights(sample_weight, len(values)))
        return self._likelihood(np.exp(self.fitted_.logarithms), rows)[0]

    def expected_purchases(self, X: Matrix, ahead: float) -> Floats:
        """Expected purchases of each customer in the `ahead` units of time after the end of its history.

        UsageError where `ahead` is below 0, or no whole number where times are opportunities.
        """
        self._check_ahead(ahead)
        x, recency, age = self._values(X).T
        return self._expected(self._theta(), x, recency, age, float(ahead))

    def predict(self, X: Matrix, ahead: float = 1.0) -> Floats:
        """`expected_purchases`, under scikit-learn's name."""
        return self.expected_purchases(X, ahead)

    def probability_alive(self, X: Matrix) -> Floats:
        """The chance that each customer is still a customer at the end of its history."""
        x, recency, age = self._values(X).T
        return self._alive(self._theta(), x, recency, age)

    def simulate_ahead(self, X: Matrix, ahead: float, *, draws: int = 200, random_state: int = 0) -> Ints:
        """Purchases in the `ahead` units after each history, drawn: shape (draws, rows).

        Each draw takes parameters from their sampling distribution (where the Hessian allows), the
        customer's own rates given its history, and then what happens. UsageError for an `ahead` that is
        negative or infinite (or no whole number where times are opportunities), and for less than one draw.
        """
        self._check_ahead(ahead)
        if not np.isfinite(ahead):
            raise UsageError(f"{ahead} units ahead were asked", hint="Simulate a finite time.")
        if draws < 1 or draws != int(draws):
            raise UsageError(f"{draws} draws were asked", hint="Ask for a whole number from 1 on.")
        generator = np.random.default_rng(random_state)
        x, recency, age = self._values(X).T
        theta = [self._draw_parameters(generator) for _ in range(int(draws))]
        return np.stack([self._future(one, x, recency, age, float(ahead), generator) for one in theta])

    def forecast(
        self, X: Matrix, ahead: float, *, draws: int = 200, level: float = 0.9, random_state: int = 0
    ) -> Forecast:
        """Expected purchases, with limits that hold `level` of the simulated futures."""
        check_level(level)
        drawn = self.simulate_ahead(X, ahead, draws=draws, random_state=random_state)
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return Forecast(self.expected_purchases(X, ahead), low, high)

    def sample(self, age: Any, *, random_state: int = 0) -> Floats:
        """Made-up histories of shape (rows, 3) under the fitted parameters, one for each age."""
        generator = np.random.default_rng(random_state)
        return self._histories(self._theta(), np.asarray(age, dtype=np.float64), generator)

    def bootstrap(
        self, X: Matrix, *, replicates: int = 100, level: float = 0.95, random_state: int = 0
    ) -> dict[str, tuple[float, float]]:
        """Intervals of the parameters by parametric bootstrap (Efron 1979).

        As many customers of the same ages are made up under the fit, and the model is fitted to them anew,
        `replicates` times. Slower than `fitted_.intervals()`, and free of its normal approximation.
        """
        check_level(level)
        if replicates < 1:
            raise UsageError(f"{replicates} replicates were asked", hint="Ask for one or more.")
        age, found = self._values(X)[:, 2], []
        for one in range(replicates):
            rows = Purchases.of(self.sample(age, random_state=random_state + one))
            unit = self._unit(rows)
            scaled, start = rows.in_units_of(unit), self._theta() / self._units(unit)
            found.append(np.exp(self._climb(scaled, scaled, [start], unit).logarithms))
        low, high = np.quantile(np.stack(found), [(1 - level) / 2, (1 + level) / 2], axis=0)
        return {name: (float(low[at]), float(high[at])) for at, name in enumerate(self.parameter_names)}

    def reasons(self, X: Matrix, *, top: int = 3, ahead: float = 1.0) -> Reasons:
        """How each column moves the expected purchases away from those of the average history.

        Shapley values (Shapley 1953): the parts add up to the row's expectation less that of the average.
        """
        values = self._values(X)
        return strongest(self._shapley(values, float(ahead)), values, COLUMNS, top)

    def to_json(self) -> dict[str, Any]:
        """Parameters, their covariance, and what the fit reported."""
        fitted = self.fitted_
        return {
            "parameters": self.get_params(),
            "names": list(self.names_),
            "mean": numbers(self.mean_),
            "fitted": fitted.to_json(),
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The fitted model that `to_json` described (without its starts)."""
        made = cls(**content["parameters"])
        made.names_ = tuple(content["names"])
        made.mean_ = array(content["mean"])
        made.fitted_ = Fitted.from_json(content["fitted"], cls.parameter_names)
        return made

    @abstractmethod
    def _likelihood(self, theta: Floats, rows: Purchases) -> tuple[float, Floats]:
        """The log-likelihood of the rows and its gradient in the parameters themselves."""

    @abstractmethod
    def _first_starts(self, rows: Purchases) -> list[Floats]:
        """Starts that suit the data, the best guess first."""

    @abstractmethod
    def _expected(self, theta: Floats, x: Floats, recency: Floats, age: Floats, ahead: float) -> Floats: ...

    @abstractmethod
    def _alive(self, theta: Floats, x: Floats, recency: Floats, age: Floats) -> Floats: ...

    @abstractmethod
    def _future(
        self, theta: Floats, x: Floats, recency: Floats, age: Floats, ahead: float, generator: Generator
    ) -> Ints: ...

    @abstractmethod
    def _histories(self, theta: Floats, age: Floats, generator: Generator) -> Floats: ...

    def _maximise(self, given: Purchases) -> Fitted:
        """The fit with times in mean ages, so that the unit they are given in does not matter."""
        unit = self._unit(given)
        rows = given.in_units_of(unit)
        part = rows.some(STARTS_ON, self.random_state)
        generator = np.random.default_rng(self.random_state)
        starts = self._first_starts(rows)
        while len(starts) < max(2, self.starts):
            starts.append(starts[0] * np.exp(generator.normal(0.0, 1.0, len(starts[0]))))
        return self._climb(rows, part, starts[: max(2, self.starts)], unit)

    def _climb(self, rows: Purchases, part: Purchases, starts: list[Floats], unit: float) -> Fitted:
        """The maximum over rows whose times were divided by `unit`, in the unit they had before.

        The likelihood is a density of the instants of x purchases, so it shrinks by unit^x.
        """
        fitted = maximise(
            self.parameter_names, lambda at: self._logarithmic(at, rows),
            lambda at: self._logarithmic(at, part), starts, rows.customers, self._units(unit),
        )  # fmt: skip
        whole, tried = (float(one.weight @ one.frequency) * float(np.log(unit)) for one in (rows, part))
        return in_other_units(fitted, whole, tried)

    def _unit(self, rows: Purchases) -> float:
        return rows.mean_age if self.times else 1.0

    def _units(self, unit: float) -> Floats:
        """What each parameter is multiplied by where times were divided by `unit`."""
        return np.array([unit if name in self.times else 1.0 for name in self.parameter_names])

    def _logarithmic(self, logarithms: Floats, rows: Purchases) -> tuple[float, Floats]:
        """The likelihood over log-parameters: the chain rule multiplies by the parameters."""
        theta = np.exp(logarithms)
        value, gradient = self._likelihood(theta, rows)
        return value, gradient * theta

    def _theta(self) -> Floats:
        return np.asarray(np.exp(self.fitted_.logarithms), dtype=np.float64)

    def _check_ahead(self, ahead: float) -> None:
        if not ahead >= 0:
            raise UsageError(f"{ahead} units ahead were asked", hint="Ask for none or more.")
        if self.whole_times and ahead != np.floor(ahead):
            raise UsageError(f"{ahead} opportunities were asked", hint="Ask for a whole number of them.")

    def _values(self, X: Matrix) -> Floats:
        return history_values(X, whole_times=self.whole_times)

    def _draw_parameters(self, generator: Generator) -> Floats:
        fitted = self.fitted_
        if not np.isfinite(fitted.covariance).all():
            return self._theta()
        drawn = generator.multivariate_normal(fitted.logarithms, fitted.covariance)
        return np.asarray(np.exp(drawn), dtype=np.float64)

    def _require(self, rows: Purchases) -> None:
        self.minimum.require(type(self).__name__, int(rows.customers))
        repeaters = int(rows.weight[rows.frequency > 0].sum())
        if repeaters < LEAST_REPEATERS:
            raise FeasibilityError(
                f"{type(self).__name__} was given {repeaters} customers with a repeat purchase of "
                f"{int(rows.customers)}",
                hint=f"It needs at least {LEAST_REPEATERS} that bought again.",
            )

    def _shapley(self, values: Floats, ahead: float) -> Floats:
        """Shapley values over the three columns against the average history."""
        size = len(COLUMNS)
        said = {
            chosen: self._with_average(values, chosen, ahead)
            for many in range(size + 1)
            for chosen in combinations(range(size), many)
        }
        parts = np.zeros_like(values)
        for column in range(size):
            for chosen in (one for one in said if column not in one):
                weight = factorial(len(chosen)) * factorial(size - len(chosen) - 1) / factorial(size)
                joined = tuple(sorted((*chosen, column)))
                parts[:, column] += weight * (said[joined] - said[chosen])
        return parts

    def _with_average(self, values: Floats, kept: tuple[int, ...], ahead: float) -> Floats:
        """Expected purchases where only the columns `kept` are the row's own."""
        mixed = np.tile(self.mean_, (len(values), 1))
        mixed[:, kept] = values[:, kept]
        if self.whole_times:
            mixed = np.rint(mixed)
        x, recency, age = mixed.T
        age = np.maximum(age, np.where(x > 0, 1e-9, 0.0))
        recency = np.where(x > 0, np.minimum(recency, age), 0.0)
        if self.whole_times:
            x = np.minimum(x, recency)
        return self._expected(self._theta(), x, recency, age, ahead)
