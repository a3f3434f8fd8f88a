"""From declared features to the plan of an online state: plain numbers that the kernel walks.

The passes are those of snapshot and replay (`plan.py`); here each gets the layout of its lanes and entries,
the edges of its windows, its conditions as numbers, and the columns its values go to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank import catalogue
from bankmine.bank.civil import DAY, FIRST, HOUR, MINUTE, Zone
from bankmine.bank.columns import Type
from bankmine.errors import ConfigurationError, UsageError
from bankmine.windows.aggregates import Limbs, Total
from bankmine.windows.declaration import Feature, RatioFeature, WindowFeature
from bankmine.windows.online import words
from bankmine.windows.online.fields import VERDICT, Field, Fields
from bankmine.windows.online.words import FIRST_CAPACITY, Edge, Group, Head, Lane, Plan, Row, class_of
from bankmine.windows.online.words import Pass as P
from bankmine.windows.plan import Pass, check_names, parts, plan
from bankmine.windows.program import readings
from bankmine.windows.span import Span, Unit

Ints = NDArray[np.int64]
_UNITS = {
    Unit.MINUTES: words.MINUTES, Unit.HOURS: words.HOURS, Unit.DAYS: words.DAYS, Unit.MONTHS: words.MONTHS,
    Unit.ALL: words.ALL,
}  # fmt: skip
_TESTS = {
    "in": words.TEST_IN, "at_least": words.TEST_AT_LEAST, "below": words.TEST_BELOW,
    "having": words.TEST_HAVING, "lacking": words.TEST_LACKING,
}  # fmt: skip
ENDLESS = 1 << 62
PAGE_WORDS = 1 << 13


@dataclass(frozen=True)
class OnlinePlan:
    """The plan in numbers, and what goes with it.

    `columns` are the window features in the order of the answer's columns, ratios after them; `top` is the
    first word of memory that is free at the start.
    """

    table: str
    features: tuple[Feature, ...]
    columns: tuple[Feature, ...]
    fields: Fields
    keys: tuple[str, ...]
    numbers: Ints
    top: int


def make_plan(features: Sequence[Feature], *, zone: Zone, covered_from: int, lateness: Span) -> OnlinePlan:
    """The plan of features of one event table; UsageError, ConfigurationError for what cannot be kept."""
    check_names(features)
    tables = sorted({part.source.table for part in parts(features)})
    if len(tables) != 1:
        raise UsageError(
            f"the features look at {len(tables)} tables", hint="Keep a state for each event table."
        )
    declared = catalogue.table(tables[0])
    if any(declared.column(name).type is Type.CODE for name in declared.version_key):
        raise ConfigurationError(
            f"events of {declared.name} are told apart by a code, which an online state does not keep",
            hint="Use replay or snapshots for this table.",
        )
    return _Builder(features, zone, max(covered_from, FIRST), lateness).build()


def longest(span: Span) -> int:
    """No less than the µs the span can take: civil days have up to 25 hours, months 31 days."""
    if span.unit is Unit.MINUTES:
        return span.count * MINUTE
    if span.unit is Unit.HOURS:
        return span.count * HOUR
    if span.unit is Unit.DAYS:
        return (span.count + 1) * DAY
    return (int(span.count * 30.5) + 4) * DAY if span.count else ENDLESS


class _Builder:
    """Writes the plan, part after part."""

    def __init__(self, features: Sequence[Feature], zone: Zone, covered_from: int, lateness: Span) -> None:
        self.features, self.zone, self.lateness = tuple(features), zone, lateness
        self.covered_from = covered_from
        self.groups = plan(features)
        self.passes = [one for group in self.groups for one in group.passes]
        self.table = self.groups[0].table
        self.fields = Fields(catalogue.table(self.table), [group.key for group in self.groups], self.passes)
        direct = parts(features)
        ratios = [feature for feature in features if isinstance(feature, RatioFeature)]
        self.columns: tuple[Feature, ...] = (*direct, *ratios)
        self.column_of = {feature: place for place, feature in enumerate(direct)}
        self.edges: dict[tuple[int, int, int, int], int] = {}
        self.numbers = [0] * int(Plan.SIZE)

    def build(self) -> OnlinePlan:
        """All parts in order; the header last."""
        head = self.numbers
        groups = [self._group(group.key, group.passes) for group in self.groups]
        head[Plan.GROUPS], head[Plan.GROUPS_AT] = len(groups), self._put(groups)
        head[Plan.EDGES], head[Plan.EDGES_AT] = (
            len(self.edges),
            self._put([number for edge in self.edges for number in edge]),
        )
        self._zone()
        self._ratios()
        self._rows()
        top = self._scratch()
        return OnlinePlan(
            self.table, self.features, self.columns, self.fields, tuple(group.key for group in self.groups),
            np.array(self.numbers, np.int64), top,
        )  # fmt: skip

    def _put(self, numbers: Sequence[int]) -> int:
        at = len(self.numbers)
        self.numbers += numbers
        return at

    def _rows(self) -> None:
        head, declared = self.numbers, self.fields.declared
        size = int(Row.FIELDS) + len(self.fields)
        head[Plan.ROW_WORDS], head[Plan.FIELDS] = size, len(self.fields)
        head[Plan.VERSION_FIELDS] = len(declared.version_key)
        head[Plan.HOME_FIELDS] = 1 if self.fields.verdicts else len(declared.version_key)
        head[Plan.PAGE_CLASS] = class_of(max(PAGE_WORDS, size))
        head[Plan.COLUMNS] = len(self.columns)
        pending = sorted({
            self.fields.place(column.known_by)
            for one in self.fields
            if not one.name.startswith(VERDICT)
            for column in [declared.column(one.column)]
            if column.known_by is not None
        })  # fmt: skip
        head[Plan.PENDING], head[Plan.PENDING_AT] = len(pending), self._put(pending)
        summed = {self._value_field(one) for one in self.passes if Total.SUM in one.totals}
        head[Plan.MEASURES_AT] = self._put([int(place in summed) for place in range(len(self.fields))])
        head[Plan.WEIGHT] = max(one.largest_weight for one in self.passes)
        head[Plan.COVERED_FROM] = self.covered_from
        reach = max(longest(span) + self._delay(one) for one in self.passes for span in one.spans)
        head[Plan.REACH] = min(ENDLESS, reach + longest(self.lateness))
        days = {Total.DAYS, Total.FIRST_DAY, Total.LAST_DAY}
        head[Plan.CUTOFF_DAY] = int(any(days & set(one.totals) for one in self.passes))

    def _delay(self, one: Pass) -> int:
        return longest(one.source.delay) if one.source.delay is not None else 0

    def _scratch(self) -> int:
        """Places in the memory that the kernel works in; the first word after them."""
        head, edges = self.numbers, len(self.edges)
        head[Plan.LOCAL_AT] = int(Head.SCRATCH)
        head[Plan.FOUND_AT] = head[Plan.LOCAL_AT] + edges + 1
        head[Plan.AMOUNTS_AT] = head[Plan.FOUND_AT] + edges
        largest = max(one.slots * len(one.spans) + one.largest_weight for one in self.passes)
        return (head[Plan.AMOUNTS_AT] + largest + 7) // 8 * 8

    def _zone(self) -> None:
        instants, offsets = self.zone.changes
        local = instants.copy()
        local[1:] = instants[1:] + np.maximum(offsets[:-1], offsets[1:])
        head = self.numbers
        head[Plan.ZONE] = len(instants)
        head[Plan.ZONE_AT] = self._put([*instants.tolist(), *offsets.tolist(), *local.tolist()])

    def _ratios(self) -> None:
        found: list[int] = []
        ratios = self.columns[len(self.column_of) :]
        for place, feature in enumerate(ratios, len(self.column_of)):
            assert isinstance(feature, RatioFeature)
            found += [self.column_of[feature.numerator], self.column_of[feature.denominator], place]
        self.numbers[Plan.RATIOS], self.numbers[Plan.RATIOS_AT] = len(ratios), self._put(found)

    def _edge(self, span: Span, base: int = -1) -> int:
        """The place of the edge one span before another (or before the cutoff)."""
        valid = span.unit is Unit.ALL and span.count > 0
        unit = words.MONTHS if valid else _UNITS[span.unit]
        return self.edges.setdefault((unit, span.count, base, int(valid)), len(self.edges))

    def _group(self, key: str, passes: Sequence[Pass]) -> int:
        lanes = 0
        places = []
        for one in passes:
            places.append(self._pass(one, lanes))
            lanes += one.slots
        numbers = [0] * int(Group.FIRST)
        numbers[Group.KEY] = self.fields.place(key)
        numbers[Group.PRIMARY_ONLY] = int(self.fields.declared.per_owner and key != "customer_id")
        numbers[Group.LANES], numbers[Group.PASSES] = lanes, len(places)
        return self._put([*numbers, *places])

    def _pass(self, one: Pass, lane: int) -> int:
        numbers = [-1] * int(P.SIZE)
        numbers[P.LANE], numbers[P.SLOTS], numbers[P.WINDOWS] = lane, one.slots, len(one.spans)
        numbers[P.WANTED] = one.wanted
        end = self._edge(one.source.delay) if one.source.delay is not None else -1
        numbers[P.END] = end
        numbers[P.STARTS_AT] = self._put([self._edge(span, end) for span in one.spans])
        self._entries(one, numbers)
        self._readings(one, numbers)
        _lay_out(one, numbers)
        return self._put(numbers)

    def _value_field(self, one: Pass) -> int:
        source = one.source
        if source.verdict_of is not None:
            return self.fields.place(VERDICT + source.verdict_of)
        if source.measured is None:
            return -1
        scaled = source.measured if source.scale == 1 else f"{source.measured} × {source.scale}"
        return self.fields.place(scaled)

    def _entries(self, one: Pass, numbers: list[int]) -> None:
        """Which rows count: conditions, levels, and from when outcomes are known."""
        source, declared = one.source, self.fields.declared
        numbers[P.VALUE] = self._value_field(one)
        numbers[P.ITEM] = self.fields.place(source.distinct_of) if source.distinct_of is not None else -1
        conditions: list[int] = []
        outcomes = [source.measured] if source.measured is not None else []
        for condition in source.conditions:
            found = self.fields.named(condition.column)
            values = [_number(found, value) for value in condition.values]
            place = self.fields.place(condition.column)
            conditions += [place, _TESTS[condition.test], len(values), *values]
            outcomes.append(condition.column)
        known = [declared.column(name).known_by for name in outcomes]
        places = sorted({self.fields.place(name) for name in known if name is not None})
        numbers[P.CONDITIONS], numbers[P.CONDITIONS_AT] = len(source.conditions), self._put(conditions)
        numbers[P.KNOWN], numbers[P.KNOWN_AT] = len(places), self._put(places)
        if one.by is not None:
            self._levels(one, one.by, numbers)

    def _levels(self, one: Pass, by: str, numbers: list[int]) -> None:
        found, known_by = self.fields.named(by), self.fields.declared.column(by).known_by
        numbers[P.BY] = self.fields.place(by)
        numbers[P.BY_KNOWN] = self.fields.place(known_by) if known_by is not None else -1
        slot_of = [
            one.levels.index(text) if text in one.levels else one.slots - 1 for text in found.vocabulary
        ]
        numbers[P.LEVELS], numbers[P.LEVELS_AT] = len(slot_of), self._put(slot_of)

    def _readings(self, one: Pass, numbers: list[int]) -> None:
        columns: dict[WindowFeature, int] = {feature: self.column_of[feature] for feature in one.features}
        found = readings(one, columns)
        direct = found.direct[np.lexsort((found.direct[:, 1], found.direct[:, 0]))]
        numbers[P.READINGS], numbers[P.READINGS_AT] = len(direct), self._put(direct.ravel().tolist())
        numbers[P.SHARES], numbers[P.SHARES_AT] = len(found.shares), self._put(found.shares.ravel().tolist())
        trends: list[int] = []
        for (slot, months, column), of_months in zip(
            found.trends.tolist(), found.months.tolist(), strict=True
        ):
            trends += [slot, months, column, of_months[months - 1], *of_months[:months]]
        numbers[P.TRENDS], numbers[P.TRENDS_AT] = len(found.trends), self._put(trends)
        numbers[P.AMOUNTS] = int(len(found.shares) + len(found.trends) > 0)


def _number(found: Field, value: Any) -> int:
    return found.vocabulary[value] if found.type is Type.CODE else int(value)


def _lay_out(one: Pass, numbers: list[int]) -> None:
    """Where the words of entries, lanes and windows lie."""
    totals, limbs = set(one.totals), set(one.limbs)
    valued = totals & {Total.SUM, Total.MINIMUM, Total.MAXIMUM, Total.FIRST, Total.LAST}
    distinct, days = Total.DISTINCT in totals, Total.DAYS in totals
    highest, lowest = Total.MAXIMUM in totals, Total.MINIMUM in totals
    dated = bool(totals & {Total.DAYS, Total.FIRST_DAY, Total.LAST_DAY})
    entry = _Words(2)
    entry.place(numbers, {P.E_VALUE: valued, P.E_ITEM: distinct, P.E_NEXT: distinct, P.E_DAY: dated})
    numbers[P.E_MOVED] = entry.size
    entry.place(numbers, {P.E_HIGH: highest, P.E_LOW: lowest})
    numbers[P.STRIDE] = entry.size
    window = _Words(1)
    window.place(numbers, {P.W_SUM: Total.SUM in totals})
    window.place(numbers, {P.W_SQUARES: Limbs.SQUARES in limbs, P.W_GAPS: Limbs.GAP_SQUARES in limbs}, 2)
    window.place(numbers, {P.W_DIFFERENT: distinct, P.W_DAYS: days, P.W_HIGH: highest, P.W_LOW: lowest})
    numbers[P.W_STRIDE] = window.size
    lane = _Words(int(Lane.SIZE))
    lane.place(numbers, {P.L_HASH: distinct})
    lane.place(numbers, {P.L_HIGH: highest, P.L_LOW: lowest}, 2)
    numbers[P.L_WINDOWS] = lane.size
    numbers[P.LANE_CLASS] = class_of(lane.size + len(one.spans) * window.size)
    numbers[P.RING_CLASS] = class_of(FIRST_CAPACITY * entry.size)


class _Words:
    """Words given out one after the other."""

    def __init__(self, size: int) -> None:
        self.size = size

    def place(self, numbers: list[int], asked: dict[P, Any], each: int = 1) -> None:
        """Gives words to what is asked for."""
        for name, wanted in asked.items():
            if wanted:
                numbers[name] = self.size
                self.size += each


__all__ = ["Edge", "OnlinePlan", "longest", "make_plan"]
