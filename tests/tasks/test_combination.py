"""Evidence combined in a task: candidates, what each part is worth, and how far each pattern carries."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bankmine.config import QUICK
from bankmine.errors import UsageError
from bankmine.tasks import combination
from bankmine.tasks.contract import Bank, Tested


def bank(**more: Any) -> Bank:
    """A bank of which only currency, seed and budget are read."""
    warehouse: Any = SimpleNamespace(currency="EUR")
    return Bank(warehouse=warehouse, cutoff=0, **more)


def scored(rows: int = 3_000, seed: int = 0, noise: float = 0.0) -> Tested:
    """Scores of three parts: a tells much, b something of its own, c nothing (`noise`: in the stack)."""
    draw = np.random.default_rng(seed)
    a, b, c = (draw.normal(size=rows) for _ in range(3))
    truth = draw.random(rows) < 1 / (1 + np.exp(-(1.2 * a + 0.8 * b - 2)))
    ranking = {
        "a": a, "b": b, "c": c, "together": 1.2 * a + 0.8 * b + noise * c, "without a": 0.8 * b + noise * c,
        "without b": 1.2 * a + noise * c, "without c": 1.2 * a + 0.8 * b,
    }  # fmt: skip
    told = pa.table({"subject_id": np.arange(rows), "customer_id": np.arange(rows) // 2})
    return Tested(
        rows=told, truth=truth, ranking=ranking, probability=ranking, model="together", best_baseline="a"
    )


def test_a_part_that_tells_is_worth_it_and_one_of_noise_is_not() -> None:
    a, b, c = combination.worth(scored(noise=0.05), ("a", "b", "c"))
    assert a.pays
    assert b.pays
    assert a.gain > b.gain > 0.02
    assert not c.pays
    assert c.low <= 0 <= c.high
    assert "not worth its cost" in c.sentence
    assert a.alone is not None
    assert f"{a.alone:.3f}" in a.sentence


def test_noise_is_seldom_taken_for_worth() -> None:
    found = [combination.worth(scored(1_000, seed, 0.3), ("a", "b", "c"))[2] for seed in range(20)]
    assert sum(one.pays for one in found) <= 1


def test_a_part_that_does_harm_is_said_to() -> None:
    assert "does harm" in combination.worth(scored(noise=1.5), ("a", "b", "c"))[2].sentence


def test_of_two_parts_the_other_alone_is_the_stack_without_it() -> None:
    first, second = combination.worth(scored(), ("a", "b"), whole="together")
    assert first.pays
    assert second.pays
    with pytest.raises(UsageError, match="'without d' was not tested"):
        combination.worth(scored(), ("a", "b", "d"))


def test_coverage_gives_share_and_auc_of_each_pattern() -> None:
    seen = scored()
    bureau, consent = np.arange(3_000) % 3 > 0, np.arange(3_000) % 100 > 0
    patterns = combination.patterns_of({"bureau": bureau, "text": consent})
    found = {one.pattern: one for one in combination.coverage(seen, patterns, scorable=bureau | consent)}
    assert list(found) == ["bureau and text", "bureau", "text", "nothing"]
    assert sum(one.rows for one in found.values()) == 3_000
    assert sum(one.share for one in found.values()) == pytest.approx(1)
    whole = found["bureau and text"]
    assert whole.auc is not None
    assert whole.low is not None
    assert whole.high is not None
    assert whole.low < whole.auc < whole.high
    assert found["nothing"].scorable == 0
    assert found["nothing"].auc is None


def test_the_ways_of_parts_are_alone_together_and_without_each() -> None:
    parts = [
        combination.trees("windows", ("x", "y")),
        combination.linear("network", ("z",), present="known"),
        combination.text("text", "purpose"),
        combination.events("events", "seq", bank=bank(budget=QUICK)),
    ]
    ways = combination.all_ways(bank(), parts, baseline=True)
    assert [one.name for one in ways] == [
        "windows", "network", "text", "events", "together", "without windows", "without network",
        "without text", "without events",
    ]  # fmt: skip
    assert [one.name for one in ways if one.baseline] == ["windows", "network", "text", "events"]
    assert ways[4].columns == ("x", "y", "z", "known", "purpose", "seq")
    assert [one.only_measured for one in ways] == [False] * 5 + [True] * 4
    assert ways[4].miner().folds == combination.USUAL_FOLDS
    assert combination.together(bank(budget=QUICK), parts).miner().folds == combination.QUICK_FOLDS
    assert parts[3].settings["epochs"] < combination.events("e", "seq", bank=bank()).settings["epochs"]
    assert [one.name for one in combination.all_ways(bank(), parts[:2])] == ["windows", "network", "together"]
    assert [one.name for one in combination.all_ways(bank(), parts[:1])] == ["windows"]
    with pytest.raises(UsageError, match="'zz' cannot be left out of windows, network"):
        combination.without(bank(), parts[:2], "zz")


def test_one_kind_of_evidence_may_be_read_twice_and_counts_once() -> None:
    windows = combination.both("windows", ("x", "y"), straight={"C": 0.03})
    network, text = combination.trees("network", ("z",)), combination.text("text", "purpose")
    ways = combination.all_ways(bank(), [windows, network, text])
    assert [one.name for one in ways] == [
        "windows", "network", "text", "together", "without windows", "without network", "without text",
    ]  # fmt: skip
    members = {one.name: [part.name for part in one.miner().parts] for one in ways}
    assert members["windows"] == ["windows", "windows, linear"]
    assert members["together"] == ["windows", "windows, linear", "network", "text"]
    assert members["without windows"] == ["network", "text"]
    assert windows[1].settings == {"C": 0.03}
    assert ways[3].words == "a stack of 3 parts: windows, network, text"
