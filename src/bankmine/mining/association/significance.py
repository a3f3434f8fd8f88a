"""Is a rule more than chance? Tests of a two-by-two table, and control over very many of them.

Pearson's chi-square (one degree of freedom) or Fisher's exact test, one-sided for a positive association.
Bonferroni bounds the chance of even one false rule; Benjamini and Hochberg (1995) bound the expected share
of false ones among those kept.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError

Floats: TypeAlias = NDArray[np.float64]
TESTS = ("chi-square", "fisher")
CORRECTIONS = ("benjamini-hochberg", "bonferroni", "none")


def chi_square(both: Any, first: Any, second: Any, total: Any) -> Floats:
    """Pearson's statistic of "first and second hold together", from counts; 0 where a margin is empty.

    χ² = n (n·both − first·second)² / (first · (n − first) · second · (n − second))
    """
    x, a, b, n = (np.asarray(one, dtype=np.float64) for one in (both, first, second, total))
    below = a * (n - a) * b * (n - b)
    above = n * (n * x - a * b) ** 2
    return np.asarray(np.divide(above, below, out=np.zeros(below.shape), where=below > 0), dtype=np.float64)


def chi_square_p(statistic: Any) -> Floats:
    """Chance of a statistic at least as large without any association (one degree of freedom)."""
    from scipy.special import erfc

    return np.asarray(erfc(np.sqrt(np.asarray(statistic, dtype=np.float64) / 2)), dtype=np.float64)


def fisher_p(both: Any, first: Any, second: Any, total: Any) -> Floats:
    """Chance of at least `both` of the `first` among the `second`, drawn without replacement."""
    from scipy.stats import hypergeom

    x, a, b, n = (np.asarray(one, dtype=np.int64) for one in (both, first, second, total))
    return np.asarray(np.clip(hypergeom.sf(x - 1, n, a, b), 0.0, 1.0), dtype=np.float64)


def p_values(test: str, both: Any, first: Any, second: Any, total: Any) -> Floats:
    """P-values of many tables by one of `TESTS`."""
    if test == "fisher":
        return fisher_p(both, first, second, total)
    if test == "chi-square":
        return chi_square_p(chi_square(both, first, second, total))
    raise UsageError(f"the test is {test!r}", hint=f"Give one of {', '.join(TESTS)}.")


def adjusted(p: Floats, correction: str) -> Floats:
    """P-values after control for their number; compare them with the level one accepts."""
    if correction == "none" or len(p) == 0:
        return np.asarray(p, dtype=np.float64)
    if correction == "bonferroni":
        return np.asarray(np.minimum(1.0, p * len(p)), dtype=np.float64)
    if correction == "benjamini-hochberg":
        return benjamini_hochberg(p)
    raise UsageError(f"the correction is {correction!r}", hint=f"Give one of {', '.join(CORRECTIONS)}.")


def benjamini_hochberg(p: Floats) -> Floats:
    """The smallest false-discovery rate at which each of the tests would be named; shape (tests,)."""
    order = np.argsort(-p, kind="stable")
    scaled = p[order] * len(p) / np.arange(len(p), 0, -1)
    found = np.empty(len(p))
    found[order] = np.minimum(1.0, np.minimum.accumulate(scaled))
    return found


def wilson(hits: Any, total: Any, z: float = 1.959963984540054) -> tuple[Floats, Floats]:
    """Wilson's interval of shares, 95 % by default; (0, 1) where there is no row."""
    x, n = np.asarray(hits, dtype=np.float64), np.asarray(total, dtype=np.float64)
    safe = np.maximum(n, 1.0)
    share = x / safe
    middle = (share + z * z / (2 * safe)) / (1 + z * z / safe)
    half = z * np.sqrt(share * (1 - share) / safe + z * z / (4 * safe * safe)) / (1 + z * z / safe)
    empty = n <= 0
    return np.where(empty, 0.0, middle - half), np.where(empty, 1.0, middle + half)
