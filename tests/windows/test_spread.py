"""The same files and the same answers, whether windows are computed here or on Spark."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankmine.bank.warehouse import Warehouse
from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.matrix import matrix
from bankmine.customers.snapshot import keep_snapshot
from bankmine.errors import WarehouseError
from bankmine.windows import events, ratio, snapshot, windows
from bankmine.windows.parts import question, snapshot_files
from bankmine.windows.snapshot import NO_SUBJECT
from customers.small_bank import CUSTOMERS, build, rows_of_bank
from engine.on_spark import LOCAL, ONE_PROCESS, in_this_process, needs_java, on_spark
from engine.small_warehouse import SmallWarehouse


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    """A bank with late events, corrections, cancellations, joint accounts and verdicts, in 64 buckets."""
    return build(tmp_path_factory.mktemp("bank"), rows_of_bank())


@pytest.fixture
def spread_bank(
    request: pytest.FixtureRequest, bank: SmallWarehouse, monkeypatch: pytest.MonkeyPatch
) -> Warehouse:
    """The bank on Spark; or, where a test says "pieces", cut into the same tasks, run here."""
    if getattr(request, "param", "") == "pieces":
        in_this_process(monkeypatch)
    return on_spark(bank.warehouse)


on_a_real_spark = [needs_java, ONE_PROCESS]
in_pieces_too = pytest.mark.parametrize(
    "spread_bank", [pytest.param("spark", marks=on_a_real_spark), "pieces"], indirect=True
)
in_pieces = pytest.mark.parametrize("spread_bank", ["pieces"], indirect=True)


def features_of(key: str) -> tuple[Any, ...]:
    every = events("transaction", key=key)
    money = every.measure("base_minor")
    return (
        *windows(money, over=["1mo", "6mo"], aggregate=["count", "sum", "mean", "std", "max", "last"]),
        *windows(money, over=["6mo"], aggregate=["share"], by="category", levels=["household", "salary"]),
        *windows(every.distinct("channel"), over=["90d"], aggregate=["distinct"]),
        *windows(every.verdict("fraud"), over=["30d"], aggregate=["mean"], delay="7d", name="fraud"),
    )


def when(bank: SmallWarehouse) -> list[int]:
    return [bank.at("2023-11-01"), bank.at("2024-02-29T12:00"), bank.at("2024-03-31")]


@needs_java
@ONE_PROCESS
@pytest.mark.parametrize("key", ["customer_id", "terminal_id"])
def test_every_part_is_the_same_file(
    bank: SmallWarehouse, spread_bank: Warehouse, tmp_path: Path, key: str
) -> None:
    asked = question(bank.warehouse, features_of(key), when(bank), key=key)
    here = snapshot_files(bank.warehouse, asked, tmp_path / "here")
    there = snapshot_files(spread_bank, asked, tmp_path / "there")
    assert [file.name for file in there] == [file.name for file in here]
    assert [file.read_bytes() for file in there] == [file.read_bytes() for file in here]
    assert sorted(os.listdir(tmp_path)) == ["here", "there"]
    rows = sum(pq.ParquetFile(file).metadata.num_rows for file in here)
    keys = {row.get(key) for row in rows_of_bank()[0]["transaction"]} - {None}
    assert rows == len(when(bank)) * len(keys)


@in_pieces_too
def test_answers_come_back_in_the_order_asked(bank: SmallWarehouse, spread_bank: Warehouse) -> None:
    draw = np.random.default_rng(3)
    money = [*features_of("customer_id")[:2], *features_of("terminal_id")]
    logins = windows(events("digital_event"), over=["6mo"], aggregate=["count"], name="logins")
    asked = [*money, *logins, ratio(logins[0], money[0], name="logins_a_payment")]
    subjects = {
        "customer_id": draw.choice([*CUSTOMERS, 99, NO_SUBJECT], 300),
        "terminal_id": draw.choice([11, 12, 13, NO_SUBJECT], 300),
    }
    cutoffs = draw.choice(when(bank), 300)
    seqs = draw.integers(0, 500, 300)
    for more in ({}, {"as_of": bank.at("2024-06-01")}, {"seqs": seqs, "seq_table": "transaction"}):
        here = snapshot(bank.warehouse, asked, subjects, cutoffs, **more)
        there = snapshot(spread_bank, asked, subjects, cutoffs, **more)
        assert there.schema == here.schema
        assert there.equals(here)
    assert here.column("logins_a_payment").null_count < 300


@in_pieces
def test_nobody_asked_is_nothing_computed(bank: SmallWarehouse, spread_bank: Warehouse) -> None:
    for count in (0, 3):
        nobody, cutoffs = np.full(count, NO_SUBJECT), np.full(count, bank.at("2024-01-01"))
        found = snapshot(spread_bank, features_of("customer_id"), nobody, cutoffs)
        assert found.equals(snapshot(bank.warehouse, features_of("customer_id"), nobody, cutoffs))
        assert [column.null_count for column in found.columns] == [count] * found.num_columns


@needs_java
@ONE_PROCESS
def test_a_customers_snapshot_is_the_same_file(
    bank: SmallWarehouse, spread_bank: Warehouse, tmp_path: Path
) -> None:
    cutoff = bank.at("2024-03-01")
    here = keep_snapshot(bank.warehouse, tmp_path / "here", cutoff=cutoff)
    there = keep_snapshot(spread_bank, tmp_path / "there", cutoff=cutoff)
    assert len(here.names) > 100
    for name in ("features.parquet", "snapshot.json"):
        assert (there.folder / name).read_bytes() == (here.folder / name).read_bytes()
    assert not (bank.folder / ".spread").exists()


@in_pieces_too
def test_a_matrix_of_transactions_is_the_same(bank: SmallWarehouse, spread_bank: Warehouse) -> None:
    available = CATALOGUE.available(bank.warehouse)
    names = list(
        dict.fromkeys(name for kind in ("transaction", "customer") for name in available.names_of(kind))
    )
    numbers = list(range(500, 0, -7))
    own = {
        row["transaction_id"]: row for row in rows_of_bank()[0]["transaction"] if row.get("is_primary", True)
    }
    rows = pa.table(
        {
            "subject_kind": ["transaction"] * len(numbers), "subject_id": numbers,
            "customer_id": [own[number]["customer_id"] for number in numbers],
            "cutoff": [bank.at(own[number]["event_time"]) for number in numbers],
        }
    )  # fmt: skip
    here = matrix(bank.warehouse, rows, names)
    assert matrix(spread_bank, rows, names).equals(here, check_metadata=True)


@needs_java
@ONE_PROCESS
def test_a_file_that_is_missing_is_told_as_here(tmp_path: Path) -> None:
    fresh = build(tmp_path, rows_of_bank())
    gone = fresh.warehouse.paths("transaction")[0]
    Path(gone).unlink()
    warehouse = on_spark(fresh.warehouse)
    asked = question(warehouse, features_of("customer_id"), when(fresh))
    with pytest.raises(WarehouseError) as found:
        snapshot_files(warehouse, asked, tmp_path / "snapshot")
    assert str(found.value).startswith(f"the warehouse file {gone} is missing")
    assert not list(tmp_path.glob("snapshot*"))


def test_a_task_cannot_read_what_it_was_not_given(bank: SmallWarehouse) -> None:
    excerpt = bank.warehouse.excerpt({"transaction": 3, "feedback": None})
    assert excerpt.rows("transaction") == bank.warehouse.rows("transaction")
    assert excerpt.read("transaction", bucket=3).equals(bank.warehouse.read("transaction", bucket=3))
    assert excerpt.read("feedback").equals(bank.warehouse.read("feedback"))
    assert excerpt.coverage("transaction") == bank.warehouse.coverage("transaction")
    with pytest.raises(WarehouseError, match="holds bucket 3 of transaction asked for bucket 4"):
        excerpt.read("transaction", bucket=4)
    with pytest.raises(WarehouseError, match="asked for the whole table"):
        excerpt.files("transaction")
    with pytest.raises(WarehouseError, match="holds transaction, feedback asked for balance"):
        excerpt.has("balance")


def test_a_task_that_is_repeated_leaves_the_same_file(
    bank: SmallWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(settings: Any, payloads: Any, work: Any, **more: Any) -> list[int]:
        return [work(payload) for payload in (*payloads, *payloads)][: len(payloads)]

    monkeypatch.setattr("bankmine.engine.spark.spread", twice)
    asked = question(
        bank.warehouse, windows(events("transaction"), over=["1mo"], aggregate=["count"]), when(bank)
    )
    here = snapshot_files(bank.warehouse, asked, tmp_path / "here")
    there = snapshot_files(on_spark(bank.warehouse), asked, tmp_path / "there")
    assert [file.read_bytes() for file in there] == [file.read_bytes() for file in here]
    assert len(list((tmp_path / "there").iterdir())) == len(here)


DRIVER = """
import sys
from pathlib import Path
from bankmine.bank.warehouse import Warehouse
from bankmine.config import SparkSettings
from bankmine.windows import events, windows
from bankmine.windows.parts import question, snapshot_files
warehouse = Warehouse.open(Path(sys.argv[1]))
warehouse.spark = SparkSettings("local[1]")
features = windows(events("transaction"), over=["1mo"], aggregate=["count"])
asked = question(warehouse, features, [int(sys.argv[3])])
def tell(stage, done, total):
    print(done, flush=True)
