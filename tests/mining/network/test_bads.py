"""Spans of being known to be bad against a list of days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import UsageError
from bankmine.mining.network.around import neighbour_reasons, network_features
from bankmine.mining.network.bads import Bads, bads_of
from bankmine.mining.network.links import FOREVER, UNKNOWN, links_of

spans = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12), st.integers(0, 14)), max_size=12)


@given(spans)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_span_stands_on_the_days_it_holds(rows: list[tuple[int, int, int]]) -> None:
    columns = [list(one) for one in zip(*rows, strict=True)] or [[], [], []]
    made = Bads.of(*columns, parties=5)
    bad = {(who, day) for who, since, until in rows for day in range(since, until)}
    for who in range(-1, 5):
        for day in range(16):
            began = day
            while (who, began - 1) in bad:
                began -= 1
            found = made.began(np.array([who]), day)[0]
            assert found == (began if (who, day) in bad else FOREVER)


def test_a_neighbour_counts_as_bad_only_while_it_is_known_to_be() -> None:
    links = links_of([0, 0], [1, 2], [0, 0], [0, 0], kinds=("phone",), parties=3)
    bads = Bads.of([1, 1, 2], [5, 20, 8], [10, UNKNOWN, 9], parties=3)
    table = network_features(links, [0] * 4, [4, 8, 12, 30], window=5, bad_known_at=bads)
    assert table.column("bad_neighbours").to_pylist() == [0, 2, 0, 1]
    assert table.column("since_last_bad").to_pylist() == [None, 0, None, 10]
    reasons = neighbour_reasons(links, [0, 0], [8, 12], bad_known_at=bads)
    assert [[one.value for one in reasons.row(row)] for row in (0, 1)] == [[2.0, 1.0], []]


def test_an_instant_for_each_party_is_a_span_that_never_ends() -> None:
    made = bads_of(3, [FOREVER, UNKNOWN, 4])
    assert made.began(np.array([0, 1, 2, 2]), [9, 9, 3, 4]).tolist() == [FOREVER, FOREVER, FOREVER, 4]
    assert made.more(5).began(np.array([2, 4]), 7).tolist() == [4, FOREVER]
    with pytest.raises(UsageError, match="shape"):
        bads_of(3, [1, 2])
    with pytest.raises(UsageError, match="3 parties"):
        bads_of(2, made)


def test_a_span_of_nobody_is_refused() -> None:
    for party in (-1, 3):
        with pytest.raises(UsageError, match="party that does not exist"):
            Bads.of([party], [0], [5], parties=3)
