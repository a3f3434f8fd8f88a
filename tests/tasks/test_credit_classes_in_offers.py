"""What a published rating keeps away from cross-selling, and that nothing changes without one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa

from bankmine.tasks.cross_sell.credit import NONE, credit_classes
from bankmine.tasks.cross_sell.offering import Chosen

CLASSES = pa.table(
    {
        "customer_id": [1, 2, 3], "credit_class": ["A", "D", "E"],
        "products": [["card", "loan", "mortgage"], ["mortgage"], []],
    }
)  # fmt: skip


def work_with(table: Any) -> Any:
    run = SimpleNamespace(cutoff="2026-01-01", table=lambda name: table if name == "credit_class" else None)
    return SimpleNamespace(published=lambda task: run if task == "rating" else None)


def chosen(refused: list[str]) -> Chosen:
    count = len(refused)
    return Chosen(["P"] * count, ["o"] * count, ["branch"] * count, np.zeros(count), np.ones(count), refused)


def test_a_class_that_allows_no_loan_is_offered_none_and_the_reason_is_kept() -> None:
    found = credit_classes(work_with(CLASSES))
    made = found.apply("loan", np.array([1, 2, 3, 9]), chosen(["", "", "under 18", ""]))
    assert list(made.refused) == [
        "", "credit class D allows no loan (rating of 2026-01-01)",
        "under 18; credit class E allows no loan (rating of 2026-01-01)", "",
    ]  # fmt: skip
    assert found.barred("mortgage", np.array([1, 2]))[1] == ""


def test_a_class_never_keeps_savings_or_insurance_away() -> None:
    found = credit_classes(work_with(CLASSES))
    for family in ("savings", "deposit", "insurance", "fund"):
        assert found.barred(family, np.array([3])) == [""]


def test_without_a_rating_nothing_changes() -> None:
    none: Any = SimpleNamespace(published=lambda task: None)
    assert credit_classes(none) is NONE
    assert credit_classes(work_with(None)) is NONE
    before = chosen(["", "over 75"])
    assert list(NONE.apply("loan", np.array([2, 3]), before).refused) == ["", "over 75"]


def test_the_sentence_counts_what_was_kept_away() -> None:
    said = credit_classes(work_with(CLASSES)).sentence(["under 18", "credit class E allows no loan (…)"])
    assert said.startswith("3 customers have a credit class from the rating of 2026-01-01; it keeps 1 offers")
