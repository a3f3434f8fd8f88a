"""Small Arrow tables of bank tables for writer tests."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from bankmine.bank.catalogue import table
from bankmine.bank.manifest import Load, TableLoad

START = 1_600_000_000_000_000


def feedback(count: int, *, customers: int = 50, seed: int = 1, first: int = 0) -> pa.Table:
    """Rows of the event table feedback, in no order."""
    rng = np.random.default_rng(seed)
    moment = pa.array(START + rng.integers(0, 10**12, count), pa.timestamp("us", tz="UTC"))
    columns = {
        "subject_kind": pa.repeat("transaction", count),
        "subject_id": pa.array(np.arange(first, first + count)),
        "customer_id": pa.array(rng.integers(-customers, customers, count)),
        "label": pa.repeat("fraud", count),
        "verdict": pa.repeat("confirmed", count),
        "event_time": moment,
        "known_at": moment,
        "seq": pa.array(np.arange(first, first + count)),
        "cancelled": pa.repeat(False, count),
    }
    return pa.table(columns)


def customers(count: int) -> pa.Table:
    """Rows of the versioned table customer."""
    moment = pa.repeat(pa.scalar(datetime(2020, 1, 1, tzinfo=UTC), pa.timestamp("us", tz="UTC")), count)
    schema = table("customer").schema()
    columns = {field.name: pa.nulls(count, field.type) for field in schema if field.name != "load_number"}
    columns |= {"customer_id": pa.array(range(count), pa.int64()), "kind": pa.repeat("person", count)}
    return pa.table(columns | {"valid_from": moment, "known_at": moment})


def load_of(number: int, *, coverage: tuple[int, int] | None = (START, START + 10**12), **rows: int) -> Load:
    """A load record that says those tables got that many rows."""
    return Load(
        number=number, load_id=f"load{number}", mapping="test", content_hash=f"hash{number}",
        extract_date="2020-10-01", loaded_at="2020-10-01T00:00:00+00:00",
        tables={name: TableLoad(rows=count, read=count, coverage=coverage) for name, count in rows.items()},
    )  # fmt: skip
