"""Moving one input at a time, and inputs that give a group away."""

from typing import Any

import numpy as np
import pytest

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.proxies import proxies
from bankmine.evaluation.sensitivity import sensitivity

DRAW = np.random.default_rng(2)
INPUTS: dict[str, Any] = {
    "income": DRAW.normal(0, 1, 4_000),
    "age": DRAW.uniform(20, 80, 4_000),
    "job": np.where(DRAW.random(4_000) < 0.5, "clerk", "baker"),
    "always": np.full(4_000, 3.0),
}


def score(name: str, values: Any) -> Any:
    use = {**INPUTS, name: values}
    return 0.5 * use["income"] + 0.01 * use["age"] + 0.2 * (use["job"] == "baker") + 0 * use["always"]


def test_a_linear_score_moves_by_its_weight_times_the_spread() -> None:
    found = {one.name: one for one in sensitivity(INPUTS, score)}
    assert next(iter(found)) == "income"
    assert found["income"].spread == pytest.approx(1.0, abs=0.05)
    assert found["income"].mean == pytest.approx(0.5 * found["income"].spread, rel=0.02)
    assert found["age"].spread == pytest.approx(0.34 * 60, rel=0.03)
    assert found["job"].spread is None
    assert found["job"].mean == pytest.approx(0.1, abs=0.01)
    assert (found["always"].mean, found["always"].rank_correlation) == (0, 1)


def test_rank_order_is_spearmans() -> None:
    from scipy.stats import spearmanr

    found = {one.name: one for one in sensitivity(INPUTS, score)}
    spread = found["age"].spread
    assert spread is not None
    low, high = INPUTS["age"].min(), INPUTS["age"].max()
    moved = [score("age", np.clip(INPUTS["age"] + step, low, high)) for step in (-spread, spread)]
    slow = min(spearmanr(one, score("age", INPUTS["age"])).statistic for one in moved)
    assert found["age"].rank_correlation == pytest.approx(slow)


def test_missing_values_stay_missing() -> None:
    holes = INPUTS["income"].copy()
    holes[::3] = np.nan
    seen = []

    def watch(name: str, values: Any) -> Any:
        seen.append(np.isnan(values[::3]).all())
        return np.nan_to_num(values)

    sensitivity({"income": holes}, watch)
    assert len(seen) == 3
    assert all(seen)


def test_an_input_that_gives_the_group_away_comes_first() -> None:
    group = DRAW.random(4_000) < 0.4
    inputs = {
        "noise": DRAW.normal(size=4_000),
        "against": DRAW.normal(size=4_000) - 2 * group,
        "shop": np.where(group & (DRAW.random(4_000) < 0.8), "hairdresser", "grocer"),
        "holes": np.where(group, np.nan, 1.0),
        "ids": np.arange(4_000).astype(str),
        "nothing": np.full(4_000, np.nan),
    }
    found = {one.name: one.tells for one in proxies(group, inputs)}
    assert list(found)[:2] == ["holes", "against"]
    assert found["holes"] == 1
    assert found["shop"] == pytest.approx(0.9, abs=0.02)
    assert found["noise"] < 0.53
    assert found["ids"] < 0.53
    assert found["nothing"] == 0.5


def test_what_cannot_be_moved_or_told_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="5 rows"):
        sensitivity({"a": np.arange(5.0)}, lambda name, values: values)
    with pytest.raises(UsageError, match="a is moved"):
        sensitivity({"a": np.arange(50.0)}, lambda name, values: values * np.nan)
    with pytest.raises(FeasibilityError, match="0 positives"):
        proxies(np.zeros(50), {"a": np.arange(50.0)})
