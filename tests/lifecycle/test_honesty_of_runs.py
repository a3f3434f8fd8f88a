"""The four tests run on the real task; each has a cheat that turns it red and leaves no run behind."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from made_up_bank import END, START, ZONE, full, make_bank, payments, write

from bankmine import lifecycle
from bankmine.bank.civil import DAY, Zone
from bankmine.bank.warehouse import Warehouse
from bankmine.errors import LeakError
from bankmine.lifecycle.cutdata import ABSURD, Cut, copies
from bankmine.lifecycle.honesty import _permuted
from bankmine.lifecycle.material import Material
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.supervised import Model
from bankmine.mining.classification.logistic import Logistic
from bankmine.preparation.preparation import Preparation
from bankmine.tasks.contract import Bank, Candidate, More
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


def test_the_poison_reaches_versions_and_verdicts_known_later(tmp_path: Path) -> None:
    zone = Zone(ZONE)
    at, start = zone.parse("2020-10-01"), zone.midnight(START)
    table = payments(np.array([1, 1, 2]), np.array([start + DAY] * 3), np.array([5, 6, 7]))
    people = full(
        "customer",
        {"customer_id": [1, 2], "kind": ["person", "company"], "birth_year": [1970, 1980],
         "valid_from": [start] * 2, "known_at": [start] * 2},
        2,
    )  # fmt: skip
    judged = full(
        "feedback",
        {"subject_kind": ["transaction"], "subject_id": [1], "label": ["fraud"], "verdict": ["refuted"],
         "event_time": [start + 2 * DAY], "known_at": [start + 2 * DAY], "seq": [1], "cancelled": [False]},
        1,
    )  # fmt: skip
    tables = {"transaction": table, "customer": people, "feedback": judged}
    bank = write(tmp_path / "bank", tables, start=start, end=zone.midnight(END))
    _, poisoned = copies(bank, _rows(bank, [1, 2], at), Cut(at), tmp_path / "copies")
    rows = poisoned.read("customer").to_pylist()
    late = [one for one in rows if micros(pa.array([one["known_at"]]))[0] == at + DAY]
    following = [one for one in rows if micros(pa.array([one["valid_from"]]))[0] > at]
    for changed in (late, following):
        assert [one["kind"] for one in changed] == ["company", "person"]
        assert {one["birth_year"] for one in changed} == {ABSURD}
    assert len(rows) == 6
    verdicts = poisoned.read("feedback").to_pylist()
    known = [one for one in verdicts if micros(pa.array([one["known_at"]]))[0] > at]
    assert {one["subject_id"] for one in known} == {1, 2, 3}
    assert {one["verdict"] for one in known} == {"confirmed"}
    assert [one["verdict"] for one in verdicts if one not in known] == ["refuted"]


def test_a_feature_that_reads_later_versions_of_the_customer_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = make_bank(tmp_path / "bank", customers=600)
    honest = rooms.matrix

    def dishonest(warehouse: Warehouse, rows: Any, names: Any, **how: Any) -> Any:
        made = honest(warehouse, rows, names, **how)
        last = warehouse.read("customer").sort_by("known_at").to_pylist()
        kinds = {one["customer_id"]: float(one["kind"] == "person") for one in last}
        place = made.column_names.index("out_sum_12mo")
        values = [kinds.get(one, 0.0) for one in rows.column("customer_id").to_pylist()]
        return made.set_column(place, "out_sum_12mo", pa.array(values))

    monkeypatch.setattr(rooms, "matrix", dishonest)
    with pytest.raises(LeakError, match=r"future poison.*out_sum_12mo"):
        lifecycle.run_task(bank, None, "segmentation", results_folder=tmp_path / "results")


def test_shuffled_labels_go_the_whole_way_with_weights_and_further_rows(bank: Warehouse) -> None:
    draw = np.random.default_rng(0)
    features = pa.table({"x": draw.normal(size=400)})
    truth, further = draw.random(400) < 0.3, draw.random(60) < 0.5
    rows = pa.table({"cutoff": instants(np.zeros(400))})
    known = np.zeros(400, np.int64)
    material = Material(rows, features, ("x",), {"x": "number"}, {}, truth, known, np.full(400, 2.0))
    learnt: list[tuple[Any, Any]] = []

    class Seen(Logistic):
        def fit(self, X: Any, y: Any, *, names: Any = None, sample_weight: Any = None) -> Any:
            learnt.append((np.asarray(y), sample_weight))
            return super().fit(X, y, names=names, sample_weight=sample_weight)

    asked = Candidate(
        name="seen", words="", preparation=Preparation.for_linear, miner=Seen,
        more=lambda _: More(features=features.slice(0, 60), truth=further, weight=np.full(60, 0.5)),
    )  # fmt: skip
    train, held = np.arange(250), np.arange(250, 400)
    model = Model("seen", None, None, {}, 250)
    told = _permuted(Bank(warehouse=bank, cutoff=0), material, train, held, asked, model)
    assert "60 further rows" in told.sentence
    for labels, weight in learnt:
        assert weight.tolist() == [2.0] * 250 + [0.5] * 60
        assert labels[250:].sum() == further.sum()
        assert labels[250:].tolist() != further.tolist()
