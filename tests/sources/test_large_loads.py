"""Rows staged in parts on the disk give the very files that rows staged in memory give."""

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_full_disk import fill, small_disk
from test_kills import forked_load, wait_or_kill
from test_moved_owners import BACK, EXPANDED, FIRST, GIVEN, MOVED, OTHER
from test_shipped_mappings import bank_of
from tiny import HandMade, example_bank, payment

from bankmine import pipeline, sources
from bankmine.bank import part_files
from bankmine.bank.catalogue import TABLES
from bankmine.bank.columns import Kind
from bankmine.bank.part_files import PartFiles, parts_for
from bankmine.bank.warehouse import Warehouse
from bankmine.config import Config
from bankmine.errors import WarehouseError
from bankmine.sources import process
from shared_data import shared

__all__ = ["small_disk"]
WAYS = {"memory": 1 << 60, "parts": 0}
FRESH = [
    *(payment(number, "A1", f"2024-03-{number % 28 + 1:02d}", f"{number}.00") for number in range(10, 60)),
    *(
        payment(number, "A3", f"2024-{number % 6 + 1:02d}-03 10:00:00", text="both")
        for number in range(60, 99)
    ),
]
DELIVERIES = {
    "a joint account, a moved event": [[*FRESH, FIRST, OTHER], [MOVED], [MOVED, BACK, *FRESH]],
    "corrections": [
        [*FRESH, payment(7, "A3", "2024-02-15"), payment(8, "A3", "2024-02-15")],
        [payment(7, "A3", "2024-05-02", known="2024-06-01 00:00:00")],
        [payment(8, "A2", "2024-02-15", known="2024-06-02 00:00:00", cancelled="y"), *FRESH],
    ],
    "rejects and duplicates": [
        [*FRESH, FRESH[0], payment(1, "A9"), payment(2, amount="x"), payment(10, amount="99", known="")],
        [*FRESH, payment(10, amount="98"), payment(11, amount="97", known="2024-05-01"), payment(3, "A2")],
    ],
    "nothing new": [FRESH, [*FRESH, payment(1, "A9")]],
}


def files(folder: Path) -> dict[str, bytes]:
    """The contents of a bank's warehouse and rejects."""
    found = {}
    for place in ("warehouse", "rejects"):
        for path in (folder / place).rglob("*.parquet"):
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def loaded(config: Config, way: str, monkeypatch: pytest.MonkeyPatch) -> tuple[sources.LoadResult, Warehouse]:
    """Loads a bank's extracts, staged in one of the ways."""
    monkeypatch.setattr(process, "LARGE", WAYS[way])
    monkeypatch.setattr(part_files, "HELD_BYTES", 1 << 14)
    result = sources.load(config)
    assert not (config.folder / "warehouse/.staging").exists()
    return result, result.warehouse


def assert_equal_banks(
    one: tuple[sources.LoadResult, Warehouse], two: tuple[sources.LoadResult, Warehouse]
) -> None:
    """The same files in the same order, the same account of each table."""
    assert one[0].load.tables == two[0].load.tables
    assert one[1].fingerprint == two[1].fingerprint
    assert one[1].manifest.tables == two[1].manifest.tables
    assert files(one[1].folder.parent) == files(two[1].folder.parent)


