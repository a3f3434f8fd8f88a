"""What a feature is: a declared, named, unit-bearing value of a subject at a cutoff, as data.

A declaration says where the value comes from (`source`), never how to compute it; `matrix` does that. So
the catalogue can be listed, searched, hashed, explained and tested without touching a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bankmine.windows import RatioFeature, WindowFeature
from bankmine.windows.span import Unit

KEY_OF: Mapping[str, str] = MappingProxyType(
    {
        "transaction": "transaction_id", "application": "application_id", "loan": "loan_id",
        "account": "account_id",
    }
)  # fmt: skip
"""The key of each kind of subject that has features of its own."""


class Kind(StrEnum):
    """Where a feature's value comes from."""

    WINDOW = "window"  # events in a window before the cutoff
    VERSIONED = "versioned"  # versioned and reference tables, as known at the cutoff
    DERIVED = "derived"  # arithmetic over other features
    CALENDAR = "calendar"  # the cutoff itself
    OWN = "own"  # columns of the subject's own row
    REPORT = "report"  # the items of the customer's last credit-bureau report
    LOAN = "loan"  # the course of a loan, or of all loans of a customer
    SEQUENCE = "sequence"  # dated events one after another
    TEXT = "text"  # what was written
    FORM = "form"  # how a form was filled in, and how often what it gives was given before
    NETWORK = "network"  # whom the customer shares something with


class Direction(StrEnum):
    """What a higher value usually speaks of; a hint for monotone models and for readers."""

    CLOSER = "closer"  # a more active or more attached customer
    FARTHER = "farther"  # a customer drawing away
    RISKIER = "riskier"  # more risk for the bank
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Need:
    """What of one bank table a feature rests on.

    `columns` must not be entirely empty; `values` are (column, values) of which one must occur; `level` is
    the (column, value) whose share the feature is; `time_of_day` says that events must have more than a
    date; `everyone` says that rows of others than the subject's customer are looked at too;
    `optional` that the feature does without the table where the bank lacks it.
    """

    table: str
    columns: tuple[str, ...] = ()
    values: tuple[tuple[str, tuple[str | bool, ...]], ...] = ()
    level: tuple[str, str] | None = None
    time_of_day: bool = False
    everyone: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Windowed:
    """A window feature; `only` keeps the events of the weekend or of the night."""

    feature: WindowFeature
    only: str | None = None

    @property
    def needs(self) -> tuple[Need, ...]:
        """The tables and columns of the window's events."""
        return _window_needs(self.feature, time_of_day=self.only == "night")


@dataclass(frozen=True, kw_only=True)
class Versioned:
    """An SQL aggregate over the rows of a relation (see `relations`) in force for one subject and cutoff.

    `zero` says that a subject without rows has 0 of it; otherwise it is missing. `columns` are the
    (table, column) pairs the expression reads.
    """

    relation: str
    expression: str
    columns: tuple[tuple[str, str], ...]
    zero: bool = False

    @property
    def needs(self) -> tuple[Need, ...]:
        """The tables and columns the expression reads."""
        tables = dict.fromkeys(table for table, _ in self.columns)
        return tuple(
            Need(table=table, columns=tuple(column for owner, column in self.columns if owner == table))
            for table in tables
        )


@dataclass(frozen=True)
class Derived:
    """Arithmetic over features by name; `formulas` has the operations and their missing rules."""

    operation: str
    inputs: tuple[str, ...]
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """A civil part of the cutoff in the bank's zone: month, weekday, hour, is_weekend, is_night."""

    part: str
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True)
class Own:
    """A column of the row that is the subject (transaction, application, loan, account), as first known.

    With `given` it is 1 where the column has a value and 0 where it has none.
    """

    column: str
    table: str = "transaction"
    given: bool = False

    @property
    def needs(self) -> tuple[Need, ...]:
        """The column itself."""
        return (Need(table=self.table, columns=(self.column,)),)


@dataclass(frozen=True)
class Computed:
    """A column that a program of `customers.computed` finds, as known at each row and before its cutoff.

    `provider` is the name of the program in `computed.PROVIDERS`, which is also the feature's kind;
    `column` what it is asked for.
    """

    provider: str
    column: str
    needs: tuple[Need, ...]


Source = Windowed | Versioned | Derived | Calendar | Own | Computed
_KINDS: Mapping[type, Kind] = MappingProxyType(
    {
        Windowed: Kind.WINDOW, Versioned: Kind.VERSIONED, Derived: Kind.DERIVED,
        Calendar: Kind.CALENDAR, Own: Kind.OWN,
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One value of a subject at a cutoff.

    `unit` says what the number counts ("code" where it is a text); `sentence` says in plain words what it
    is; `window` is the window's length, None where there is none; `subject` is "customer" for features of
    the customer (any subject that names one may ask for them) or the one kind of subject whose feature it
    is: "transaction", "application", "loan" or "account". `credit_only` says that it may be looked at for
    decisions on credit alone (it rests on the credit bureau, or on what an applicant wrote): no snapshot and
    no task about customers takes it unless it is named.
    """

    name: str
    theme: str
    unit: str
    sentence: str
    source: Source
    window: str | None = None
    direction: Direction = Direction.NONE
    subject: str = "customer"
    credit_only: bool = False

    @property
    def kind(self) -> Kind:
        """Where the value comes from."""
        return Kind(self.source.provider) if isinstance(self.source, Computed) else _KINDS[type(self.source)]

    @property
    def needs(self) -> tuple[Need, ...]:
        """What the feature itself reads; a derived feature's inputs have their own needs."""
        return self.source.needs

    @property
    def keys(self) -> tuple[str, ...]:
        """The key under which the feature itself looks: of the events, the customer or the subject."""
        if isinstance(self.source, Windowed):
            return (self.source.feature.source.key,)
        if isinstance(self.source, Versioned):
            return (KEY_OF.get(self.subject, "customer_id"),)
        if isinstance(self.source, Own):
            return (KEY_OF[self.subject],)
        return (KEY_OF.get(self.subject, "customer_id"),) if isinstance(self.source, Computed) else ()

    @property
    def is_text(self) -> bool:
        """Whether the value is a code rather than a number."""
        return self.unit == "code"

    @property
    def is_number(self) -> bool:
        """Whether the value can stand in a matrix of numbers and codes: no text, no sequence."""
        return self.unit not in ("text", "sequence")


def _window_needs(feature: WindowFeature | RatioFeature, *, time_of_day: bool) -> tuple[Need, ...]:
    if isinstance(feature, RatioFeature):
        return tuple(
            need
            for part in (feature.numerator, feature.denominator)
            for need in _window_needs(part, time_of_day=time_of_day)
        )
    source = feature.source
    values = [(one.column, one.values) for one in source.conditions if one.test == "in"]
    values += [(feature.by, feature.levels)] if feature.by else []
    codes = tuple((column, tuple(v for v in found if isinstance(v, str | bool))) for column, found in values)
    columns = [one.column for one in source.conditions if one.test not in ("in", "lacking")]
    columns += [name for name in (source.measured, source.distinct_of, feature.by) if name]
    columns += [] if source.key == "customer_id" else [source.key]
    need = Need(
        table=source.table,
        columns=tuple(dict.fromkeys(columns)),
        values=tuple(one for one in codes if one[1]),
        level=(feature.by, feature.level) if feature.by and feature.level in feature.levels else None,
        time_of_day=time_of_day or feature.window.unit in (Unit.HOURS, Unit.MINUTES),
    )
    if source.verdict_of is None:
        return (need,)
    return need, Need(table="feedback", values=(("label", (source.verdict_of,)),))
