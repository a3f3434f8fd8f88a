"""Lists of dated events, one a row, as sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import LeakError, UsageError
from bankmine.mining.combination.events import events_of
from bankmine.mining.sequence.events import sequences_of

EVENT = pa.struct(
    [("when", pa.int64()), ("kind", pa.string()), ("amount", pa.float64()), ("note", pa.string())]
)
ONE = st.fixed_dictionaries(
    {
        "when": st.integers(0, 90), "kind": st.sampled_from(["paid", "due", None]),
        "amount": st.one_of(st.none(), st.floats(-5, 5)), "note": st.just("x"),
    }
)  # fmt: skip


def table(rows: list[Any], **more: Any) -> pa.Table:
    """A table with the lists in the column `events`."""
    return pa.table({"events": pa.array(rows, pa.list_(EVENT)), **more})


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.none(), st.lists(ONE, max_size=5)), min_size=1, max_size=8))
def test_lists_are_read_as_the_same_events_one_below_the_other(rows: list[Any]) -> None:
    found = events_of(table(rows, cutoff=[100] * len(rows)), "events")
    flat = [{"row": place, **one} for place, events in enumerate(rows) for one in events or []]
    schema = pa.schema([("row", pa.int64()), *EVENT])
    slow = sequences_of(pa.Table.from_pylist(flat, schema), [100] * len(rows), values=["amount"])
    for name in ("offsets", "when", "values", "cutoff"):
        np.testing.assert_array_equal(getattr(found, name), getattr(slow, name))
    kinds = [found.kinds[one] if one >= 0 else None for one in found.kind]
    assert kinds == [slow.kinds[one] if one >= 0 else None for one in slow.kind]
    assert found.columns == ("amount",)


def test_a_part_of_a_table_is_read_as_it_is() -> None:
    rows = [[{"when": place, "kind": "paid"}] for place in range(5)]
    found = events_of(table(rows, cutoff=[9] * 5).slice(2, 2), "events")
    assert found.when.tolist() == [2, 3]


def test_an_event_at_its_cutoff_is_a_leak() -> None:
    with pytest.raises(LeakError, match="1 events do not lie before the cutoff"):
        events_of(table([[{"when": 5}], [{"when": 4}]], cutoff=[5, 5]), "events")


def test_the_cutoff_may_be_a_timestamp_or_absent() -> None:
    rows = [[{"when": 4_000_000}], [], None]
    stamps = pa.array([5, 5, 5], pa.timestamp("s", tz="UTC"))
    assert events_of(table(rows, cutoff=stamps), "events").cutoff.tolist() == [5_000_000] * 3
    assert events_of(table(rows), "events").cutoff.tolist() == [4_000_001, 0, 0]


def test_a_column_of_something_else_is_refused() -> None:
    with pytest.raises(UsageError, match="not a list of events"):
        events_of(pa.table({"events": [[1, 2]]}), "events")
