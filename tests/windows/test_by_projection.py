"""Features by terminal, merchant, account, device or pair are the same bits with and without projections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import COVERAGE, PRAGUE, World, asked_rows, worlds

from bankmine.bank.catalogue import table
from bankmine.bank.manifest import Load, TableLoad
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing
from bankmine.windows import events, replay, snapshot, windows
from bankmine.windows.reading.reader import Projected, order_for

KEYS = ("account_id", "merchant_id", "terminal_id", "device_id", "pair_id")


def features_by(key: str) -> tuple[Any, ...]:
    """Counts, sums, levels and verdicts under one key."""
    every = events("transaction", key=key)
    money = every.measure("base_minor")
    return (
        *windows(
            money, over=["1d", "1mo", "all"], aggregate=["sum", "count", "max", "last", "std", "gap_std"]
        ),
        *windows(money, over=["all"], aggregate=["share", "sum"], by="category", levels=["food", "rent"]),
        *windows(every.where(direction="out").distinct("customer_id"), over=["all"], aggregate=["distinct"]),
        *windows(every.verdict("fraud"), over=["30d", "all"], aggregate=["mean", "last"], delay="7d"),
    )


class MainOrderOnly:
    """A warehouse as it was before projections."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.zone, self.has = warehouse.zone, warehouse.has
        self.coverage, self.buckets = warehouse.coverage, warehouse.buckets

    def read(self, name: str, columns: Sequence[str] | None = None, *, bucket: int | None = None) -> Any:
        return self._warehouse.read(name, columns, bucket=bucket)


def written(world: World, folder: Path, demoted: set[int]) -> Warehouse:
    """The world as a warehouse on disk: each version in its own load; some corrections demote the owner."""
    Warehouse.create(folder, time_zone=PRAGUE, currency="EUR", key_identity="k")
    for number in (1, 2, 3):
        counts = {}
        with writing(folder) as writer:
            for name in ("transaction", "feedback"):
                rows = [row for row in world.warehouse.raw[name] if row["load_number"] == number]
                if number > 1 and name == "transaction":
                    changed = [row["transaction_id"] in demoted for row in rows]
                    rows = [
                        row | {"is_primary": False} if low else row
                        for row, low in zip(rows, changed, strict=True)
                    ]
                writer.append(name, pa.Table.from_pylist(rows, schema=table(name).schema()))
                counts[name] = TableLoad(rows=len(rows), read=len(rows), coverage=COVERAGE)
            warehouse = writer.commit(
                Load(number, f"load{number}", "test", f"hash{number}", None, "", counts)
            )
    return warehouse


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data(), world=worlds(), key=st.sampled_from(KEYS), demoted=st.sets(st.integers(1, 9)))
def test_a_projection_changes_no_bit(data: st.DataObject, world: World, key: str, demoted: set[int]) -> None:
    features = features_by(key)
    subjects = [data.draw(st.sampled_from([4, 5, 6, 8, -9, 99, 1])) for _ in range(6)]
    asked = [one for _ in range(6) for one in data.draw(asked_rows(world))][:6]
    keys = np.array(subjects[: len(asked)])
    cutoffs = np.array([cutoff for _, cutoff, _ in asked])
    with TemporaryDirectory() as place:
        warehouse = written(world, Path(place) / "warehouse", demoted)
        plain = MainOrderOnly(warehouse)
        for as_of in (None, int(cutoffs.max()) + 10**13):
            with_it = snapshot(warehouse, features, keys, cutoffs, as_of=as_of)
            assert with_it.equals(snapshot(plain, features, keys, cutoffs, as_of=as_of))
        assert replay(warehouse, features).equals(replay(plain, features))


def test_a_projection_is_used_where_it_holds_every_column_and_else_the_main_order(tmp_path: Path) -> None:
    row = {
        "transaction_id": 1, "account_id": 5, "customer_id": 1, "is_primary": True, "terminal_id": 4,
        "event_time": COVERAGE[0], "known_at": COVERAGE[0], "load_number": 1, "cancelled": False, "seq": 0,
    }  # fmt: skip
    Warehouse.create(tmp_path / "w", time_zone=PRAGUE, currency="EUR", key_identity="k")
    with writing(tmp_path / "w") as writer:
        writer.append("transaction", pa.Table.from_pylist([row], schema=table("transaction").schema()))
        done = Load(1, "load1", "test", "hash1", None, "", {"transaction": TableLoad(rows=1, read=1)})
        warehouse = writer.commit(done)

    def order(key: str, column: str, of: Any = warehouse) -> str:
        return order_for(of, "transaction", key=key, columns=[column])

    assert isinstance(warehouse, Projected)
    assert not isinstance(MainOrderOnly(warehouse), Projected)
    assert order("terminal_id", "base_minor") == "terminal_id"
    assert order("terminal_id", "merchant_id") == "main"  # a column the projection does not hold
    assert order("merchant_id", "base_minor") == "main"  # no row has a merchant
    assert order("customer_id", "base_minor") == "main"
    assert order("terminal_id", "base_minor", MainOrderOnly(warehouse)) == "main"


def test_with_a_projection_only_the_buckets_asked_for_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"transaction_id": n, "account_id": 5, "customer_id": n, "is_primary": True, "terminal_id": n,
             "event_time": COVERAGE[0], "known_at": COVERAGE[0], "seq": 0, "load_number": 1,
             "cancelled": False, "base_minor": 3} for n in range(50)]  # fmt: skip
    Warehouse.create(tmp_path / "w", time_zone=PRAGUE, currency="EUR", key_identity="k")
    with writing(tmp_path / "w") as writer:
        writer.append("transaction", pa.Table.from_pylist(rows, schema=table("transaction").schema()))
        seen = {"transaction": TableLoad(rows=50, read=50, coverage=COVERAGE)}
        warehouse = writer.commit(Load(1, "load1", "test", "hash1", None, "", seen))
    asked: list[Any] = []
    real = Warehouse.read_files

    def watched(self: Warehouse, declared: Any, files: Sequence[Any], names: Sequence[str]) -> Any:
        asked.extend((file.bucket, file.order) for file in files)
        return real(self, declared, files, names)

    monkeypatch.setattr(Warehouse, "read_files", watched)
    features = windows(
        events("transaction", key="terminal_id").measure("base_minor"), over=["all"], aggregate=["sum"]
    )
    found = snapshot(warehouse, features, np.array([4, 4, 4]), np.full(3, COVERAGE[0] + 1))
    assert found.column(0).to_pylist() == [3, 3, 3]
    assert len(asked) == 1
    assert asked[0][0] is not None
    assert asked[0][1] == "terminal_id"