@pytest.mark.parametrize("select", [EXPANDED, GIVEN], ids=["owners expanded", "customer given"])
@pytest.mark.parametrize("lines", DELIVERIES.values(), ids=DELIVERIES.keys())
def test_deliveries_give_equal_files_both_ways(
    lines: list[list[str]], select: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    banks = {way: HandMade(tmp_path / way) for way in WAYS}
    for bank in banks.values():
        (bank.mapping / "transaction.sql").write_text(select, encoding="utf-8")
    for delivery in lines:
        seen = []
        for way, bank in banks.items():
            bank.write("payments", delivery)
            seen.append(loaded(replace(bank.config, keys=banks["memory"].config.keys), way, monkeypatch))
        assert_equal_banks(*seen)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "folder"),
    [("berka", "berka-pkdd99"), ("cdnow", "cdnow"), ("anz", "anz-synthesised-transactions")],
)
def test_shipped_mappings_give_equal_files_both_ways(
    name: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for way in WAYS:
        config = replace(bank_of(name, shared(folder), tmp_path / way), keys=tmp_path / "keys")
        config.folder.mkdir()
        seen.append(loaded(config, way, monkeypatch))
    assert_equal_banks(*seen)


def test_the_example_and_its_later_delivery_give_equal_files_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = example_bank(tmp_path / "first", customers=200, months=4)
    later = example_bank(tmp_path / "later", customers=200, months=5, since=4)
    for extracts in (first.extracts, later.extracts):
        seen = []
        for way in WAYS:
            (tmp_path / way).mkdir(exist_ok=True)
            config = replace(first, folder=tmp_path / way, extracts=extracts, maximum_reject_share=0.5)
            seen.append(loaded(config, way, monkeypatch))
        assert_equal_banks(*seen)


def test_a_simulated_bank_gives_equal_files_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.simulate(tmp_path / "extracts", customers=60, months=3, seed=5, workers=1)
    seen = []
    for way in WAYS:
        config = replace(bank_of("simulated", tmp_path / "extracts", tmp_path / way), keys=tmp_path / "keys")
        config.folder.mkdir()
        seen.append(loaded(config, way, monkeypatch))
    assert_equal_banks(*seen)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_killed_load_in_parts_leaves_the_bank_as_it_was_and_the_next_one_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LARGE", 0)
    bank, random, rows = HandMade(tmp_path / "bank"), Random(3), 5
    bank.load()
    for _ in range(4):
        before = bank.warehouse.manifest
        bank.write("payments", [payment(number) for number in range(1, rows + 2)])
        wait_or_kill(forked_load(bank), random.uniform(0.2, 1.5))
        if bank.warehouse.manifest == before:
            bank.load()
        rows += 1
        assert bank.rows("SELECT count(*) AS n FROM transaction") == [{"n": rows}]
    assert bank.load().already
    assert not (bank.folder / "warehouse/.staging").exists()
    bank.warehouse.verify()


@pytest.mark.parametrize("leave", [0, 60_000, 300_000])
def test_a_load_in_parts_on_a_full_disk_leaves_the_bank_as_it_was(
    small_disk: Path, leave: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LARGE", 0)
    bank = HandMade(small_disk / "bank")
    bank.load()
    bank.write("payments", [payment(n, text=f"text {n}") for n in range(4000)])
    before = bank.state()
    filler = fill(small_disk, leave)
    with pytest.raises(WarehouseError, match="full; the warehouse is as it was before"):
        bank.load()
    assert bank.state() == before
    assert not (bank.folder / "warehouse/.staging").exists()
    filler.unlink()
    assert bank.load().load.tables["transaction"].rows > 2000


def test_rows_lie_in_the_part_of_their_hash_in_the_order_they_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_files, "HELD_BYTES", 3000)
    parts = PartFiles(tmp_path / "parts", pa.schema([("n", pa.int64()), ("text", pa.string())]), 8)
    hashes = np.random.default_rng(2).integers(0, 1 << 60, 1000).astype(np.uint64)
    for start in range(0, 1000, 70):
        parts.add(pa.table({"n": np.arange(1000)[start : start + 70]}), hashes[start : start + 70])
    parts.finish()
    parts.add(pa.table({"n": [1000], "text": ["late"]}), np.array([5], np.uint64))
    parts.finish()
    for part in range(8):
        rows = [n for path in parts.files[part] for n in pq.read_table(path).column("n").to_pylist()]
        assert rows == [*np.flatnonzero(hashes % 8 == part).tolist(), *([1000] if part == 5 else [])]
    assert sum(rows.num_rows for part in range(8) for rows in parts.take(part)) == 1001
    assert parts.paths == []
    parts.remove()
    assert not (tmp_path / "parts").exists()


def test_parts_are_a_power_of_two_between_4_and_64() -> None:
    assert [parts_for(rows, 10) for rows in (0, 40, 41, 81, 160, 639, 10_000)] == [4, 4, 8, 16, 16, 64, 64]


def test_every_event_key_is_required_so_that_no_version_is_lost_for_a_missing_one() -> None:
    for table in TABLES.values():
        if table.kind is Kind.EVENT:
            assert all(table.column(name).required for name in table.version_key)
