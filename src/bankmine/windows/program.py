"""What a kernel must write for one pass: which value of which slot and window goes into which column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bankmine.windows.aggregates import AGGREGATES, Total
from bankmine.windows.declaration import WindowFeature
from bankmine.windows.plan import Pass
from bankmine.windows.span import Span, Unit

Ints = NDArray[np.int64]
SHARE, TREND = "share", "trend"


@dataclass(frozen=True)
class Readings:
    """What is read of one pass.

    `direct[f]` is (slot, window, op, column), with the op of `finish_kernel`; `shares[f]` is (slot, window,
    column); `trends[f]` is (slot, months, column), and `months[f, m]` the window of the last m + 1 months.
    Shares and trends are of `amount`.
    """

    direct: Ints
    shares: Ints
    trends: Ints
    months: Ints
    amount: Total


def readings(one: Pass, columns: dict[WindowFeature, int]) -> Readings:
    """The readings of a pass whose features have these columns."""
    from bankmine.windows.kernels.finish_kernel import OPS

    direct, shares, trends, months = [], [], [], []
    for feature in one.features:
        slot, window = one.slot_of(feature), one.spans.index(feature.window)
        column = columns[feature]
        if feature.aggregate == SHARE:
            shares.append((slot, window, column))
        elif feature.aggregate == TREND:
            trends.append((slot, feature.window.count, column))
            months.append([one.spans.index(Span(Unit.MONTHS, m + 1)) for m in range(feature.window.count)])
        else:
            direct.append((slot, window, OPS[feature.aggregate], column))
    longest = max((len(some) for some in months), default=0)
    padded = [some + [0] * (longest - len(some)) for some in months]
    return Readings(
        _table(direct, 4), _table(shares, 3), _table(trends, 3), _table(padded, longest),
        Total.SUM if one.source.has_measure else Total.COUNT,
    )  # fmt: skip


def _table(rows: Sequence[Sequence[int]], width: int) -> Ints:
    return np.array(rows, np.int64).reshape(len(rows), width)


def is_whole(feature: WindowFeature) -> bool:
    """Whether a feature's values are whole numbers; else they are doubles."""
    return AGGREGATES[feature.aggregate].whole
