"""Pareto/NBD (Schmittlein, Morrison and Colombo 1987): customers leave at any time, unseen.

Purchases come at a rate λ ~ Gamma(r, α) until the customer leaves, at a rate μ ~ Gamma(s, β). With

    C = (α+T)^−(r+x) (β+T)^−s,   I = ∫ₜᵀ s (β+τ)^−(s+1) (α+τ)^−(r+x) dτ,   L = Γ(r+x) αʳ βˢ / Γ(r) · (C + I)

The integral is usually written with two Gauss hypergeometric functions, whose difference cancels and which
have no plain derivatives. Here it is computed as it stands, and so are its derivatives: with v = log(β+τ) (or
log(α+τ), whichever of α and β is smaller) the integrand is log-concave and smooth, and Gauss–Legendre nodes
over the part that counts give twelve digits (tests against the hypergeometric form).
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar, NamedTuple

import numpy as np

from bankmine.mining.contract import Floats, Ints
from bankmine.mining.value.model import Generator, PurchaseModel
from bankmine.mining.value.purchases import Purchases

NODES = 48
NEGLIGIBLE = 45.0  # e-folds below the left end after which the integrand no longer counts
_CHUNK = 4096


class _Parts(NamedTuple):
    """Of each row: log(C + I), the share of I in it, and means under I of four derivatives' factors."""

    total: Floats
    gone: Floats
    log_alpha: Floats  # of log(α+τ)
    inverse_alpha: Floats  # of 1/(α+τ)
    log_beta: Floats
    inverse_beta: Floats


class ParetoNbd(PurchaseModel):
    """Pareto/NBD. Parameters r, alpha (purchases) and s, beta (leaving)."""

    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    times: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    def _likelihood(self, theta: Floats, rows: Purchases) -> tuple[float, Floats]:
        from scipy.special import digamma, gammaln

        r, alpha, s, beta = theta
        x, age, weight, counts = rows.frequency, rows.age, rows.weight, rows.counts
        by_count = np.bincount(rows.code, weights=weight, minlength=len(counts))
        parts = _parts(theta, x, rows.recency, age)
        value = weight @ parts.total + by_count @ (gammaln(r + counts) - gammaln(r))
        value += weight.sum() * (r * np.log(alpha) + s * np.log(beta))
        stayed, gone = weight * (1 - parts.gone), weight * parts.gone
        n = r + x
        gradient = np.array([
            by_count @ (digamma(r + counts) - digamma(r) + np.log(alpha))
            - stayed @ np.log(alpha + age) - gone @ parts.log_alpha,
            weight.sum() * r / alpha - stayed @ (n / (alpha + age)) - gone @ (n * parts.inverse_alpha),
            weight.sum() * np.log(beta) - stayed @ np.log(beta + age)
            + gone @ (1.0 / s - parts.log_beta),
            weight.sum() * s / beta - stayed @ (s / (beta + age)) - gone @ ((s + 1) * parts.inverse_beta),
        ])  # fmt: skip
        return float(value), gradient

    def _first_starts(self, rows: Purchases) -> list[Floats]:
        """Rates from the mean purchases a unit of time; half gone in about the mean age, or few."""
        per_unit = float(rows.weight @ rows.frequency / (rows.weight @ rows.age))
        mean_age = float(rows.weight @ rows.age / rows.weight.sum())
        return [
            np.array([r, r / per_unit, s, mean_age * wait])
            for r, s, wait in ((0.6, 0.6, 0.4), (1.2, 1.0, 3.0), (0.3, 0.4, 1.0))
        ]

    def _alive(self, theta: Floats, x: Floats, recency: Floats, age: Floats) -> Floats:
        return np.asarray(1.0 - _parts(theta, x, recency, age).gone, dtype=np.float64)

    def _expected(self, theta: Floats, x: Floats, recency: Floats, age: Floats, ahead: float) -> Floats:
        """P(alive) · (r+x)/(α+T) · (β+T)/(s−1) · [1 − ((β+T)/(β+T+t))^(s−1)], the logarithm at s = 1."""
        r, alpha, s, beta = theta
        time = np.log((beta + age + ahead) / (beta + age))
        lasting = time if s == 1 else -np.expm1((1 - s) * time) / (s - 1)
        rate = (r + x) / (alpha + age) * (beta + age)
        return np.asarray(self._alive(theta, x, recency, age) * rate * lasting, dtype=np.float64)

    def _future(
        self, theta: Floats, x: Floats, recency: Floats, age: Floats, ahead: float, generator: Generator
    ) -> Ints:
        r, alpha, s, beta = theta
        alive = generator.random(len(x)) < self._alive(theta, x, recency, age)
        rate = generator.gamma(r + x, 1.0 / (alpha + age))
        leaving = generator.gamma(s, 1.0 / (beta + age))
        lasting = np.minimum(generator.exponential(1.0, len(x)) / np.maximum(leaving, 1e-300), ahead)
        return np.where(alive, generator.poisson(rate * lasting), 0).astype(np.int64)

    def _histories(self, theta: Floats, age: Floats, generator: Generator) -> Floats:
        r, alpha, s, beta = theta
        rate = generator.gamma(r, 1.0 / alpha, len(age))
        leaving = generator.gamma(s, 1.0 / beta, len(age))
        stayed = np.minimum(generator.exponential(1.0, len(age)) / np.maximum(leaving, 1e-300), age)
        x = generator.poisson(rate * stayed)
        last = stayed * generator.beta(np.maximum(x, 1), 1.0)
        return np.column_stack([x, np.where(x > 0, last, 0.0), age]).astype(np.float64)


