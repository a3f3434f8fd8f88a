"""A mapping's bank tables as views over the extracts, in raw keys, without a load.

To look at what a mapping makes of extracts, and to ask questions of a simulated bank in the bank's own keys.
It judges nothing: rows that a load would reject are here, corrections stand beside what they correct.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Kind, Table, Type
from bankmine.engine.duck import connect, literal, quoted
from bankmine.sources.casting import DATE_ONLY, UTC
from bankmine.sources.connectors import attach
from bankmine.sources.extracts import Delivery, find
from bankmine.sources.macros import define
from bankmine.sources.mapping import Mapping, load_mapping
from bankmine.sources.selecting import given_columns, statement

if TYPE_CHECKING:
    import duckdb


@contextmanager
def preview(
    mapping: str, extracts: Path, *, tables: tuple[str, ...], parts: int | None = None, threads: int = 2
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a view for each of `tables`, and `customer_<table>` with one row an owner.

    A table whose extracts were not delivered has no view. `parts`: at most so many files of each extract, in
    the order of their names. Instants are with time zone; `known_at` is the event's own time where the
    mapping gives none.
    """
    chosen = replace(load_mapping(mapping), marker=None)  # the extracts may be in the making
    delivery = _first_files(find(chosen, extracts), parts)
    here = [name for name in tables if not set(chosen.extracts_of(name)) & set(delivery.missing)]
    needed = {one for name in (*here, "account_party") for one in chosen.extracts_of(name)}
    connection = connect(threads=threads, memory="2GB")
    try:
        define(connection, delivery.extract_date)
        for found in delivery.found.values():
            if found.name in needed:
                attach(connection, found)
        for name in here:
            _make_view(connection, chosen, name)
        yield connection
    finally:
        connection.close()


def _first_files(delivery: Delivery, parts: int | None) -> Delivery:
    found = {name: replace(one, files=one.files[:parts]) for name, one in delivery.found.items()}
    return replace(delivery, found=found)


def _make_view(connection: duckdb.DuckDBPyConnection, mapping: Mapping, name: str) -> None:
    table, given = bank_table(name), given_columns(connection, mapping, name)
    columns = [
        f"{_instant(column.name, mapping.time_zone)} AS {quoted(column.name)}"
        if column.type is Type.INSTANT
        else quoted(column.name)
        for column in table.all_columns
        if column.name in given
    ]
    if table.kind is Kind.EVENT and "known_at" not in given:
        columns.append(f"{_instant('event_time', mapping.time_zone)} AS known_at")
    cast = statement(mapping, name, given, mapping.currency)
    connection.execute(f"CREATE VIEW {quoted(name)} AS SELECT {', '.join(columns)} FROM ({cast})")
    if table.per_owner and "customer_id" not in given:
        _make_owners_view(connection, mapping, table)


def _instant(name: str, time_zone: str) -> str:
    """Microseconds and their kind as an instant; a mere date is the midnight that begins it."""
    us, kind = quoted(name), quoted(f"{name}__kind")
    local = f"timezone({literal(time_zone)}, make_timestamp({us}))"
    late = f"{local} + INTERVAL 1 DAY" if name == "known_at" else local
    return f"CASE {kind} WHEN {UTC} THEN make_timestamptz({us}) WHEN {DATE_ONLY} THEN {late} ELSE {local} END"


def _make_owners_view(connection: duckdb.DuckDBPyConnection, mapping: Mapping, table: Table) -> None:
    party = statement(mapping, "account_party", given_columns(connection, mapping, "account_party"), "")
    owners = f"SELECT DISTINCT account_id, customer_id FROM ({party}) WHERE role IN ('owner', 'co-owner')"
    connection.execute(
        f"CREATE VIEW {quoted('customer_' + table.name)} AS SELECT owners.customer_id, rows.* "
        f"FROM {quoted(table.name)} AS rows INNER JOIN ({owners}) AS owners USING (account_id)"
    )
