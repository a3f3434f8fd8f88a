"""From the rows of a column to the groups the dynamic programme may join.

Numbers: bads and goods are sorted apart (which no row needs to know about afterwards) and one pass over both
counts quantile groups, never parting equal values. Categories: levels in order of their smoothed bad rate,
rare ones pooled; for one label the best grouping of categories is contiguous in that order (Fisher 1958).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.contract import Floats, Ints
from bankmine.mining.scorecard.columns import Column
from bankmine.mining.scorecard.rules import BinningRules, Code

Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Prebins:
    """Ordinary groups in order with their counts, and beside them special codes and missing values.

    `low` and `high` are the least and greatest value of each numeric group; `levels` the values of each
    group of categories. `aside` has bads and goods of each special bin and, last, of missing values, shape
    (specials + 1, 2).
    """

    bads: Floats
    goods: Floats
    aside: Floats
    low: Floats = field(default_factory=lambda: np.zeros(0))
    high: Floats = field(default_factory=lambda: np.zeros(0))
    levels: tuple[tuple[Code, ...], ...] = ()
    notes: tuple[str, ...] = ()


def numeric_prebins(values: Floats, truth: Truth, rules: BinningRules) -> Prebins:
    """Quantile groups of the ordinary values; `truth` says which rows are bad."""
    from bankmine.mining.scorecard.binning_kernel import quantile_prebins

    sides = [np.sort(values[truth]), np.sort(values[~truth])]
    aside = np.zeros((len(rules.specials) + 1, 2))
    for side, ordered in enumerate(sides):
        present = int(np.searchsorted(ordered, np.nan))
        aside[-1, side] = len(ordered) - present
        sides[side] = ordered[:present]
    for number, (_, codes) in enumerate(rules.specials):
        for code in codes:
            for side, ordered in enumerate(sides):
                if not isinstance(code, str):
                    begin, end = np.searchsorted(ordered, code), np.searchsorted(ordered, code, "right")
                    aside[number, side] += end - begin
                    sides[side] = np.delete(ordered, slice(begin, end)) if end > begin else ordered
    bads, goods, low, high = quantile_prebins(sides[0], sides[1], rules.prebins)
    return Prebins(bads, goods, aside, low, high, (), _collisions(rules, aside, low, high))


def _collisions(rules: BinningRules, aside: Floats, low: Floats, high: Floats) -> tuple[str, ...]:
    """A special code that lies among ordinary values may be a value somebody really has: say so."""
    if not len(low):
        return ()
    notes = []
    for number, (label, codes) in enumerate(rules.specials):
        inside = [code for code in codes if not isinstance(code, str) and low[0] < code < high[-1]]
        if inside and aside[number].sum():
            notes.append(
                f"special code {label!r} lies among ordinary values ({low[0]:g} to {high[-1]:g}): "
                f"{int(aside[number].sum())} rows have exactly that value and are taken as the code"
            )
    return tuple(notes)


def category_prebins(column: Column, truth: Truth, rules: BinningRules) -> Prebins:
    """Levels by rising smoothed bad rate; ties by the level itself; rare levels as one group."""
    codes, levels = column.as_levels()
    counts = np.zeros((len(levels), 2))
    present = codes >= 0
    for side, chosen in enumerate((truth, ~truth)):
        counts[:, side] = np.bincount(codes[present & chosen], minlength=len(levels))
    aside = np.zeros((len(rules.specials) + 1, 2))
    aside[-1] = (~present & truth).sum(), (~present & ~truth).sum()
    special = {code: number for number, (_, group) in enumerate(rules.specials) for code in group}
    ordinary: list[int] = []
    for position, level in enumerate(levels):
        if level in special:
            aside[special[level]] += counts[position]
        elif counts[position].sum() > 0:
            ordinary.append(position)
    groups, notes = _pooled(ordinary, levels, counts, len(codes), rules)
    sums = np.array([counts[group].sum(axis=0) for group in groups]).reshape(-1, 2)
    average = float(truth.mean()) if len(truth) else 0.0
    rate = (sums[:, 0] + rules.smoothing * average) / (sums.sum(axis=1) + rules.smoothing)
    named = [tuple(sorted((levels[i] for i in group), key=_by_level)) for group in groups]
    order = sorted(range(len(groups)), key=lambda i: (rate[i], _by_level(named[i][0])))
    return Prebins(
        sums[order, 0].copy(), sums[order, 1].copy(), aside, levels=tuple(named[i] for i in order),
        notes=notes,
    )  # fmt: skip


def _by_level(level: Code) -> tuple[int, float, str]:
    return (1, 0.0, level) if isinstance(level, str) else (0, level, "")


def _pooled(
    ordinary: list[int], levels: tuple[Code, ...], counts: Floats, rows: int, rules: BinningRules
) -> tuple[list[list[int]], tuple[str, ...]]:
    """Positions of levels, one list a group: the rare ones, and those beyond `prebins`, share one."""
    by_size = sorted(ordinary, key=lambda i: (-counts[i].sum(), _by_level(levels[i])))
    kept = [i for i in by_size if counts[i].sum() >= rules.rare_share * rows][: rules.prebins - 1]
    if len(by_size) == len(kept) + 1:
        kept = by_size
    rare = by_size[len(kept) :]
    if not rare:
        return [[i] for i in kept], ()
    share = 100 * counts[rare].sum() / rows
    return [*([i] for i in kept), rare], (f"{len(rare)} rare levels ({share:.2g} % of rows) are one group",)


def vintage_counts(position: Ints, truth: Truth, vintages: Any, groups: int) -> tuple[Floats, Floats]:
    """Bads and rows of each group in each vintage, shape (vintages, groups); rows at −1 are in no group."""
    _, inverse = np.unique(np.asarray(vintages), return_inverse=True)
    used = position >= 0
    number = int(inverse.max(initial=-1)) + 1
    cell = inverse[used] * groups + position[used]
    rows = np.bincount(cell, minlength=number * groups).astype(np.float64)
    bads = np.bincount(cell[truth[used]], minlength=number * groups).astype(np.float64)
    return bads.reshape(number, groups), rows.reshape(number, groups)


def short_edge(below: float, above: float) -> float:
    """The number with the fewest digits in (below, above]: the edge people see; above itself at the worst."""
    if below < 0 <= above:
        return 0.0
    high = Decimal(above)
    for power in range(high.adjusted(), high.adjusted() - 20, -1):
        unit = Decimal(1).scaleb(power)
        found = float((high / unit).to_integral_value(ROUND_FLOOR) * unit)
        if below < found <= above:
            return found
    return above