def _parts(theta: Floats, x: Floats, recency: Floats, age: Floats) -> _Parts:
    """The likelihood's parts in pieces of rows, so that memory stays small."""
    pieces = [
        _piece(theta, x[at : at + _CHUNK], recency[at : at + _CHUNK], age[at : at + _CHUNK])
        for at in range(0, max(len(x), 1), _CHUNK)
    ]
    return _Parts(*(np.concatenate(columns) for columns in zip(*pieces, strict=True)))


def _piece(theta: Floats, x: Floats, recency: Floats, age: Floats) -> _Parts:
    r, alpha, s, beta = theta
    near = min(alpha, beta)  # the smaller one makes the integrand steep, so it carries the logarithm
    power, other = (r + x, s + 1) if alpha <= beta else (np.full(len(x), s + 1), r + x)
    far = abs(alpha - beta)
    begin, end = np.log(near + recency), np.log(near + age)
    end = _where_it_counts(begin, end, power, other, far)
    nodes, heavy = _nodes()
    v = begin[:, None] + (end - begin)[:, None] * nodes
    moved = np.exp(v)  # near + τ
    beside = far + moved
    logarithm = -(power - 1)[:, None] * v - np.reshape(other, (-1, 1)) * np.log(beside)
    top = logarithm.max(axis=1)
    mass = np.exp(logarithm - top[:, None]) * heavy
    area = mass.sum(axis=1)
    width = end - begin
    stayed = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
    with np.errstate(divide="ignore"):
        left = np.log(s) + top + np.log(area) + np.log(width)
    total = np.logaddexp(stayed, left)
    near_log, near_inverse = (mass * v).sum(axis=1) / area, (mass / moved).sum(axis=1) / area
    far_log, far_inverse = (mass * np.log(beside)).sum(axis=1) / area, (mass / beside).sum(axis=1) / area
    first, second = (near_log, near_inverse), (far_log, far_inverse)
    for_alpha, for_beta = (first, second) if alpha <= beta else (second, first)
    return _Parts(total, np.exp(left - total), *for_alpha, *for_beta)


def _where_it_counts(begin: Floats, end: Floats, power: Floats, other: Floats, far: float) -> Floats:
    """The end of the range, drawn in where the integrand is e⁻⁴⁵ of that at its begin.

    The logarithm of the integrand is concave, so Newton's method from the right falls onto the place.
    """
    other = np.broadcast_to(other, begin.shape)

    def height(v: Floats) -> Floats:
        return np.asarray(-(power - 1) * v - other * np.log(far + np.exp(v)), dtype=np.float64)

    floor = height(begin) - NEGLIGIBLE
    at = end.copy()
    for _ in range(8):
        below = height(at) < floor
        if not below.any():
            break
        steep = -(power - 1) - other * np.exp(at) / (far + np.exp(at))
        step = np.divide(height(at) - floor, steep, out=np.zeros_like(at), where=below & (steep < 0))
        at = np.maximum(at - step, begin)
    return at


@cache
def _nodes() -> tuple[Floats, Floats]:
    """Gauss–Legendre nodes and weights on [0, 1]."""
    at, weight = np.polynomial.legendre.leggauss(NODES)
    return (at + 1) / 2, weight / 2
