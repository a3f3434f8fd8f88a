"""Window features as declarations: which events, which windows, which aggregates.

    spend = events("transaction").where(direction="out", status="booked").measure("base_minor")
    windows(spend, over=["1mo", "3mo"], aggregate=["count", "sum"], by="category", levels=["food", "rent"])

A declaration is frozen data that can be listed, compared and hashed; nothing here touches a row. An
*entry* is an event that a declaration speaks of: of its table, with a key, meeting the conditions, its
measure not missing. Every aggregate is of entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from bankmine.bank import catalogue
from bankmine.bank.columns import Column, Kind, Table, Type
from bankmine.errors import ConfigurationError
from bankmine.windows.aggregates import AGGREGATES
from bankmine.windows.span import Span, Unit

OTHER = "other"
Value = str | int | bool
_COUNTABLE = (Type.INTEGER, Type.MONEY, Type.BOOLEAN)
_COMPARABLE = (Type.INTEGER, Type.MONEY)


@dataclass(frozen=True)
class Condition:
    """What an event must meet: one of the values, or a bound; a missing value meets nothing."""

    column: str
    test: Literal["in", "at_least", "below"]
    values: tuple[Value, ...]

    @property
    def words(self) -> str:
        """The condition in words."""
        bound = {"in": "", "at_least": "at least ", "below": "below "}[self.test]
        return f"{self.column} {bound}{' or '.join(str(value) for value in self.values)}"


@dataclass(frozen=True, kw_only=True)
class Events:
    """The events of one table seen under one key; build it with `events`.

    `delay` moves every window back: `[T − delay − w, T − delay)`, for measures that become known late.
    `verdict` is a label of the feedback table: the measure is 1 where an event is known to be confirmed.
    """

    table: str
    key: str = "customer_id"
    conditions: tuple[Condition, ...] = ()
    measured: str | None = None
    distinct_of: str | None = None
    verdict_of: str | None = None
    delay: Span | None = None

    def where(self, **equal: Value | Sequence[Value]) -> Events:
        """Only events whose column has the value, or one of the values."""
        return self._with(
            Condition(name, "in", (value,) if isinstance(value, str | int) else tuple(value))
            for name, value in equal.items()
        )

    def at_least(self, **bounds: int) -> Events:
        """Only events whose column is the bound or more."""
        return self._with(Condition(name, "at_least", (bound,)) for name, bound in bounds.items())

    def below(self, **bounds: int) -> Events:
        """Only events whose column is less than the bound."""
        return self._with(Condition(name, "below", (bound,)) for name, bound in bounds.items())

    def measure(self, column: str) -> Events:
        """The whole-number column that sum, mean, max … are of; true counts 1, false 0."""
        found = _column(self.declared, column)
        if found.type not in _COUNTABLE:
            raise ConfigurationError(
                f"{self.table}.{column} is of type {found.type} and cannot be summed exactly",
                hint="Measure a column of type money, integer or boolean.",
            )
        return replace(self, measured=column)

    def verdict(self, label: str) -> Events:
        """The measure is 1 from when the feedback table confirms the label for the event, until then 0.

        A row of feedback speaks of an event by its primary key, with the table's name as `subject_kind`.
        """
        types = [self.declared.column(name).type for name in self.declared.primary_key]
        if types != [Type.KEY]:
            raise ConfigurationError(
                f"events of {self.table} have no single key that feedback could speak of",
                hint="Verdicts are on tables with one key, such as transaction.",
            )
        return replace(self, verdict_of=label, measured=None)

    def distinct(self, column: str) -> Events:
        """The column whose different values the aggregate `distinct` counts."""
        found = _column(self.declared, column)
        if found.type in (Type.REAL, Type.INSTANT) or found.encrypted or found.known_by:
            raise ConfigurationError(
                f"different values of {self.table}.{column} cannot be counted",
                hint="Count a key, code, date, integer or boolean that is known with its event.",
            )
        return replace(self, distinct_of=column)

    def delayed(self, by: str) -> Events:
        """Every window ends that long before the cutoff."""
        span = Span.parse(by)
        if span.unit is Unit.ALL:
            raise ConfigurationError("a delay cannot be 'all'", hint='Write a length such as "7d".')
        return replace(self, delay=span)

    @property
    def declared(self) -> Table:
        """The bank table."""
        return catalogue.table(self.table)

    @property
    def has_measure(self) -> bool:
        """Whether there is something to sum."""
        return self.measured is not None or self.verdict_of is not None

    @property
    def measure_name(self) -> str:
        """The measure as names of features spell it; empty without one."""
        return self.measured or self.verdict_of or ""

    def _with(self, conditions: Iterable[Condition]) -> Events:
        checked = tuple(_checked(self.declared, condition) for condition in conditions)
        return replace(self, conditions=self.conditions + checked)


def events(table: str, *, key: str = "customer_id") -> Events:
    """The events of a bank table, for each value of a key column (events without the key are left out)."""
    declared = catalogue.table(table)
    if declared.kind is not Kind.EVENT:
        raise ConfigurationError(
            f"{table} is a {declared.kind} table and has no events",
            hint="Windows look at event tables; join others at the cutoff.",
        )
    if _column(declared, key).type is not Type.KEY:
        known = [column.name for column in declared.columns if column.type is Type.KEY]
        raise ConfigurationError(f"{table}.{key} is not a key", hint=f"Keys of {table}: {', '.join(known)}.")
    return Events(table=table, key=key)


@dataclass(frozen=True, kw_only=True)
class WindowFeature:
    """One number about one key at one cutoff: an aggregate of the entries in one window.

    `levels` are all levels of `by` that were declared, `level` is this feature's (or "other").
    """

    name: str
    source: Events
    window: Span
    aggregate: str
    by: str | None = None
    levels: tuple[str, ...] = ()
    level: str | None = None

    @property
    def unit(self) -> str:
        """What the number counts."""
        own = AGGREGATES[self.aggregate].unit
        if own not in (None, "squared", "a month"):
            return str(own)
        column = self.source.measured
        of = "events" if column is None else _column(self.source.declared, column).unit or "events"
        return {None: of, "squared": f"squared {of}", "a month": f"{of} a month"}[own]

    @property
    def sentence(self) -> str:
        """What the number says, in one sentence."""
        source = self.source
        of = f" of {source.measure_name} over" if AGGREGATES[self.aggregate].needs == "measure" else " of"
        if self.aggregate == "distinct":
            of = f" of {source.distinct_of} among"
        tests = [condition.words for condition in source.conditions]
        tests += [f"{self.by} {self.level}"] if self.level else []
        met = f" with {', '.join(tests)}" if tests else ""
        until = f", ending {source.delay.words} before the cutoff" if source.delay else " before the cutoff"
        phrase = AGGREGATES[self.aggregate].phrase
        return f"{phrase}{of} {source.table} events{met} in the {self.window.words}{until}."


@dataclass(frozen=True, kw_only=True)
class RatioFeature:
    """One window's count or sum as a fraction of another's; missing where the other is zero or missing."""

    name: str
    numerator: WindowFeature
    denominator: WindowFeature
    unit: str = "ratio"

    @property
    def source(self) -> Events:
        """The numerator's events (both have one key)."""
        return self.numerator.source

    @property
    def sentence(self) -> str:
        """What the number says, in one sentence."""
        return f"{self.numerator.name} as a fraction of {self.denominator.name}."


