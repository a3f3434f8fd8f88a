"""What several providers read of the same rows is read once a matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bankmine.customers.computed import report
from bankmine.customers.computed.once import kept, once
from bankmine.customers.matrix import matrix
from engine.small_warehouse import SmallWarehouse


def test_a_thing_is_made_once_within_and_anew_outside() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    with once():
        assert [kept("a", make), kept("a", make), kept("b", make)] == [1, 1, 2]
    assert [kept("a", make), kept("a", make)] == [3, 4]


def test_the_bureaus_report_is_read_once_for_windows_sequences_and_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = SmallWarehouse(tmp_path)
    at = "2024-02-01"
    bank.load(
        credit_application=[
            {"application_id": 1, "customer_id": 1, "event_time": at, "amount_minor": 5, "purpose_text": "x"}
        ],
        consent=[{"customer_id": 1, "purpose": "bureau", "given_at": "2023-01-01"}],
        bureau_report=[{"report_id": 1, "customer_id": 1, "event_time": at, "consent_id": "c"}],
        bureau_event=[
            {"bureau_event_id": 1, "customer_id": 1, "report_id": 1, "event_time": "2024-01-01",
             "kind": "enquiry"}
        ],
    )  # fmt: skip
    read: list[str] = []
    visible = report.visible

    def counted(warehouse: Any, table: str, *more: Any, **named: Any) -> Any:
        read.append(table)
        return visible(warehouse, table, *more, **named)

    monkeypatch.setattr(report, "visible", counted)
    rows = pa.table({
        "subject_kind": ["application"], "subject_id": [1], "customer_id": [1],
        "cutoff": pa.array([bank.at(at)], pa.timestamp("us", tz="UTC")),
    })  # fmt: skip
    names = ["bureau_enquiry_count_12mo", "seq_bureau", "text_debt"]
    matrix(bank.warehouse, rows, names)
    assert sorted(read) == ["bureau_event", "bureau_report"]
