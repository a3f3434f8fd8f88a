"""The slow, obvious twin of the kernels: the rule of time in plain Python, one value at a time.

It shares with them the declarations and nothing else: rows are dictionaries with instants as whole
microseconds, calendars are Python's own, sums are Python integers, and fractions are rounded once at the
end. Every kernel is tested to give the same bits.
"""

from __future__ import annotations

import calendar
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from bankmine.bank import catalogue
from bankmine.bank.columns import Table
from bankmine.windows.declaration import OTHER, Condition, Events, Feature, RatioFeature, WindowFeature
from bankmine.windows.span import Span, Unit

Row = Mapping[str, Any]
Number = int | float | None
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
CALENDAR_BEGINS = (datetime(1900, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Bank:
    """Rows of each table with every column, the coverage of each [from, to) in µs, and the time zone."""

    rows: Mapping[str, Sequence[Row]]
    coverage: Mapping[str, tuple[int, int] | None]
    zone: ZoneInfo


@dataclass(frozen=True)
class Looked:
    """Where one row of the answer looks from: a key, a cutoff (position where `seq`), what is known."""

    key: int | None
    cutoff: int
    knowledge: int
    seq: int | None = None


def naive_value(bank: Bank, feature: Feature, looked: Looked) -> Number:
    """One feature for one key at one cutoff."""
    if isinstance(feature, RatioFeature):
        above = naive_value(bank, feature.numerator, looked)
        below = naive_value(bank, feature.denominator, looked)
        if above is None or below is None or below == 0:
            return None
        return float(Fraction(above) / Fraction(below))
    start, end = _window(bank, feature, looked.cutoff)
    at_position = looked.seq is not None and feature.source.delay is None
    if looked.key is None or not _covered(bank, feature.source.table, start, end, at_position):
        return None
    entries = [
        entry
        for entry in _entries(bank, feature.source, looked)
        if start <= entry["event_time"] and _is_before(entry, end, looked.seq if at_position else None)
    ]
    return _aggregate(bank, feature, entries, looked.cutoff, end)


def naive_levels(bank: Bank, feature: WindowFeature, until: int) -> tuple[str, ...]:
    """The levels a feature learns: the most frequent among the entries known and before `until`, by name."""
    counts: Counter[str] = Counter()
    keys = {row[feature.source.key] for row in bank.rows[feature.source.table]} - {None}
    at_once = replace(feature.source, delay=None)
    valid = Span(Unit.ALL, feature.source.valid_for.count)
    begin, _ = _window(bank, replace(feature, source=at_once, window=valid), until)
    for key in keys:
        for entry in _entries(bank, feature.source, Looked(key, until, until)):
            level = entry[str(feature.by)]
            if begin <= entry["event_time"] < until and level not in (None, OTHER):
                counts[level] += 1
    ordered = sorted(counts, key=lambda level: (-counts[level], level))
    return tuple(sorted(ordered[: feature.learns]))


def naive_rows(bank: Bank, features: Sequence[Feature], rows: Sequence[Looked]) -> dict[str, list[Number]]:
    """All features of all rows."""
    return {feature.name: [naive_value(bank, feature, row) for row in rows] for feature in features}


def naive_replay(bank: Bank, table: str) -> list[Row]:
    """The event before which each row of a replay stands: the first version known and not cancelled.

    An event has one primary key; where its primary owner changed, the first version is under the former.
    """
    declared = catalogue.table(table)

    def earliest(row: Row) -> tuple[Any, ...]:
        return row["known_at"], row["load_number"], *_identity(declared, row)

    found: dict[tuple[Any, ...], Row] = {}
    for versions in _versions(declared, bank.rows[table]).values():
        alive = [
            row
            for number, row in enumerate(versions)
            if number + 1 == len(versions) or versions[number + 1]["known_at"] > row["known_at"]
        ]
        shown = [row for row in alive if not row["cancelled"] and (row.get("is_primary", True) is True)]
        for row in shown[:1]:
            event = tuple(row[name] for name in declared.primary_key)
            found[event] = min(found.get(event, row), row, key=earliest)
    return sorted(found.values(), key=lambda row: (row["event_time"], row["seq"], *_identity(declared, row)))


def as_known(bank: Bank, table: str, knowledge: int) -> list[Row]:
    """The events of a table as known then: of each its last version, unless cancelled; outcomes masked."""
    declared = catalogue.table(table)
    found = []
    for versions in _versions(declared, bank.rows.get(table, ())).values():
        known = [row for row in versions if row["known_at"] <= knowledge]
        if known and not known[-1]["cancelled"]:
            found.append(_masked(declared, known[-1], knowledge))
    return found


def _identity(declared: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in declared.version_key)


def _versions(declared: Table, rows: Sequence[Row]) -> dict[tuple[Any, ...], list[Row]]:
    """The versions of each event, in the order they became known."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(_identity(declared, row), []).append(row)
    for versions in found.values():
        versions.sort(key=lambda row: (row["known_at"], row["load_number"]))
    return found


def _masked(declared: Table, row: Row, knowledge: int) -> Row:
    masked = dict(row)
    for column in declared.columns:
        if column.known_by and (row[column.known_by] is None or row[column.known_by] > knowledge):
            masked[column.name] = None
    return masked


def _entries(bank: Bank, source: Events, looked: Looked) -> list[dict[str, Any]]:
    """The events a declaration speaks of, as known then, in order, each with its measure."""
    declared = source.declared
    found = []
    for row in as_known(bank, source.table, looked.knowledge):
        if row[source.key] != looked.key or not all(_meets(row, test) for test in source.conditions):
            continue
        if declared.per_owner and source.key != "customer_id" and not row["is_primary"]:
            continue
        measure = _measure(bank, source, row, looked.knowledge)
        if source.has_measure and measure is None:
            continue
        found.append({**row, "measure": measure})
    return sorted(found, key=lambda row: (row["event_time"], row["seq"], *_identity(declared, row)))


def _measure(bank: Bank, source: Events, row: Row, knowledge: int) -> int | None:
    if source.measured is not None:
        value = row[source.measured]
        if value is None:
            return None
        return int(value) if source.scale == 1 else round(Fraction(value) * source.scale)
    if source.verdict_of is None:
        return None
    subject = row[source.declared.primary_key[0]]
    for verdict in as_known(bank, "feedback", knowledge):
        about = (verdict["subject_kind"], verdict["subject_id"], verdict["label"])
        if about == (source.table, subject, source.verdict_of):
            return int(verdict["verdict"] == "confirmed")
    return 0


def _meets(row: Row, condition: Condition) -> bool:
    value = row[condition.column]
    if condition.test in ("having", "lacking"):
        return (value is None) == (condition.test == "lacking")
    if value is None:
        return False
    if condition.test == "at_least":
        return bool(value >= condition.values[0])
    if condition.test == "below":
        return bool(value < condition.values[0])
    return value in condition.values


def _is_before(entry: Row, end: int, seq: int | None) -> bool:
    if seq is None:
        return bool(entry["event_time"] < end)
    return bool((entry["event_time"], entry["seq"]) < (end, seq))


def _window(bank: Bank, feature: WindowFeature, cutoff: int) -> tuple[int, int]:
    """[start, end) of the window."""
    source = feature.source
    end = cutoff if source.delay is None else _back(bank.zone, cutoff, source.delay)
    if feature.window.unit is Unit.ALL:
        coverage = bank.coverage[source.table]
        start = max(coverage[0] if coverage else 0, CALENDAR_BEGINS)
        months = feature.window.count
        return (max(start, _back(bank.zone, end, Span(Unit.MONTHS, months))) if months else start), end
    return _back(bank.zone, end, feature.window), end


def _covered(bank: Bank, table: str, start: int, end: int, at_position: bool) -> bool:
    coverage = bank.coverage[table]
    if coverage is None:
        return False
    low, high = max(coverage[0], CALENDAR_BEGINS), coverage[1]
    return low <= start and low <= end and (end < high if at_position else end <= high)


def _local(zone: ZoneInfo, us: int) -> datetime:
    return (EPOCH + timedelta(microseconds=us)).astimezone(zone).replace(tzinfo=None, fold=0)


def _instant(zone: ZoneInfo, local: datetime) -> int:
    return (local.replace(tzinfo=zone).astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def _back(zone: ZoneInfo, us: int, span: Span) -> int:
    """The instant one span earlier: hours elapsed, days and months on the wall calendar."""
    if span.unit is Unit.MINUTES:
        return us - span.count * 60_000_000
    if span.unit is Unit.HOURS:
        return us - span.count * 3_600_000_000
    local = _local(zone, us)
    if span.unit is Unit.DAYS:
        return _instant(zone, local - timedelta(days=span.count))
    year, month = divmod(local.year * 12 + local.month - 1 - span.count, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return _instant(zone, local.replace(year=year, month=month + 1, day=min(local.day, last)))


def _aggregate(
    bank: Bank, feature: WindowFeature, entries: list[dict[str, Any]], cutoff: int, end: int
) -> Number:
    everything = entries
    if feature.by is not None:
        entries = [entry for entry in entries if _level(feature, entry) == feature.level]
    zone = bank.zone
    measures = [entry["measure"] for entry in entries]
    times = [entry["event_time"] for entry in entries]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    amounts = measures if feature.source.has_measure else [1] * len(entries)
    if feature.aggregate == "trend":
        return _trend(zone, feature.window.count, end, list(zip(times, amounts, strict=True)))
    if feature.aggregate == "share":
        every = [entry["measure"] if feature.source.has_measure else 1 for entry in everything]
        return _fraction(sum(amounts), sum(every))
    whole: dict[str, Any] = {
        "count": lambda: len(entries),
        "sum": lambda: sum(measures),
        "mean": lambda: _fraction(sum(measures), len(measures)),
        "variance": lambda: _variance(measures),
        "std": lambda: _root(_variance(measures)),
        "min": lambda: min(measures, default=None),
        "max": lambda: max(measures, default=None),
        "first": lambda: measures[0] if measures else None,
        "last": lambda: measures[-1] if measures else None,
        "distinct": lambda: len({entry[str(feature.source.distinct_of)] for entry in entries} - {None}),
        "active_days": lambda: len({_local(zone, time).date() for time in times}),
        "recency": lambda: _days_between(zone, times[-1], cutoff) if times else None,
        "days_since_first": lambda: _days_between(zone, times[0], cutoff) if times else None,
        "seconds_since_last": lambda: _fraction(cutoff - times[-1], 1_000_000) if times else None,
        "gap_mean": lambda: _fraction(sum(gaps), len(gaps) * DAY_US),
        "gap_std": lambda: _in_days(_root(_variance(gaps))),
    }
    found: Number = whole[feature.aggregate]()
    return found


def _level(feature: WindowFeature, entry: Row) -> str:
    value = entry[str(feature.by)]
    return value if value in feature.levels else OTHER


def _fraction(above: int, below: int) -> float | None:
    return None if below == 0 else float(Fraction(above, below))


def _variance(numbers: Sequence[int]) -> float | None:
    """The sample variance; missing for fewer than two."""
    count = len(numbers)
    if count < 2:
        return None
    mean = Fraction(sum(numbers), count)
    return float(sum((number - mean) ** 2 for number in numbers) / (count - 1))


def _root(number: float | None) -> float | None:
    return None if number is None else math.sqrt(number)


def _in_days(us: float | None) -> float | None:
    return None if us is None else us / float(DAY_US)


def _days_between(zone: ZoneInfo, earlier: int, later: int) -> int:
    return (_local(zone, later).date() - _local(zone, earlier).date()).days


def _trend(zone: ZoneInfo, months: int, end: int, dated: Sequence[tuple[int, int]]) -> float:
    """The least-squares slope of the monthly amounts against 1 … months."""
    edges = [_back(zone, end, Span(Unit.MONTHS, back)) for back in range(months, 0, -1)] + [end]
    amounts = [
        sum(amount for time, amount in dated if low <= time and (time < high or high == end))
        for low, high in pairwise(edges)
    ]
    mean = Fraction(months + 1, 2)
    above = sum((Fraction(i) - mean) * amount for i, amount in enumerate(amounts, 1))
    return float(above / sum((Fraction(i) - mean) ** 2 for i in range(1, months + 1)))
