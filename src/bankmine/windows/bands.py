"""From passes and rows to the bands kernel: what each pass accepts, as bits by code, and what it writes.

Passes that look at the events of one table under one key with one delay share a `Unit`: the kernel walks
the rows once for all of them. A pass that depends on when a value became known (an outcome, a verdict) or
on a converted measure is a unit of its own, over its entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.windows.aggregates import Limbs, Total
from bankmine.windows.code_columns import CodeColumns
from bankmine.windows.declaration import Events, WindowFeature
from bankmine.windows.entries import Entries, check_sums, refuse_marker, select, slots
from bankmine.windows.plan import Pass
from bankmine.windows.program import SHARE, TREND
from bankmine.windows.reading.reader import EventRows
from bankmine.windows.span import Span
from bankmine.windows.span import Unit as SpanUnit

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
MOST = 64  # passes of a unit: they are bits
_ALWAYS = frozenset({"count", "sum", "distinct", "active_days", TREND})
_EXTREMES = {Total.MINIMUM, Total.MAXIMUM}
_DAYS = {Total.DAYS, Total.FIRST_DAY, Total.LAST_DAY}
_ORDER = {Total.FIRST, Total.LAST, Total.FIRST_TIME, Total.LAST_TIME, Total.DISTINCT} | _DAYS


def is_plain(one: Pass) -> bool:
    """Whether what a pass accepts and measures is known with the event and taken as it is."""
    source = one.source
    if source.verdict_of is not None or source.scale != 1:
        return False
    used = [condition.column for condition in source.conditions]
    used += [name for name in (source.measured, one.by) if name is not None]
    return all(source.declared.column(name).known_by is None for name in used)


def units(passes: Iterable[Pass]) -> tuple[Unit, ...]:
    """The passes in units: plain ones together by delay, others alone."""
    plain: dict[Span | None, list[Pass]] = {}
    alone = []
    for one in passes:
        if is_plain(one):
            plain.setdefault(one.source.delay, []).append(one)
        else:
            alone.append(Unit((one,), plain=False))
    packed = [
        Unit(tuple(some[at : at + MOST]), plain=True)
        for some in plain.values()
        for at in range(0, len(some), MOST)
    ]
    return (*packed, *alone)


@dataclass(frozen=True)
class Unit:
    """Passes that share a walk; each pass's cells, extremes, squares and ordered places begin at `places`."""

    passes: tuple[Pass, ...]
    plain: bool

    @property
    def delay(self) -> Span | None:
        """How long before the cutoff the windows end."""
        return self.passes[0].source.delay

    @property
    def source(self) -> Events:
        """The first pass's events: all are of one table and key."""
        return self.passes[0].source

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """All windows."""
        return tuple(dict.fromkeys(span for one in self.passes for span in one.spans))

    @property
    def features(self) -> tuple[WindowFeature, ...]:
        """All features."""
        return tuple(feature for one in self.passes for feature in one.features)

    @property
    def wants_days(self) -> bool:
        """Whether civil days are counted or compared."""
        return any(_DAYS & set(one.totals) for one in self.passes)

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The measured columns; a unit of entries has the one measure of its pass."""
        return tuple(dict.fromkeys(one.source.measure_name for one in self.passes if one.source.has_measure))

    @cached_property
    def by(self) -> tuple[str, ...]:
        """The columns whose levels passes tell apart; those that no condition tests come first."""
        found = dict.fromkeys(one.by for one in self.passes if one.by is not None)
        return tuple(sorted(found, key=lambda name: name in self._tested))

    @property
    def untested(self) -> int:
        """How many of those columns no condition tests."""
        return sum(name not in self._tested for name in self.by)

    @cached_property
    def _tested(self) -> frozenset[str]:
        return frozenset(test.column for one in self.passes for test in one.source.conditions)

    def window(self, span: Span) -> int:
        """The place of a window."""
        return self.spans.index(span)


def wanted(one: Pass) -> int:
    """What a pass wants besides counts and sums, as the kernel's bits."""
    from bankmine.windows.kernels import bands_totals_kernel as kernel

    totals, limbs = set(one.totals), set(one.limbs)
    bits = kernel.WANT_EXTREMES if totals & _EXTREMES else 0
    bits |= kernel.WANT_SQUARES if Limbs.SQUARES in limbs else 0
    bits |= kernel.WANT_ORDER if totals & _ORDER or Limbs.GAP_SQUARES in limbs else 0
    bits |= kernel.WANT_GAPS if Limbs.GAP_SQUARES in limbs else 0
    bits |= kernel.WANT_DISTINCT if Total.DISTINCT in totals else 0
    return bits | (kernel.WANT_DAYS if Total.DAYS in totals else 0)


