"""From rows to entries: what one declaration speaks of, each with its slot, its measure and when it counts.

Outcome columns are masked here: an entry that meets a condition by an outcome, or is measured by one,
counts from when the outcome is known; one told apart by an outcome is "other" until then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import ConfigurationError
from bankmine.windows.aggregates import Total
from bankmine.windows.declaration import Condition, Events
from bankmine.windows.plan import Pass
from bankmine.windows.reading.reader import EventRows, Values
from bankmine.windows.reading.versions import FOREVER
from bankmine.windows.scale import in_units
from bankmine.windows.verdicts import NO_VERDICTS, Verdicts, cut

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_EMPTY = np.zeros(0, np.int64)
Index = Ints | slice


@dataclass(frozen=True)
class Entries:
    """Entries sorted by (key, event_time, seq); `values` and `items` are empty where nothing needs them."""

    key: Ints
    event_time: Ints
    seq: Ints
    known_from: Ints
    known_until: Ints
    slot: Ints
    values: Ints
    items: Ints

    def take(self, index: Ints) -> Entries:
        """The chosen entries."""
        return Entries(
            self.key[index], self.event_time[index], self.seq[index], self.known_from[index],
            self.known_until[index], self.slot[index], self.values[index] if len(self.values) else _EMPTY,
            self.items[index] if len(self.items) else _EMPTY,
        )  # fmt: skip


def make_entries(rows: EventRows, one: Pass, verdicts: Verdicts = NO_VERDICTS) -> Entries:
    """The entries of one pass among the rows of its table."""
    source, by, levels = one.source, one.by, one.levels
    chosen, known_from = select(rows, source)
    slot = np.zeros(len(rows), np.int64) if by is None else slots(rows.columns[by], levels)
    index: Index = slice(None) if chosen.all() else np.flatnonzero(chosen)
    entries = Entries(
        rows.key[index], rows.event_time[index], rows.seq[index], known_from[index], rows.known_until[index],
        slot[index], _measured(rows, source, index), _items(rows, source, index),
    )  # fmt: skip
    known_by = source.declared.column(by).known_by if by is not None else None
    if known_by is not None:
        entries, split = _other_until_known(entries, _known(rows.columns[known_by])[index], len(levels))
        index = np.flatnonzero(chosen)[split]
    if source.verdict_of is not None:
        entries = _with_verdicts(entries, rows.columns[source.declared.primary_key[0]].data[index], verdicts)
    check_sums(entries.values, one)
    return entries


def select(rows: EventRows, source: Events) -> tuple[Bools, Ints]:
    """Which rows are entries, and from when each of them counts."""
    known_from = rows.known_from
    chosen = np.ones(len(rows), np.bool_)
    for condition in source.conditions:
        chosen &= meets(rows.columns[condition.column], condition)
        known_from = unmasked_from(rows, source, condition.column, known_from)
    if source.measured is not None:
        present = rows.columns[source.measured].present
        chosen &= True if present is None else present
        known_from = unmasked_from(rows, source, source.measured, known_from)
    return chosen & (known_from < rows.known_until), known_from


def unmasked_from(rows: EventRows, source: Events, column: str, known_from: Ints) -> Ints:
    """From when a value may be read: an outcome not before its own time of knowledge."""
    known_by = source.declared.column(column).known_by
    return known_from if known_by is None else np.maximum(known_from, _known(rows.columns[known_by]))


def meets(values: Values, condition: Condition) -> Bools:
    """Which values meet a condition; a missing value meets none but "lacking"."""
    if condition.test in ("having", "lacking"):
        here = np.ones(len(values.data), np.bool_) if values.present is None else values.present
        return here if condition.test == "having" else ~here
    if values.levels is not None:
        wanted = np.array([level in condition.values for level in values.levels], np.bool_)
        met = wanted[values.data] if len(wanted) else np.zeros(len(values.data), np.bool_)
    elif condition.test == "at_least":
        met = values.data >= int(condition.values[0])
    elif condition.test == "below":
        met = values.data < int(condition.values[0])
    else:
        met = np.isin(values.data, np.array([int(value) for value in condition.values], np.int64))
    return met if values.present is None else met & values.present


def slots(values: Values, levels: tuple[str, ...]) -> Ints:
    """The place of each value's level; what is not listed, or missing, is "other", the last place."""
    place = {level: number for number, level in enumerate(levels)}
    of_code = np.array([place.get(level, len(levels)) for level in values.levels or ()] or [0], np.int64)
    slot = of_code[values.data]
    return slot if values.present is None else np.where(values.present, slot, len(levels))


