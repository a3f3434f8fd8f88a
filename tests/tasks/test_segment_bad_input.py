"""What segmentation says, in one line, of customers from whom no segments can come."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from bankmine.errors import BankmineError, FeasibilityError
from bankmine.tasks.segmentation.clusters import LEVEL, Beside, choose
from bankmine.tasks.segmentation.living import StyleFeatures
from bankmine.tasks.segmentation.looking import check_subjects
from bankmine.tasks.segmentation.style import fit_style
from bankmine.tasks.segmentation.task import TASK

WANTED = StyleFeatures(
    wholes=(("a", "b"),), parts=("abroad",), numbers=("bought_mean",), count="n",
    counts={"a": "n", "b": "n", "abroad": "n"},
)  # fmt: skip
EVERY = np.ones(200, np.bool_)


def one_line(error: BankmineError) -> bool:
    return "\n" not in error.what and bool(error.hint)


def customers(**columns: object) -> pa.Table:
    filled: dict[str, object] = {"a": 0.5, "b": 0.5, "abroad": 0.1, "bought_mean": 2_000.0, "n": 50.0}
    return pa.table({name: np.full(200, value) for name, value in (filled | columns).items()})


def test_columns_that_are_constant_are_no_ways_of_life() -> None:
    with pytest.raises(FeasibilityError, match="0 of 4 features of how customers live differ") as seen:
        fit_style(customers(), WANTED, EVERY)
    assert one_line(seen.value)


def test_columns_of_which_all_is_missing_are_no_ways_of_life() -> None:
    nothing = dict.fromkeys(("a", "b", "abroad", "bought_mean"), np.nan)
    with pytest.raises(FeasibilityError, match="0 of 4 features") as seen:
        fit_style(customers(**nothing, n=0.0), WANTED, EVERY)
    assert one_line(seen.value)


def test_fewer_than_a_hundred_customers_are_too_few() -> None:
    with pytest.raises(FeasibilityError, match="found 99 customers") as seen:
        check_subjects(SimpleNamespace(num_rows=99), TASK.goal)
    assert one_line(seen.value)


def test_customers_of_two_kinds_only_are_no_three_segments() -> None:
    values = np.repeat([[0.0, 1.0], [1.0, 0.0]], 100, axis=0)
    with pytest.raises(FeasibilityError, match="distinct rows") as seen:
        choose(values, ["a", "b"], (3, 4), 0)
    assert one_line(seen.value)


def test_customers_without_any_structure_get_segments_that_are_not_to_be_used() -> None:
    values = np.random.default_rng(0).normal(size=(400, 6))
    found = choose(values, list("abcdef"), (3, 4), 0)
    assert not found.usable
    assert found.figures["choice"].startswith("No number of segments is found again well enough")


def test_columns_that_fall_apart_but_know_nothing_of_each_other_give_no_segments() -> None:
    usable = 0
    for seed in (11, 14, 17):
        draw = np.random.default_rng(seed)
        two = draw.integers(0, 2, (600, 2)) + draw.normal(0, 0.05, (600, 2))
        values = np.column_stack([two, draw.normal(size=(600, 4))])
        found = choose((values - values.mean(axis=0)) / values.std(axis=0), list("abcdef"), (4,), seed)
        assert found.figures["silhouette_shuffled"] <= found.figures["silhouette_shuffled_limit"]
        usable += found.usable
    assert usable == 0


def test_the_p_value_counts_the_customers_among_the_shuffles_and_is_never_zero() -> None:
    """Phipson and Smyth (2010): (1 + as good) / (1 + shuffles)."""
    assert Beside(0.3, tuple([0.1] * 19)).p_value == LEVEL == pytest.approx(0.05)
    assert Beside(0.3, tuple([0.1] * 18 + [0.3])).p_value == pytest.approx(0.1)
    assert Beside(0.0, tuple([0.1] * 19)).p_value == 1.0


def test_bound_columns_stand_out_and_the_table_of_miners_says_what_the_gate_said() -> None:
    draw = np.random.default_rng(3)
    group = draw.integers(0, 3, 300)
    values = draw.normal(size=(300, 5)) + 3.0 * np.eye(3, 5)[group]
    found = choose(values, list("abcde"), (3,), 0)
    own = next(one for one in found.figures["miners"] if one["miner"] == "adaptive k-means")
    assert found.usable
    assert found.figures["silhouette_p_value"] == LEVEL
    assert own["usable"] == found.usable
    assert own["stability"] == found.figures["stability"]["adjusted_rand"]["mean"]
