"""Logistic regression whose coefficients may not be negative, with a ridge penalty.

    log odds(bad) = b₀ − Σ βⱼ · woeⱼ,   βⱼ ≥ 0

A negative βⱼ would give more points for the worse bin: the card would say the opposite of its own table.
Solved by projected Newton steps (Bertsekas 1982): columns at zero whose slope points outwards are held
there, the others take a Newton step, cut back until the loss falls. The problem is convex: the answer is the
one optimum.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.arithmetic import logistic, one_thread
from bankmine.mining.contract import Floats

STEPS = 100


class Fit(NamedTuple):
    """Intercept, coefficients (columns,), standard errors, and whether it settled."""

    intercept: float
    coefficients: Floats
    errors: Floats
    settled: bool


def fit(
    weights: Floats, truth: NDArray[np.bool_], *, C: float, constrained: bool, counts: Floats | None = None
) -> Fit:
    """Fit on weights of evidence (rows, columns); `C` is the inverse strength of the ridge penalty.

    `counts` weighs the rows. The intercept is neither penalised nor constrained.
    """
    with one_thread():
        return _fit(weights, truth.astype(np.float64), C, constrained, counts)


def _fit(weights: Floats, y: Floats, C: float, constrained: bool, counts: Floats | None) -> Fit:
    rows, width = weights.shape
    design = np.column_stack([np.ones(rows), -weights])
    ridge = np.append(0.0, np.full(width, 1.0 / C))
    many = np.ones(rows) if counts is None else counts
    rate = float((many * y).sum() / many.sum())
    beta = np.append(np.log(rate / (1 - rate)), np.zeros(width))
    loss, settled = _loss(design, y, many, ridge, beta), False
    for _ in range(STEPS):
        slope, curve = _derivatives(design, y, many, ridge, beta)
        held = np.zeros(width + 1, dtype=bool)
        if constrained:
            held[1:] = (beta[1:] <= 0) & (slope[1:] > 0)
        free = ~held
        if np.abs(slope[free]).max(initial=0.0) < 1e-8 * many.sum():
            settled = True
            break
        step = np.zeros(width + 1)
        step[free] = np.linalg.solve(curve[np.ix_(free, free)], slope[free])
        beta, fell = _descend(design, y, many, ridge, beta, step, loss, constrained)
        if loss - fell <= 1e-13 * abs(loss):
            settled = True
            break
        loss = fell
    _, curve = _derivatives(design, y, many, ridge, beta)
    free = np.append(True, (beta[1:] > 0) | (not constrained))
    errors = np.full(width + 1, np.nan)
    errors[free] = np.sqrt(np.diag(np.linalg.inv(curve[np.ix_(free, free)])))
    return Fit(float(beta[0]), beta[1:], errors[1:], settled)


def _descend(
    design: Floats, y: Floats, many: Floats, ridge: Floats, beta: Floats, step: Floats, loss: float,
    constrained: bool,
) -> tuple[Floats, float]:  # fmt: skip
    """The longest of the steps 1, ½, ¼ … that lowers the loss, bent into the allowed region."""
    size = 1.0
    for _ in range(40):
        moved = beta - size * step
        if constrained:
            moved[1:] = np.maximum(moved[1:], 0.0)
        found = _loss(design, y, many, ridge, moved)
        if found < loss:
            return moved, found
        size /= 2
    return beta, loss


def _loss(design: Floats, y: Floats, many: Floats, ridge: Floats, beta: Floats) -> float:
    z = design @ beta
    fit_loss = float((many * (np.logaddexp(0.0, z) - y * z)).sum())
    return fit_loss + 0.5 * float((ridge * beta**2).sum())


def _derivatives(
    design: Floats, y: Floats, many: Floats, ridge: Floats, beta: Floats
) -> tuple[Floats, Floats]:
    p = logistic(design @ beta)
    slope = design.T @ (many * (p - y)) + ridge * beta
    curve = (design * (many * p * (1 - p))[:, None]).T @ design + np.diag(ridge)
    curve[np.diag_indices(len(beta))] += 1e-10 * max(float(np.trace(curve)), 1e-10)
    return slope, curve
