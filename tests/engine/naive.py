"""The rule of time said slowly: plain Python over lists of rows, the oracle of the engine's views."""

from __future__ import annotations

from typing import Any

from bankmine.bank.civil import DAY, Zone
from bankmine.bank.columns import Kind, Table, Type

Row = dict[str, Any]


def known_rows(
    table: Table, loads: list[list[Row]], *, as_of: int | None, until: int | None, zone: Zone
) -> list[Row]:
    """What a view of the table shows; rows carry instants as µs and dates as days since 1970."""
    last: dict[tuple[Any, ...], Row] = {}
    for number, rows in enumerate(loads, start=1):
        for row in rows:
            if as_of is not None and row["known_at"] > as_of:
                continue
            key = tuple(row[name] for name in table.version_key)
            if key not in last or (last[key]["known_at"], last[key]["load_number"]) <= (
                row["known_at"],
                number,
            ):
                last[key] = {**row, "load_number": number}
    rows = list(last.values())
    if table.kind is Kind.EVENT:
        rows = [row for row in rows if not row["cancelled"] and (until is None or row["event_time"] < until)]
    if table.kind is Kind.VERSIONED and until is not None:
        rows = _valid_at(table, rows, until)
    return [_masked(table, row, as_of, until, zone) for row in rows]


def _valid_at(table: Table, rows: list[Row], until: int) -> list[Row]:
    current: dict[tuple[Any, ...], Row] = {}
    for row in sorted(rows, key=lambda row: row["valid_from"]):
        if row["valid_from"] <= until:
            current[tuple(row[name] for name in table.primary_key)] = row
    return [row for row in current.values() if row["valid_to"] is None or row["valid_to"] > until]


def _masked(table: Table, row: Row, as_of: int | None, until: int | None, zone: Zone) -> Row:
    shown = dict(row)
    for column in table.columns:
        gate = column.known_by or (
            column.name if table.kind is Kind.EVENT and column.type is Type.INSTANT else None
        )
        if gate and as_of is not None and (row[gate] is None or row[gate] > as_of):
            shown[column.name] = None
    horizon = until if until is not None else as_of
    if table.kind is Kind.VERSIONED and horizon is not None:
        for column in (*table.columns, table.column("valid_to")):
            value = row[column.name]
            if value is None:
                continue
            if column.type is Type.INSTANT and value > horizon:
                shown[column.name] = None
            if column.type is Type.DATE and _day_ends(value, zone) > horizon:
                shown[column.name] = None
    return shown


def _day_ends(day: int, zone: Zone) -> int:
    import numpy as np

    return int(zone.to_utc(np.array([(day + 1) * DAY], np.int64))[0])
