"""Concept description: what sets a group of rows apart from all others, with control of false discoveries.

A number is compared by Cliff's delta (the chance that a member's value exceeds another row's, less the chance
of the reverse; 0 where the two are alike, ±1 where they never overlap), which needs no distribution and no
unit, and tested by the Mann–Whitney test with ties. A category is compared by the shares of its levels, each
with a chi-square test of one degree of freedom, or Fisher's exact test where a count below 5 is expected; a
level of fewer than five rows is not tested. Over all columns and levels the Benjamini–Hochberg procedure
keeps the expected share of false ones among those named below a limit.

Sources: Cliff (1993); Mann and Whitney (1947); Benjamini and Hochberg (1995); limits .147, .33 and .474 of
Romano et al. (2006).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.mining.association.significance import benjamini_hochberg as benjamini_hochberg
from bankmine.mining.contract import Floats, MinimumData

Truth = NDArray[np.bool_]
MINIMUM = MinimumData(rows=20, each_class=5)
SMALL, MEDIUM, LARGE = 0.147, 0.33, 0.474
LEAST_EXPECTED = 5.0


@dataclass(frozen=True)
class Difference:
    """One column (or one level of a code column) in the group and outside it.

    `inside` and `outside` are medians of numbers and shares of a level; `effect` is Cliff's delta of numbers
    and the difference of shares of a level; `p` is two-sided, `q` after Benjamini–Hochberg. `known_inside`
    and `known_outside` are how many values were known.
    """

    column: str
    level: str | None
    inside: float
    outside: float
    effect: float
    p: float
    q: float
    known_inside: int
    known_outside: int

    @property
    def size(self) -> str:
        """The size of the effect in words: negligible, small, medium, large."""
        words = ("negligible", "small", "medium", "large")
        return words[int(np.searchsorted((SMALL, MEDIUM, LARGE), abs(self.effect), side="right"))]


def contrast(
    inside: Truth,
    numbers: Mapping[str, Any],
    codes: Mapping[str, Sequence[str | None]] | None = None,
    *,
    false_discoveries: float = 0.05,
    least_effect: float = 0.0,
) -> list[Difference]:
    """What sets the rows marked `inside` apart from the others, largest effect first.

    `numbers` are columns of floats with NaN where missing, `codes` columns of texts with None where missing;
    all of one length. A column is left out where fewer than five values are known on either side. Only
    differences with q ≤ `false_discoveries` and |effect| ≥ `least_effect` come back. FeasibilityError for
    fewer than 20 rows or 5 on either side; UsageError for columns of another length.
    """
    member = np.asarray(inside, dtype=np.bool_)
    MINIMUM.require("the contrast", len(member), int(member.sum()))
    found = [
        one
        for name, column in numbers.items()
        if (one := _of_number(name, _same_length(name, column, len(member)), member)) is not None
    ]
    for name, column in (codes or {}).items():
        found += _of_code(name, np.asarray(_same_length(name, column, len(member)), dtype=object), member)
    adjusted = benjamini_hochberg(np.array([one.p for one in found]))
    kept = [
        Difference(**{**vars(one), "q": float(q)})
        for one, q in zip(found, adjusted, strict=True)
        if q <= false_discoveries and abs(one.effect) >= least_effect
    ]
    return sorted(kept, key=lambda one: (-abs(one.effect), one.column, one.level or ""))


def cliffs_delta(first: Floats, second: Floats) -> tuple[float, float]:
    """Cliff's delta of `first` against `second` and the two-sided p of the Mann–Whitney test.

    Ranks are shared among ties and the variance is corrected for them; two sides that are all equal give
    (0, 1). Normal approximation, fit for five values a side and more.
    """
    from scipy.special import ndtr
    from scipy.stats import rankdata

    n, m = len(first), len(second)
    both = np.concatenate([first, second])
    ranks = rankdata(both)
    above = float(ranks[:n].sum()) - n * (n + 1) / 2
    _, ties = np.unique(both, return_counts=True)
    ties = ties.astype(np.float64)
    total = n + m
    variance = n * m / 12 * ((total + 1) - float((ties**3 - ties).sum()) / (total * (total - 1)))
    delta = 2 * above / (n * m) - 1
    if variance <= 0:
        return 0.0, 1.0
    distance = max(abs(above - n * m / 2) - 0.5, 0.0)
    return delta, float(2 * ndtr(-distance / np.sqrt(variance)))


def _of_number(name: str, column: Any, member: Truth) -> Difference | None:
    values = np.asarray(column, dtype=np.float64)
    known = np.isfinite(values)
    first, second = values[known & member], values[known & ~member]
    if min(len(first), len(second)) < MINIMUM.each_class:
        return None
    effect, p = cliffs_delta(first, second)
    return Difference(
        name, None, float(np.median(first)), float(np.median(second)), effect, p, p, len(first), len(second)
    )


def _of_code(name: str, column: Any, member: Truth) -> list[Difference]:
    known = np.array([value is not None and value == value for value in column], dtype=np.bool_)
    n, m = int((known & member).sum()), int((known & ~member).sum())
    if min(n, m) < MINIMUM.each_class:
        return []
    levels, which = np.unique(column[known].astype(str), return_inverse=True)
    inside = np.bincount(which[member[known]], minlength=len(levels))
    outside = np.bincount(which[~member[known]], minlength=len(levels))
    found = []
    for level, a, b in zip(levels.tolist(), inside.tolist(), outside.tolist(), strict=True):
        if a + b < MINIMUM.each_class:
            continue
        few = min(a + b, n + m - a - b) * min(n, m) / (n + m) < LEAST_EXPECTED
        p = _exact(a, n, b, m) if few else _chi_square(a, n, b, m)
        found.append(Difference(name, level, a / n, b / m, a / n - b / m, p, p, n, m))
    return found


def _exact(a: int, n: int, b: int, m: int) -> float:
    """p of Fisher's exact test, two-sided: of all tables with these margins, those no likelier than this."""
    from scipy.stats import hypergeom

    hits = a + b
    chances = hypergeom.pmf(np.arange(max(0, hits - m), min(hits, n) + 1), n + m, n, hits)
    own = hypergeom.pmf(a, n + m, n, hits)
    return float(min(1.0, chances[chances <= own * (1 + 1e-7)].sum()))


def _chi_square(a: int, n: int, b: int, m: int) -> float:
    """p of the chi-square test of a/n against b/m, with Yates's correction; 1 where it says nothing."""
    from scipy.special import chdtrc

    total, hits = n + m, a + b
    if hits in (0, total):
        return 1.0
    gap = max(abs(a * m - b * n) - total / 2, 0.0)
    return float(chdtrc(1, total * gap**2 / (n * m * hits * (total - hits))))


def _same_length(name: str, column: Any, rows: int) -> Any:
    if len(column) != rows:
        raise UsageError(
            f"the column {name!r} has {len(column)} values for {rows} rows", hint="Give one for each row."
        )
    return column
