"""The best bins under the rules, and the information each rule costs.

The price list is a ladder: the best bins without any rule, then the sizes and the number of bins, then the
trend, then the same order in every vintage, then the toll a further bin must bring. What is lost between two
rungs is the price of that rule, given those above it; it is never negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from bankmine.mining.contract import Floats
from bankmine.mining.scorecard.evidence import chance_information
from bankmine.mining.scorecard.rules import BinningRules

SHAPES = {"free": 0, "increasing": 1, "decreasing": 2, "peak": 3, "valley": 4}
TIE = 1e-12


class Price(NamedTuple):
    """Information value once this rule holds too, and what it took away."""

    rule: str
    information: float
    lost: float


class Solution(NamedTuple):
    """Starts of the bins among the pre-bins (the first is 0), the trend held, and the price list.

    `fits` is false where no cut at all obeys the sizes, so that everything is one bin.
    """

    starts: tuple[int, ...]
    trend: str
    prices: tuple[Price, ...]
    fits: bool


@dataclass(frozen=True)
class _Best:
    values: Floats
    cuts: Any
    trend: str

    @property
    def top(self) -> float:
        return float(self.values.max())


def solve(
    bads: Floats,
    goods: Floats,
    totals: tuple[float, float],
    rows: int,
    rules: BinningRules,
    vintages: tuple[Floats, Floats] | None = None,
    trend: str | None = None,
) -> Solution:
    """The cut of ordered pre-bins with the most information under `rules`.

    `totals` are all bads and goods of the column, special and missing rows among them; `rows` all rows.
    `vintages` are bads and rows of shape (vintages, pre-bins). Equal information: fewer bins, then the cut
    found first.
    """
    from bankmine.mining.scorecard import binning_kernel as kernel

    if not len(bads):
        return Solution((), "free", (), False)
    all_bads, all_goods = totals
    wanted = rules.trend if trend is None else trend
    # the comparison is made on counts: a share of rows that is met to the last bit counts as met
    least = np.array([max(rules.min_rows, rules.min_share * rows - 1e-9), rules.min_bads, rules.min_goods])
    most = min(rules.max_bins, len(bads))
    common = (bads, goods, all_bads, all_goods, rules.smoothing, least, most)
    plain = _best(kernel.best_free(*common), "free")
    if not np.isfinite(plain.top):
        return Solution((0,), "free", (), False)
    at_will = float(kernel.best_at_will(bads, goods, all_bads, all_goods, rules.smoothing))
    ladder = [("no rule", at_will), ("sizes and number of bins", plain.top)]
    best = plain
    if wanted != "free":
        best = _ordered(kernel, common, wanted, bads, goods, None)
        ladder.append((f"trend {best.trend}", best.top))
    if vintages is not None:
        best = _ordered(kernel, common, wanted, bads, goods, vintages)
        ladder.append((f"same order in {len(vintages[0])} vintages", best.top))
    kept = _number_of_bins(best.values, rules.toll * chance_information(all_bads, all_goods))
    if rules.toll:
        ladder.append(("toll on further bins", float(best.values[kept])))
    starts = tuple(int(one) for one in best.cuts[kept, :kept])
    return Solution(starts, best.trend, _prices(ladder), True)


def _best(found: tuple[Floats, Any], trend: str) -> _Best:
    return _Best(found[0], found[1], trend)


def _ordered(
    kernel: Any, common: Any, wanted: str, bads: Floats, goods: Floats, vintages: tuple[Floats, Floats] | None
) -> _Best:
    counts, rows = bads[None, :], (bads + goods)[None, :]
    if vintages is not None:
        counts, rows = np.vstack([counts, vintages[0]]), np.vstack([rows, vintages[1]])
    tried = [
        _best(kernel.best_ordered(*common, SHAPES[trend], counts, rows), trend)
        for trend in (("increasing", "decreasing") if wanted == "auto" else (wanted,))
    ]
    return max(tried, key=lambda one: one.top)  # the first of two equals: increasing


def _number_of_bins(values: Floats, toll: float) -> int:
    """The number of bins with the most information after the toll; the fewest of equals."""
    net = values - toll * np.arange(len(values))
    return int(np.flatnonzero(net >= net[1:].max() - TIE)[0])


def _prices(ladder: list[tuple[str, float]]) -> tuple[Price, ...]:
    found, before = [], ladder[0][1]
    for rule, value in ladder:
        found.append(Price(rule, value, before - value))
        before = value
    return tuple(found)
