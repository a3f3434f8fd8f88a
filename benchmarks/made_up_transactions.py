"""A warehouse of made-up transactions for the speed rows: .5 % known late, .1 % corrected.

`python -m benchmarks.made_up_transactions DIR ROWS` writes one; the same seed gives the same rows.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.window_list import CATEGORIES, CHANNELS

FROM, UNTIL = "2022-01-01", "2025-01-01"
ROWS_A_CUSTOMER = int(os.environ.get("BENCH_ROWS_A_CUSTOMER", "100"))
PART = 10_000_000  # rows made at a time; a larger warehouse has a load for each part


def place_of(folder: Path, rows: int) -> Path:
    """Where the made-up warehouse of that many rows lies."""
    return folder / (f"transactions-{rows}" + (f"-by-{ROWS_A_CUSTOMER}" if ROWS_A_CUSTOMER != 100 else ""))


def rows_of(count: int, seed: int, zone: Any) -> Any:
    """An Arrow table in the schema of `transaction`, without load_number."""
    import pyarrow as pa

    from bankmine.bank.catalogue import table
    from bankmine.bank.hashing import splitmix64

    draw = np.random.default_rng(seed)
    start, end = zone.parse(FROM), zone.parse(UNTIL)
    customers = splitmix64(np.arange(max(1, count // ROWS_A_CUSTOMER))).view(np.int64)
    owner = customers[draw.integers(0, len(customers), count)]
    when = np.sort(draw.integers(start, end, count))
    late = draw.random(count) < 0.005
    known = when + np.where(late, draw.integers(86_400_000_000, 10 * 86_400_000_000, count), 0)
    amount = np.maximum(1, draw.lognormal(8, 1.2, count).astype(np.int64))
    corrected = np.flatnonzero(draw.random(count) < 0.001)
    place = np.concatenate([np.arange(count), corrected])
    known = np.concatenate([known, known[corrected] + 5 * 86_400_000_000])
    amount = np.concatenate([amount, amount[corrected] + 100])

    def code(levels: tuple[str, ...], weights: list[float] | None = None) -> Any:
        indices = draw.choice(len(levels), count, p=weights).astype(np.int32)[place]
        return pa.DictionaryArray.from_arrays(indices, list(levels)).cast(pa.string())

    instant = pa.timestamp("us", tz="UTC")
    given = {
        "transaction_id": pa.array(place.astype(np.int64)),
        "account_id": pa.array(owner[place]),
        "customer_id": pa.array(owner[place]),
        "is_primary": pa.array(np.ones(len(place), bool)),
        "amount_minor": pa.array(amount),
        "base_minor": pa.array(amount),
        "currency": pa.DictionaryArray.from_arrays(np.zeros(len(place), np.int32), ["EUR"]).cast(pa.string()),
        "direction": code(("out", "in"), [0.8, 0.2]),
        "status": code(("booked", "declined"), [0.97, 0.03]),
        "channel": code(CHANNELS),
        "category": code((*CATEGORIES, "unknown")),
        "event_time": pa.array(when[place]).cast(instant),
        "known_at": pa.array(known).cast(instant),
        "seq": pa.array(place.astype(np.int64)),
        "cancelled": pa.array(np.zeros(len(place), bool)),
    }
    schema = table("transaction").schema()
    columns = {
        f.name: given.get(f.name, pa.nulls(len(place), f.type)) for f in schema if f.name != "load_number"
    }
    return pa.table(columns)


def part_of(rows: int, part: int, seed: int, zone: Any) -> Any:
    """One part of a large warehouse: customers and transactions of its own."""
    import pyarrow as pa

    made = rows_of(min(PART, rows - part * PART), seed + part, zone)
    if part == 0:
        return made
    for name in ("customer_id", "account_id"):
        moved = made.column(name).to_numpy() ^ np.int64(part << 32)
        made = made.set_column(made.column_names.index(name), made.schema.field(name), pa.array(moved))
    for name in ("transaction_id", "seq"):
        moved = made.column(name).to_numpy() + part * PART
        made = made.set_column(made.column_names.index(name), made.schema.field(name), pa.array(moved))
    return made


def write(folder: Path, rows: int, seed: int = 7) -> None:
    """Writes a warehouse, a load for each 10 million rows; an existing one of that size is kept."""
    from bankmine.bank.warehouse import Warehouse

    if (folder / "manifest.json").exists() and Warehouse.open(folder).manifest.loads:
        return
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "manifest.json").exists():
        Warehouse.create(folder, time_zone="Europe/Prague", currency="EUR", key_identity="made-up")
    for part in range(-(-rows // PART)):
        _load(folder, rows, part, seed)


def _load(folder: Path, rows: int, part: int, seed: int) -> None:
    from bankmine.bank.manifest import Load, TableLoad
    from bankmine.bank.writer import writing

    name = f"{rows}-{seed}" if part == 0 else f"{rows}-{seed}-{part}"
    with writing(folder) as writer:
        zone = writer.warehouse.zone
        made = part_of(rows, part, seed, zone)
        writer.append("transaction", made)
        coverage = (zone.parse(FROM), zone.parse(UNTIL))
        done = TableLoad(rows=made.num_rows, read=made.num_rows, coverage=coverage)
        writer.commit(
            Load(
                number=part + 1, load_id=f"made-up-{name}", mapping="made-up", content_hash=name,
                extract_date=None, loaded_at="2025-01-01T00:00:00+00:00", tables={"transaction": done},
            )
        )  # fmt: skip


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
