"""Kept columns change how fast a snapshot comes and nothing else, through every sequence of loads."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_warehouse import full_row
from worlds import COVERAGE, INSTANTS, PRAGUE

from bankmine.bank import writer as writer_module
from bankmine.bank.catalogue import table
from bankmine.bank.civil import DAY
from bankmine.bank.kept_files import open_kept
from bankmine.bank.manifest import Load, TableLoad
from bankmine.bank.warehouse import Warehouse
from bankmine.bank.writer import writing
from bankmine.windows import events, snapshot, windows
from bankmine.windows.naive import Bank, Looked, naive_rows
from bankmine.windows.reading.reader import EventRows, read_parts, read_rows

kept_module = importlib.import_module("bankmine.windows.reading.kept")
CUSTOMERS = (1, 2, 3, 4, 5, 6)
CUTOFFS = np.array([INSTANTS[4], INSTANTS[9] + 1, INSTANTS[-1] + 90 * DAY])
money = events("transaction").measure("base_minor").valid("all")
FEATURES = (
    *windows(money, over=["1mo", "12mo", "all"], aggregate=["count", "sum", "max", "last", "std"]),
    *windows(money, over=["all"], aggregate=["sum"], by="category", levels=["food"]),
    *windows(money.distinct("merchant_id"), over=["12mo"], aggregate=["distinct"]),
)
BY_TERMINAL = windows(
    events("transaction", key="terminal_id").measure("base_minor").valid("all"),
    over=["1mo", "all"], aggregate=["count", "sum", "last"],
)  # fmt: skip
OF_LOANS = windows(
    events("loan_event").measure("amount_minor").valid("all"), over=["1mo", "all"], aggregate=["count", "sum"]
)

transactions = st.fixed_dictionaries(
    {
        "transaction_id": st.integers(1, 9), "customer_id": st.sampled_from(CUSTOMERS),
        "event_time": st.sampled_from(INSTANTS), "seq": st.sampled_from([0, 0, 1]),
        "base_minor": st.integers(-9, 9), "category": st.sampled_from(["food", "rent", "fun", None]),
        "merchant_id": st.sampled_from([7, 8, None]), "terminal_id": st.sampled_from([4, 6, None]),
        "cancelled": st.sampled_from([False, False, False, True]),
        "late": st.sampled_from([0, 0, 1, 40 * DAY]),
    }
)  # fmt: skip
loads = st.lists(st.lists(transactions, min_size=1, max_size=8), min_size=1, max_size=4)
quick = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@contextmanager
def keeping(*, share: float = 0.1, rows: int = 0, buckets: int = 2) -> Iterator[None]:
    """Within, also small buckets are kept, and tables have few of them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(kept_module, "KEPT_FROM_ROWS", rows)
    patch.setattr(kept_module, "ANEW_SHARE", share)
    patch.setattr(writer_module, "MINIMUM_BUCKETS", buckets)
    try:
        yield
    finally:
        patch.undo()


def new(folder: Path) -> Path:
    Warehouse.create(folder, time_zone=PRAGUE, currency="EUR", key_identity="k")
    return folder


def load(folder: Path, given: list[dict[str, Any]], name: str = "transaction") -> tuple[Warehouse, list[Any]]:
    """One more load, whose rows became known no earlier than those before it."""
    with writing(folder) as writer:
        number = writer.load_number
        rows = [completed(name, row, number) for row in given]
        rows = list(
            {(*(row[key] for key in table(name).version_key), row["known_at"]): row for row in rows}.values()
        )
        schema = pa.schema([field for field in table(name).schema() if field.name != "load_number"])
        writer.append(name, pa.Table.from_pylist(rows, schema=schema))
        done = TableLoad(rows=len(rows), read=len(rows), coverage=COVERAGE)
        return writer.commit(Load(number, f"load{number}", "t", f"{number}", None, "", {name: done})), rows


def completed(name: str, row: dict[str, Any], number: int) -> dict[str, Any]:
    late = row.get("late", 0)
    row = {key: value for key, value in row.items() if key != "late"}
    known_at = row["event_time"] + late + (number - 1) * DAY
    owner = {"is_primary": True} if name == "transaction" else {}
    return full_row(name, row | owner | {"known_at": known_at, "load_number": number})


def asked(warehouse: Warehouse, features: Any = FEATURES, subjects: Any = CUSTOMERS) -> Any:
    keys = np.repeat(np.array(subjects), len(CUTOFFS))
    return snapshot(warehouse, features, keys, np.tile(CUTOFFS, len(subjects)))


def from_parquet(folder: Path) -> Warehouse:
    return Warehouse.open(folder, keeps=False)


