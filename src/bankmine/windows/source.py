"""The events a declaration speaks of: of one table, under one key, meeting conditions, with what is measured.

An *entry* is an event of the table with the key, meeting the conditions, its measure not missing. Every
aggregate is of entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np

from bankmine.bank import catalogue
from bankmine.bank.columns import Column, Kind, Table, Type
from bankmine.errors import ConfigurationError
from bankmine.windows.span import Span, Unit

DEFAULT_VALIDITY = "24mo"
LARGEST_SCALE = 1_000_000_000
Value = str | int | bool
_COUNTABLE = (Type.INTEGER, Type.MONEY, Type.BOOLEAN)
_COMPARABLE = (Type.INTEGER, Type.MONEY)
_SAID = {str: "a text", bool: "a boolean", int: "a whole number of 64 bits"}
_SEVERAL = (list, tuple, set, frozenset, range, np.ndarray)


@dataclass(frozen=True)
class Condition:
    """What an event must meet: one of the values, a bound, or to have (lack) a value at all.

    A missing value meets nothing but "lacking".
    """

    column: str
    test: Literal["in", "at_least", "below", "having", "lacking"]
    values: tuple[Value, ...] = ()

    @property
    def words(self) -> str:
        """The condition in words."""
        if self.test in ("having", "lacking"):
            return f"{'a' if self.test == 'having' else 'no'} {self.column}"
        bound = {"in": "", "at_least": "at least ", "below": "below "}[self.test]
        return f"{self.column} {bound}{' or '.join(str(value) for value in self.values)}"


@dataclass(frozen=True, kw_only=True)
class Events:
    """The events of one table seen under one key; build it with `events`.

    `scale` is the number of whole units in 1 of a measured real column.
    `delay` moves every window back: `[T − delay − w, T − delay)`, for measures that become known late.
    `verdict` is a label of the feedback table: the measure is 1 where an event is known to be confirmed.
    `valid_for` is how long an event counts, back from the end of the window. It bounds which windows can
    be declared and is part of them ("all" ends there), so it makes no difference between sources.
    """

    table: str
    key: str = "customer_id"
    conditions: tuple[Condition, ...] = ()
    measured: str | None = None
    scale: int = 1
    distinct_of: str | None = None
    verdict_of: str | None = None
    delay: Span | None = None
    valid_for: Span = field(default=Span.parse(DEFAULT_VALIDITY), compare=False)

    def where(self, /, **equal: Value | Sequence[Value]) -> Events:
        """Only events whose column has the value, or one of the values."""
        several: dict[str, Any] = {
            name: tuple(value) if isinstance(value, _SEVERAL) else (value,) for name, value in equal.items()
        }
        return self._with(Condition(name, "in", values) for name, values in several.items())

    def at_least(self, /, **bounds: int) -> Events:
        """Only events whose column is the bound or more."""
        return self._with(Condition(name, "at_least", (bound,)) for name, bound in bounds.items())

    def below(self, /, **bounds: int) -> Events:
        """Only events whose column is less than the bound."""
        return self._with(Condition(name, "below", (bound,)) for name, bound in bounds.items())

    def having(self, *columns: str) -> Events:
        """Only events where each of the columns has a value."""
        return self._with(Condition(name, "having") for name in columns)

    def lacking(self, *columns: str) -> Events:
        """Only events where each of the columns is missing."""
        return self._with(Condition(name, "lacking") for name in columns)

    def measure(self, column: str, *, scale: int = 1) -> Events:
        """The column that sum, mean, max … are of, in whole numbers; true counts 1, false 0.

        A real column needs a `scale`: each value is counted in units of 1/scale, rounded once to the
        nearest whole number of them, halves to even. Sums of doubles would depend on the order of addition.
        """
        found = column_of(self.declared, column)
        scale = _plain(scale)
        if type(scale) is not int:
            raise ConfigurationError(
                f"{scale!r} is no scale", hint=f"Give a whole number of 2 to {LARGEST_SCALE}."
            )
        if found.type is Type.REAL and 2 <= scale <= LARGEST_SCALE:
            return replace(self, measured=column, scale=scale)
        if found.type not in _COUNTABLE:
            raise ConfigurationError(
                f"{self.table}.{column} is of type {found.type} and cannot be summed exactly",
                hint=f"Give a whole `scale` of 2 to {LARGEST_SCALE}, such as 10_000 for four decimals."
                if found.type is Type.REAL
                else "Measure a column of type money, integer or boolean.",
            )
        if scale != 1:
            raise ConfigurationError(
                f"{self.table}.{column} counts whole numbers and takes no scale", hint="Leave `scale` out."
            )
        return replace(self, measured=column, scale=1)

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
        return replace(self, verdict_of=label, measured=None, scale=1)

    def distinct(self, column: str) -> Events:
        """The column whose different values the aggregate `distinct` counts."""
        found = column_of(self.declared, column)
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

    def valid(self, length: str) -> Events:
        """How long an event counts before the end of a window: months such as "60mo", or "all"."""
        span = Span.parse(length)
        if span.unit not in (Unit.MONTHS, Unit.ALL):
            raise ConfigurationError(
                f"events cannot be valid for {length!r}", hint='Write months, such as "60mo", or "all".'
            )
        return replace(self, valid_for=span)

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
    if column_of(declared, key).type is not Type.KEY:
        known = [column.name for column in declared.columns if column.type is Type.KEY]
        raise ConfigurationError(f"{table}.{key} is not a key", hint=f"Keys of {table}: {', '.join(known)}.")
    return Events(table=table, key=key)


def column_of(declared: Table, name: str) -> Column:
    """The column of a bank table; ConfigurationError with near names where there is none."""
    if isinstance(name, str) and declared.has(name):
        return declared.column(name)
    near = get_close_matches(str(name), [column.name for column in declared.all_columns], n=3)
    raise ConfigurationError(
        f"{declared.name} has no column {name!r}",
        hint=f"Did you mean {' or '.join(near)}?" if near else "`bankmine tables` lists the columns.",
    )


def _checked(declared: Table, condition: Condition) -> Condition:
    column = column_of(declared, condition.column)
    if condition.test in ("having", "lacking"):
        return _checked_presence(declared, column, condition)
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
    values: tuple[Any, ...] = tuple(_plain(value) for value in condition.values)
    if not values:
        raise ConfigurationError(
            f"{declared.name}.{column.name} is compared with no value", hint="Give one or more."
        )
    for value in values:
        if type(value) is not expected or (type(value) is int and not -(2**63) <= value < 2**63):
            raise ConfigurationError(
                f"{declared.name}.{column.name} is compared with {value!r}",
                hint=f"Give {_SAID[expected]}; for what is missing, `lacking`.",
            )
        if column.allowed and value not in column.allowed:
            raise ConfigurationError(
                f"{declared.name}.{column.name} is never {value!r}",
                hint=f"It is one of {', '.join(column.allowed)}.",
            )
    return replace(condition, values=values)


def _plain(value: Any) -> Any:
    """A number of NumPy as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _checked_presence(declared: Table, column: Column, condition: Condition) -> Condition:
    if column.encrypted or (condition.test == "lacking" and column.known_by):
        raise ConfigurationError(
            f"{declared.name}.{column.name} cannot be asked whether it is missing",
            hint="It is encrypted, or an outcome: those are missing until they are known.",
        )
    return condition
