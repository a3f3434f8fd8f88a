"""Second orders: the same rows by another key, in the same swap, through corrections, growth and crashes."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from bank_rows import START, load_of

from bankmine.bank import projections as projections_module
from bankmine.bank import writer as writer_module
from bankmine.bank.catalogue import TABLES, table
from bankmine.bank.columns import Type
from bankmine.bank.hashing import bucket_of
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import restore, writing
from bankmine.errors import UsageError, WarehouseError

KEYS = ("card_id", "terminal_id", "account_id")
TRANSACTION = table("transaction")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Warehouse.create(tmp_path / "warehouse", time_zone="UTC", currency="EUR", key_identity="k")
    return tmp_path / "warehouse"


def transactions(count: int, *, seed: int = 1, of: int = 400, known: int = 0, merchants: bool = False) -> Any:
    """Versions of `of` transactions of a few customers, terminals and cards; no row has a merchant."""
    rng = np.random.default_rng(seed)
    number = rng.integers(0, of, count) if known else np.arange(count)
    at = START + number * 1_000_000
    moment = pa.timestamp("us", tz="UTC")
    columns = {
        "transaction_id": pa.array(number),
        "account_id": pa.array(number % 7),
        "customer_id": pa.array(number % 11),
        "is_primary": pa.array(rng.random(count) < 0.8),
        "card_id": pa.array(rng.integers(0, 5, count), mask=rng.random(count) < 0.3),
        "terminal_id": pa.array(rng.integers(-9, 9, count), mask=rng.random(count) < 0.1),
        "amount_minor": pa.array(rng.integers(0, 1000, count)),
        "base_minor": pa.array(rng.integers(0, 1000, count)),
        "currency": pa.repeat("EUR", count),
        "direction": pa.array(rng.choice(["in", "out"], count)),
        "status": pa.repeat("booked", count),
        "category": pa.array(rng.choice(["food", "rent", "fun"], count)),
        "event_time": pa.array(at, moment),
        "known_at": pa.array(at + known + rng.integers(0, 50, count), moment),
        "seq": pa.array(number),
        "cancelled": pa.array(rng.random(count) < 0.1 * bool(known)),
    }
    if merchants:
        columns["merchant_id"] = pa.array(number % 13)
    return pa.table(columns)


def load(folder: Path, number: int, rows: Any, name: str = "transaction") -> Warehouse:
    full = {field.name: pa.nulls(rows.num_rows, field.type) for field in table(name).schema()}
    full.pop("load_number")
    with writing(folder) as writer:
        writer.append(name, pa.table(full | {field: rows.column(field) for field in rows.column_names}))
        return writer.commit(load_of(number, **{name: rows.num_rows}))


def corrected(folder: Path, loads: int = 2) -> Warehouse:
    """A first load and corrections of it."""
    warehouse = load(folder, 1, transactions(400))
    for number in range(2, loads + 1):
        warehouse = load(folder, number, transactions(150, seed=number, known=100 * number))
    return warehouse


def expected(warehouse: Warehouse, key: str) -> Counter[tuple[Any, ...]]:
    """The rows a projection should hold, the slow and obvious way."""
    names = TRANSACTION.projected(key)
    versions: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in warehouse.read("transaction", names).to_pylist():
        versions.setdefault((row["transaction_id"], row["customer_id"]), []).append(row)
    found: Counter[tuple[Any, ...]] = Counter()
    for event in versions.values():
        own = [row[key] if row["is_primary"] else None for row in event]
        for place in set(own) - {None}:
            for row, mine in zip(event, own, strict=True):
                moved = {} if mine == place else {key: place, "cancelled": True, "is_primary": True}
                found[tuple((row | moved)[name] for name in names)] += 1
    return found


def check(warehouse: Warehouse, key: str) -> None:
    """The projection holds the expected rows, sorted, each in its bucket."""
    names = TRANSACTION.projected(key)
    rows = warehouse.read("transaction", order=key)
    assert tuple(rows.column_names) == names
    assert Counter(zip(*rows.to_pydict().values(), strict=True)) == expected(warehouse, key)
    for bucket in range(warehouse.buckets("transaction")):
        part = warehouse.read("transaction", [key, "event_time", "seq"], bucket=bucket, order=key)
        assert part.equals(part.sort_by([(name, "ascending") for name in (key, "event_time", "seq")]))
        assert (bucket_of(part.column(key).to_numpy(), warehouse.buckets("transaction")) == bucket).all()


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.parquet")}


@pytest.mark.parametrize("name", [name for name, one in TABLES.items() if one.projections])
def test_projections_are_of_keys_of_event_tables_whose_version_key_is_numbers(name: str) -> None:
    declared = table(name)
    assert declared.bucket_key is not None
    for projection in declared.projections:
        assert declared.column(projection.key).type is Type.KEY
        assert projection.key != declared.bucket_key
        assert len(declared.projected(projection.key)) < len(declared.all_columns)
    assert all(declared.column(key).type is Type.KEY for key in declared.version_key)


@pytest.mark.parametrize("key", KEYS)
def test_without_corrections_a_projection_is_the_main_order_filtered_and_sorted(
    folder: Path, key: str
) -> None:
    warehouse = load(folder, 1, transactions(400))
    names = TRANSACTION.projected(key)
    main = [row for row in warehouse.read("transaction", names).to_pylist() if row["is_primary"]]
    main = [row for row in main if row[key] is not None]
    buckets = bucket_of(np.array([row[key] for row in main]), 64)
    ordered = sorted(
        zip(buckets, main, strict=True), key=lambda one: (one[0], one[1][key], one[1]["event_time"])
    )
    assert warehouse.read("transaction", order=key).to_pylist() == [row for _, row in ordered]
    assert warehouse.rows("transaction") == 400
    check(warehouse, key)


@pytest.mark.parametrize("key", KEYS)
def test_an_event_moved_by_a_correction_is_withdrawn_where_it_was(folder: Path, key: str) -> None:
    check(corrected(folder, loads=4), key)


def test_a_key_no_row_has_is_not_projected_until_one_has_it(folder: Path) -> None:
    before = load(folder, 1, transactions(400))
    assert not before.has_order("transaction", "merchant_id")
    assert not (folder / "transaction/by=merchant_id").exists()
    after = load(folder, 2, transactions(100, seed=2, known=100, merchants=True))
    assert after.has_order("transaction", "merchant_id")
    check(after, "merchant_id")
    check(load(folder, 3, transactions(100, seed=3, known=300)), "merchant_id")


def test_a_warehouse_from_before_projections_gets_them_whole_with_its_next_load(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(writer_module.LoadWriter, "_project", lambda self: None)
        assert not corrected(folder, loads=2).has_order("transaction", "card_id")
    check(load(folder, 3, transactions(20, seed=5, known=500)), "card_id")


def test_passes_over_ranges_of_buckets_write_the_same_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = corrected(folder)
    monkeypatch.setattr(projections_module, "ROWS_HELD", 30)
    Warehouse.create(tmp_path / "other", time_zone="UTC", currency="EUR", key_identity="k")
    two = corrected(tmp_path / "other")
    assert one.manifest.tables == two.manifest.tables
    assert all(
        (folder / path).read_bytes() == (tmp_path / "other" / path).read_bytes() for path in files(folder)
    )


def test_growth_and_compaction_keep_projections_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = corrected(folder)
    monkeypatch.setattr(writer_module, "ROWS_A_BUCKET", 5)
    grown = load(folder, 3, transactions(150, seed=3, known=300))
    assert grown.buckets("transaction") == 256
    for key in KEYS:
        check(grown, key)
        check(before, key)  # a reader of the old state still finds its files
    for number in range(4, 13):
        grown = load(folder, number, transactions(60, seed=number, known=100 * number))
    runs = Counter((file.order, file.bucket) for file in grown.manifest.tables["transaction"].files)
    assert max(runs.values()) <= writer_module.RUNS_A_BUCKET
    monkeypatch.setattr(writer_module, "GRACE", -writer_module.GRACE)
    with writing(folder):
        pass
    assert files(folder) == {file.path for file in grown.manifest.tables["transaction"].files}
    for key in KEYS:
        check(grown, key)


def test_what_a_crash_left_of_a_projection_is_removed_and_the_swap_is_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = load(folder, 1, transactions(400))
    kept = files(folder)

    def crash(*_: Any) -> None:
        assert files(folder) != kept
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr(writer_module, "publish", crash)
        with pytest.raises(KeyboardInterrupt):
            load(folder, 2, transactions(100, seed=2, known=100))
    assert files(folder) == kept
    (folder / "transaction/by=card_id/bucket=0000").mkdir(exist_ok=True)
    (folder / "transaction/by=card_id/bucket=0000/000002.parquet").write_bytes(b"half a file")
    with writing(folder):
        pass
    assert files(folder) == kept
    assert Warehouse.open(folder).manifest == warehouse.manifest
    check(warehouse, "card_id")


def test_a_missing_projection_file_is_one_clear_error_and_restore_goes_back(folder: Path) -> None:
    first = load(folder, 1, transactions(400))
    second = load(folder, 2, transactions(100, seed=2, known=100))
    lost = next(file for file in second.files("transaction", order="terminal_id") if file.load_number == 2)
    (folder / lost.path).unlink()
    with pytest.raises(WarehouseError, match=r"by=terminal_id.*is missing"):
        second.verify()
    with pytest.raises(WarehouseError, match=r"by=terminal_id.*is missing"):
        second.read("transaction", ["base_minor"], order="terminal_id")
    assert second.read("transaction", ["base_minor"]).num_rows == 500
    assert restore(folder).manifest == first.manifest


def test_an_order_or_column_that_is_not_kept_is_refused(folder: Path) -> None:
    warehouse = load(folder, 1, transactions(400))
    for order in ("merchant_id", "customer_id", "city"):
        with pytest.raises(UsageError, match=f"does not keep transaction by {order}"):
            warehouse.read("transaction", order=order)
    with pytest.raises(UsageError, match="does not hold city"):
        warehouse.read("transaction", ["city"], order="card_id")
    assert not warehouse.has_order("transaction", "main")


def test_versions_of_one_loan_event_are_told_apart_though_their_customers_differ(folder: Path) -> None:
    moment = pa.timestamp("us", tz="UTC")
    for number, (customer, loan) in enumerate([(1, 10), (2, 20), (3, 20)], start=1):
        row = {
            "loan_event_id": pa.array([7]), "loan_id": pa.array([loan]), "customer_id": pa.array([customer]),
            "kind": pa.array(["paid"]), "event_time": pa.array([START], moment), "seq": pa.array([0]),
            "known_at": pa.array([START + number], moment), "cancelled": pa.array([False]),
        }  # fmt: skip
        warehouse = load(folder, number, pa.table(row), "loan_event")
    rows = warehouse.read("loan_event", ["loan_id", "customer_id", "cancelled"], order="loan_id").to_pylist()
    assert sorted(tuple(row.values()) for row in rows) == [
        (10, 1, False), (10, 2, True), (10, 3, True), (20, 1, True), (20, 2, False), (20, 3, False),
    ]  # fmt: skip