@dataclass(frozen=True)
class Program:
    """A unit made ready: its passes as rows of numbers, and the lists of what is written where."""

    unit: Unit
    passes: Ints
    lists: tuple[Ints, ...]
    sizes: Any
    always: tuple[tuple[int, int], ...]  # (column, window) of values that every covered window has


def program(unit: Unit, columns: dict[WindowFeature, int]) -> Program:
    """The program of a unit whose features have these columns."""
    from bankmine.windows.kernels import bands_totals_kernel as kernel
    from bankmine.windows.kernels.bands_kernel import Sizes

    table = np.full((len(unit.passes), kernel.PASS_COLUMNS), -1, np.int64)
    cells = extremes = squares = ordered = items = 0
    for row, one in zip(table, unit.passes, strict=True):
        bits = wanted(one)
        row[kernel.WANTED] = bits
        row[kernel.BY] = _by_place(unit, one)
        row[kernel.VALUE] = unit.measures.index(one.source.measure_name) if one.source.has_measure else -1
        row[kernel.ITEM], items = (items, items + 1) if bits & kernel.WANT_DISTINCT else (-1, items)
        row[kernel.CELL], cells = cells, cells + one.slots
        row[kernel.EXTREME], extremes = extremes, extremes + one.slots * bool(bits & kernel.WANT_EXTREMES)
        row[kernel.SQUARE], squares = squares, squares + one.slots * bool(bits & kernel.WANT_SQUARES)
        row[kernel.ORDERED], ordered = ordered, ordered + one.slots * bool(bits & kernel.WANT_ORDER)
    gaps = ordered if any(row[kernel.WANTED] & kernel.WANT_GAPS for row in table) else 0
    written = _Lists(unit, columns, table)
    trends, months = len(written.trends), max(written.trends, default=0)
    sizes = Sizes(cells, extremes, squares, ordered, gaps, 0, trends, months)
    return Program(unit, table, written.arrays(), sizes, tuple(written.always))


def _by_place(unit: Unit, one: Pass) -> int:
    if not unit.plain:
        return 0
    return -1 if one.by is None else unit.by.index(one.by)


@dataclass
class _Lists:
    """The lists of what is written, window by window."""

    unit: Unit
    columns: dict[WindowFeature, int]
    table: Ints
    counts: list[tuple[int, ...]] = field(default_factory=list)
    sums: list[tuple[int, ...]] = field(default_factory=list)
    means: list[tuple[int, ...]] = field(default_factory=list)
    spreads: list[tuple[int, ...]] = field(default_factory=list)
    extremes: list[tuple[int, ...]] = field(default_factory=list)
    others: list[tuple[int, ...]] = field(default_factory=list)
    shares: list[tuple[int, ...]] = field(default_factory=list)
    months: list[tuple[int, ...]] = field(default_factory=list)
    trends: list[int] = field(default_factory=list)
    always: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for place, one in enumerate(self.unit.passes):
            for feature in one.features:
                self._add(place, one, feature)

    def _add(self, place: int, one: Pass, feature: WindowFeature) -> None:
        from bankmine.windows.kernels import bands_totals_kernel as kernel
        from bankmine.windows.kernels.finish_kernel import OPS

        window, slot = self.unit.window(feature.window), one.slot_of(feature)
        cell, column = int(self.table[place, kernel.CELL]) + slot, self.columns[feature]
        if feature.aggregate in _ALWAYS:
            self.always.append((column, window))
        if feature.aggregate == "count":
            self.counts.append((window, cell, column))
        elif feature.aggregate == "sum":
            self.sums.append((window, cell, column))
        elif feature.aggregate == "mean":
            self.means.append((window, cell, column))
        elif feature.aggregate in ("variance", "std"):
            square = int(self.table[place, kernel.SQUARE]) + slot
            self.spreads.append((window, cell, column, square, int(feature.aggregate == "std")))
        elif feature.aggregate in ("min", "max"):
            at = int(self.table[place, kernel.EXTREME]) + slot
            self.extremes.append((window, at, column, int(feature.aggregate == "max")))
        elif feature.aggregate == SHARE:
            self.shares.append((window, place, slot, one.slots, column))
        elif feature.aggregate == TREND:
            self._add_trend(one, feature, cell, column)
        else:
            self.others.append((window, place, slot, OPS[feature.aggregate], column))

    def _add_trend(self, one: Pass, feature: WindowFeature, cell: int, column: int) -> None:
        count = feature.window.count
        for month in range(count):
            window = self.unit.window(Span(SpanUnit.MONTHS, month + 1))
            into = column if month == count - 1 else -1
            self.months.append((window, len(self.trends), month, cell, int(one.source.has_measure), into))
        self.trends.append(count)

    def arrays(self) -> tuple[Ints, ...]:
        """Each list as an array sorted by window, followed by where each window's part begins."""
        made: list[Ints] = []
        for some, width in (
            (self.counts, 3), (self.sums, 3), (self.means, 3), (self.spreads, 5), (self.extremes, 4),
            (self.others, 5), (self.shares, 5), (self.months, 6),
        ):  # fmt: skip
            rows = np.array(sorted(some), np.int64).reshape(len(some), width)
            made += [rows, np.searchsorted(rows[:, 0], np.arange(len(self.unit.spans) + 1)).astype(np.int64)]
        return tuple(made)


