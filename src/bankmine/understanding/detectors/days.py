"""The days of a table: its bulk, what lies apart from it, and how many rows each day leads to expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bankmine.understanding.scan import Scan

if TYPE_CHECKING:
    from numpy.typing import NDArray


def main_range(scan: Scan) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """First and last day of the bulk of the rows, and the ranges that lie apart from it.

    A range lies apart when it holds less than a fifth of the rows and the days without rows between are
    at least 30 and five times the second-widest gap of the bulk (the widest may be where it was taken from).
    """
    days, rows = scan.days, scan.day_rows
    steps, reached, total = np.diff(days), np.cumsum(rows), rows.sum()
    low, high = 0, len(days) - 1
    for at in np.argsort(-steps)[:4]:
        others = np.sort(steps[low:high][np.arange(low, high) != at])
        usual = int(others[-2]) if len(others) > 1 else 1
        if steps[at] < max(30, 5 * usual) or not low <= at < high:
            continue
        if reached[at] < 0.2 * total:
            low = int(at) + 1
        elif total - reached[at] < 0.2 * total:
            high = int(at)
    apart = []
    if low > 0:
        apart.append((int(days[0]), int(days[low - 1])))
    if high < len(days) - 1:
        apart.append((int(days[high + 1]), int(days[-1])))
    return (int(days[low]), int(days[high])), apart


@dataclass(frozen=True)
class Series:
    """Rows by calendar day from `start` on, with what was to be expected."""

    start: int
    rows: NDArray[np.float64]
    expected: NDArray[np.float64]
    factor: NDArray[np.float64]

    def expected_over(self, width: int) -> NDArray[np.float64]:
        """Expected rows by the median level of `width` days around (odd, at least 29)."""
        size = min(max(width, 29), 2 * (len(self.rows) // 2) - 1) // 2 * 2 + 1
        return rolling_median(self.rows / np.maximum(self.factor, 0.02), size) * self.factor


def expected_rows(scan: Scan, first: int, last: int) -> Series:
    """Expected rows a day: the median level of four weeks around × the day's share in week and month."""
    rows = np.zeros(last - first + 1)
    inside = (scan.days >= first) & (scan.days <= last)
    rows[scan.days[inside] - first] = scan.day_rows[inside]
    numbers = np.arange(first, last + 1)
    weekday = (numbers + 3) % 7
    dates = numbers.astype("datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(int)
    ends = ((dates + 1).astype("datetime64[M]") != dates.astype("datetime64[M]")).astype(int)
    of_month = np.where(ends == 1, 31, of_month)
    factor = np.ones(len(rows))
    for _ in range(3):
        level = rolling_median(rows / np.maximum(factor, 0.02), 29)
        for part, size in ((weekday, 7), (of_month, 32)):
            seen = rows / np.maximum(level * factor, 0.5)
            adjust = np.ones(size)
            for value in range(size):
                chosen = seen[part == value]
                if len(chosen) >= 4:
                    adjust[value] = np.clip(np.median(chosen), 0.02, 50)
            factor = factor * adjust[part]
    level = rolling_median(rows / np.maximum(factor, 0.02), 29)
    return Series(first, rows, level * factor, factor)


def rolling_median(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    half = width // 2
    padded = np.pad(values, half, mode="edge" if len(values) else "constant")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1))
