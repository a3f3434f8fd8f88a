"""Scores as they are kept: a list of reasons for every row, ranked and sorted."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bankmine.lifecycle.scores import score_table
from bankmine.tasks.contract import Decision

REASON = {"feature": "age", "value": 34.0, "contribution": 0.5}


def rows(count: int) -> pa.Table:
    ids = pa.array(range(count), pa.int64())
    return pa.table(
        {
            "subject_kind": pa.array(["customer"] * count), "subject_id": ids, "customer_id": ids,
            "cutoff": pa.array([0] * count, pa.timestamp("us", "UTC")),
        }
    )  # fmt: skip


def scored(reasons: Any) -> list[Any]:
    decision = Decision(
        value=np.arange(3.0), grade=["a", "b", "c"], order=np.array([2.0, 0.0, 1.0]), unit="SGD", actions=()
    )
    made = score_table(
        task="churn", horizon="90 days", rows=rows(3), probability=None, decision=decision, reasons=reasons
    )
    assert made.column("rank").to_pylist() == [3, 1, 2]
    return [
        [(each["feature"], each["contribution"]) for each in one] if one is not None else None
        for one in made.column("reasons").to_pylist()
    ]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_row_of_which_nothing_is_said_has_an_empty_list(chunked: bool) -> None:
    from bankmine.lifecycle.scores import SCHEMA

    given = pa.array([[REASON, REASON], None, [REASON]], SCHEMA.field("reasons").type)
    found = scored(pa.chunked_array([given[:1], given[1:]]) if chunked else given)
    assert found == [[("age", 0.5), ("age", 0.5)], [], [("age", 0.5)]]
    taken = given.take(pa.array([2, None, 0]))
    assert scored(taken) == [[("age", 0.5)], [], [("age", 0.5), ("age", 0.5)]]


def test_without_reasons_every_row_has_an_empty_list() -> None:
    assert scored(None) == [[], [], []]
