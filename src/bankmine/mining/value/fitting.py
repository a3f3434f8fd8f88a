"""Maximum likelihood for models of a few positive parameters, with the checks that make it trustworthy.

The parameters are fitted as logarithms. Several starts are tried (on a part of the data, where there is
much); the best is carried to the maximum on all data with L-BFGS (Liu and Nocedal 1989) in coordinates in
which the likelihood is about round, so a handful of steps is enough. A fit is believed only if its gradient
is about zero, it is better than every start, the likelihood is curved at it, and no parameter ran away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import one_thread
from bankmine.mining.contract import Floats
from bankmine.mining.files import array, numbers

Likelihood = Callable[[Floats], tuple[float, Floats]]  # log-parameters → log-likelihood and its gradient

SMALLEST, LARGEST = -11.5, 13.8  # logarithms of 1e-5 and 1e6: beyond them a parameter has run away
NEAR_ZERO = 1e-5  # of the gradient a row
SAME = 0.01  # log-likelihoods this close are one maximum
STEP = 1e-4
FLAT = 1e-2  # information on log-parameters below it leaves them free over a factor of e²⁰ either way


@dataclass(frozen=True)
class Start:
    """Where a start began, and the log-likelihood there and where it led, of the data it was run on."""

    parameters: tuple[float, ...]
    at_start: float
    reached: float


@dataclass(frozen=True)
class Fitted:
    """A maximum and what speaks for or against it.

    `logarithms` are the fitted log-parameters, `covariance` theirs (inverse of the negative Hessian; NaN
    where the likelihood is flat). `agreeing` counts the starts that led to the same maximum.
    """

    names: tuple[str, ...]
    logarithms: Floats
    log_likelihood: float
    covariance: Floats
    gradient: float
    starts: tuple[Start, ...]
    agreeing: int
    converged: bool
    warnings: tuple[str, ...]

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by name."""
        return dict(zip(self.names, np.exp(self.logarithms).tolist(), strict=True))

    def intervals(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Intervals of the parameters from the Hessian, normal on the logarithms; NaN where flat."""
        check_level(level)
        wide = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(np.diag(self.covariance))
        low, high = np.exp(self.logarithms - wide), np.exp(self.logarithms + wide)
        return {name: (float(low[at]), float(high[at])) for at, name in enumerate(self.names)}

    def to_json(self) -> dict[str, Any]:
        """The fit as plain values, without its names (the model's) and its starts."""
        return {
            "logarithms": numbers(self.logarithms), "log_likelihood": self.log_likelihood,
            "covariance": numbers(self.covariance), "gradient": self.gradient, "agreeing": self.agreeing,
            "converged": self.converged, "warnings": list(self.warnings),
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: Mapping[str, Any], names: Sequence[str]) -> Self:
        """The fit that `to_json` described, of the parameters `names`; it has no starts."""
        return cls(
            names=tuple(names), logarithms=array(content["logarithms"]),
            log_likelihood=float(content["log_likelihood"]), covariance=array(content["covariance"]),
            gradient=float(content["gradient"]), starts=(), agreeing=int(content["agreeing"]),
            converged=bool(content["converged"]), warnings=tuple(content["warnings"]),
        )  # fmt: skip


def check_level(level: float) -> None:
    """UsageError where a level of intervals is no share between 0 and 1."""
    if not 0 < level < 1:
        raise UsageError(f"The level is {level}", hint="Give a level between 0 and 1, such as 0.95.")


def maximise(
    names: Sequence[str],
    whole: Likelihood,
    part: Likelihood,
    starts: Sequence[Floats],
    rows: float,
    units: Floats | None = None,
) -> Fitted:
    """The maximum of `whole` over positive parameters.

    `part` is the likelihood of the part of the data on which the starts are tried (`whole` itself where the
    data are few); `starts` are parameters, not logarithms; `rows` scales what counts as a gradient of zero.
    Where the data were divided by a unit, `units` are what each parameter is multiplied by to undo it, one
    for each (the likelihoods stay those of the divided data).
    """
    moved = np.zeros(len(names)) if units is None else np.log(units)
    with one_thread():
        return _maximise(names, whole, part, starts, rows, moved)


def in_other_units(fitted: Fitted, whole: float, part: float) -> Fitted:
    """The same fit with log-likelihoods lower by `whole`, those of the starts by `part`."""
    starts = tuple(replace(one, at_start=one.at_start - part, reached=one.reached - part)
                   for one in fitted.starts)  # fmt: skip
    return replace(fitted, log_likelihood=fitted.log_likelihood - whole, starts=starts)


def _maximise(
    names: Sequence[str],
    whole: Likelihood,
    part: Likelihood,
    starts: Sequence[Floats],
    rows: float,
    moved: Floats,
) -> Fitted:
    tried = [_climb(part, np.log(np.asarray(one, dtype=np.float64)), rows) for one in starts]
    best = max(range(len(tried)), key=lambda at: tried[at][1])
    agreeing = sum(tried[best][1] - value <= SAME for _, value, _ in tried)
    at = _polish(whole, tried[best][0], -_hessian(part, tried[best][0]), rows)
    value, gradient = whole(at)
    information = -_hessian(whole, at)
    began = tuple(
        Start(tuple(map(float, one * np.exp(moved))), first, reached)
        for one, (_, reached, first) in zip(starts, tried, strict=True)
    )
    worst = float(np.abs(gradient).max()) / rows
    values = (value, whole(np.log(starts[0]))[0])
    warnings = _warnings(names, at, moved, worst, information, values, agreeing)
    return Fitted(
        names=tuple(names), logarithms=at + moved, log_likelihood=value, covariance=_inverse(information),
        gradient=worst, starts=began, agreeing=agreeing, converged=worst <= NEAR_ZERO,
        warnings=tuple(warnings),
    )  # fmt: skip


def _climb(likelihood: Likelihood, start: Floats, rows: float) -> tuple[Floats, float, float]:
    """From a start upwards: where it led, the value there and at the start."""
    from scipy.optimize import minimize

    first, _ = likelihood(start)
    scale = max(abs(first), rows)
    found = minimize(
        lambda at: _negative(likelihood, at, scale), start, jac=True, method="L-BFGS-B",
        bounds=[(SMALLEST, LARGEST)] * len(start), options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
    )  # fmt: skip
    return np.asarray(found.x, dtype=np.float64), -float(found.fun) * scale, first


def _polish(likelihood: Likelihood, start: Floats, information: Floats, rows: float) -> Floats:
    """The maximum near `start`, found in coordinates in which `information` is the unit matrix."""
    from scipy.optimize import minimize

    values, vectors = np.linalg.eigh(information)
    if values.min() <= 1e-8 * max(values.max(), 1e-12):
        return _climb(likelihood, start, rows)[0]
    turn = vectors / np.sqrt(values / rows)
    at, first = start, likelihood(start)[0]
    scale = max(abs(first), rows)

    def objective(moved: Floats) -> tuple[float, Floats]:
        place = np.clip(start + turn @ moved, SMALLEST, LARGEST)
        value, slope = _negative(likelihood, place, scale)
        return value, turn.T @ slope

    found = minimize(
        objective, np.zeros(len(start)), jac=True, method="L-BFGS-B",
        options={"maxiter": 200, "ftol": 1e-15, "gtol": 1e-9},
    )  # fmt: skip
    place = np.clip(start + turn @ found.x, SMALLEST, LARGEST)
    return np.asarray(place if -found.fun * scale >= first else at, dtype=np.float64)


def _negative(likelihood: Likelihood, at: Floats, scale: float) -> tuple[float, Floats]:
    value, gradient = likelihood(at)
    if not (np.isfinite(value) and np.isfinite(gradient).all()):
        return 1e10, np.zeros(len(at))
    return -value / scale, -gradient / scale


def _hessian(likelihood: Likelihood, at: Floats) -> Floats:
    """Second derivatives as central differences of the gradient."""
    size = len(at)
    rows = np.empty((size, size))
    for place in range(size):
        step = np.zeros(size)
        step[place] = STEP
        rows[place] = (likelihood(at + step)[1] - likelihood(at - step)[1]) / (2 * STEP)
    return (rows + rows.T) / 2


def _inverse(information: Floats) -> Floats:
    """The covariance; NaN where the likelihood is flat in some direction, or not a maximum."""
    size = len(information)
    if not np.isfinite(information).all() or np.linalg.eigvalsh(information).min() <= FLAT:
        return np.full((size, size), np.nan)
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def _warnings(
    names: Sequence[str],
    at: Floats,
    moved: Floats,
    gradient: float,
    information: Floats,
    values: tuple[float, float],
    agreeing: int,
) -> list[str]:
    found = []
    if gradient > NEAR_ZERO:
        found.append(f"the fit did not converge: the gradient a row is {gradient:.1e}")
    if values[0] < values[1]:
        found.append("the fit is worse than its first start")
    if agreeing < 2:
        found.append("only one start led to this maximum: there may be a better one")
    for name, one, unit in zip(names, at, moved, strict=True):
        if not SMALLEST + 2 < one < LARGEST - 2:
            found.append(
                f"{name} ran to the boundary ({np.exp(one + unit):.3g}): the data do not determine it"
            )
    if not np.isfinite(_inverse(information)).all():
        found.append("the likelihood is flat at the maximum: parameters have no interval")
    return found
