"""Splits go forward, and no training label reaches into the test."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.splits import forward_folds, forward_split, random_split

DAY = 86_400_000_000


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=40),
    st.integers(1, 100),
    st.integers(0, 20),
    st.integers(0, 10),
)
def test_every_training_label_was_known_at_the_first_test_cutoff(
    days: list[int], start: int, horizon: int, delay: int
) -> None:
    cutoffs = np.array(days) * DAY
    try:
        split = forward_split(cutoffs, test_from=start * DAY, horizon=horizon * DAY, delay=delay * DAY)
    except FeasibilityError:
        return
    assert all(days[i] + horizon + delay <= start for i in split.train)
    assert all(days[i] >= start for i in split.test)
    assert all(days[i] < start < days[i] + horizon + delay for i in split.embargoed)
    assert sorted([*split.train, *split.test, *split.embargoed]) == list(range(len(days)))


def test_the_embargo_ends_exactly_at_horizon_and_delay() -> None:
    cutoffs = np.array([0, 1, 2, 3, 10]) * DAY
    split = forward_split(cutoffs, test_from=10 * DAY, horizon=timedelta(days=7), delay=timedelta(days=1))
    assert split.train.tolist() == [0, 1, 2]
    assert split.embargoed.tolist() == [3]


def test_the_protocol_of_the_fraud_handbook() -> None:
    """Train 25 to 31 July, delay 7 days, test 8 to 14 August: the week between is embargoed."""
    days = np.arange(np.datetime64("2018-07-20"), np.datetime64("2018-08-20"))
    split = forward_split(
        days.astype("datetime64[us]"),
        train_from=_micros("2018-07-25"),
        test_from=_micros("2018-08-08"),
        test_until=_micros("2018-08-15"),
        delay=timedelta(days=7),
    )
    assert (days[split.train[0]], days[split.train[-1]]) == (_day("2018-07-25"), _day("2018-08-01"))
    assert (days[split.test[0]], days[split.test[-1]]) == (_day("2018-08-08"), _day("2018-08-14"))
    assert [str(day) for day in days[split.embargoed]] == [f"2018-08-0{n}" for n in range(2, 8)]


def test_a_validation_part_has_its_own_embargo() -> None:
    cutoffs = np.arange(30) * DAY
    split = forward_split(cutoffs, validation_from=10 * DAY, test_from=20 * DAY, horizon=3 * DAY)
    assert split.train.tolist() == list(range(8))
    assert split.validation.tolist() == list(range(10, 18))
    assert split.embargoed.tolist() == [8, 9, 18, 19]
    assert "8 validate" in split.sentence


def test_labels_with_their_own_date_replace_the_horizon() -> None:
    known = np.array([1, 9, 12, 30]) * DAY
    split = forward_split(np.array([0, 1, 2, 10]) * DAY, test_from=10 * DAY, label_known_at=known)
    assert split.train.tolist() == [0, 1]
    with pytest.raises(UsageError, match="label_known_at"):
        forward_split(np.array([5 * DAY]), test_from=10 * DAY, label_known_at=np.array([DAY]))


def test_folds_roll_forward_and_never_overlap() -> None:
    cutoffs = np.arange(12) * DAY
    folds = forward_folds(cutoffs, [6 * DAY, 9 * DAY], horizon=2 * DAY)
    assert [fold.test.tolist() for fold in folds] == [[6, 7, 8], [9, 10, 11]]
    assert [fold.train.tolist() for fold in folds] == [[0, 1, 2, 3, 4], list(range(8))]


def test_an_empty_part_is_refused() -> None:
    cutoffs = np.arange(10) * DAY
    with pytest.raises(FeasibilityError, match=r"training part of the split is empty \(5 rows are embargoed"):
        forward_split(cutoffs, test_from=5 * DAY, horizon=90 * DAY)
    with pytest.raises(FeasibilityError, match="test part"):
        forward_split(cutoffs, test_from=50 * DAY)


def test_bounds_out_of_order_and_negative_spans_are_refused() -> None:
    cutoffs = np.arange(10) * DAY
    with pytest.raises(UsageError, match="overlap"):
        forward_split(cutoffs, test_from=5 * DAY, test_until=4 * DAY)
    with pytest.raises(UsageError, match="negative"):
        forward_split(cutoffs, test_from=5 * DAY, horizon=-1)
    with pytest.raises(UsageError, match="int64 of microseconds"):
        forward_split(cutoffs.astype(float), test_from=5 * DAY)


def test_a_random_split_needs_a_reason_and_shows_it() -> None:
    with pytest.raises(UsageError, match="without a reason"):
        random_split(100, reason=" ")
    split = random_split(100, reason="the file has no dates", test_share=0.25)
    assert (len(split.train), len(split.test)) == (75, 25)
    assert "because the file has no dates" in split.sentence
    assert split.kind == "random"


def test_a_group_lies_on_one_side_of_a_random_split() -> None:
    groups = np.arange(300) // 3
    split = random_split(300, reason="no dates", groups=groups)
    assert not set(groups[split.train]) & set(groups[split.test])
    assert np.array_equal(split.test, random_split(300, reason="no dates", groups=groups).test)


def _micros(day: str) -> int:
    return int(np.datetime64(day, "us").astype(np.int64))


def _day(day: str) -> np.datetime64:
    return np.datetime64(day, "D")
