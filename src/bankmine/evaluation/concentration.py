"""Do rows pile up in a few grades? Herfindahl's index, and whether they pile up more than at development.

As the ECB's instructions for reporting the validation results of internal models (2019) have it:
`CV = √(K Σ (share − 1/K)²)`, index `1 + ln((CV² + 1) / K) / ln K` (0 spread evenly, 1 all in one grade), and
a one-sided test of the rise of CV with `√(K − 1) (CV − CV at development) / √(CV² (½ + CV²))`.
"""

from __future__ import annotations

from math import log, sqrt
from typing import Any, NamedTuple

import numpy as np

from bankmine.errors import UsageError
from bankmine.evaluation.arrays import Floats
from bankmine.evaluation.validation import herfindahl


class Concentration(NamedTuple):
    """Sum of squared shares, the ECB's index (0 spread evenly, 1 all in one grade), the largest share, and
    the p-value that it did not rise (None without a development to compare with)."""

    herfindahl: float
    ecb_index: float
    largest: float
    p_value: float | None


def concentration(rows: Any, before: Any = None) -> Concentration:
    """Concentration of the rows of each grade, empty ones included, now and (if given) at development.

    UsageError for fewer than two grades, no rows, or another number of grades before.
    """
    counts, p = np.asarray(rows, dtype=np.float64), None
    if len(counts) < 2:
        raise UsageError(f"Concentration was asked over {len(counts)} grades", hint="Give two or more.")
    plain, variation = herfindahl(counts), _variation(counts)
    if before is not None:
        earlier = np.asarray(before, dtype=np.float64)
        if len(earlier) != len(counts):
            raise UsageError(
                f"{len(counts)} grades now, {len(earlier)} at development", hint="Give the same grades."
            )
        herfindahl(earlier)
        p = _rise(variation, _variation(earlier), len(counts))
    index = 1 + log((variation**2 + 1) / len(counts)) / log(len(counts))
    return Concentration(plain, index, float(counts.max() / counts.sum()), p)


def _variation(counts: Floats) -> float:
    shares = counts / counts.sum()
    return sqrt(len(counts) * float(((shares - 1 / len(counts)) ** 2).sum()))


def _rise(now: float, before: float, grades: int) -> float:
    from scipy.stats import norm

    if now == 0:
        return 1.0
    return float(norm.sf(sqrt(grades - 1) * (now - before) / sqrt(now**2 * (0.5 + now**2))))