Feature = WindowFeature | RatioFeature


def windows(
    source: Events,
    *,
    over: Sequence[str],
    aggregate: Sequence[str],
    by: str | None = None,
    levels: Sequence[str] | None = None,
    delay: str | None = None,
    name: str | None = None,
) -> tuple[WindowFeature, ...]:
    """Every aggregate over every window, for every level of `by`.

    `over` holds spans ("24h", "30d", "3mo", "all"); `levels` are the values of `by` to tell apart, all
    others and missing ones are "other" (default: the values the bank table allows); `delay` ends each
    window earlier; `name` replaces table, conditions and measure in the features' names.
    """
    source = source.delayed(delay) if delay else source
    chosen = _levels(source, by, levels)
    stem = name or _stem(source)
    made = []
    for one in aggregate:
        _check_aggregate(source, one, by)
        for text in over:
            span = Span.parse(text)
            _check_window(one, span)
            of = "" if name else _of(source, one)
            made += [
                WindowFeature(
                    name=_name(stem, of, one, span, level, source.delay), source=source, window=span,
                    aggregate=one, by=by, levels=chosen, level=level,
                )
                for level in ((*chosen, OTHER) if by else (None,))
            ]  # fmt: skip
    return tuple(made)


def ratio(numerator: WindowFeature, denominator: WindowFeature, *, name: str | None = None) -> RatioFeature:
    """The fraction of two counts or sums of one key."""
    for part in (numerator, denominator):
        if part.aggregate not in ("count", "sum", "distinct", "active_days"):
            raise ConfigurationError(
                f"{part.name} cannot be part of a ratio", hint="A ratio is of counts or sums."
            )
    if numerator.source.key != denominator.source.key:
        raise ConfigurationError(
            f"{numerator.name} and {denominator.name} have different keys", hint="A ratio has one key."
        )
    return RatioFeature(
        name=name or f"{numerator.name}_to_{denominator.name}", numerator=numerator, denominator=denominator
    )


