"""The one writer: buckets, order, swaps, leftovers, growth, compaction, locks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from bank_rows import START, customers, feedback, load_of

from bankmine.bank import writer as writer_module
from bankmine.bank.hashing import bucket_of
from bankmine.bank.manifest import from_json, to_json
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import buckets_for, restore, writing
from bankmine.errors import WarehouseError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Warehouse.create(tmp_path / "warehouse", time_zone="UTC", currency="EUR", key_identity="k")
    return tmp_path / "warehouse"


def load(folder: Path, number: int, rows: pa.Table, name: str = "feedback") -> Warehouse:
    with writing(folder) as writer:
        writer.append(name, rows)
        return writer.commit(load_of(number, **{name: rows.num_rows}))


def fail_after_a_first_append(folder: Path) -> None:
    with writing(folder) as writer:
        writer.append("feedback", feedback(100, first=100))
        writer.append("feedback", feedback(5).set_column(1, "subject_id", pa.array(list("abcde"))))


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.parquet")}


def test_buckets_are_a_power_of_two_within_their_limits() -> None:
    assert [buckets_for(rows) for rows in (0, 1, 64_000_000, 64_000_001, 100_000_000, 10**12)] == [
        64, 64, 64, 128, 128, 4096,
    ]  # fmt: skip


def test_rows_come_back_in_their_buckets_and_sorted(folder: Path) -> None:
    warehouse = load(folder, 1, feedback(5000))
    assert warehouse.rows("feedback") == 5000
    seen = 0
    for bucket in range(warehouse.buckets("feedback")):
        rows = warehouse.read("feedback", bucket=bucket)
        keys = rows.column("customer_id").to_numpy()
        assert (bucket_of(keys, 64) == bucket).all()
        times = rows.column("event_time").cast("int64").to_numpy()
        order = np.lexsort((rows.column("seq").to_numpy(), times, keys))
        assert (order == np.arange(keys.size)).all()
        seen += keys.size
    assert seen == 5000


def test_two_loads_of_a_bucket_are_read_as_one_sorted_run(folder: Path) -> None:
    load(folder, 1, feedback(500, customers=3))
    warehouse = load(folder, 2, feedback(500, customers=3, seed=2, first=500))
    for bucket in range(64):
        keys = warehouse.read("feedback", ["customer_id", "event_time", "seq", "load_number"], bucket=bucket)
        ordered = keys.sort_by([(n, "ascending") for n in ("customer_id", "event_time", "seq")])
        assert keys.equals(ordered)
    assert set(warehouse.read("feedback").column("load_number").to_pylist()) == {1, 2}


def test_two_appends_to_one_table_in_one_load_both_stay(folder: Path) -> None:
    with writing(folder) as writer:
        writer.append("feedback", feedback(300))
        writer.append("feedback", feedback(200, first=300))
        warehouse = writer.commit(load_of(1, feedback=500))
    assert sorted(warehouse.read("feedback").column("seq").to_pylist()) == list(range(500))


def test_sorted_batches_give_the_same_files_as_one_append(folder: Path, tmp_path: Path) -> None:
    rows = feedback(3000)
    one = load(folder, 1, rows)
    other = tmp_path / "other"
    Warehouse.create(other, time_zone="UTC", currency="EUR", key_identity="k")
    with writing(other) as writer:
        buckets = writer.prepare("feedback", rows.num_rows)
        marked = rows.append_column(
            "bucket", pa.array(bucket_of(rows.column("customer_id").to_numpy(), buckets))
        )
        ordered = marked.sort_by([(n, "ascending") for n in ("bucket", "customer_id", "event_time", "seq")])
        assert writer.append_sorted("feedback", ordered.to_batches(max_chunksize=170)) == 3000
        two = writer.commit(load_of(1, feedback=3000))
    assert one.manifest.tables == two.manifest.tables
    for path in files(folder):
        assert (folder / path).read_bytes() == (other / path).read_bytes()


def test_a_table_kept_whole_has_one_file_a_load(folder: Path) -> None:
    warehouse = load(folder, 1, customers(10), "customer")
    assert files(folder) == {"customer/000001.parquet"}
    assert warehouse.read("customer").num_rows == 10
    assert warehouse.read("customer", ["kind"]).column_names == ["kind"]


def test_an_empty_table_reads_as_no_rows(folder: Path) -> None:
    warehouse = Warehouse.open(folder)
    assert warehouse.read("transaction", ["amount_minor"]).num_rows == 0
    assert not warehouse.has("transaction")
    assert warehouse.coverage("transaction") is None


def test_leaving_without_commit_leaves_everything_as_it_was(folder: Path) -> None:
    load(folder, 1, feedback(100))
    before, manifest = files(folder), (folder / "manifest.json").read_bytes()
    with writing(folder) as writer:
        writer.append("feedback", feedback(100, first=100))
        assert files(folder) != before
    assert files(folder) == before
    with pytest.raises(pa.ArrowInvalid):
        fail_after_a_first_append(folder)
    assert files(folder) == before
    assert (folder / "manifest.json").read_bytes() == manifest


def test_what_a_crash_left_is_removed_by_the_next_writer(folder: Path) -> None:
    load(folder, 1, feedback(100))
    kept = files(folder)
    (folder / "feedback/bucket=0000").mkdir(exist_ok=True)
    (folder / "feedback/bucket=0000/000002.parquet").write_bytes(b"half a file")
    (folder / "manifest.json.tmp").write_text("{")
    (folder / "history/000002.json").write_text("of a load that was never published")
    (folder / ".staging").mkdir()
    (folder / ".staging/spill").write_bytes(b"x")
    with writing(folder):
        pass
    assert files(folder) == kept
    assert not (folder / "manifest.json.tmp").exists()
    assert not (folder / "history/000002.json").exists()
    assert not (folder / ".staging").exists()


def test_a_second_writer_is_refused_and_told_who_writes(folder: Path) -> None:
    with writing(folder):
        code = (
            "import sys; from pathlib import Path; from bankmine.bank.writer import writing\n"
            "with writing(Path(sys.argv[1])): pass"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False
        )
        assert f"another load (process {os.getpid()}) is writing" in done.stderr
        with pytest.raises(WarehouseError, match="another load"), writing(folder):
            pass
    with writing(folder):
        pass


def test_writing_where_there_is_no_warehouse_says_so(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="holds no warehouse"), writing(tmp_path / "nowhere"):
        pass


def test_a_table_that_outgrows_its_buckets_is_rewritten_in_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(folder, 1, feedback(1000))
    before = Warehouse.open(folder)
    monkeypatch.setattr(writer_module, "ROWS_A_BUCKET", 10)
    after = load(folder, 2, feedback(1000, seed=2, first=1000))
    assert after.buckets("feedback") == 256
    assert sorted(after.read("feedback").column("seq").to_pylist()) == list(range(2000))
    for bucket in range(256):
        keys = after.read("feedback", ["customer_id"], bucket=bucket).column(0).to_numpy()
        assert (bucket_of(keys, 256) == bucket).all()
    assert before.read("feedback").num_rows == 1000  # a reader of the old state still finds its files


def test_many_small_runs_are_joined_and_the_old_ones_go_after_the_grace_period(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 13):
        warehouse = load(folder, number, feedback(40, customers=2, seed=number, first=40 * number))
    assert sorted(warehouse.read("feedback").column("seq").to_pylist()) == list(range(40, 520))
    per_bucket = {}
    for file in warehouse.files("feedback"):
        per_bucket[file.bucket] = per_bucket.get(file.bucket, 0) + 1
    assert max(per_bucket.values()) <= writer_module.RUNS_A_BUCKET
    assert warehouse.manifest.retired
    monkeypatch.setattr(writer_module, "GRACE", -writer_module.GRACE)
    with writing(folder):
        pass
    assert files(folder) == {file.path for file in warehouse.files("feedback")}
    assert warehouse.read("feedback").num_rows == 480


def test_coverage_is_the_latest_unbroken_period(folder: Path) -> None:
    def cover(number: int, *period: int) -> tuple[int, int] | None:
        with writing(folder) as writer:
            writer.append("feedback", feedback(1, first=number))
            return writer.commit(load_of(number, coverage=period, feedback=1)).coverage("feedback")  # type: ignore[arg-type]

    assert cover(1, 10, 20) == (10, 20)
    assert cover(2, 20, 30) == (10, 30)
    assert cover(3, 12, 25) == (10, 30)
    assert cover(4, 40, 50) == (40, 50)
    assert cover(5, 30, 40) == (10, 50)


def test_the_fingerprint_follows_the_loads_alone(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    Warehouse.create(other, time_zone="UTC", currency="EUR", key_identity="k")
    assert load(folder, 1, feedback(10)).fingerprint == load(other, 1, feedback(10)).fingerprint
    assert load(folder, 2, feedback(10)).fingerprint != Warehouse.open(other).fingerprint


def test_a_manifest_survives_its_own_text(folder: Path) -> None:
    warehouse = load(folder, 1, feedback(10))
    text = (folder / "manifest.json").read_text()
    assert from_json(text, where=folder) == warehouse.manifest
    assert to_json(from_json(text, where=folder)) == text


@pytest.mark.parametrize("change", ["edit", "cut", "empty", "binary", "list", "format"])
def test_a_manifest_edited_by_hand_is_refused_and_can_be_brought_back(folder: Path, change: str) -> None:
    warehouse = load(folder, 1, feedback(10))
    file = folder / "manifest.json"
    good = file.read_bytes()
    body = json.loads(good)
    spoilt = {
        "edit": good.replace(b'"currency": "EUR"', b'"currency": "USD"'),
        "cut": good[:-200],
        "empty": b"",
        "binary": b"\xff\xfe\x00",
        "list": b"[]",
        "format": json.dumps(body | {"format": 99}).encode(),
    }
    file.write_bytes(spoilt[change])
    with pytest.raises(WarehouseError, match=r"changed by hand|has format 99"):
        Warehouse.open(folder)
    with pytest.raises(WarehouseError), writing(folder):
        pass
    assert restore(folder).manifest == warehouse.manifest
    assert file.read_bytes() == good


def test_restore_leaves_out_what_has_lost_its_files(folder: Path) -> None:
    first = load(folder, 1, feedback(10))
    second = load(folder, 2, feedback(500, first=10, seed=3))
    (folder / next(f.path for f in second.files("feedback") if f.load_number == 2)).write_bytes(b"")
    assert restore(folder).manifest == first.manifest
    (folder / first.files("feedback")[0].path).unlink()
    with pytest.raises(WarehouseError, match="no good manifest is left"):
        restore(folder)


def test_a_missing_or_changed_file_is_named(folder: Path) -> None:
    warehouse = load(folder, 1, feedback(10))
    warehouse.verify()
    path = folder / warehouse.files("feedback")[0].path
    path.write_bytes(b"")
    with pytest.raises(WarehouseError, match="not as it was written"):
        warehouse.verify()
    path.unlink()
    with pytest.raises(WarehouseError, match="is missing"):
        warehouse.read("feedback")


def test_creating_a_warehouse_over_another_is_refused(folder: Path) -> None:
    with pytest.raises(WarehouseError, match="already holds a warehouse"):
        Warehouse.create(folder, time_zone="UTC", currency="EUR", key_identity="k")
    assert START
