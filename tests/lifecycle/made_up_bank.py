"""A small made-up bank for tests: customers with a rhythm of payments, some of whom fall silent for good."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.bank.catalogue import TABLES
from bankmine.bank.civil import DAY, HOUR, Zone
from bankmine.bank.manifest import Load, TableLoad
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing

ZONE = "Europe/Prague"
START, END = date(2020, 1, 1), date(2021, 4, 1)


def full(name: str, columns: dict[str, Any], rows: int) -> pa.Table:
    """A table in its schema; columns not given are empty."""
    made = {}
    for column in TABLES[name].all_columns:
        if column.name == "load_number":
            continue
        value = columns.get(column.name)
        array = pa.nulls(rows, column.arrow_type()) if value is None else pa.array(value)
        made[column.name] = array.cast(column.arrow_type())
    return pa.table(made)


def write(
    folder: Path, tables: dict[str, pa.Table], *, start: int, end: int, zone: str = ZONE, name: str = "one"
) -> Warehouse:
    """A warehouse of one load; `name` stands for its content in the fingerprint."""
    Warehouse.create(folder, time_zone=zone, currency="EUR", key_identity="test")
    with writing(folder) as writer:
        for name, content in tables.items():
            writer.append(name, content)
        loads = {
            name: TableLoad(rows=content.num_rows, read=content.num_rows, coverage=(start, end))
            for name, content in tables.items()
        }
        writer.commit(Load(1, name, "made_up", name, None, "2021-04-01T00:00:00+00:00", loads))
    return Warehouse.open(folder)


def payments(
    customer: np.ndarray, at: np.ndarray, amount: np.ndarray, known_at: np.ndarray | None = None, **more: Any
) -> pa.Table:
    """Booked payments made, one row each."""
    rows = len(customer)
    columns = {
        "transaction_id": np.arange(1, rows + 1), "customer_id": customer, "is_primary": [True] * rows,
        "amount_minor": amount, "base_minor": amount, "currency": ["EUR"] * rows, "direction": ["out"] * rows,
        "status": ["booked"] * rows, "event_time": at, "known_at": at if known_at is None else known_at,
        "seq": np.arange(1, rows + 1), "cancelled": [False] * rows,
    }  # fmt: skip
    return full("transaction", columns | more, rows)


def make_bank(folder: Path, *, customers: int = 900, seed: int = 0, readable: bool = True) -> Warehouse:
    """Fifteen months of payments; without `readable` silence comes at random and nothing can foretell it.

    Customers pay every 5 to 40 days. In each month some fall silent; the readable ones slow down before.
    """
    zone, draw = Zone(ZONE), np.random.default_rng(seed)
    start, end = zone.midnight(START), zone.midnight(END)
    who, when, much = [], [], []
    for customer in range(1, customers + 1):
        gap = draw.uniform(5, 40) if readable else 20.0
        stops = start + int(draw.uniform(60, 900)) * DAY
        at = start + int(draw.uniform(0, 30) * DAY)
        size = draw.lognormal(8, 1)
        while at < min(end, stops):
            who.append(customer)
            when.append(at)
            much.append(int(size * draw.uniform(0.5, 1.5)) + 1)
            slower = 2.5 if readable and stops - at < 60 * DAY else 1.0
            step = gap * slower * (draw.uniform(0.6, 1.4) if readable else 1.0)
            at += int(step * DAY) + int(draw.integers(1, 10)) * HOUR
        if not readable and draw.uniform() < 0.3:
            del who[-1], when[-1], much[-1]
    table = payments(np.array(who), np.array(when), np.array(much))
    ids = np.arange(1, customers + 1)
    people = full(
        "customer",
        {"customer_id": ids, "kind": ["person"] * customers, "valid_from": np.full(customers, start),
         "known_at": np.full(customers, start)},
        customers,
    )  # fmt: skip
    return write(
        folder, {"transaction": table, "customer": people}, start=start, end=end, name=f"{seed} {readable}"
    )
