"""Frequent itemsets are those that counting every subset finds; what is cut is said."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import slow_itemsets as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.association import itemsets as room
from bankmine.mining.association.baskets import Baskets
from bankmine.mining.association.itemsets import Itemsets, frequent_itemsets
from shared_data import shared

BASKETS = [["bread", "milk"], ["bread", "beer", "eggs"], ["milk", "beer", "cola"], ["bread", "milk", "beer"]]
several = st.lists(st.lists(st.integers(0, 8), max_size=7), min_size=1, max_size=40)


def as_counts(found: Itemsets) -> dict[tuple[Any, ...], int]:
    return {tuple(row["itemset"]): row["count"] for row in found.table.to_pylist()}


@given(several, st.integers(1, 5), st.integers(1, 6), st.booleans())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_itemsets_equal_those_of_counting_every_subset(
    baskets: list[list[int]], minimum: int, longest: int, columns: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_takes_columns", lambda offsets, width: columns)
        found = frequent_itemsets(baskets, count=minimum, longest=longest)
    assert as_counts(found) == slow.frequent(baskets, minimum, longest)
    assert found.cuts == ()


@given(several, st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_closed_and_maximal_sets_are_exact_at_every_length(
    baskets: list[list[int]], minimum: int, longest: int
) -> None:
    found, every = slow.frequent(baskets, minimum, longest), slow.frequent(baskets, minimum, 9)
    for kind, twin in (("closed", slow.closed), ("maximal", slow.maximal)):
        mined = frequent_itemsets(baskets, count=minimum, longest=longest, kind=kind)
        assert set(as_counts(mined)) == twin(found, every)


def test_wide_data_are_mined_by_projection_and_equal_columns() -> None:
    draw = np.random.default_rng(5)
    baskets = [draw.zipf(1.5, 12).clip(max=400).tolist() for _ in range(3_000)]
    answers = []
    for columns in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(room, "_takes_columns", lambda offsets, width, chosen=columns: chosen)
            answers.append(as_counts(frequent_itemsets(baskets, count=20, longest=None)))
    assert answers[0] == answers[1]
    assert max(map(len, answers[0])) >= 5


def test_every_form_of_input_gives_the_same() -> None:
    wanted = as_counts(frequent_itemsets(BASKETS, count=2))
    names = sorted({item for basket in BASKETS for item in basket})
    matrix = np.array([[item in basket for item in names] for basket in BASKETS])
    rows = pa.table(
        {
            "customer": [number for number, basket in enumerate(BASKETS) for _ in basket],
            "product": [item for basket in BASKETS for item in basket],
        }
    )
    assert wanted == {
        ("bread",): 3, ("beer",): 3, ("milk",): 3, ("bread", "milk"): 2, ("beer", "bread"): 2,
        ("beer", "milk"): 2,
    }  # fmt: skip
    for data in (
        pa.array(BASKETS), pa.chunked_array([BASKETS[:2], BASKETS[2:]]), rows, [set(one) for one in BASKETS],
        pa.array(BASKETS, pa.large_list(pa.string())), rows.take([8, 1, 0, 5, 4, 3, 2, 7, 6, 9, 10]),
    ):  # fmt: skip
        assert as_counts(frequent_itemsets(data, count=2)) == wanted
    assert as_counts(frequent_itemsets(matrix, count=2, names=names)) == wanted


def test_a_slice_of_a_list_column_counts_its_own_rows() -> None:
    assert as_counts(frequent_itemsets(pa.array(BASKETS).slice(1, 2), count=2)) == {("beer",): 2}


def test_support_is_met_as_exactly_as_its_decimals_say() -> None:
    assert room.minimum_count(1_000, 0.007, None) == 7
    assert room.minimum_count(9_835, 0.001, None) == 10
    assert room.minimum_count(3, 1 / 3, None) == 1
    assert room.minimum_count(10, 1.0, None) == 10


def test_items_of_a_basket_count_once_and_missing_ones_are_left_out() -> None:
    found = frequent_itemsets([["a", "a", "b"], ["a", None], None or []], count=1)
    assert as_counts(found) == {("a",): 2, ("b",): 1, ("a", "b"): 1}
    assert found.baskets == 3
    assert found.cuts == ("1 missing items were left out",)


def test_empty_baskets_are_baskets_and_no_basket_is_refused() -> None:
    found = frequent_itemsets([[], [], ["a"], []], support=0.25)
    assert found.table.to_pylist() == [{"itemset": ["a"], "length": 1, "count": 1, "support": 0.25}]
    assert len(frequent_itemsets([[], []], count=1)) == 0
    with pytest.raises(FeasibilityError, match="no basket"):
        frequent_itemsets([], count=1)


def test_a_million_items_in_one_basket_are_cut_and_the_cut_is_said() -> None:
    baskets = [list(range(1_000_000)), [3, 5], [3, 5, 7]]
    found = frequent_itemsets(baskets, count=1, longest=3, most=1_000_000, longest_basket=50)
    assert found.cuts[0].startswith("1 baskets have more than 50 frequent items; their 999,950 rarest")
    assert as_counts(found)[(3, 5, 7)] == 2
    only = frequent_itemsets(baskets, count=2)
    assert as_counts(only)[(3, 5)] == 3
    assert only.cuts == ()


def test_too_many_itemsets_lose_their_longest_whole() -> None:
    baskets = [list(range(40))] * 30
    found = frequent_itemsets(baskets, support=0.9, longest=None, most=10_000)
    assert found.by_length == {1: 40, 2: 780, 3: 9_880} or found.longest == 2
    assert found.by_length == {1: 40, 2: 780}
    assert found.cuts == ("there are more than 10,000 itemsets; those of more than 2 items were left out",)
    closed = frequent_itemsets(baskets, support=0.9, longest=3, most=20_000, kind="closed")
    assert len(closed) == 0
    assert closed.cuts[-1].endswith("those of more than 2 items were left out")
    with pytest.raises(FeasibilityError, match="40 items are frequent"):
        frequent_itemsets(baskets, support=0.9, most=39)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ({"support": 0.0}, "Give a share above 0"),
        ({"support": 1.5}, "support is 1.5"),
        ({"count": 0}, "from 1 on"),
        ({}, "Give one of them"),
        ({"support": 0.1, "count": 3}, "Give one of them"),
        ({"count": 1, "kind": "free"}, "the kind is 'free'"),
        ({"count": 1, "longest": 0}, "longest is 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(ask: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        frequent_itemsets(BASKETS, **ask)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("bread", "given as str"),
        (["bread", "milk"], "a basket was given as str"),
        ([["a", 1]], "not of one kind"),
        ([[1.5]], "Give items as texts"),
        (pa.array(["a"]), "column of string"),
        (pa.table({"a": [1]}), "has 1 columns"),
        (pa.table({"a": [None, 1], "b": [1, 2]}), "the basket is missing in 1 rows"),
        (np.array([[2, 0]]), "values other than 0 and 1"),
    ],
)
def test_other_input_is_refused(data: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Baskets.of(data)


def test_unknown_items_are_named() -> None:
    assert Baskets.of(BASKETS).code_of("beer") == 0
    with pytest.raises(UsageError, match="no basket holds the item 'wine'"):
        Baskets.of(BASKETS).code_of("wine")


def test_sentences_say_the_largest_sets() -> None:
    assert frequent_itemsets(BASKETS, count=2).sentences(1) == [
        "beer and bread stand together in 2 of 4 baskets (50.0%)."
    ]


@pytest.mark.shared_data
def test_retail_has_as_many_itemsets_as_counted_by_another_miner() -> None:
    """Counts of mlxtend's fpgrowth on the same file, which row T4 runs beside ours."""
    with gzip.open(shared("fimi-baskets") / "retail.dat.gz", "rt") as file:
        baskets = [[int(word) for word in line.split()] for line in file]
    for support, wanted in ((0.01, 159), (0.005, 580), (0.002, 2_691)):
        assert len(frequent_itemsets(baskets, support=support, longest=None)) == wanted


@pytest.mark.parametrize("count", [2.5, 0, -1, float("nan"), True])
def test_a_count_that_is_no_whole_number_is_refused(count: float) -> None:
    with pytest.raises(UsageError, match="the count is"):
        frequent_itemsets(BASKETS, count=count)
    with pytest.raises(UsageError, match=r"longest is 2\.5"):
        frequent_itemsets(BASKETS, count=2, longest=2.5)


def test_numbers_that_no_int64_holds_are_refused_and_other_unsigned_ones_taken() -> None:
    huge = [[2**63 + 1, 2**63 + 2], [2**63 + 1]]
    for baskets in (huge, [[2**64]], pa.array(huge, pa.list_(pa.uint64()))):
        with pytest.raises(UsageError, match="2⁶³ or more"):
            frequent_itemsets(baskets, count=1)
    with pytest.raises(UsageError, match="2⁶³ or more"):
        frequent_itemsets(
            pa.table({"b": pa.array([2**63 + 1, 2**63], pa.uint64()), "i": ["a", "b"]}), count=1
        )
    small = pa.array([[1, 2], [1]], pa.list_(pa.uint64()))
    assert as_counts(frequent_itemsets(small, count=1)) == {(1,): 2, (2,): 1, (1, 2): 1}
