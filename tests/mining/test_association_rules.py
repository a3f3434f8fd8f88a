"""Rules have the measures of their definitions, and the counts that were published for the groceries data."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pytest
import slow_itemsets as slow
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact

from bankmine.errors import UsageError
from bankmine.mining.association.itemsets import frequent_itemsets
from bankmine.mining.association.rules import rules
from bankmine.mining.association.significance import adjusted, p_values, wilson
from shared_data import shared

several = st.lists(st.lists(st.integers(0, 6), max_size=6), min_size=2, max_size=30)


def groceries() -> list[list[str]]:
    with gzip.open(shared("groceries") / "groceries.csv.gz", "rt") as file:
        return [line.rstrip("\n").split(",") for line in file]


def slow_rules(
    baskets: list[list[int]], minimum: int, longest_consequent: int
) -> dict[Any, dict[str, float]]:
    """Every rule of every frequent itemset from its definition."""
    from itertools import combinations

    counts, total = slow.frequent(baskets, minimum, 9), len(baskets)
    made: dict[Any, dict[str, float]] = {}
    for whole, both in counts.items():
        for size in range(1, min(longest_consequent, len(whole) - 1) + 1):
            for after in combinations(whole, size):
                before = tuple(item for item in whole if item not in after)
                confidence, share = both / counts[before], counts[after] / total
                made[before, after] = {
                    "count": both, "confidence": confidence, "lift": confidence / share,
                    "leverage": both / total - counts[before] / total * share,
                    "conviction": (1 - share) / (1 - confidence) if confidence < 1 else None,  # type: ignore[dict-item]
                }  # fmt: skip
    for (before, after), row in made.items():
        simpler = [counts[after] / total]
        for size in range(1, len(before)):
            simpler += [made[part, after]["confidence"] for part in combinations(before, size)]
        row["improvement"] = row["confidence"] - max(simpler)
    return made


@given(several, st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_all_rules_and_measures_equal_their_definitions(
    baskets: list[list[int]], minimum: int, longest_consequent: int
) -> None:
    itemsets = frequent_itemsets(baskets, count=minimum, longest=None)
    found = rules(itemsets, longest_consequent=longest_consequent)
    wanted = slow_rules(baskets, minimum, longest_consequent)
    rows = found.table.to_pylist()
    assert {(tuple(row["antecedent"]), tuple(row["consequent"])) for row in rows} == set(wanted)
    assert found.tested == len(wanted)
    for row in rows:
        for name, value in wanted[tuple(row["antecedent"]), tuple(row["consequent"])].items():
            assert row[name] == (None if value is None else pytest.approx(value, abs=1e-12))


@pytest.mark.shared_data
def test_groceries_have_the_published_rules() -> None:
    """arules' own figures: 410 rules of 3 to 6 items, 463 rules (Lantz 2013), 5,668 rules."""
    baskets = groceries()
    itemsets = frequent_itemsets(baskets, support=0.001, longest=None)
    strong = rules(itemsets, confidence=0.8)
    assert (len(strong), strong.by_length) == (410, {3: 29, 4: 229, 5: 140, 6: 12})
    assert len(rules(itemsets, confidence=0.5)) == 5_668
    assert len(rules(frequent_itemsets(baskets, support=0.006, longest=None), confidence=0.25)) == 463
    first = strong.top(1).table.to_pylist()[0]
    assert (first["antecedent"], first["consequent"]) == (["liquor", "red/blush wine"], ["bottled beer"])
    assert first["support"] == pytest.approx(0.001931876, abs=1e-9)
    assert first["confidence"] == pytest.approx(0.9047619, abs=1e-7)
    assert first["lift"] == pytest.approx(11.23527, abs=1e-5)


def test_p_values_are_those_of_scipy() -> None:
    tables = np.array([[12, 5, 7, 30], [3, 40, 2, 41], [25, 1, 2, 60]])
    both, first = tables[:, 0], tables[:, 0] + tables[:, 1]
    second, total = tables[:, 0] + tables[:, 2], tables.sum(axis=1)
    for row, chi, fisher in zip(
        tables,
        p_values("chi-square", both, first, second, total),
        p_values("fisher", both, first, second, total),
        strict=True,
    ):
        square = row.reshape(2, 2)
        assert chi == pytest.approx(chi2_contingency(square, correction=False).pvalue, rel=1e-9)
        assert fisher == pytest.approx(fisher_exact(square, alternative="greater").pvalue, rel=1e-9)


def test_benjamini_hochberg_gives_the_worked_example_of_the_paper() -> None:
    """Benjamini and Hochberg 1995, section 3.2: of 15 p-values four are kept at 0.05, by Bonferroni three."""
    p = np.array(
        [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
         0.6528, 0.7590, 1.0]
    )  # fmt: skip
    assert (adjusted(p, "benjamini-hochberg") <= 0.05).sum() == 4
    assert (adjusted(p, "bonferroni") <= 0.05).sum() == 3
    assert (adjusted(p, "none") <= 0.05).sum() == 9


def test_random_baskets_give_no_significant_rule_as_often_as_promised() -> None:
    """Without any association the chance of a single false rule is at most the level, twenty worlds over."""
    false = 0
    for seed in range(20):
        held = np.random.default_rng(seed).random((2_000, 20)) < 0.2
        found = rules(frequent_itemsets(held, count=40, longest=2), significant=0.05, correction="bonferroni")
        false += len(found) > 0
    assert false <= 4


def test_a_rule_that_adds_nothing_to_a_simpler_one_is_pruned() -> None:
    draw = np.random.default_rng(3)
    cause, noise = draw.random((2, 4_000)) < 0.5
    effect = np.where(cause, draw.random(4_000) < 0.8, draw.random(4_000) < 0.1)
    itemsets = frequent_itemsets(np.column_stack([cause, noise, effect]), support=0.05, names=["c", "n", "e"])
    kept = rules(itemsets, significant=0.05, improvement=0.02).where(consequent="e")
    assert kept.table.column("antecedent").to_pylist() == [["c"]]


def test_suggestions_are_items_not_yet_held_and_unknown_items_are_ignored() -> None:
    itemsets = frequent_itemsets([["a", "b"], ["a", "b"], ["a", "c"], ["b"], ["c", "a"]], count=1)
    found = rules(itemsets).top(99, "confidence")
    said = found.suggest([["b", "nobody sells this"], ["a", "b", "c"], [], ["c", "c"]], top=1).to_pylist()
    assert [(row["basket"], row["item"]) for row in said] == [(0, "a"), (3, "a")]


def test_wilson_intervals_hold_the_share() -> None:
    """Newcombe 1998, table I: 81 of 263 has 0.2553 to 0.3662."""
    low, high = wilson([81, 0], [263, 0])
    assert (round(float(low[0]), 4), round(float(high[0]), 4)) == (0.2553, 0.3662)
    assert (low[1], high[1]) == (0.0, 1.0)


def test_rules_need_all_itemsets_and_known_measures() -> None:
    closed = frequent_itemsets([["a", "b"]], count=1, kind="closed")
    with pytest.raises(UsageError, match="rules were asked of closed itemsets"):
        rules(closed)
    found = rules(frequent_itemsets([["a", "b"]], count=1))
    with pytest.raises(UsageError, match="no measure 'zeal'"):
        found.top(1, "zeal")
    assert found.table.column("conviction").to_pylist() == [None, None]
    with pytest.raises(UsageError, match="the test is 'guess'"):
        rules(frequent_itemsets([["a", "b"]], count=1), test="guess")
