"""The rule of time as SQL: one view for each bank table, as known at an instant.

Ten lines that say it all, for an event table known at K and cut at T:
    of the rows with known_at ≤ K keep, for each version key, the last one known;
    drop it if it is cancelled or if event_time ≥ T;
    an outcome column is null unless its known_by column is ≤ K, any other instant if it is later than K.
For a versioned table: of the versions with known_at ≤ K keep the last one known for each
(primary key, valid_from); at T choose the one with the latest valid_from ≤ T, if valid_to > T;
a date reads as null until its day is over at T, an instant while it is later than T.
A reference table: the last version known by K.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from bankmine.bank.catalogue import TABLES
from bankmine.bank.columns import Column, Kind, Table, Type
from bankmine.engine.duck import literal, quoted


@dataclass(frozen=True)
class KnownAt:
    """The knowledge time and the cut, each an SQL expression; None means no limit."""

    known: str | None
    cut: str | None
    time_zone: str

    @classmethod
    def instants(cls, as_of: int | None, until: int | None, time_zone: str) -> KnownAt:
        """Of instants in µs since 1970 UTC."""
        sql = [None if one is None else f"make_timestamptz({int(one)})" for one in (as_of, until)]
        return cls(known=sql[0], cut=sql[1], time_zone=time_zone)

    @property
    def horizon(self) -> str | None:
        """The instant after which a versioned row's dates are unknown."""
        return self.cut or self.known

    def civil_day(self, instant: str) -> str:
        """The civil day of an SQL instant."""
        return f"CAST(timezone({literal(self.time_zone)}, {instant}) AS DATE)"


@cache
def view_tables() -> dict[str, str]:
    """Each view's name and the bank table behind it."""
    views = {}
    for name, table in TABLES.items():
        views[name] = name
        views[f"{name}_versions"] = name
        if table.per_owner:
            views[f"customer_{name}"] = name
    return views


def corrected_keys(table: Table, source: str) -> str:
    """The version keys of an event table of which more than one row was written."""
    key = ", ".join(quoted(name) for name in table.version_key)
    return f"SELECT {key} FROM {source} GROUP BY {key} HAVING count(*) > 1"


def parted(table: Table, corrected: str) -> tuple[str, str]:
    """What joins rows `v` without, and with, other versions: few have any, and only those need an order."""
    same = " AND ".join(f"v.{one} IS NOT DISTINCT FROM m.{one}" for one in map(quoted, table.version_key))
    return f"AS v ANTI JOIN {corrected} AS m ON {same}", f"AS v SEMI JOIN {corrected} AS m ON {same}"


def view_statements(
    table: Table, source: str, known: KnownAt, has_versions: bool, corrected: str | None = None
) -> list[str]:
    """The statements that make the table's views; `corrected` names a relation of an event table's version
    keys that have several rows (None: any may)."""
    if table.kind is Kind.EVENT:
        body = _event_view(table, source, known, has_versions, corrected)
    else:
        make = _versioned_view if table.kind is Kind.VERSIONED else _reference_view
        body = make(table, source, known)
    if not table.per_owner:
        return [f"CREATE OR REPLACE TEMP VIEW {quoted(table.name)} AS {body}"]
    every = quoted(f"customer_{table.name}")
    return [
        f"CREATE OR REPLACE TEMP VIEW {every} AS {body}",
        f"CREATE OR REPLACE TEMP VIEW {quoted(table.name)} AS SELECT * FROM {every} WHERE is_primary",
    ]


def _event_view(table: Table, source: str, known: KnownAt, has_versions: bool, corrected: str | None) -> str:
    columns = ", ".join(masked(table, column, known) for column in table.all_columns)
    where = f" WHERE known_at <= {known.known}" if known.known else ""
    rows = f"SELECT * FROM {source}{where}"
    if has_versions:
        key = ", ".join(quoted(name) for name in table.version_key)
        last = f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY known_at DESC, load_number DESC) = 1"
        rows += last
        if corrected:
            alone, several = parted(table, corrected)
            ranked = f"SELECT * FROM {source} {several}{where}{last}"
            rows = f"SELECT * FROM {source} {alone}{where} UNION ALL {ranked}"
    late = f" AND event_time < {known.cut}" if known.cut else ""
    return f"SELECT {columns} FROM ({rows}) WHERE NOT cancelled{late}"


def _versioned_view(table: Table, source: str, known: KnownAt) -> str:
    columns = ", ".join(masked(table, column, known) for column in table.all_columns)
    conditions = [f"known_at <= {known.known}"] if known.known else []
    if known.cut:
        conditions.append(f"valid_from <= {known.cut}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    key = ", ".join(quoted(name) for name in table.version_key)
    rows = (
        f"SELECT * FROM {source}{where} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY known_at DESC, load_number DESC) = 1"
    )
    if not known.cut:
        return f"SELECT {columns} FROM ({rows})"
    primary = ", ".join(quoted(name) for name in table.primary_key)
    latest = (
        f"SELECT * FROM ({rows}) "
        f"QUALIFY row_number() OVER (PARTITION BY {primary} ORDER BY valid_from DESC) = 1"
    )
    return f"SELECT {columns} FROM ({latest}) WHERE valid_to IS NULL OR valid_to > {known.cut}"


def _reference_view(table: Table, source: str, known: KnownAt) -> str:
    key = ", ".join(quoted(name) for name in table.primary_key)
    where = f" WHERE known_at <= {known.known}" if known.known else ""
    return (
        f"SELECT * FROM {source}{where} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY known_at DESC, load_number DESC) = 1"
    )


def masked(table: Table, column: Column, known: KnownAt) -> str:
    """The column as it may be read: outcomes once known, a versioned row's dates once they are past."""
    name = quoted(column.name)
    gate = _gate(table, column)
    if gate and known.known:
        return f"CASE WHEN {quoted(gate)} <= {known.known} THEN {name} END AS {name}"
    if table.kind is Kind.VERSIONED and known.horizon and column.name not in ("valid_from", "known_at"):
        if column.type is Type.DATE:
            return f"CASE WHEN {name} < {known.civil_day(known.horizon)} THEN {name} END AS {name}"
        if column.type is Type.INSTANT:
            return f"CASE WHEN {name} <= {known.horizon} THEN {name} END AS {name}"
    return name


def _gate(table: Table, column: Column) -> str | None:
    """The instant column that says from when an event's column may be read; None: with its row."""
    if table.kind is not Kind.EVENT:
        return None
    if column.known_by:
        return column.known_by
    declared = any(column is one for one in table.columns)
    return column.name if declared and column.type is Type.INSTANT else None