def by_row(pieces: tuple[EventRows, ...]) -> dict[int, list[tuple[Any, ...]]]:
    """Each key's rows in the last piece that holds it, in their order."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for rows in pieces:
        for place, key in enumerate(rows.keys.tolist()):
            inside = range(rows.offsets[place], rows.offsets[place + 1])
            found[key] = [
                (*(int(column[i]) for column in place_of(rows)),
                 *(shown(values, i) for values in rows.columns.values()))
                for i in inside
            ]  # fmt: skip
    return found


def place_of(rows: EventRows) -> tuple[Any, ...]:
    return rows.event_time, rows.seq, rows.known_from, rows.known_until


def shown(values: Any, place: int) -> Any:
    if values.present is not None and not values.present[place]:
        return None
    return int(values.data[place]) if values.levels is None else values.levels[values.data[place]]


def pieces_of(warehouse: Warehouse, key: str = "customer_id", order: str = "main") -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for bucket in range(warehouse.buckets("transaction")):
        found |= by_row(
            read_parts(warehouse, "transaction", key=key, columns=COLUMNS, bucket=bucket, order=order)
        )
    return found


COLUMNS = ("base_minor", "category", "transaction_id")


@quick
@given(sequence=loads, share=st.sampled_from([0.0, 0.5, 1.0]), buckets=st.sampled_from([1, 2, 4]))
def test_every_snapshot_of_a_sequence_of_loads_equals_one_read_from_parquet(
    sequence: list[Any], share: float, buckets: int
) -> None:
    raw: list[Any] = []
    with TemporaryDirectory() as place, keeping(share=share, buckets=buckets):
        folder = new(Path(place) / "w")
        for rows in sequence:
            warehouse, written = load(folder, rows)
            raw += written
            for order, key in (("main", "customer_id"), ("terminal_id", "terminal_id")):
                if order == "main" or warehouse.has_order("transaction", order):
                    assert pieces_of(warehouse, key, order) == pieces_of(from_parquet(folder), key, order)
            assert asked(warehouse).equals(asked(from_parquet(folder)))
        found = asked(warehouse)
        terminals = asked(warehouse, BY_TERMINAL, (4, 6))
    bank = Bank({"transaction": raw}, {"transaction": COVERAGE}, ZoneInfo(PRAGUE))
    assert_equals_naive(found, bank, FEATURES, CUSTOMERS)
    assert_equals_naive(terminals, bank, BY_TERMINAL, (4, 6))


def assert_equals_naive(found: Any, bank: Bank, features: Any, subjects: Any) -> None:
    rows = [Looked(key, int(cutoff), int(cutoff), None) for key in subjects for cutoff in CUTOFFS]
    assert {name: found[name].to_pylist() for name in found.column_names} == naive_rows(bank, features, rows)


@quick
@given(data=st.data())
def test_an_event_moved_to_another_customer_ends_under_the_first(data: st.DataObject) -> None:
    event = st.fixed_dictionaries(
        {"loan_event_id": st.integers(1, 4), "loan_id": st.sampled_from([10, 20]),
         "customer_id": st.sampled_from(CUSTOMERS), "event_time": st.sampled_from(INSTANTS),
         "seq": st.sampled_from([0, 1]), "amount_minor": st.integers(0, 9),
         "cancelled": st.sampled_from([False, False, True])}
    )  # fmt: skip
    raw: list[Any] = []
    with TemporaryDirectory() as place, keeping(buckets=data.draw(st.sampled_from([1, 2, 4]))):
        folder = new(Path(place) / "w")
        for rows in data.draw(st.lists(st.lists(event, min_size=1, max_size=4), min_size=1, max_size=4)):
            once = list({row["loan_event_id"]: row for row in rows}.values())
            warehouse, written = load(folder, once, "loan_event")
            raw += written
            bank = Bank({"loan_event": raw}, {"loan_event": COVERAGE}, ZoneInfo(PRAGUE))
            for one in (warehouse, from_parquet(folder)):
                assert_equals_naive(asked(one, OF_LOANS), bank, OF_LOANS, CUSTOMERS)


def some(count: int = 40, first: int = 0, customers: tuple[int, ...] = CUSTOMERS) -> list[dict[str, Any]]:
    """Transactions of several customers."""
    return [
        {"transaction_id": first + n, "customer_id": customers[n % len(customers)],
         "event_time": INSTANTS[n % len(INSTANTS)], "seq": n, "base_minor": n, "terminal_id": n % 3,
         "category": ("food", "rent")[n % 2]}
        for n in range(count)
    ]  # fmt: skip


def kept_files(folder: Path) -> list[Path]:
    return sorted((folder / "columns").rglob("*.kept"))


def test_a_second_snapshot_reads_no_parquet_and_a_third_only_the_new_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new(tmp_path / "w")
    read: list[str] = []
    real = Warehouse.read_files

    def watched(self: Warehouse, declared: Any, files: Any, names: Any) -> Any:
        read.extend(file.path for file in files)
        return real(self, declared, files, names)

    monkeypatch.setattr(Warehouse, "read_files", watched)
    with keeping():
        warehouse, _ = load(folder, some())
        first = asked(warehouse)
        assert read
        read.clear()
        assert asked(Warehouse.open(folder)).equals(first)
        assert read == []
        before = {path: path.stat().st_ino for path in kept_files(folder)}
        after, _ = load(folder, some(1, first=90, customers=(2,)))
        read.clear()
        second = asked(after)
        assert [Path(path).name for path in read] == ["000002.parquet"]
        assert second.equals(asked(from_parquet(folder)))
        assert asked(warehouse).equals(first)  # a reader of the old state gets the old answer
        assert {path: path.stat().st_ino for path in kept_files(folder)} == before or len(before) < 3


def test_above_a_share_of_touched_rows_the_kept_file_is_made_again(tmp_path: Path) -> None:
    folder = new(tmp_path / "w")
    with keeping(buckets=1):
        warehouse, _ = load(folder, some())
        asked(warehouse)
        (path,) = kept_files(folder)
        assert len(open_kept(path).sources) == 1  # type: ignore[union-attr]
        after, _ = load(folder, some(6, first=90))
        assert asked(after).equals(asked(from_parquet(folder)))
        assert len(open_kept(path).sources) == 2  # type: ignore[union-attr]
        assert asked(after).equals(asked(from_parquet(folder)))


def test_a_column_asked_for_later_joins_those_kept(tmp_path: Path) -> None:
    folder = new(tmp_path / "w")
    few, more = FEATURES[:1], FEATURES
    with keeping(buckets=1):
        warehouse, _ = load(folder, some())
        asked(warehouse, few)
        (path,) = kept_files(folder)
        assert "data:category" not in open_kept(path).names  # type: ignore[union-attr]
        asked(warehouse, more)
        asked(warehouse, few)
        assert {"data:category", "data:base_minor"} <= set(open_kept(path).names)  # type: ignore[union-attr]
        after, _ = load(folder, some(20, first=90))
        asked(after, few)  # made again with all that is kept
        assert "data:category" in open_kept(path).names  # type: ignore[union-attr]
        assert asked(after, more).equals(asked(from_parquet(folder), more))


@pytest.mark.parametrize("damage", ["cut", "a bit", "another's"])
def test_a_damaged_kept_file_is_made_again_and_the_answer_is_right(tmp_path: Path, damage: str) -> None:
    folder = new(tmp_path / "w")
    with keeping(buckets=1):
        warehouse, _ = load(folder, some())
        right = asked(warehouse)
        (path,) = kept_files(folder)
        good = path.read_bytes()
        at = good.index(np.array(INSTANTS[:1]).tobytes())
        spoilt = {
            "cut": good[:at],
            "a bit": good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :],
            "another's": good.replace(b"000001.parquet", b"000009.parquet"),
        }
        path.write_bytes(spoilt[damage])
        assert asked(warehouse).equals(right)
        assert path.read_bytes() == good


def test_two_readers_at_once_and_many_threads_get_the_same_answer(tmp_path: Path) -> None:
    folder = new(tmp_path / "w")
    with keeping(), ThreadPoolExecutor(4) as pool:
        load(folder, some(400))
        found = list(pool.map(lambda _: asked(Warehouse.open(folder)), range(8)))
        assert all(one.equals(asked(from_parquet(folder))) for one in found)
        assert not list((folder / "columns").rglob("*.tmp"))


def test_free_text_is_not_kept_and_small_buckets_are_not(tmp_path: Path) -> None:
    folder = new(tmp_path / "w")
    warehouse, _ = load(folder, some())
    asked(warehouse)
    assert kept_files(folder) == []
    with keeping(buckets=1):
        assert len(pieces_of(warehouse)) == len(CUSTOMERS)
        columns = ["interaction_id", "text"]
        assert not kept_module.keepable(table("interaction"), columns)
        assert not kept_module.keepable(table("customer_identity"), ["name"])
        assert kept_module.keepable(table("transaction"), COLUMNS)


def test_compaction_changes_no_bit(tmp_path: Path) -> None:
    folder = new(tmp_path / "w")
    with keeping(buckets=1, share=1.0):
        for number in range(12):
            warehouse, _ = load(folder, some(10, first=5 * number))
            before = asked(warehouse)
            assert before.equals(asked(from_parquet(folder)))
        assert any("compact" in file.path for file in warehouse.files("transaction"))


def test_two_terminals_in_one_bucket_each_keep_their_version_of_a_moved_event(tmp_path: Path) -> None:
    folder = new(tmp_path / "w")
    event = some(1)[0] | {"event_time": INSTANTS[0]}
    with keeping(buckets=1):
        load(folder, [event | {"terminal_id": 4}])
        warehouse, _ = load(folder, [event | {"terminal_id": 6}])
        for one in (warehouse, from_parquet(folder)):
            rows = read_rows(one, "transaction", key="terminal_id", columns=[], bucket=0, order="terminal_id")
            assert rows.keys.tolist() == [4, 6]
            assert rows.known_from.tolist() == [INSTANTS[0], INSTANTS[0] + DAY]
            assert rows.known_until[0] == INSTANTS[0] + DAY
