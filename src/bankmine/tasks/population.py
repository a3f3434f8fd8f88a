"""Helpers with which tasks build their rows: coverage, monthly cutoffs, rows in one schema and order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bankmine.bank.hashing import bucket_of
from bankmine.bank.warehouse import Warehouse
from bankmine.engine.journey import Journey
from bankmine.engine.session import Session
from bankmine.errors import CutoffError, FeasibilityError
from bankmine.tasks.contract import ROW_COLUMNS, Bank, Ints, Needs
from bankmine.tasks.sql import instants, micros

Coverage = tuple[int, int]
_PARTS = 64  # of the customers, by the hash that also chooses their buckets
_CUSTOMERS = "SELECT DISTINCT customer_id FROM customer ORDER BY customer_id"


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
    bank: Bank,
    cutoffs: Sequence[int],
    sql: str,
    parameters: Callable[[int], Mapping[str, Any]],
    *,
    note: str,
    drawn: bool = False,
    alone: bool = False,
) -> Any:
    """Rows of customers looked at: the SQL runs once for each cutoff, on the bank as known at that cutoff.

    The SQL gives customer_id and value_minor; `parameters` are bound for each cutoff. The tables are read
    once for all cutoffs. `drawn`: at cutoffs before the run's only the customers a question may look back at
    (`drawn_customers`). Of them the statement must say the same whoever else there is; a median over all is
    then one over the drawn and those they share accounts with. `alone`: where what it says of a customer
    rests on their own rows only, those of others are not read.
    """
    import pyarrow as pa

    some = drawn_customers(bank) if drawn else None
    now = [at for at in cutoffs if some is not None and at == bank.cutoff]
    past = [at for at in cutoffs if at not in now]
    parts = {}
    with Journey(
        bank.warehouse, sql, memory=bank.memory, threads=bank.threads, customers=some, alone=alone
    ) as journey:
        for at in past:
            parts[at] = _of(customer_rows(journey.ask(at, parameters(at)), at), some)
        statements = journey.statements
    for at in now:
        with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=bank.threads) as session:
            parts[at] = customer_rows(session.arrow(sql, parameters(at)), at)
            statements = [*statements, *session.statements]
    if some is not None:
        until = bank.warehouse.zone.show(bank.cutoff)
        statements = [f"-- At cutoffs before {until}: of {len(some)} customers drawn.", *statements]
    bank.note(note, statements)
    return pa.concat_tables([parts[at] for at in cutoffs]) if parts else customer_rows(None, 0)


def rows_without(rows: Any, others: Any) -> Any:
    """The rows whose customer has none in `others` at the same cutoff, in their order."""
    (mine, at), (theirs, then) = (
        (one.column("customer_id").to_numpy(), micros(one.column("cutoff"))) for one in (rows, others)
    )
    kept = np.ones(len(mine), dtype=np.bool_)
    for cutoff in np.unique(then):
        here = at == cutoff
        kept[here] = ~np.isin(mine[here], theirs[then == cutoff])
    return rows.filter(kept)


def drawn_customers(bank: Bank) -> Ints | None:
    """The customers whose past a question looks at, ascending; None where the budget allows all.

    Of the customers known at the run's cutoff about as many as the budget says: whole 64ths of them by the
    hash that chooses the bucket their events lie in, so that the other buckets need not be read. The same for
    every question and cutoff; no other draw by customer looks at these bits of the hash.
    """
    if not bank.warehouse.has("customer"):
        return None
    with Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads) as session:
        known = np.asarray(session.arrow(_CUSTOMERS).column("customer_id").to_numpy(), dtype=np.int64)
    if len(known) <= bank.budget.customers:
        return None
    parts = max(1, round(_PARTS * bank.budget.customers / len(known)))
    return known[bucket_of(known, _PARTS) < parts]


def _of(rows: Any, customers: Ints | None) -> Any:
    """The rows of some customers."""
    if customers is None:
        return rows
    return rows.filter(np.isin(rows.column("customer_id").to_numpy(), customers))


def customer_rows(found: Any, cutoff: int) -> Any:
    """Rows in ROW_COLUMNS for customers at one cutoff, sorted by customer."""
    import pyarrow as pa

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


def application_rows(found: Any) -> Any:
    """Rows in ROW_COLUMNS for applications, each at its own instant, and what was decided of them.

    `found` has application_id, customer_id, event_time, amount_minor and decision; its order stays.
    """
    import pyarrow as pa

    columns = {
        "subject_kind": pa.array(["application"] * found.num_rows, pa.string()),
        "subject_id": found.column("application_id"),
        "customer_id": found.column("customer_id"),
        "cutoff": instants(micros(found.column("event_time"))),
        "seq": pa.nulls(found.num_rows, pa.int64()),
        "value_minor": found.column("amount_minor").cast(pa.int64()),
        "decision": found.column("decision"),
    }
    return pa.table({name: columns[name] for name in (*ROW_COLUMNS, "decision")})
