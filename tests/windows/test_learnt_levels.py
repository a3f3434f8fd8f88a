"""Levels learnt in the run: the most frequent values known before a cutoff, as the naive twin finds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_warehouse import MemoryWarehouse
from worlds import World, instants, worlds

from bankmine.bank.civil import DAY
from bankmine.errors import ConfigurationError, UsageError
from bankmine.windows import events, learn_levels, learnt, ratio, snapshot, windows
from bankmine.windows.naive import naive_levels

SOURCES = {
    "every": events("transaction"),
    "paid": events("transaction").where(direction="out").measure("base_minor"),
    "by terminal": events("transaction", key="terminal_id"),
    "lately": events("transaction").valid("1mo").delayed("7d"),
    "outcomes": events("credit_application"),
}


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(world=worlds(), until=instants, at_most=st.sampled_from([1, 2, 256]))
def test_learnt_levels_are_the_most_frequent_known_before(
    name: str, world: World, until: int, at_most: int
) -> None:
    by = "decision" if name == "outcomes" else "category"
    (asked,) = windows(SOURCES[name], over=["1mo"], aggregate=["count"], by=by, levels=learnt(at_most))
    found = learn_levels(world.warehouse, [asked], until=until)
    levels = naive_levels(world.bank, asked, until)
    assert found[0].levels == levels
    assert [one.level for one in found] == [*levels, "other"]


def bank(*categories: str | None) -> MemoryWarehouse:
    rows = [
        {"transaction_id": n, "event_time": DAY + n, "seq": n, "category": category, "base_minor": 10}
        for n, category in enumerate(categories)
    ]
    return MemoryWarehouse({"transaction": rows}, coverage=(0, 90 * DAY))


MONEY = events("transaction").measure("base_minor")


def learn(warehouse: MemoryWarehouse, at_most: int, **more: Any) -> tuple[Any, ...]:
    asked = windows(MONEY, over=["30d"], aggregate=["share"], by="category", levels=learnt(at_most), name="s")
    return learn_levels(warehouse, asked, until=40 * DAY, **more)


def test_ties_go_by_name_and_the_rest_is_other() -> None:
    warehouse = bank("b", "a", "c", "c", None, "other")
    features = learn(warehouse, 2)
    assert [feature.name for feature in features] == [
        "s_a_share_30d", "s_c_share_30d", "s_other_share_30d",
    ]  # fmt: skip
    (row,) = snapshot(warehouse, features, np.array([1]), np.array([31 * DAY])).to_pylist()
    assert row == {"s_a_share_30d": 1 / 6, "s_c_share_30d": 2 / 6, "s_other_share_30d": 3 / 6}


def test_levels_spelt_alike_get_different_names() -> None:
    names = [feature.name for feature in learn(bank("Food", "food", "!", "!!"), 9)]
    assert len(set(names)) == len(names) == 5


def test_features_with_levels_still_to_be_learnt_are_refused() -> None:
    asked = windows(MONEY, over=["30d"], aggregate=["sum"], by="category", levels=learnt(3))
    with pytest.raises(ConfigurationError, match="are not learnt yet"):
        snapshot(bank("a"), asked, np.array([1]), np.array([40 * DAY]))
    with pytest.raises(ConfigurationError, match="are not learnt yet"):
        ratio(asked[0], asked[0])


def test_levels_of_a_ratio_are_learnt_before_it_is_taken() -> None:
    plain = windows(MONEY, over=["30d", "60d"], aggregate=["sum"])
    with pytest.raises(UsageError, match="is a ratio"):
        learn_levels(bank("a"), [ratio(*plain)], until=DAY)  # type: ignore[list-item]
    assert learn_levels(bank("a"), plain, until=DAY) == plain


def test_more_than_256_levels_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="257 levels cannot be learnt"):
        learnt(257)
    with pytest.raises(ConfigurationError, match=r"300 levels of .* are too many"):
        windows(MONEY, over=["1d"], aggregate=["sum"], by="category", levels=[str(n) for n in range(300)])


def test_of_a_category_explosion_the_most_frequent_are_kept() -> None:
    warehouse = bank(*(f"word {n}" for n in range(2_000)), "word 7", "word 7", "word 9")
    assert learn(warehouse, 2)[0].levels == ("word 7", "word 9")
    assert len(learn(warehouse, 256)) == 257
