"""Transitions: which kind comes next after which, counted as a slow reading would, learnt and kept."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.files import load, save
from bankmine.mining.learner import NotFittedError
from bankmine.mining.sequence.events import DAY, Sequences, sequences_of
from bankmine.mining.sequence.transitions import Transitions

CUTOFF = 1_000 * DAY


def ordered(rows: int, seed: int = 0) -> tuple[Sequences, np.ndarray]:
    """Two kinds a few days apart, three times a row; the label says which mostly comes first."""
    draw = np.random.default_rng(seed)
    label = draw.random(rows) < 0.4
    row = np.repeat(np.arange(rows), 6)
    day = np.tile([100, 103, 300, 305, 500, 509], rows)
    first = np.repeat(draw.random((rows, 3)) < np.where(label, 0.9, 0.2)[:, None], 2)
    kind = np.where(np.tile([True, False], 3 * rows) == first, "paid:bank", "asked")
    table = pa.table({"row": row, "when": day * DAY, "kind": kind.tolist()})
    return sequences_of(table, [CUTOFF] * rows), label


def slow(made: Sequences, kinds: tuple[str, ...], within: float, back: float) -> np.ndarray:
    """The counts, one pair of neighbours after another."""
    counts = np.zeros((len(made), len(kinds), len(kinds)))
    for row in range(len(made)):
        events = range(made.offsets[row], made.offsets[row + 1])
        for one, other in pairwise(events):
            gap = made.when[other] - made.when[one]
            names = [
                made.kinds[made.kind[at]].split(":")[0] if made.kind[at] >= 0 else "" for at in (one, other)
            ]
            young = made.cutoff[row] - made.when[one] <= back * DAY
            if 0 < gap <= within * DAY and young and all(name in kinds for name in names):
                counts[row, kinds.index(names[0]), kinds.index(names[1])] += 1
    return np.sqrt(counts.reshape(len(made), -1))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 60), st.sampled_from(["a", "b:x", "b:y", "c", None])),
        min_size=1, max_size=30,
    ),
    st.sampled_from([1.0, 7.0, 30.0]),
)  # fmt: skip
def test_counts_are_those_of_a_slow_reading(events: list[tuple[int, int, str | None]], within: float) -> None:
    events = sorted(events, key=lambda one: one[:2])
    table = pa.table(
        {
            "row": pa.array([one[0] for one in events], pa.int64()),
            "when": pa.array([one[1] * DAY for one in events], pa.int64()),
            "kind": pa.array([one[2] for one in events], pa.string()),
        }
    )
    made = sequences_of(table, [61 * DAY] * 4)
    miner = Transitions(within_days=within, back_days=40.0)
    miner.kinds_ = ("a", "b")
    assert np.array_equal(miner._counts(made), slow(made, ("a", "b"), within, 40.0))


def test_an_order_that_counts_do_not_show_is_learnt_and_named_and_kept(tmp_path: Path) -> None:
    made, label = ordered(400)
    miner = Transitions(1.0).fit(made, label)
    test, truth = ordered(400, seed=1)
    found = miner.decision_function(test)
    assert ((found > np.median(found)) == truth).mean() > 0.75
    assert miner.kinds_ == ("asked", "paid")
    save(miner, tmp_path)
    assert load(tmp_path).decision_function(test).tobytes() == found.tobytes()
    assert miner.reasons(test.take([0]), top=2).row(0)[0].kind in ("asked", "paid:bank")


def test_rows_without_events_and_kinds_never_seen_are_answered() -> None:
    made, label = ordered(400)
    miner = Transitions().fit(made, label)
    other = sequences_of(pa.table({"row": [0, 0], "when": [1, DAY], "kind": ["new", "newer"]}), [CUTOFF] * 2)
    found = miner.probability(other)
    assert found[0] == found[1]
    empty = sequences_of(pa.table({"row": pa.array([], pa.int64()), "when": pa.array([], pa.int64()),
                                   "kind": pa.array([], pa.string())}), [CUTOFF] * 200)  # fmt: skip
    assert np.allclose(Transitions().fit(empty, np.arange(200) % 4 == 0).probability(empty), 0.25)


def test_of_many_kinds_the_commonest_are_counted() -> None:
    row, place = np.repeat(np.arange(200), 3), np.tile(np.arange(3), 200)
    kinds = np.where(place < 2, "often", [f"once {one}" for one in range(600)]).tolist()
    many = sequences_of(pa.table({"row": row, "when": (place + 1) * DAY, "kind": kinds}), [CUTOFF] * 200)
    miner = Transitions(most_kinds=2).fit(many, np.arange(200) % 4 == 0)
    assert miner.kinds_ == ("often", "once 101")
    assert len(Transitions().fit(many, np.arange(200) % 4 == 0).kinds_) == 64


def test_bad_input_is_refused() -> None:
    made, label = ordered(400)
    with pytest.raises(FeasibilityError):
        Transitions().fit(made.take(range(50)), label[:50])
    with pytest.raises(UsageError, match="within_days"):
        Transitions(within_days=-1.0).fit(made, label)
    with pytest.raises(NotFittedError):
        Transitions().decision_function(made)
