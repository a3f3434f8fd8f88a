"""Counts and sums of the same events over windows before the cutoff: what a sequence network is compared
with.

For each kind the number of events and the sum of each value in the last 30, 91, 182, 365 and 730 days and in
all, and days since the last. Boosting on these columns is the baseline that published comparisons on data of
banks find hard to beat; a network that does not beat it over the same cut is not worth its cost.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bankmine.mining.contract import Floats
from bankmine.mining.sequence.events import DAY, Sequences

WINDOWS = (30, 91, 182, 365, 730)


def window_columns(
    sequences: Sequences, kinds: Sequence[str], *, windows: Sequence[int] = WINDOWS
) -> tuple[Floats, tuple[str, ...]]:
    """A matrix of shape (rows, columns) and the columns' names; `kinds` are those of training rows.

    A window of w days before cutoff T is [T − w, T). Counts and sums without an event are 0, days since the
    last one missing; a missing value adds nothing to a sum.
    """
    row, age = sequences.row, sequences.cutoff[sequences.row] - sequences.when
    measures: list[Floats] = [np.ones(len(row)), *(np.nan_to_num(one) for one in sequences.values.T)]
    columns: dict[str, Floats] = {}
    for kind in kinds:
        place = sequences.kinds.index(kind) if kind in sequences.kinds else len(sequences.kinds)
        mine = np.flatnonzero(sequences.kind == place)
        for days in (*windows, None):
            within = mine if days is None else mine[age[mine] <= days * DAY]
            for name, measure in zip(("count", *sequences.columns), measures, strict=True):
                title = f"{kind}_{name}_{'all' if days is None else f'{days}d'}"
                sums = np.bincount(row[within], measure[within], minlength=len(sequences))
                columns[title] = sums.astype(np.float64)  # no event at all: bincount gives integers
        since = np.full(len(sequences), np.nan)
        since[row[mine]] = age[mine] / DAY
        columns[f"{kind}_days_since"] = since
    return np.column_stack(list(columns.values())), tuple(columns)
