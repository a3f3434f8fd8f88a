"""Selection on what nobody recorded: two probits, being granted and going bad, whose errors may hang
together.

    granted: z γ + ε > 0        bad: x β + δ > 0, seen only where granted        correlation (ε, δ) = ρ

Heckman (1979) for a yes-or-no outcome (van de Ven and van Praag 1981), by maximum likelihood. z is x and at
least one column that decides about granting and has no bearing on risk (an officer's leniency, a month's
budget): without it ρ is told by the shape of the normal curve alone, which is no evidence, and the model is
not fitted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_RHO, RIDGE, NODES = 0.95, 1.0, 20
_AT, _WEIGHT = np.polynomial.legendre.leggauss(NODES)


@dataclass(frozen=True)
class Bivariate:
    """`beta` of going bad (probit), `gamma` of being granted, their correlation, and how likely ρ = 0 is."""

    beta: Floats
    gamma: Floats
    rho: float
    p_value: float

    def chances(self, X: Floats) -> Floats:
        """Chance of going bad of everybody who applies, granted or not."""
        return normal(X @ self.beta)

    def chances_if_granted(self, X: Floats, Z: Floats) -> Floats:
        """Chance of going bad of those who were granted: P(bad and granted) / P(granted)."""
        g, b = Z @ self.gamma, X @ self.beta
        return both_below(g, b, np.full(len(g), self.rho)) / np.maximum(normal(g), 1e-12)


def normal(x: Floats) -> Floats:
    """The normal distribution function."""
    from scipy.special import ndtr

    return np.asarray(ndtr(x), dtype=np.float64)


def both_below(h: Floats, k: Floats, rho: Floats) -> Floats:
    """P(X < h, Y < k) of two normals with correlation ρ in [−.95, .95], shape (rows,).

    Plackett's integral over the correlation with twenty Gauss–Legendre nodes (Drezner and Wesolowsky 1990);
    within 1e-9 for correlations to .9.
    """
    angle = np.arcsin(rho)[:, None] * (_AT + 1) / 2
    sine, cosine = np.sin(angle), np.cos(angle)
    level = (h**2 + k**2)[:, None] - 2 * (h * k)[:, None] * sine
    area = (np.exp(-level / (2 * cosine**2)) * _WEIGHT).sum(axis=1) * np.arcsin(rho) / 2
    return np.asarray(np.clip(normal(h) * normal(k) + area / (2 * math.pi), 1e-300, 1.0))


def fit_bivariate(X: Floats, Z: Floats, granted: NDArray[np.bool_], bad: Floats) -> Bivariate:
    """Maximum likelihood; `X` (rows, columns), `Z` with its further columns, `bad` read where granted.

    `p_value` is that of the likelihood-ratio test of ρ = 0.
    """
    from scipy.optimize import minimize

    model = _Likelihood(X, Z, granted, bad)
    start = np.zeros(X.shape[1] + Z.shape[1])
    apart = minimize(lambda p: model.value(np.append(p, 0.0), free=False), start, jac=True, method="L-BFGS-B")
    found = minimize(
        model.value, np.append(apart.x, 0.0), jac=True, method="L-BFGS-B",
        bounds=[(None, None)] * len(start) + [(-np.arctanh(MOST_RHO), np.arctanh(MOST_RHO))],
        options={"maxiter": 500},
    )  # fmt: skip
    ratio = max(2 * (apart.fun - found.fun), 0.0)
    columns = X.shape[1]
    return Bivariate(
        found.x[:columns], found.x[columns:-1], float(np.tanh(found.x[-1])), math.erfc(math.sqrt(ratio / 2))
    )


class _Likelihood:
    """Minus the log-likelihood with its gradient in (β, γ, atanh ρ); a light ridge on all but the
    constants.
    """

    def __init__(self, X: Floats, Z: Floats, granted: NDArray[np.bool_], bad: Floats) -> None:
        self._X, self._Z, self._granted = X[granted], Z, granted
        self._side = np.where(bad[granted] > 0, 1.0, -1.0)
        ridge = np.full(X.shape[1] + Z.shape[1] + 1, RIDGE)
        ridge[[0, X.shape[1], -1]] = 0.0
        self._ridge, self._columns = ridge, X.shape[1]

    def value(self, parameters: Floats, free: bool = True) -> tuple[float, Floats]:
        beta, gamma = parameters[: self._columns], parameters[self._columns : -1]
        rho = math.tanh(parameters[-1])
        every = self._Z @ gamma
        g, b, s = every[self._granted], self._X @ beta, self._side
        q = math.sqrt(1 - rho**2)
        joint = both_below(g, s * b, s * rho)
        refused = every[~self._granted]
        none = np.maximum(normal(-refused), 1e-300)
        slope_g = _density(g) * normal(s * (b - rho * g) / q) / joint
        slope_b = s * _density(b) * normal((g - rho * b) / q) / joint
        level = (g**2 + b**2 - 2 * rho * g * b) / (2 * q**2)
        slope_rho = float((s * np.exp(-level) / (2 * math.pi * q) / joint).sum()) * (1 - rho**2)
        by_row = np.empty(len(every))
        by_row[self._granted], by_row[~self._granted] = slope_g, -_density(refused) / none
        gradient = np.concatenate([self._X.T @ slope_b, self._Z.T @ by_row, [slope_rho if free else 0.0]])
        total = float(np.log(joint).sum() + np.log(none).sum())
        penalty = 0.5 * float(self._ridge @ parameters**2)
        slope = -gradient + self._ridge * parameters
        return -total + penalty, slope if free else slope[:-1]


def _density(x: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi))
