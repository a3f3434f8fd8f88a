"""How a window feature's value follows from the events that entered it, in words and figures.

A third way to the same number, beside the kernel and its naive twin: from the rows an SQL statement found,
one aggregate at a time, written out as a person would on paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY, Zone
from bankmine.windows import WindowFeature

SHOWN = 6
Number = int | float | None


@dataclass(frozen=True)
class Entry:
    """One event: when (µs), its measure, the value whose different ones count, whether of the level."""

    time: int
    measure: int | None
    item: Any
    mine: bool


@dataclass(frozen=True)
class Entries:
    """The entries of one window in their order, all levels; the window's end and the cutoff (µs)."""

    feature: WindowFeature
    every: tuple[Entry, ...]
    end: int
    cutoff: int
    zone: Zone

    @property
    def mine(self) -> tuple[Entry, ...]:
        """Those of the feature's own level."""
        return tuple(one for one in self.every if one.mine)

    @property
    def amounts(self) -> list[int]:
        """What is summed: the measures, or 1 for each entry without one."""
        return [_amount(one) for one in self.mine]


def follows(entries: Entries) -> tuple[str, Number]:
    """The way to the value in words, and the value; None where it is missing."""
    aggregate = entries.feature.aggregate
    if not entries.mine and aggregate not in ("share", "trend"):
        return "no event entered", 0 if aggregate in _ZERO else None
    return _WAYS[aggregate](entries)


def added(numbers: Sequence[int]) -> str:
    """A sum as people write it, the middle left out where it is long."""
    if len(numbers) <= SHOWN:
        return " + ".join(f"{one:,}" for one in numbers) or "0"
    first = " + ".join(f"{one:,}" for one in numbers[: SHOWN - 1])
    return f"{first} + … ({len(numbers) - SHOWN:,} more) + {numbers[-1]:,}"


def listed(numbers: Sequence[int]) -> str:
    """Numbers one after the other, the middle left out where there are many."""
    return added(numbers).replace(" + ", ", ")


def _amount(one: Entry) -> int:
    return 1 if one.measure is None else one.measure


def _count(entries: Entries) -> tuple[str, Number]:
    number = len(entries.mine)
    return f"{number:,} event{'s' if number != 1 else ''}", number


def _sum(entries: Entries) -> tuple[str, Number]:
    return added(entries.amounts), sum(entries.amounts)


def _mean(entries: Entries) -> tuple[str, Number]:
    amounts = entries.amounts
    return f"({added(amounts)}) / {len(amounts):,}", float(Fraction(sum(amounts), len(amounts)))


def _extreme(words: str, choose: Callable[[Sequence[int]], int]) -> Callable[[Entries], tuple[str, Number]]:
    return lambda entries: (f"the {words} of {listed(entries.amounts)}", choose(entries.amounts))


def _variance_of(numbers: Sequence[int]) -> float | None:
    if len(numbers) < 2:
        return None
    mean = Fraction(sum(numbers), len(numbers))
    return float(sum((one - mean) ** 2 for one in numbers) / (len(numbers) - 1))


def _variance(entries: Entries) -> tuple[str, Number]:
    amounts = entries.amounts
    if len(amounts) < 2:
        return "missing below 2 events", None
    mean = sum(amounts) / len(amounts)
    words = (
        f"squared distances of {listed(amounts)} from their mean {mean:,.2f}, summed, / {len(amounts) - 1:,}"
    )
    return words, _variance_of(amounts)


def _std(entries: Entries) -> tuple[str, Number]:
    words, variance = _variance(entries)
    return (words, None) if variance is None else (f"square root of: {words}", math.sqrt(variance))


def _distinct(entries: Entries) -> tuple[str, Number]:
    number = len({one.item for one in entries.mine} - {None})
    return f"different ones among {len(entries.mine):,} events: {number:,}", number


def _active_days(entries: Entries) -> tuple[str, Number]:
    days = len({_day(entries, one.time) for one in entries.mine})
    return f"{len(entries.mine):,} events on {days:,} different days", days


def _days_from(which: int, words: str) -> Callable[[Entries], tuple[str, Number]]:
    def way(entries: Entries) -> tuple[str, Number]:
        start = entries.mine[which].time
        said = (
            f"civil days from {entries.zone.show(start)}, the {words}, to {entries.zone.show(entries.cutoff)}"
        )
        return said, _day(entries, entries.cutoff) - _day(entries, start)

    return way


def _seconds(entries: Entries) -> tuple[str, Number]:
    last = entries.mine[-1].time
    said = f"seconds from {entries.zone.show(last)}, the last, to {entries.zone.show(entries.cutoff)}"
    return said, float(Fraction(entries.cutoff - last, 1_000_000))


def _gap_mean(entries: Entries) -> tuple[str, Number]:
    times = [one.time for one in entries.mine]
    gaps, whole = len(times) - 1, times[-1] - times[0]
    if gaps < 1:
        return "missing below 2 events", None
    words = (
        f"{whole / DAY:,.2f} days from the first to the last event / {gaps:,} gap{'s' if gaps > 1 else ''}"
    )
    return words, float(Fraction(whole, gaps * DAY))


def _gap_std(entries: Entries) -> tuple[str, Number]:
    gaps = [after - before for before, after in pairwise(one.time for one in entries.mine)]
    variance = _variance_of(gaps)
    if variance is None:
        return "missing below 3 events", None
    return f"sample standard deviation of {len(gaps):,} gaps, in days", math.sqrt(variance) / DAY


def _share(entries: Entries) -> tuple[str, Number]:
    own, whole = sum(entries.amounts), sum(_amount(one) for one in entries.every)
    return f"{own:,} of {whole:,} of all levels", None if whole == 0 else float(Fraction(own, whole))


def _trend(entries: Entries) -> tuple[str, Number]:
    months = entries.feature.window.count
    edges = [entries.zone.months_before(entries.end, back) for back in range(months, 0, -1)]
    sums = [0] * months
    for one in entries.mine:
        sums[int(np.searchsorted(edges, one.time, side="right")) - 1] += _amount(one)
    middle = Fraction(months + 1, 2)
    above = sum((Fraction(i) - middle) * amount for i, amount in enumerate(sums, 1))
    slope = above / sum((Fraction(i) - middle) ** 2 for i in range(1, months + 1))
    return f"least-squares slope through the monthly sums {listed(sums)}", float(slope)


def _day(entries: Entries, time: int) -> int:
    return int(entries.zone.day_of(np.array([time]))[0])


_ZERO = ("count", "sum", "distinct", "active_days")
_WAYS: Mapping[str, Callable[[Entries], tuple[str, Number]]] = MappingProxyType(
    {
        "count": _count, "sum": _sum, "mean": _mean, "variance": _variance, "std": _std,
        "min": _extreme("smallest", min), "max": _extreme("largest", max),
        "first": _extreme("first", lambda amounts: amounts[0]),
        "last": _extreme("last", lambda amounts: amounts[-1]),
        "distinct": _distinct, "active_days": _active_days, "recency": _days_from(-1, "last"),
        "days_since_first": _days_from(0, "first"), "seconds_since_last": _seconds, "gap_mean": _gap_mean,
        "gap_std": _gap_std, "share": _share, "trend": _trend,
    }
)  # fmt: skip
