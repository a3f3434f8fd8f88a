"""Ways to learn from those refused, all as weights and labels behind one logistic regression.

After Hand and Henley (1993), Crook and Banasik (2004) and Anderson (2022). "Ignore" learns from the granted
alone, and is what all others have to beat. Each method gives rows, labels and weights; the regression is the
same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import FeasibilityError

Floats = NDArray[np.float64]
RIDGE, STEPS = 1.0, 60
LEAST_ACCEPTANCE, BANDS = 0.02, 10
PRUDENCE = 1.5  # how much riskier a refused one is taken to be, in odds, where a method needs to be told
LEAST_BADS = 20


@dataclass(frozen=True)
class Learnt:
    """Rows to learn from: matrix (rows, columns), label, weight."""

    X: Floats
    y: Floats
    weight: Floats


Method = Callable[[Floats, Floats, Floats], Learnt]


def with_constant(X: Floats) -> Floats:
    """The matrix with a column of ones in front."""
    return np.column_stack([np.ones(len(X)), X])


def logistic(X: Floats, y: Floats, weight: Floats | None = None) -> Floats:
    """Coefficients of a logistic regression (first column: constant, not shrunk), by Newton's method.

    `y` in [0, 1]; a light ridge keeps separated data finite.
    """
    w = np.ones(len(y)) if weight is None else weight
    ridge = np.full(X.shape[1], RIDGE)
    ridge[0] = 1e-6
    beta = np.zeros(X.shape[1])
    for _ in range(STEPS):
        chance = chances(X, beta)
        slope = X.T @ (w * (y - chance)) - ridge * beta
        bend = (X * (w * np.maximum(chance * (1 - chance), 1e-9))[:, None]).T @ X + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        size = np.abs(step).max()
        beta = beta + step * min(1.0, 2.0 / size if size > 0 else 1.0)
        if size < 1e-9:
            break
    return beta


def chances(X: Floats, beta: Floats) -> Floats:
    """Chance of going bad under coefficients."""
    return np.asarray(1 / (1 + np.exp(-np.clip(X @ beta, -35, 35))))


def ignore(X: Floats, y: Floats, refused: Floats) -> Learnt:
    """The granted alone."""
    return Learnt(X, y, np.ones(len(y)))


def reweighting(X: Floats, y: Floats, refused: Floats) -> Learnt:
    """Each granted one stands for one over its chance of being granted."""
    return Learnt(X, y, 1 / np.maximum(_acceptance(X, refused)[0], LEAST_ACCEPTANCE))


def augmentation(X: Floats, y: Floats, refused: Floats) -> Learnt:
    """In bands of the chance of being granted, the granted stand for all (Hsia 1978)."""
    granted, others = _acceptance(X, refused)
    edges = np.quantile(np.concatenate([granted, others]), np.linspace(0, 1, BANDS + 1)[1:-1])
    mine, theirs = np.searchsorted(edges, granted), np.searchsorted(edges, others)
    have, lack = np.bincount(mine, minlength=BANDS), np.bincount(theirs, minlength=BANDS)
    factor = np.where(have > 0, (have + lack) / np.maximum(have, 1), 1.0)
    return Learnt(X, y, np.minimum(factor[mine], 1 / LEAST_ACCEPTANCE))


def fuzzy(X: Floats, y: Floats, refused: Floats) -> Learnt:
    """Each refused one is bad in part and good in part, `PRUDENCE` times the odds the granted alone give
    it.
    """
    return _parts(X, y, refused, _riskier(chances(refused, logistic(X, y))))


def parcelling(X: Floats, y: Floats, refused: Floats) -> Learnt:
    """In bands of the score, the refused go bad as the granted of the band do, `PRUDENCE` times the odds."""
    beta = logistic(X, y)
    mine, theirs = chances(X, beta), chances(refused, beta)
    edges = np.quantile(mine, np.linspace(0, 1, BANDS + 1)[1:-1])
    band = np.searchsorted(edges, mine)
    rate = np.bincount(band, weights=y, minlength=BANDS) / np.maximum(np.bincount(band, minlength=BANDS), 1)
    return _parts(X, y, refused, _riskier(np.clip(rate[np.searchsorted(edges, theirs)], 1e-4, 1 - 1e-4)))


def hard_cut_off(X: Floats, y: Floats, refused: Floats) -> Learnt:
    """The riskiest of the refused are bad, the others good, as many as `PRUDENCE` times the odds expect."""
    chance = chances(refused, logistic(X, y))
    bads = round(_riskier(chance).sum())
    label = np.zeros(len(refused))
    label[np.argsort(-chance, kind="stable")[:bads]] = 1
    return Learnt(np.vstack([X, refused]), np.concatenate([y, label]), np.ones(len(y) + len(refused)))


def extrapolation(X: Floats, y: Floats, refused: Floats) -> Learnt:
    """The line of log-odds by score, seen in bands of the granted, drawn on to the refused."""
    beta = logistic(X, y)
    score, theirs = X @ beta, refused @ beta
    edges = np.quantile(score, np.linspace(0, 1, BANDS + 1)[1:-1])
    band = np.searchsorted(edges, score)
    count, bad = np.bincount(band, minlength=BANDS), np.bincount(band, weights=y, minlength=BANDS)
    kept = count > 0
    middle = np.bincount(band, weights=score, minlength=BANDS)[kept] / count[kept]
    odds = np.log((bad[kept] + 0.5) / (count[kept] - bad[kept] + 0.5))
    slope, level = np.polyfit(middle, odds, 1, w=np.sqrt(count[kept])) if kept.sum() > 1 else (1.0, 0.0)
    return _parts(X, y, refused, 1 / (1 + np.exp(-np.clip(level + slope * theirs, -35, 35))))


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "ignore": ignore, "reweighting": reweighting, "augmentation": augmentation, "fuzzy parcelling": fuzzy,
        "parcelling": parcelling, "hard cut-off": hard_cut_off, "extrapolation": extrapolation,
    }
)  # fmt: skip


def infer(name: str, X: Floats, y: Floats, refused: Floats) -> Floats:
    """Coefficients learnt by a method; FeasibilityError with fewer than 20 bad or good granted ones."""
    bads = int(y.sum())
    if min(bads, len(y) - bads) < LEAST_BADS:
        raise FeasibilityError(
            f"inference found {bads} bad ones among {len(y)} granted",
            hint=f"It needs {LEAST_BADS} bad and good.",
        )
    learnt = METHODS[name](X, y, refused)
    return logistic(learnt.X, learnt.y, learnt.weight * len(y) / learnt.weight[: len(y)].sum())


def _acceptance(X: Floats, refused: Floats) -> tuple[Floats, Floats]:
    """Chance of being granted, of the granted and of the refused; bends in each column are allowed."""
    both = np.vstack([X, refused])
    bent = np.column_stack([both, both[:, 1:] ** 2])
    granted = np.concatenate([np.ones(len(X)), np.zeros(len(refused))])
    chance = chances(bent, logistic(bent, granted))
    return chance[: len(X)], chance[len(X) :]


def _riskier(chance: Floats) -> Floats:
    odds = PRUDENCE * chance / np.maximum(1 - chance, 1e-12)
    return np.asarray(odds / (1 + odds))


def _parts(X: Floats, y: Floats, refused: Floats, chance: Floats) -> Learnt:
    """Granted ones whole, each refused one as a bad and a good part."""
    return Learnt(
        np.vstack([X, refused, refused]),
        np.concatenate([y, np.ones(len(refused)), np.zeros(len(refused))]),
        np.concatenate([np.ones(len(y)), chance, 1 - chance]),
    )
