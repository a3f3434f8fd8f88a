"""Array types of this room, and the checks every metric makes before it counts."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import FeasibilityError, UsageError

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Truth: TypeAlias = NDArray[np.bool_]


def truth(y: Any) -> Truth:
    """A 0/1 label as booleans of shape (rows,)."""
    values = np.asarray(y)
    if values.ndim != 1:
        raise UsageError(f"The label has shape {values.shape}", hint="Give one label for each row.")
    if values.dtype == np.bool_:
        return values
    values = values.astype(np.float64)
    if not ((values == 0) | (values == 1)).all():
        raise UsageError("The label holds values other than 0 and 1", hint="Give 0, 1 or booleans.")
    return np.asarray(values, dtype=np.bool_)


def both(y: Any, score: Any) -> tuple[Truth, Floats]:
    """Label and score of equal length, the score finite."""
    label, values = truth(y), np.asarray(score, dtype=np.float64)
    if values.shape != label.shape:
        raise UsageError(
            f"{len(label)} labels were given with scores of shape {values.shape}",
            hint="Give one score for each label.",
        )
    if not np.isfinite(values).all():
        raise UsageError(
            f"{int((~np.isfinite(values)).sum())} scores are missing or infinite", hint="Score every row."
        )
    return label, values


def probabilities(y: Any, probability: Any) -> tuple[Truth, Floats]:
    """Label and probability of equal length, every probability in [0, 1]."""
    label, values = both(y, probability)
    if len(values) and (values.min() < 0 or values.max() > 1):
        raise UsageError(
            f"Probabilities run from {values.min():.3g} to {values.max():.3g}", hint="Give values in [0, 1]."
        )
    return label, values


def require_both_classes(label: Truth, what: str) -> None:
    """FeasibilityError when there is no positive or no negative."""
    positives = int(label.sum())
    if positives == 0 or positives == len(label):
        raise FeasibilityError(
            f"{what} was asked over {len(label)} rows with {positives} positives",
            hint="It needs at least one positive and one negative.",
        )


def codes(keys: Any, rows: int, what: str) -> tuple[Ints, Any]:
    """Position of each row's key among the distinct keys, and the distinct keys in ascending order."""
    values = np.asarray(keys)
    if values.shape != (rows,):
        raise UsageError(
            f"{what} has shape {values.shape} for {rows} rows", hint="Give one value for each row."
        )
    distinct, position = np.unique(values, return_inverse=True)
    return position.astype(np.int64), distinct