def _column(declared: Table, name: str) -> Column:
    if declared.has(name):
        return declared.column(name)
    near = get_close_matches(name, [column.name for column in declared.all_columns], n=3)
    raise ConfigurationError(
        f"{declared.name} has no column {name!r}",
        hint=f"Did you mean {' or '.join(near)}?" if near else "`bankmine tables` lists the columns.",
    )


def _checked(declared: Table, condition: Condition) -> Condition:
    column = _column(declared, condition.column)
    if condition.test != "in" and column.type not in _COMPARABLE:
        raise ConfigurationError(
            f"{declared.name}.{column.name} of type {column.type} has no order to compare by",
            hint="Bounds are for money and integers.",
        )
    expected = str if column.type is Type.CODE else bool if column.type is Type.BOOLEAN else int
    if column.type not in (Type.CODE, Type.BOOLEAN, Type.KEY, *_COMPARABLE) or column.encrypted:
        raise ConfigurationError(
            f"{declared.name}.{column.name} of type {column.type} cannot be a condition",
            hint="Conditions are on codes, booleans, keys, integers and money.",
        )
    for value in condition.values:
        if type(value) is not expected:
            raise ConfigurationError(
                f"{declared.name}.{column.name} is compared with {value!r}", hint=f"Give {expected.__name__}."
            )
        if column.allowed and value not in column.allowed:
            raise ConfigurationError(
                f"{declared.name}.{column.name} is never {value!r}",
                hint=f"It is one of {', '.join(column.allowed)}.",
            )
    return condition


def _levels(source: Events, by: str | None, levels: Sequence[str] | None) -> tuple[str, ...]:
    if by is None:
        return ()
    column = _column(source.declared, by)
    chosen = tuple(levels) if levels is not None else column.allowed
    if column.type is not Type.CODE or not chosen:
        raise ConfigurationError(
            f"{source.table}.{by} cannot be told apart by level",
            hint="Give a code column, and `levels=[…]` where the table does not list its values.",
        )
    if OTHER in chosen or len(set(chosen)) < len(chosen):
        raise ConfigurationError(
            f"the levels of {source.table}.{by} hold {OTHER!r} or a value twice",
            hint=f"{OTHER!r} collects everything not listed, by itself.",
        )
    return chosen


def _check_aggregate(source: Events, aggregate: str, by: str | None) -> None:
    if aggregate not in AGGREGATES:
        raise ConfigurationError(
            f"there is no aggregate {aggregate!r}", hint=f"There are {', '.join(AGGREGATES)}."
        )
    needs = AGGREGATES[aggregate].needs
    given = {"measure": source.has_measure, "distinct": source.distinct_of, "by": by}
    if needs and not given[needs]:
        raise ConfigurationError(
            f"the aggregate {aggregate!r} of {source.table} lacks its {needs}",
            hint=f"Add `.{needs}(column)` to the events." if needs != "by" else "Add `by=` and `levels=`.",
        )


def _check_window(aggregate: str, span: Span) -> None:
    if aggregate == "trend" and (span.unit is not Unit.MONTHS or span.count < 2):
        raise ConfigurationError(
            f"a trend over {span} has no months to compare", hint='Use "2mo" or more whole months.'
        )


def _slug(text: object) -> str:
    return re.sub(r"\W+", "_", str(text).lower()).strip("_")


def _stem(source: Events) -> str:
    parts = [source.table]
    parts += [] if source.key == "customer_id" else ["by", source.key]
    for condition in source.conditions:
        bound = [] if condition.test == "in" else [condition.column, condition.test]
        flag = [condition.column] if isinstance(condition.values[0], bool) else []
        parts += [*bound, *flag, *(_slug(value) for value in condition.values)]
    return "_".join(parts)


def _of(source: Events, aggregate: str) -> str:
    """The column an aggregate is of, as names spell it; empty where it is of the entries themselves."""
    needs = AGGREGATES[aggregate].needs
    if needs == "distinct":
        return str(source.distinct_of)
    return source.measure_name if needs == "measure" or aggregate in ("share", "trend") else ""


def _name(stem: str, of: str, aggregate: str, span: Span, level: str | None, delay: Span | None) -> str:
    late = f"delayed_{delay}" if delay else ""
    return "_".join(part for part in (stem, _slug(level or ""), of, aggregate, str(span), late) if part)