def refuse_marker(values: Ints, source: Events, column: str) -> None:
    """Refuses -2^63 among the values of a column: inside it marks what is missing."""
    if len(values) and int(values.min()) == -(1 << 63):
        raise ConfigurationError(
            f"{source.table}.{column} holds -2^63, which marks what is missing",
            hint="Correct the column, or its mapping.",
        )


def check_sums(values: Ints, one: Pass) -> None:
    """Refuses measures whose magnitudes add up to more than 64 bits hold, where sums are asked for.

    Each counts as often as the pass weighs it. Whatever is asked for, -2^63 is refused.
    """
    source, weight = one.source, one.largest_weight
    if len(values) == 0:
        return
    refuse_marker(values, source, source.measure_name)
    largest = max(abs(int(values.min())), abs(int(values.max())))
    if Total.SUM not in one.totals or largest * len(values) * weight < 1 << 63:
        return
    if all_together(values) * weight >= 1 << 63:
        raise ConfigurationError(
            f"sums of {source.table}.{source.measure_name} could exceed 64 bits "
            f"({len(values)} values of up to {largest} in one bucket)",
            hint="Measure a column with smaller numbers, or correct the unit in the mapping.",
        )


def all_together(values: Ints) -> int:
    """The sum of the magnitudes, exactly."""
    sizes = np.abs(values).view(np.uint64)
    low, high = sizes & np.uint64(0xFFFFFFFF), sizes >> np.uint64(32)
    return (int(high.sum()) << 32) + int(low.sum())


def _measured(rows: EventRows, source: Events, index: Index) -> Ints:
    if source.measured is None:
        return _EMPTY
    data = rows.columns[source.measured].data[index]
    if source.scale == 1:
        return data
    return in_units(data.view(np.float64), source.scale, f"{source.table}.{source.measured}")


def _items(rows: EventRows, source: Events, index: Index) -> Ints:
    from bankmine.windows.kernels.tables_kernel import NONE

    if source.distinct_of is None:
        return _EMPTY
    values = rows.columns[source.distinct_of]
    numbers = values.data.astype(np.int64, copy=False)
    refuse_marker(numbers, source, source.distinct_of)
    items = numbers if values.present is None else np.where(values.present, numbers, NONE)
    return items[index]


def _known(times: Values) -> Ints:
    """Instants, FOREVER where missing: what has no time of knowledge is never known."""
    return times.data if times.present is None else np.where(times.present, times.data, FOREVER)


def _other_until_known(entries: Entries, known: Ints, other: int) -> tuple[Entries, Ints]:
    """Cuts each entry at the instant its level becomes known; also whose each piece is."""
    count = len(entries.key)
    index = np.concatenate([np.arange(count), np.arange(count)])
    known_from = np.concatenate([entries.known_from, np.maximum(entries.known_from, known)])
    known_until = np.concatenate([np.minimum(entries.known_until, known), entries.known_until])
    slot = np.concatenate([np.full(count, other, np.int64), entries.slot])
    order = np.argsort(index, kind="stable")
    order = order[known_from[order] < known_until[order]]
    split = entries.take(index[order])
    cut_up = replace(split, known_from=known_from[order], known_until=known_until[order], slot=slot[order])
    return cut_up, index[order]


def _with_verdicts(entries: Entries, subject: Ints, verdicts: Verdicts) -> Entries:
    """Measures each entry by the verdict on it, cutting it where the verdict changes."""
    pieces = cut(subject, entries.known_from, entries.known_until, verdicts)
    split = entries.take(pieces.index)
    return replace(split, known_from=pieces.known_from, known_until=pieces.known_until, values=pieces.measure)
