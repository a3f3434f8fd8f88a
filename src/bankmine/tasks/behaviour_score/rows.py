"""Rows of loans and accounts looked at: one statement asked at each cutoff, in the rows every task gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from bankmine.bank.hashing import splitmix64
from bankmine.engine.journey import Journey
from bankmine.tasks.contract import ROW_COLUMNS, Bank, Ints, Plan
from bankmine.tasks.sql import instants, micros

Given = Callable[[int], Mapping[str, Any]]


def subject_rows(bank: Bank, plan: Plan, sql: str, kind: str, given: Given) -> Any:
    """The subjects of each cutoff of the plan, as known at that cutoff.

    `sql` gives subject_id, customer_id and value_minor, ordered by subject_id; it may read `$day`, the
    cutoff's civil day, `$zone`, the bank's zone, and what `given` names for an instant. Asked once a
    cutoff, over tables that are read once.
    """
    import pyarrow as pa

    with Journey(bank.warehouse, sql, memory=bank.memory, threads=bank.threads) as journey:
        parts = [
            _rows(journey.ask(at, _named(sql, {**civil(bank, at), **given(at)})), at, kind)
            for at in plan.cutoffs
        ]
        bank.note("population", journey.statements)
    return _fewer(bank, plan, pa.concat_tables(parts))


def _fewer(bank: Bank, plan: Plan, rows: Any) -> Any:
    """As many rows before the first tested cutoff as the budget lets a question learn from.

    Chosen by a hash of subject and cutoff, never by the label: so the share of defaults is that of the
    bank, and the calibrator needs no weights.
    """
    assert plan.test is not None
    cutoffs = micros(rows.column("cutoff"))
    early = cutoffs < plan.test.test_from
    share = bank.budget.learning_rows / max(int(early.sum()), 1)
    if share >= 1:
        return rows
    drawn = _drawn(np.asarray(rows.column("subject_id").to_numpy(), dtype=np.int64), cutoffs)
    return rows.take(np.flatnonzero(~early | (drawn < 0.98 * share)))


def _drawn(subjects: Ints, cutoffs: Ints) -> Any:
    """A number in [0, 1) for each row, the same on every machine."""
    mixed = splitmix64(splitmix64(subjects).view(np.int64) ^ cutoffs)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53


def _named(sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the statement names."""
    return {name: value for name, value in values.items() if f"${name}" in sql}


def moment(at: int) -> Any:
    """An instant (µs since 1970) as statements take it."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)


def day_of(bank: Bank, at: int) -> date:
    """The civil day of an instant (µs)."""
    return date.fromisoformat(bank.warehouse.zone.show(at)[:10])


def civil(bank: Bank, at: int) -> dict[str, Any]:
    """What statements that count days bind: the civil day of an instant (µs), and the bank's zone."""
    return {"day": day_of(bank, at), "zone": bank.warehouse.manifest.time_zone}


def _rows(found: Any, at: int, kind: str) -> Any:
    import pyarrow as pa

    count = found.num_rows
    columns = {
        "subject_kind": pa.array([kind] * count, pa.string()),
        "subject_id": found.column("subject_id").cast(pa.int64()),
        "customer_id": found.column("customer_id").cast(pa.int64()),
        "cutoff": instants(np.full(count, at, np.int64)),
        "seq": pa.nulls(count, pa.int64()),
        "value_minor": found.column("value_minor").cast(pa.int64()),
    }
    return pa.table({name: columns[name] for name in ROW_COLUMNS})
