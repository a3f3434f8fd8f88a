"""Rules over attributes find what was planted, keep nothing of noise, and say it in ranges people read."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.association.attributes import attribute_rules
from bankmine.mining.association.bins import bin_of, bin_words, entropy_edges, share_edges


def planted(rows: int = 6_000, seed: int = 1) -> tuple[pa.Table, Any]:
    """People of 30 to 40 with a salary account take a card in three of ten cases, others in one of twenty."""
    draw = np.random.default_rng(seed)
    age = draw.integers(18, 80, rows)
    salary = draw.random(rows) < 0.5
    region = draw.choice(["north", "south", "east"], rows)
    noise = draw.normal(size=rows)
    chance = np.where((age >= 30) & (age < 40) & salary, 0.3, 0.05)
    table = pa.table({"age": age, "salary account": salary, "region": region, "noise": noise})
    return table, draw.random(rows) < chance


def test_the_planted_rule_is_first_and_alone_of_its_kind() -> None:
    table, taken = planted()
    found = attribute_rules(table, taken, target_words="takes a card", edges={"age": [30, 40, 50, 65]})
    assert found.table.column("conditions").to_pylist() == [
        ["age 30–40", "salary account"], ["age 30–40"], ["salary account"],
    ]  # fmt: skip
    first = found.table.to_pylist()[0]
    assert first["low"] < 0.3 < first["high"]
    assert first["p_improvement"] < 0.001
    assert found.sentences(1)[0].startswith("age 30–40 and salary account ⇒ takes a card: ")


def test_learnt_bins_find_the_planted_range() -> None:
    table, taken = planted(20_000)
    edges = entropy_edges(table.column("age").to_numpy().astype(float), taken)
    assert edges.tolist() == [30, 40]
    assert entropy_edges(table.column("noise").to_numpy(), taken).tolist() == []


def test_noise_gives_no_rule() -> None:
    table, _ = planted()
    kept = [
        len(attribute_rules(table, np.random.default_rng(seed).random(6_000) < 0.1, correction="bonferroni"))
        for seed in range(20)
    ]
    assert sum(one > 0 for one in kept) <= 4


rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.booleans(), st.booleans()),
    min_size=14,
    max_size=60,
)


@given(rows)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_counts_and_improvement_equal_those_of_filtering_rows(given_rows: list[Any]) -> None:
    padded = given_rows + [("a", "x", True, True)] * 5 + [("b", "y", False, False)] * 5
    one, two, three, truth = (list(column) for column in zip(*padded, strict=True))
    table = pa.table({"one": one, "two": two, "three": three})
    target = np.array(truth)
    found = attribute_rules(table, target, support=0.05, level=1.0, correction="none", improvement=-1.0)
    items = {f"one {v}": np.array(one) == v for v in "abc"} | {f"two {v}": np.array(two) == v for v in "xy"}
    items |= {"three": np.array(three), "not three": ~np.array(three)}
    share = target.mean()

    def confidence(conditions: tuple[str, ...]) -> float:
        met = np.all([items[name] for name in conditions], axis=0)
        return float(target[met].mean())

    def against(conditions: tuple[str, ...], part: tuple[str, ...]) -> float:
        inside = np.all([items[name] for name in part], axis=0) if part else np.ones(len(target), bool)
        met = np.all([items[name] for name in conditions], axis=0)
        square = [[(met & target).sum(), (met & ~target).sum()]]
        square += [[(inside & ~met & target).sum(), (inside & ~met & ~target).sum()]]
        return float(fisher_exact(square, alternative="greater").pvalue)

    for row in found.table.to_pylist():
        conditions = tuple(row["conditions"])
        met = np.all([items[name] for name in conditions], axis=0)
        assert (row["rows"], row["hits"]) == (met.sum(), target[met].sum())
        simpler = [
            confidence(part) for size in range(1, len(conditions)) for part in combinations(conditions, size)
        ]
        assert row["improvement"] == pytest.approx(row["confidence"] - max([share, *simpler]), abs=1e-12)
        assert row["lift"] > 1
        assert row["p_improvement"] == pytest.approx(
            max(against(conditions, tuple(one for one in conditions if one != name)) for name in conditions)
        )


def test_rules_are_met_by_later_rows_with_the_same_bins() -> None:
    table, taken = planted()
    found = attribute_rules(table, taken, edges={"age": [30, 40]}, columns=["age", "salary account"])
    later = pa.table({"age": [35, 35, 20, None], "salary account": [True, False, True, True]})
    place = found.table.column("conditions").to_pylist().index(["age 30–40", "salary account"])
    assert found.meets(later)[:, place].tolist() == [True, False, False, False]
    with pytest.raises(UsageError, match="lacks the column 'age'"):
        found.meets(later.select(["salary account"]))


def test_shares_are_about_equal_and_limits_are_round() -> None:
    values = np.random.default_rng(2).lognormal(10, 1, 10_000)
    edges = share_edges(values, 4)
    counts = np.bincount(bin_of(values, edges))
    assert (counts > 2_200).all()
    assert all(float(f"{edge:.3g}") == edge for edge in edges)
    assert share_edges(np.array([1.0] * 50 + [2.0]), 4).tolist() in ([], [2.0])
    assert share_edges(np.array([np.nan]), 4).tolist() == []


def test_a_limit_belongs_to_the_bin_above_it() -> None:
    edges = np.array([30.0, 40.0])
    assert bin_of(np.array([29.9, 30.0, 40.0, np.nan]), edges).tolist() == [0, 1, 2, -1]
    assert [bin_words("age", edges, number) for number in range(3)] == [
        "age below 30",
        "age 30–40",
        "age from 40",
    ]


def test_bad_input_is_refused() -> None:
    table, _taken = planted(100)
    with pytest.raises(FeasibilityError, match="0 of 100 rows are in the target"):
        attribute_rules(table, np.zeros(100, dtype=bool))
    with pytest.raises(UsageError, match="do not rise"):
        attribute_rules(table, np.arange(100) < 50, edges={"age": [40, 30]})
    with pytest.raises(UsageError, match="lacks the column 'wage'"):
        attribute_rules(table, np.arange(100) < 50, columns=["wage"])
    with pytest.raises(UsageError, match="learnt by 'luck'"):
        attribute_rules(table, np.arange(100) < 50, learn="luck")
    constant = pa.table({"same": np.ones(100), "nothing": pa.nulls(100, pa.float64())})
    assert len(attribute_rules(constant, np.arange(100) < 50)) == 0


def test_limits_of_a_text_column_and_limits_that_are_no_numbers_are_refused() -> None:
    table = pa.table({"town": ["a", "b"] * 20, "age": list(range(40))})
    truth = np.arange(40) < 20
    with pytest.raises(UsageError, match="limits were given for 'town', a column of string"):
        attribute_rules(table, truth, edges={"town": [1.0]})
    for limits in (["old"], [float("nan")], [[1.0, 2.0]]):
        with pytest.raises(UsageError, match="limits of 'age' are not all numbers"):
            attribute_rules(table, truth, edges={"age": limits})
