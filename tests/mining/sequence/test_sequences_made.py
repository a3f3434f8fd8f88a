"""Event sequences: sorted, as known at the cutoff, compact; bad ones are refused in one line."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_sequences import CUTOFF, random_sequences

from bankmine.errors import LeakError, UsageError
from bankmine.mining.sequence.encoding import EventEncoding
from bankmine.mining.sequence.events import DAY, Sequences, sequences_of
from bankmine.mining.sequence.window_columns import window_columns


def table(**columns: object) -> pa.Table:
    return pa.table({"row": [0, 0, 0], "when": [3, 1, 2], "kind": ["c", "a", "b"], **columns})


def test_unsorted_events_are_sorted_and_those_of_one_instant_stay_in_the_order_given() -> None:
    made = sequences_of(table(), [10])
    assert [made.kinds[one] for one in made.kind] == ["a", "b", "c"]
    same = sequences_of(table(when=[5, 5, 5]), [10])
    assert [same.kinds[one] for one in same.kind] == ["c", "a", "b"]


def test_an_event_at_or_after_its_cutoff_is_refused() -> None:
    for when in ([10, 1, 2], [11, 1, 2]):
        with pytest.raises(LeakError, match="do not lie before the cutoff"):
            sequences_of(table(when=when), [10])


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"row": [0, 0, 1]}, "belongs to row 1"),
        ({"row": [0, 0, None]}, "1 events have no row"),
        ({"row": ["a", "b", "c"]}, "Column 'row' is string"),
        ({"row": [0.5, 0.0, 0.0]}, "Column 'row' is double"),
        ({"when": [1, 2, None]}, "1 instants are missing"),
        ({"when": [1.5, 2.0, 3.0]}, "Instants are float64"),
        ({"amount": [1.0, np.inf, 2.0]}, "infinite"),
        ({"amount": ["1", "2", "3"]}, "not a number"),
    ],
)
def test_what_cannot_be_meant_is_refused(columns: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        sequences_of(table(**columns), [10], values=["amount"] if "amount" in columns else [])


def test_a_table_without_a_column_it_needs_is_refused() -> None:
    for name in ("row", "when", "kind"):
        with pytest.raises(UsageError, match=f"lack the column '{name}'"):
            sequences_of(table().drop_columns([name]), [10])


def test_arrays_out_of_order_are_refused() -> None:
    made = sequences_of(table(), [10])
    with pytest.raises(UsageError, match="not in order of time"):
        Sequences(made.offsets, made.when[::-1], made.kind, made.kinds, made.values, (), made.cutoff)


def test_a_kind_outside_the_kinds_is_refused() -> None:
    made = sequences_of(table(), [10])
    with pytest.raises(UsageError, match="no position in the kinds"):
        Sequences(made.offsets, made.when, made.kind + 1, made.kinds, made.values, (), made.cutoff)


def test_timestamps_and_microseconds_mean_the_same() -> None:
    instants = pa.array([3, 1, 2], pa.timestamp("us", tz="UTC"))
    assert np.array_equal(
        sequences_of(table(when=instants), pa.array([10], pa.timestamp("us", tz="UTC"))).when,
        sequences_of(table(), [10]).when,
    )


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=8), st.integers(1, 5), st.integers(0, 99))
def test_tail_take_and_keep_do_what_lists_would(lengths: list[int], longest: int, seed: int) -> None:
    made = random_sequences(lengths, seed)
    lists = [made.when[made.offsets[i] : made.offsets[i + 1]].tolist() for i in range(len(lengths))]

    def told(one: Sequences) -> list[list[int]]:
        return [one.when[one.offsets[i] : one.offsets[i + 1]].tolist() for i in range(len(one))]

    rows = np.random.default_rng(seed).integers(0, len(lengths), 5)
    kept = np.random.default_rng(seed).random(len(made.when)) < 0.5
    parts = [kept[made.offsets[i] : made.offsets[i + 1]] for i in range(len(lengths))]
    assert told(made.tail(longest)) == [one[-longest:] for one in lists]
    assert told(made.take(rows)) == [lists[row] for row in rows]
    assert told(made.keep(kept)) == [
        [when for when, stays in zip(one, part, strict=True) if stays]
        for one, part in zip(lists, parts, strict=True)
    ]


def test_shuffling_keeps_each_rows_items_and_dates() -> None:
    made = random_sequences([5, 0, 30])
    mixed = made.shuffled()
    assert np.array_equal(mixed.when, made.when)
    assert np.array_equal(np.sort(mixed.kind[5:]), np.sort(made.kind[5:]))
    assert not np.array_equal(mixed.kind, made.kind)


def test_a_step_is_kind_gap_age_and_values_on_log_scales() -> None:
    events = pa.table({"row": [0, 0], "when": [0, 3 * DAY], "kind": ["a", "b"], "amount": [-99.0, None]})
    made = sequences_of(events, [10 * DAY], values=["amount"])
    plain = EventEncoding(("a", "b"), ("amount",), np.zeros(3), np.ones(3))
    steps, lengths = plain.encode(made).padded(np.array([0]), 3)
    assert lengths.tolist() == [2]
    assert np.allclose(steps[0, 0], [0, 1, 0, 0, np.log(11), -np.log(100), 1, 0], atol=1e-6)
    assert np.allclose(steps[1, 0], [0, 0, 1, np.log(4), np.log(8), 0, 0, 1], atol=1e-6)
    assert not steps[2].any()


def test_a_kind_told_in_parts_has_a_position_for_each_part() -> None:
    kinds = ["asked:bank:car", "asked:online:car", "moved", "asked:new", None]
    made = sequences_of(pa.table({"row": [0] * 5, "when": range(5), "kind": kinds}), [10 * DAY])
    known = EventEncoding(("asked", "bank", "car", "moved"), (), np.zeros(2), np.ones(2))
    steps, _ = known.encode(made).padded(np.array([0]), 5)
    assert steps[:, 0, :5].tolist() == [
        [0, 1, 1, 1, 0], [1, 1, 0, 1, 0], [0, 0, 0, 0, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0],
    ]  # fmt: skip
    learnt = EventEncoding.fit(made, most_kinds=2)
    assert learnt.kinds == ("asked", "car")
    whole = EventEncoding(("asked:bank:car",), (), np.zeros(2), np.ones(2))
    assert whole.encode(made).marks[0].tolist() == [0, 1]


def test_the_encoding_survives_json_and_knows_no_kind_of_later_rows() -> None:
    made = random_sequences([20] * 10)
    encoding = EventEncoding.fit(made, most_kinds=2)
    assert len(encoding.kinds) == 2
    again = EventEncoding.from_json(encoding.to_json())
    assert again.encode(made).values.tobytes() == encoding.encode(made).values.tobytes()
    other = sequences_of(
        pa.table({"row": [0], "when": [5], "kind": ["new"], "value": [1.0]}), [9], values=["value"]
    )
    assert encoding.encode(other).padded(np.array([0]), 1)[0][0, 0, :3].tolist() == [1, 0, 0]
    with pytest.raises(UsageError, match="fitted on value"):
        encoding.encode(sequences_of(table(), [10]))


def test_window_columns_count_and_sum_within_their_days() -> None:
    events = pa.table(
        {
            "row": [0, 0, 0],
            "when": [CUTOFF - days * DAY for days in (30, 31, 5)],
            "kind": ["a", "a", "b"],
            "amount": [1.0, 2.0, None],
        }
    )
    made = sequences_of(events, [CUTOFF, CUTOFF], values=["amount"])
    matrix, names = window_columns(made, ["a", "b", "never"])
    found = dict(zip(names, matrix[0], strict=True))
    assert (found["a_count_30d"], found["a_count_91d"], found["a_amount_30d"]) == (1, 2, 1.0)
    assert (found["b_amount_all"], found["b_days_since"], found["never_count_all"]) == (0.0, 5.0, 0.0)
    assert np.isnan(matrix[1, names.index("a_days_since")])
