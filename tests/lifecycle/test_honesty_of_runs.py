"""The four tests run on the real task; each has a cheat that turns it red and leaves no run behind."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bankmine import lifecycle
from bankmine.bank.civil import DAY
from bankmine.bank.warehouse import Warehouse
from bankmine.errors import LeakError
from bankmine.lifecycle.cutdata import ABSURD, Cut, copies
from bankmine.lifecycle.run import Run
from bankmine.tasks.sql import instants, micros

rooms = import_module("bankmine.customers.matrix")


def cheat(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Replaces a feature of every matrix."""
    honest = rooms.matrix

    def dishonest(warehouse: Warehouse, rows: Any, names: Any, **how: Any) -> Any:
        made = honest(warehouse, rows, names, **how)
        place = made.column_names.index("out_sum_1mo")
        column = change(honest, warehouse, rows, made, how)
        return made.set_column(place, made.schema.field(place), column)

    monkeypatch.setattr(rooms, "matrix", dishonest)


def test_all_four_are_run_and_said(inactivity: Run) -> None:
    names = [test["name"] for test in inactivity.about["tests"]]
    assert names == ["truncation", "future poison", "permuted labels", "planted leak"]


def test_a_feature_that_looks_a_week_ahead_is_caught_by_truncation(
    bank: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def week_ahead(honest: Any, warehouse: Warehouse, rows: Any, made: Any, how: Any) -> Any:
        _, end = warehouse.coverage("transaction") or (0, 0)
        later = np.minimum(micros(rows.column("cutoff")) + 7 * DAY, end)
        moved = rows.set_column(rows.column_names.index("cutoff"), "cutoff", instants(later))
        return honest(warehouse, moved, ["out_sum_1mo"], **how).column("out_sum_1mo")

    cheat(monkeypatch, week_ahead)
    with pytest.raises(LeakError, match=r"truncation.*out_sum_1mo"):
        lifecycle.run_task(bank, None, "inactivity", results_folder=tmp_path)
    assert not list(tmp_path.rglob("metrics.json"))


def test_a_feature_that_reads_later_corrections_is_caught_by_future_poison(
    bank: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_corrected_since(honest: Any, warehouse: Warehouse, rows: Any, made: Any, how: Any) -> Any:
        at = int(micros(rows.column("cutoff")).max()) + 30 * DAY
        return honest(warehouse, rows, ["out_sum_1mo"], as_of=at, **how).column("out_sum_1mo")

    cheat(monkeypatch, as_corrected_since)
    with pytest.raises(LeakError, match=r"future poison.*out_sum_1mo"):
        lifecycle.run_task(bank, None, "inactivity", results_folder=tmp_path)


def test_a_copy_of_the_label_stops_the_run(
    bank: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bankmine.tasks.registry import TASKS

    task = TASKS["inactivity"]
    known: dict[tuple[int, int], bool] = {}
    label = type(task).label

    def remembered(self: Any, bank: Any, rows: Any) -> Any:
        truth, known_at = label(self, bank, rows)
        keys = zip(rows.column("subject_id").to_pylist(), micros(rows.column("cutoff")).tolist(), strict=True)
        known.update(zip(keys, truth.tolist(), strict=True))
        return truth, known_at

    def copied(honest: Any, warehouse: Warehouse, rows: Any, made: Any, how: Any) -> Any:
        keys = zip(rows.column("subject_id").to_pylist(), micros(rows.column("cutoff")).tolist(), strict=True)
        return pa.chunked_array([[int(known.get(key, False)) for key in keys]])

    monkeypatch.setattr(type(task), "label", remembered)
    cheat(monkeypatch, copied)
    with pytest.raises(LeakError, match=r"out_sum_1mo.*does it know the label"):
        lifecycle.run_task(bank, None, "inactivity", results_folder=tmp_path)


def test_tests_of_labels_do_not_apply_without_one(segmentation: Run) -> None:
    passed = {test["name"]: test["passed"] for test in segmentation.about["tests"]}
    assert passed == {
        "truncation": True, "future poison": True, "permuted labels": None, "planted leak": None,
    }  # fmt: skip


def _rows(bank: Warehouse, customers: list[int], at: int) -> pa.Table:
    return pa.table(
        {
            "subject_kind": ["customer"] * len(customers), "subject_id": customers, "customer_id": customers,
            "cutoff": instants(np.full(len(customers), at)), "seq": pa.nulls(len(customers), pa.int64()),
        }
    )  # fmt: skip


def test_the_cut_copy_holds_nothing_of_the_future_and_all_of_the_past(
    bank: Warehouse, tmp_path: Path
) -> None:
    at = bank.zone.parse("2020-10-01")
    cut, _ = copies(bank, _rows(bank, [1, 2, 3], at), Cut(at), tmp_path)
    kept, every = cut.read("transaction"), bank.read("transaction")
    mine = np.isin(every.column("customer_id").to_numpy(), [1, 2, 3])
    before = micros(every.column("event_time")) < at
    assert kept.num_rows == int((mine & before).sum()) > 0
    assert micros(kept.column("event_time")).max() < at
    assert cut.coverage("transaction") == ((bank.coverage("transaction") or (0, 0))[0], at)


def test_the_poisoned_copy_keeps_the_past_and_spoils_all_else(bank: Warehouse, tmp_path: Path) -> None:
    at = bank.zone.parse("2020-10-01")
    _, poisoned = copies(bank, _rows(bank, [1, 2, 3], at), Cut(at), tmp_path)
    rows = poisoned.read("transaction")
    known_then = (micros(rows.column("event_time")) < at) & (micros(rows.column("known_at")) <= at)
    amount = rows.column("base_minor").to_numpy()
    assert (amount[~known_then] == ABSURD).all()
    assert (amount[known_then] != ABSURD).all()
    after = micros(rows.column("event_time")) > at
    assert int(known_then.sum()) * 3 <= rows.num_rows
    assert int(after.sum()) > int(known_then.sum())