@dataclass(frozen=True)
class Inputs:
    """What the kernel reads of the events: n of them, of k different keys (see `bands_kernel.write_rows`)."""

    keys: Ints
    offsets: Ints
    events: tuple[Any, ...]
    accepted: tuple[Any, ...]
    items: int


def inputs_of_rows(unit: Unit, rows: EventRows, days: Ints) -> Inputs:
    """The inputs of a plain unit: the rows as they lie, with codes of what passes look at."""
    columns = CodeColumns(unit.passes, unit.by, rows)
    values = _stacked([rows.columns[name].data for name in unit.measures], np.int64, len(rows))
    for one in unit.passes:
        _guard(one, rows)
    items = [_items_of(one, rows) for one in unit.passes if Total.DISTINCT in one.totals]
    codes = _stacked(columns.codes, np.int32, len(rows))
    events = (
        rows.event_time, rows.seq, rows.known_from, rows.known_until, days, codes, values,
        _stacked(items, np.int64, len(rows)),
    )  # fmt: skip
    every, accepted, slot_of = columns.accepted()
    return Inputs(rows.keys, rows.offsets, events, (every, unit.untested, accepted, slot_of), _most(items))


def inputs_of_entries(unit: Unit, entries: Entries, days: Ints) -> Inputs:
    """The inputs of a unit of one pass over its entries."""
    from bankmine.windows.kernels.tables_kernel import number_items
    from bankmine.windows.reading.reader import by_key

    one = unit.passes[0]
    count = len(entries.key)
    keys, offsets = by_key(entries.key)
    items = [number_items(entries.key, entries.slot, entries.items)] if len(entries.items) else []
    events = (
        entries.event_time, entries.seq, entries.known_from, entries.known_until, days,
        entries.slot.astype(np.int32).reshape(1, -1),
        _stacked([entries.values] if one.source.has_measure else [], np.int64, count),
        _stacked(items, np.int64, count),
    )  # fmt: skip
    slot = np.arange(one.slots, dtype=np.int64)
    accepted = (np.uint64(1), 1, np.ones((1, one.slots), np.uint64), slot.reshape(1, -1))
    return Inputs(keys, offsets, events, accepted, _most(items))


def _stacked(columns: Sequence[NDArray[Any]], kind: Any, count: int) -> NDArray[Any]:
    """The columns as rows of one array; a single one is not copied."""
    if len(columns) == 1:
        return np.ascontiguousarray(columns[0], kind).reshape(1, -1)
    stacked = np.empty((len(columns), count), kind)
    for place, column in enumerate(columns):
        stacked[place] = column
    return stacked


def _most(items: Sequence[Ints]) -> int:
    return max((int(some.max(initial=-1)) + 1 for some in items), default=0)


def _items_of(one: Pass, rows: EventRows) -> Ints:
    """Numbers of the different values of each key, by slot; negative where missing."""
    from bankmine.windows.kernels.tables_kernel import NONE, number_items

    values = rows.columns[str(one.source.distinct_of)]
    data = values.data.astype(np.int64)
    refuse_marker(data, one.source, str(one.source.distinct_of))
    if values.present is not None:
        data = np.where(values.present, data, NONE)
    slot = np.zeros(len(rows), np.int64) if one.by is None else slots(rows.columns[one.by], one.levels)
    numbers: Ints = number_items(rows.key, slot, data)
    return numbers


def _guard(one: Pass, rows: EventRows) -> None:
    """Refuses sums that might not fit; only if all rows together might not, the pass's own are looked at."""
    if not one.source.has_measure:
        return
    data = rows.columns[str(one.source.measured)].data
    if not len(data):
        return
    largest = max(abs(int(data.min())), abs(int(data.max())))
    if largest * len(data) * one.largest_weight >= 1 << 63:
        check_sums(data[select(rows, one.source)[0]], one)
