"""Helpers with which tasks build their rows: coverage, monthly cutoffs, rows in one schema and order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bankmine.bank.warehouse import Warehouse
from bankmine.engine.journey import Journey
from bankmine.errors import CutoffError, FeasibilityError
from bankmine.tasks.contract import ROW_COLUMNS, Bank, Needs

Coverage = tuple[int, int]


def coverage(warehouse: Warehouse, needs: Needs) -> Coverage:
    """The period [from, to) in µs that all event tables a task needs speak for.

    FeasibilityError names a table the bank lacks.
    """
    from bankmine.bank.catalogue import table
    from bankmine.bank.columns import Kind

    for name in needs.tables:
        if not warehouse.has(name):
            raise FeasibilityError(
                f"this bank has no rows in the table {name}, which the task needs",
                hint="Load an extract that fills it, or leave the task out of bankmine.toml.",
            )
    spans = [warehouse.coverage(name) for name in needs.tables if table(name).kind is Kind.EVENT]
    known = [span for span in spans if span is not None]
    if not known:
        raise FeasibilityError(
            "no table the task needs states the period it speaks for", hint="Load the extracts again."
        )
    return max(span[0] for span in known), min(span[1] for span in known)


def check_cutoff(warehouse: Warehouse, needs: Needs, cutoff: str | int | None) -> int:
    """The run's cutoff in µs; the earliest end of coverage by default.

    CutoffError where it is no date, not after the first event, or after the end of the coverage.
    """
    start, end = coverage(warehouse, needs)
    zone = warehouse.zone
    allowed = f"Give a cutoff after {zone.show(start)} and up to {zone.show(end)}."
    if cutoff is None:
        return end
    if isinstance(cutoff, str):
        from bankmine.errors import ConfigurationError

        try:
            at = zone.parse(cutoff)
        except ConfigurationError as error:
            raise CutoffError(error.what, hint=f"{allowed} Write it as 2026-05-31.") from None
    else:
        at = int(cutoff)
    if at <= start:
        raise CutoffError(
            f"the cutoff {zone.show(at)} is not after the first events, at {zone.show(start)}", hint=allowed
        )
    if at > end:
        raise CutoffError(
            f"the cutoff {zone.show(at)} is after the end of the data, at {zone.show(end)}", hint=allowed
        )
    return at


def months_back(bank: Bank, *, from_month: int, earliest: int) -> list[int]:
    """Cutoffs whole months before the run's, from `from_month` back to `earliest`; ascending."""
    zone, month = bank.warehouse.zone, from_month
    found: list[int] = []
    while True:
        at = zone.months_before(bank.cutoff, month)
        if at < earliest:
            return sorted(found)
        found.append(at)
        month += 1


def rows_at(
    bank: Bank, cutoffs: Sequence[int], sql: str, parameters: Callable[[int], Mapping[str, Any]], *, note: str
) -> Any:
    """Rows of customers looked at: the SQL runs once for each cutoff, on the bank as known at that cutoff.

    The SQL gives customer_id and value_minor; `parameters` are bound for each cutoff. The tables are read
    once for all cutoffs.
    """
    import pyarrow as pa

    with Journey(bank.warehouse, sql, memory=bank.memory, threads=bank.threads) as journey:
        parts = [customer_rows(journey.ask(at, parameters(at)), at) for at in cutoffs]
        bank.note(note, journey.statements)
    return pa.concat_tables(parts) if parts else customer_rows(None, 0)


def customer_rows(found: Any, cutoff: int) -> Any:
    """Rows in ROW_COLUMNS for customers at one cutoff, sorted by customer."""
    import pyarrow as pa

    from bankmine.tasks.sql import instants

    count = 0 if found is None else found.num_rows
    ids = np.zeros(0, np.int64) if found is None else found.column("customer_id").to_numpy()
    value = (
        np.zeros(0, np.int64) if found is None else found.column("value_minor").cast(pa.int64()).to_numpy()
    )
    order = np.argsort(ids, kind="stable")
    columns = {
        "subject_kind": pa.array(["customer"], pa.string()).take(pa.array(np.zeros(count, np.int64))),
        "subject_id": ids[order],
        "customer_id": ids[order],
        "cutoff": instants(np.full(count, cutoff, np.int64)),
        "seq": pa.nulls(count, pa.int64()),
        "value_minor": value[order],
    }
    return pa.table({name: columns[name] for name in ROW_COLUMNS})
