"""How far does the score move when one input moves, and does it still rank the rows the same way?

Each input is moved alone: numbers by one spread (half the distance between the 16th and 84th percentiles, a
standard deviation of a normal) down and up, kept inside the range seen, missing values left missing; anything
else is exchanged between rows. That is the "one at a time" design (Saltelli and others 2008, section 1.2): it
says nothing of inputs that move together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.arrays import Floats

LEAST_ROWS = 20
Score = Callable[[str, Any], Floats]


class Moved(NamedTuple):
    """What moving one input did: `spread` it was moved by (None: exchanged between rows), the mean and the
    largest absolute change of the score, the lower of the rank correlations with the score unmoved."""

    name: str
    spread: float | None
    mean: float
    largest: float
    rank_correlation: float


def sensitivity(inputs: Mapping[str, Any], score: Score, *, random_state: int = 0) -> tuple[Moved, ...]:
    """Moves each input, the one that moves the score most first.

    `inputs` has one array of shape (rows,) a name; `score(name, values)` gives the scores of the same rows
    with that one input replaced. FeasibilityError below 20 rows; UsageError for a score that is not finite.
    """
    generator = np.random.default_rng(random_state)
    found = []
    for name, raw in inputs.items():
        values = np.asarray(raw)
        if len(values) < LEAST_ROWS:
            raise FeasibilityError(
                f"Sensitivity was asked over {len(values)} rows", hint=f"It needs at least {LEAST_ROWS}."
            )
        spread, moved = _moves(values, generator)
        unmoved = _finite(name, score(name, values))
        found.append(_moved(name, spread, unmoved, [_finite(name, score(name, one)) for one in moved]))
    return tuple(sorted(found, key=lambda one: (-one.mean, one.name)))


def _moves(values: Any, generator: Any) -> tuple[float | None, list[Any]]:
    """The spread and the moved values; two of a number, one of anything else, none where nothing varies."""
    if values.dtype.kind not in "iuf":
        return None, [values[generator.permutation(len(values))]]
    numbers = values.astype(np.float64)
    known = numbers[np.isfinite(numbers)]
    if len(known) == 0 or known.min() == known.max():
        return 0.0, []
    low, high = np.quantile(known, [0.16, 0.84])
    spread = float(high - low) / 2 or float(known.std())
    return spread, [np.clip(numbers + step, known.min(), known.max()) for step in (-spread, spread)]


def _moved(name: str, spread: float | None, before: Floats, after: list[Floats]) -> Moved:
    if not after:
        return Moved(name, spread, 0.0, 0.0, 1.0)
    gaps = [np.abs(one - before) for one in after]
    order = min(_rank_correlation(before, one) for one in after)
    return Moved(name, spread, float(np.mean(gaps)), float(np.max(gaps)), order)


def _rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's; 1 where nothing moved, 0 where a side is all one value."""
    from scipy.stats import rankdata

    if np.array_equal(first, second):
        return 1.0
    a, b = rankdata(first), rankdata(second)
    a, b = a - a.mean(), b - b.mean()
    below = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / below if below > 0 else 0.0


def _finite(name: str, score: Any) -> Floats:
    values = np.asarray(score, dtype=np.float64)
    if not np.isfinite(values).all():
        raise UsageError(
            f"The score is missing or infinite where {name} is moved", hint="Score every row, missing or not."
        )
    return values
