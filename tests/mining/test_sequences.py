"""Sequential patterns are those of the paper's example, and those that trying every pattern finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import slow_itemsets as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.association.sequences import (
    Sequences,
    frequent_paths,
    frequent_sequences,
    holding,
    pattern_words,
)

PEI = [
    ["a", "abc", "ac", "d", "cf"],
    ["ad", "c", "bc", "ae"],
    ["ef", "ab", "df", "c", "b"],
    ["e", "g", "af", "c", "b", "c"],
]
TABLE_2 = """
a aa ab a(bc) a(bc)a aba abc (ab) (ab)c (ab)d (ab)f (ab)dc ac aca acb acc ad adc af
b ba bc (bc) (bc)a bd bdc bf
c ca cb cc
d db dc dcb
e ea eab eac eacb eb ebc ec ecb ef efb efc efcb
f fb fbc fc fcb
"""


def written(pattern: list[list[str]]) -> str:
    return "".join(one[0] if len(one) == 1 else f"({''.join(one)})" for one in pattern)


def sets(sequences: list[list[str]]) -> list[list[list[str]]]:
    return [[list(element) for element in one] for one in sequences]


def test_the_worked_example_of_the_paper() -> None:
    """Pei et al. 2001, tables 1 and 2: 53 sequential patterns at a minimum support of two sequences."""
    found = frequent_sequences(sets(PEI), count=2, longest=None)
    assert sorted(map(written, found.table.column("pattern").to_pylist())) == sorted(TABLE_2.split())
    assert found.counts[("a",), ("b", "c"), ("a",)] == 2
    assert found.counts[("a",),] == 4


elements = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda one: sorted(set(one)))
world = st.lists(st.lists(st.tuples(st.integers(0, 3), elements), max_size=6), min_size=1, max_size=8)
limit = st.one_of(st.none(), st.integers(0, 6))


@given(world, st.integers(1, 3), st.integers(1, 4), limit, limit)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_patterns_under_limits_equal_those_of_trying_all(
    steps: list[list[tuple[int, list[int]]]], minimum: int, longest: int, gap: int | None, span: int | None
) -> None:
    times = [np.cumsum([step for step, _ in one]).tolist() for one in steps]
    lists = [[items for _, items in one] for one in steps]
    found = frequent_sequences(lists, count=minimum, longest=longest, times=times, gap=gap, span=span)
    twin = [
        [(time, frozenset(items)) for time, items in zip(when, one, strict=True)]
        for when, one in zip(times, lists, strict=True)
    ]
    assert found.counts == slow.sequential(twin, minimum, longest, gap, span)


@given(world, st.lists(elements, min_size=1, max_size=3), limit)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_holding_says_which_sequences_have_a_pattern(
    steps: list[list[tuple[int, list[int]]]], pattern: list[list[int]], gap: int | None
) -> None:
    times = [np.cumsum([step for step, _ in one]).tolist() for one in steps]
    data = Sequences.of([[items for _, items in one] for one in steps], times=times)
    wanted = [
        slow.holds(
            [(time, frozenset(items)) for time, (_, items) in zip(when, one, strict=True)],
            [frozenset(element) for element in pattern],
            gap,
        )
        for when, one in zip(times, steps, strict=True)
    ]
    assert holding(data, pattern, gap=gap).tolist() == wanted


def test_paths_have_nothing_between_their_steps() -> None:
    visits = [["login", "rates", "product"], ["login", "balance", "product"], ["login", "rates", "product"]]
    found = frequent_paths(visits, count=2)
    assert [written(one) for one in found.table.column("pattern").to_pylist()] == [
        "login", "product", "rates", "loginrates", "ratesproduct", "loginratesproduct",
    ]  # fmt: skip
    assert found.sentences(1) == ["login → rates: 2 of 3 sequences (66.7%)."]
    assert frequent_paths(pa.array(visits), count=2).counts == found.counts


def test_events_are_sequences_in_the_order_given() -> None:
    data = Sequences.of_events([7, 7, 7, 9], ["a", "b", "a", "b"], [0.0, 1.0, 5.0, 2.0])
    assert len(data) == 2
    assert frequent_sequences(data, count=1, gap=2).counts[("a",), ("b",)] == 1
    assert (("b",), ("a",)) not in frequent_sequences(data, count=1, gap=2).counts
    assert (("b",), ("a",)) in frequent_sequences(data, count=1, gap=4).counts


def test_empty_sequences_count_and_bad_input_is_refused() -> None:
    found = frequent_sequences([[], ["a"], []], support=0.3)
    assert found.table.to_pylist() == [{"pattern": [["a"]], "items": 1, "count": 1, "support": 1 / 3}]
    assert len(frequent_sequences([[], []], count=1)) == 0
    with pytest.raises(FeasibilityError, match="no sequence"):
        frequent_sequences([], count=1)
    with pytest.raises(UsageError, match="go back"):
        Sequences.of([["a", "b"]], times=[[2, 1]])
    with pytest.raises(UsageError, match="do not fit"):
        Sequences.of([["a", "b"]], times=[[2]])
    with pytest.raises(UsageError, match="Sort them"):
        Sequences.of_events([1, 2, 1], ["a", "a", "a"])
    with pytest.raises(UsageError, match="the gap is -1"):
        frequent_sequences([["a"]], count=1, gap=-1)


def test_too_many_patterns_lose_their_longest_whole() -> None:
    lists = [list(range(12))] * 3
    found = frequent_sequences(lists, count=2, longest=None, most=300)
    assert (found.longest, len(found)) == (3, 12 + 66 + 220)
    assert found.cuts == ("there are more than 300 patterns; those of more than 3 items were left out",)


def test_patterns_in_words() -> None:
    pattern: list[list[Any]] = [["login"], ["rates", "home"], ["product (loan)"]]
    assert pattern_words(pattern) == "login → (rates, home) → product (loan)"
