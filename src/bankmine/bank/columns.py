"""What a bank table and its columns are made of.

A bank table is declared once, as data; contract checks, views, the reference page, encryption and
erasure all read the same declaration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Type(StrEnum):
    """The type of a column; the Arrow type is what the warehouse stores."""

    KEY = "key"  # int64: a keyed token of the source's identifier
    CODE = "code"  # string: one of few readable values
    TEXT = "text"  # string: free text
    INTEGER = "integer"  # int64
    MONEY = "money"  # int64: minor units of the row's or the bank's currency
    REAL = "real"  # float64
    BOOLEAN = "boolean"
    DATE = "date"  # date32: a civil day of the bank
    INSTANT = "instant"  # timestamp[us, UTC]


class Kind(StrEnum):
    """How a bank table changes in time."""

    EVENT = "event"
    VERSIONED = "versioned"
    REFERENCE = "reference"


class Personal(StrEnum):
    """Why a column is personal data; governance decides by this tag."""

    IDENTIFIER = "identifier"  # points at one person
    CONTACT = "contact"  # reaches a person
    ATTRIBUTE = "attribute"  # describes a person
    FINANCIAL = "financial"  # a person's money
    BEHAVIOUR = "behaviour"  # what a person did
    LOCATION = "location"  # where a person was
    FREE_TEXT = "free_text"  # may say anything about anybody


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a bank table.

    `unit` is what a number counts ("minor units", "days"); `domain` is the name space of a key's
    pseudonym, so that customer 1 and account 1 get different tokens, `domain_from` the code column of the row
    that says the name space where it differs from row to row; `references` names the table
    whose first key column the value must be found in; `known_by` names the column that holds the
    instant from which the value may be read; `minimum` and `maximum` are inclusive; `pair_of` names two
    keys of the row of which the load makes this one: missing where one of them is, never given by a mapping.
    """

    name: str
    type: Type
    sentence: str
    unit: str | None = None
    domain: str | None = None
    domain_from: str | None = None
    references: str | None = None
    known_by: str | None = None
    pair_of: tuple[str, str] | None = None
    personal: Personal | None = None
    encrypted: bool = False
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()

    def arrow_type(self) -> Any:
        """The Arrow type in the warehouse; encrypted columns are binary."""
        import pyarrow as pa

        if self.encrypted:
            return pa.binary()
        return {
            Type.KEY: pa.int64(),
            Type.CODE: pa.string(),
            Type.TEXT: pa.string(),
            Type.INTEGER: pa.int64(),
            Type.MONEY: pa.int64(),
            Type.REAL: pa.float64(),
            Type.BOOLEAN: pa.bool_(),
            Type.DATE: pa.date32(),
            Type.INSTANT: pa.timestamp("us", tz="UTC"),
        }[self.type]


def _instant(name: str, sentence: str, *, required: bool = True) -> Column:
    return Column(name=name, type=Type.INSTANT, sentence=sentence, required=required)


_KNOWN_AT = _instant("known_at", "When the bank came to know the row.")
LOAD_NUMBER = Column(
    name="load_number", type=Type.INTEGER, sentence="The load the row came from.", required=True
)
SYSTEM_COLUMNS: dict[Kind, tuple[Column, ...]] = {
    Kind.EVENT: (
        _instant("event_time", "When the event happened."),
        _KNOWN_AT,
        Column(
            name="seq", type=Type.INTEGER, required=True,
            sentence="Order among events of one instant, from the source's key.",
        ),
        Column(
            name="cancelled", type=Type.BOOLEAN, required=True,
            sentence="True where this version withdraws the event.",
        ),
    ),
    Kind.VERSIONED: (
        _instant("valid_from", "From when the version holds, inclusive."),
        _instant("valid_to", "Until when the version holds, exclusive; empty while open.", required=False),
        _KNOWN_AT,
    ),
    Kind.REFERENCE: (_KNOWN_AT,),
}  # fmt: skip

OWNER_COLUMNS = ("customer_id", "is_primary")
MAIN = "main"


@dataclass(frozen=True)
class Projection:
    """A second, narrow order of an event table: rows by another key than the bucket's.

    `columns` are what it holds besides the key, the version key, the bucket key and the system columns.
    """

    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """One bank table.

    `primary_key` identifies a row apart from its versions. A `per_owner` table is delivered once per
    account and written once for each owner the account has at the event's time; the load fills
    `customer_id` and `is_primary`.
    """

    name: str
    kind: Kind
    sentence: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    per_owner: bool = False
    projections: tuple[Projection, ...] = ()

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Declared and system columns, in the order of the warehouse."""
        return (*self.columns, *SYSTEM_COLUMNS[self.kind], LOAD_NUMBER)

    @property
    def version_key(self) -> tuple[str, ...]:
        """The columns whose equality makes two rows versions of one; the last one known counts."""
        if self.kind is Kind.EVENT and self.per_owner:
            return (*self.primary_key, "customer_id")
        if self.kind is Kind.VERSIONED:
            return (*self.primary_key, "valid_from")
        return self.primary_key

    @property
    def bucket_key(self) -> str | None:
        """The key whose hash chooses the bucket; None where the table is kept whole."""
        if self.kind is not Kind.EVENT:
            return None
        return next(
            column.name for column in self.columns if column.type is Type.KEY and column.domain in _BUCKETED
        )

    def projected(self, key: str) -> tuple[str, ...]:
        """The columns the projection by `key` holds, in the order of the warehouse; KeyError without one."""
        for projection in self.projections:
            if projection.key == key:
                held = {key, self.bucket_key, *self.version_key, *projection.columns, LOAD_NUMBER.name}
                held |= {column.name for column in SYSTEM_COLUMNS[self.kind]}
                held |= set(OWNER_COLUMNS) if self.per_owner else set()
                return tuple(column.name for column in self.all_columns if column.name in held)
        raise KeyError(key)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        for column in self.all_columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def has(self, name: str) -> bool:
        """Whether the table declares that column."""
        return any(column.name == name for column in self.all_columns)

    def keys(self) -> Iterator[Column]:
        """The columns that hold keyed tokens."""
        return (column for column in self.columns if column.type is Type.KEY)

    def schema(self, order: str = MAIN) -> Any:
        """The Arrow schema in the warehouse of the table, or of its projection by the key `order`."""
        import pyarrow as pa

        held = None if order == MAIN else self.projected(order)
        return pa.schema(
            [(c.name, c.arrow_type()) for c in self.all_columns if held is None or c.name in held]
        )

    def sort_key(self, order: str = MAIN) -> tuple[str, ...]:
        """The columns rows of a bucket are sorted by; empty where the table is kept whole."""
        if self.kind is not Kind.EVENT:
            return ()
        return (str(self.bucket_key) if order == MAIN else order, "event_time", "seq")


_BUCKETED = ("customer", "entity")
