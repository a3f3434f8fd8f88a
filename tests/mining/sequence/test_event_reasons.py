"""Reasons name dated events: left out one by one and in bursts, and said in words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from made_up_sequences import random_sequences

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats
from bankmine.mining.sequence.events import DAY, Sequences, sequences_of
from bankmine.mining.sequence.occlusion import EventReason, occluded
from bankmine.mining.sequence.wording import worded

MAY_2 = 20_210 * DAY  # 2025-05-02


def burst() -> Sequences:
    """Three enquiries in nine days, one long before, a payment between."""
    days = [-100, 0, 3, 4, 8]
    kinds = ["enquiry", "enquiry", "payment", "enquiry", "enquiry"]
    events = pa.table({"row": [0] * 5, "when": [MAY_2 + day * DAY for day in days], "kind": kinds})
    return sequences_of(events, [MAY_2 + 60 * DAY, MAY_2])


def squared(sequences: Sequences) -> Floats:
    """An answer that only a burst explains: enquiries of the last hundred days, squared."""
    recent = (sequences.cutoff[sequences.row] - sequences.when) < 100 * DAY
    wanted = np.array([kind == "enquiry" for kind in sequences.kinds])[sequences.kind]
    return np.bincount(sequences.row[recent & wanted], minlength=len(sequences)).astype(float) ** 2


def test_a_burst_is_named_as_a_whole_with_its_days_and_month() -> None:
    found = occluded(squared, burst(), top=3, burst_days=14.0)
    [one] = found.row(0)
    assert one == EventReason("enquiry", 3, MAY_2, MAY_2 + 8 * DAY, 9, "2025-05", 9.0, (1, 3, 4))
    assert (
        worded(one, {"enquiry": ("enquiry", "enquiries")}, year=2025) == "three enquiries in nine days in May"
    )
    assert worded(one) == "three enquiries in nine days in May 2025"
    assert found.row(1) == []
    assert found.to_arrow().to_pylist()[0][0]["events"] == [1, 3, 4]


def test_without_bursts_single_events_are_named() -> None:
    found = occluded(squared, burst(), top=5, burst_days=0.5).row(0)
    assert [one.events for one in found] == [(1,), (3,), (4,)]
    assert {one.contribution for one in found} == {5.0}
    assert worded(found[0], year=2025) == "one enquiry in May"


def test_effects_are_those_of_leaving_out_by_hand() -> None:
    made = random_sequences([6, 0, 9], seed=4)

    def answer(sequences: Sequences) -> Floats:
        weights = np.sin(sequences.when / DAY) + sequences.kind
        return np.bincount(sequences.row, weights, minlength=len(sequences)).astype(float)

    for row in (0, 2):
        for one in occluded(answer, made, top=20, burst_days=200.0).row(row):
            kept = np.ones(len(made.when), dtype=bool)
            kept[made.offsets[row] + np.array(one.events)] = False
            assert one.contribution == pytest.approx(answer(made)[row] - answer(made.keep(kept))[row])


def test_words_for_one_day_many_events_and_no_kind() -> None:
    same = EventReason("late_fee", 2, MAY_2, MAY_2 + 5, 1, "2024-12", 1.0, (0, 1))
    assert worded(same) == "two late fees on one day in December 2024"
    many = EventReason(None, 15, MAY_2, MAY_2 + 40 * DAY, 41, "2025-05", 1.0, tuple(range(15)))
    assert worded(many, year=2025) == "15 events of no known kind in 41 days in May"


def test_no_rows_have_no_reasons() -> None:
    assert len(occluded(squared, burst().take(slice(0, 0)), top=1, burst_days=14.0)) == 0


def test_no_reasons_asked_for_is_refused() -> None:
    with pytest.raises(UsageError, match="top = 0"):
        occluded(squared, burst(), top=0, burst_days=14.0)
    with pytest.raises(UsageError, match="burst_days = nan"):
        occluded(squared, burst(), top=1, burst_days=float("nan"))