snapshot_files(warehouse, asked, Path(sys.argv[2]), progress=tell)
"""


@needs_java
@pytest.mark.slow
def test_a_driver_that_is_killed_leaves_no_half_snapshot(bank: SmallWarehouse, tmp_path: Path) -> None:
    place, at = tmp_path / "snapshot", str(bank.at("2024-01-01"))
    command = [sys.executable, "-c", DRIVER, str(bank.folder), str(place), at]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert driver.stdout is not None
        waited = time.monotonic() + 240
        staging = tmp_path / "snapshot.partial"
        while driver.poll() is None and not list(staging.glob("part=*")) and time.monotonic() < waited:
            time.sleep(0.05)
        driver.send_signal(signal.SIGKILL)
        driver.wait(60)
    finally:
        os.killpg(driver.pid, signal.SIGKILL)
    assert staging.exists(), "it was killed in the middle"
    assert not place.exists()
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    asked = question(
        bank.warehouse, windows(events("transaction"), over=["1mo"], aggregate=["count"]), [int(at)]
    )
    here = snapshot_files(bank.warehouse, asked, tmp_path / "here")
    assert [file.read_bytes() for file in sorted(place.iterdir())] == [file.read_bytes() for file in here]
    assert not staging.exists()


def test_the_scratch_folder_is_the_banks_choice(
    bank: SmallWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    seen: list[list[str]] = []

    def spread(settings: Any, payloads: Any, work: Any, **more: Any) -> list[int]:
        seen.append(sorted(path.name for path in (tmp_path / "shared").rglob("asked=*")))
        return [work(payload) for payload in payloads]

    monkeypatch.setattr("bankmine.engine.spark.spread", spread)
    warehouse = on_spark(bank.warehouse, replace(LOCAL, scratch=str(tmp_path / "shared")))
    cutoffs = np.full(len(CUSTOMERS), bank.at("2024-01-01"))
    snapshot(warehouse, features_of("customer_id"), np.array(CUSTOMERS), cutoffs)
    assert seen[0][0] == "asked=00000.parquet"
    assert not list((tmp_path / "shared").iterdir())
