"""Buckets read by DuckDB instead of pyarrow give the same files and the same replay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from worlds import PRAGUE

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import MAIN, Type
from bankmine.bank.manifest import Load, TableLoad
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing
from bankmine.engine.duck import connect, literal, quoted
from bankmine.windows import events, replay, windows
from bankmine.windows.parts import question, snapshot_files

DAY = 86_400_000_000
START = 1_700_000_000_000_000
spent = events("transaction").where(direction="out").measure("base_minor").distinct("merchant_id")
FEATURES = (
    *windows(spent, over=["1mo", "6mo"], aggregate=["count", "sum", "std", "max", "distinct", "gap_mean"]),
    *windows(spent, over=["3mo"], aggregate=["share", "trend", "recency"], by="category", levels=["food"]),
)
CARDS = windows(events("transaction", key="card_id").measure("base_minor"), over=["24h", "30d"],
                aggregate=["count", "sum", "min", "last"])  # fmt: skip


class ReadByDuckDB:
    """A warehouse whose buckets DuckDB reads; it has no second orders and keeps nothing."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse, self.zone = warehouse, warehouse.zone
        self.has, self.coverage, self.buckets = warehouse.has, warehouse.coverage, warehouse.buckets

    def read(self, table: str, columns: Sequence[str] | None = None, *, bucket: int | None = None) -> Any:
        """The rows as DuckDB gives them: in no order, text plain."""
        declared = bank_table(table)
        names = list(columns) if columns is not None else declared.schema(MAIN).names
        paths = self.warehouse.paths(table, bucket=bucket)
        if not paths:
            return pa.schema([declared.schema().field(name) for name in names]).empty_table()
        listed = ", ".join(literal(path) for path in paths)
        chosen = ", ".join(quoted(name) for name in names)
        with connect() as connection:
            found = connection.execute(
                f"SELECT {chosen} FROM read_parquet([{listed}], hive_partitioning = false) ORDER BY random()"
            ).to_arrow_table()
        codes = [name for name in names if declared.column(name).type is Type.CODE]
        for name in codes:
            at = found.column_names.index(name)
            found = found.set_column(at, name, found.column(name).cast(pa.string()))
        return found


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Two loads: payments of forty customers, then late ones and corrections."""
    folder = tmp_path_factory.mktemp("duckdb") / "warehouse"
    Warehouse.create(folder, time_zone=PRAGUE, currency="EUR", key_identity="k")
    draw = np.random.default_rng(5)
    schema = bank_table("transaction").schema()
    first = [_payment(draw, number) for number in range(1, 1500)]
    later = [_payment(draw, number) | {"known_at": START + 300 * DAY} for number in range(1500, 1560)]
    changed = {"base_minor": 5, "known_at": START + 301 * DAY}
    corrected = [first[int(at)] | changed | {"cancelled": bool(at % 3 == 0)}
                 for at in draw.choice(len(first), 40, replace=False)]  # fmt: skip
    for number, rows in enumerate((first, later + corrected), 1):
        with writing(folder) as writer:
            made = pa.Table.from_pylist(rows, schema=schema).drop_columns(["load_number"])
            writer.append("transaction", made)
            seen = TableLoad(rows=len(rows), read=len(rows), coverage=(START, START + 400 * DAY))
            found = writer.commit(
                Load(number, f"load{number}", "test", f"hash{number}", None, "", {"transaction": seen})
            )
    return found


def _payment(draw: np.random.Generator, number: int) -> dict[str, Any]:
    at = START + int(draw.integers(0, 300)) * DAY + int(draw.integers(0, 10**6))
    customer = int(draw.integers(1, 40))
    return {
        "transaction_id": number, "account_id": customer, "customer_id": customer, "is_primary": True,
        "card_id": customer * 7 if number % 5 else None, "event_time": at, "known_at": at, "seq": number % 3,
        "base_minor": int(draw.integers(1, 9000)), "direction": "out" if number % 4 else "in",
        "category": ["food", "rent", None][number % 3], "merchant_id": int(draw.integers(1, 9)),
        "cancelled": False, "amount_minor": 1, "currency": "EUR",
    }  # fmt: skip


def test_the_same_files_of_a_snapshot(warehouse: Warehouse, tmp_path: Path) -> None:
    cutoffs = [START + day * DAY for day in (200, 299, 302, 390)]
    files = []
    for name, one in (("arrow", warehouse), ("duckdb", ReadByDuckDB(warehouse))):
        files.append(snapshot_files(one, question(one, FEATURES, cutoffs), tmp_path / name))
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]
    assert sum(path.stat().st_size for path in files[0]) > 10_000


@pytest.mark.parametrize("features", [FEATURES, CARDS], ids=["customers", "cards"])
def test_the_same_replay(warehouse: Warehouse, features: Any) -> None:
    found = replay(warehouse, features)
    assert found.num_rows == 1559
    assert found.equals(replay(ReadByDuckDB(warehouse), features))
