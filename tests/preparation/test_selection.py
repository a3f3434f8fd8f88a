"""Selection: each limit takes what it should, says why, and looks at training rows only."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankmine.errors import UsageError
from bankmine.evaluation.metrics import auc
from bankmine.preparation.columns import Categories, Numbers
from bankmine.preparation.preparation import Preparation
from bankmine.preparation.selection import Selection
from bankmine.preparation.worth import distinct, information_value, single_auc

ROWS = 1000


def made(selection: Selection, columns: dict[str, object], target: object = None, period: object = None):  # type: ignore[no-untyped-def]
    preparation = Preparation.for_trees(selection=selection)
    preparation.fit(pa.table(columns), target, period=period)
    return {fate.column: fate.reason for fate in preparation.report_.dropped}


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=ROWS)


def test_information_value_by_hand() -> None:
    """30 of 40 positives and 20 of 60 negatives in a: (.75 − ⅓) ln(.75/⅓) + (.25 − ⅔) ln(.25/⅔)."""
    codes = np.repeat([0, 0, 1, 1], [30, 20, 10, 40])
    target = np.repeat([True, False, True, False], [30, 20, 10, 40])
    expected = (0.75 - 1 / 3) * np.log(0.75 * 3) + (0.25 - 2 / 3) * np.log(0.25 * 1.5)
    assert information_value(distinct(Categories("a", codes, ("a", "b"))), target) == pytest.approx(expected)


def test_an_uninformative_column_has_the_value_of_chance() -> None:
    draw = np.random.default_rng(0)
    values = []
    for _ in range(200):
        target = draw.random(500) < 0.3
        column = Numbers("x", "number", draw.normal(size=500), "")
        values.append(
            information_value(distinct(column), target) / ((1 / target.sum() + 1 / (~target).sum()) * 9)
        )
    assert np.mean(values) == pytest.approx(1, abs=0.15)


@given(st.lists(st.tuples(st.booleans(), st.integers(-2, 2)), min_size=3, max_size=30))
def test_single_auc_without_gaps_is_the_auc_either_way(rows: list[tuple[bool, int]]) -> None:
    target = np.array([row[0] for row in rows])
    if target.all() or not target.any():
        return
    values = np.array([float(row[1]) for row in rows])
    area = auc(target, values)
    assert single_auc(distinct(Numbers("x", "number", values, "")), target) == pytest.approx(
        max(area, 1 - area)
    )


@given(st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.integers(0, 99))), min_size=25, max_size=60))
def test_information_value_equals_a_twin_that_bins_with_quantiles(
    rows: list[tuple[bool, int | None]],
) -> None:
    target = np.array([row[0] for row in rows])
    values = np.array([np.nan if row[1] is None else float(row[1]) for row in rows])
    known = values[~np.isnan(values)]
    if target.all() or not target.any() or len(known) == 0:
        return
    levels = np.unique(known)
    edges = levels[1:]
    if len(levels) > 10:
        edges = np.unique(np.quantile(known, np.arange(1, 10) / 10, method="higher"))
    place = np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))
    expected = 0.0
    for number in set(place.tolist()):
        p = max((target & (place == number)).sum(), 0.5) / target.sum()
        n = max((~target & (place == number)).sum(), 0.5) / (~target).sum()
        expected += (p - n) * np.log(p / n)
    assert information_value(distinct(Numbers("x", "number", values, "")), target) == pytest.approx(expected)


@given(st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.integers(0, 5))), min_size=4, max_size=40))
def test_single_auc_with_gaps_equals_a_twin_that_moves_them_to_a_side(
    rows: list[tuple[bool, int | None]],
) -> None:
    target = np.array([row[0] for row in rows])
    values = np.array([np.nan if row[1] is None else float(row[1]) for row in rows])
    gap = np.isnan(values)
    if target.all() or not target.any() or gap.all() or not gap.any():
        return
    both = target[~gap].any() and not target[~gap].all()
    rising = not both or auc(target[~gap], values[~gap]) >= 0.5
    often = target[gap].mean() >= target[~gap].mean()
    area = auc(target, np.where(gap, 99.0 if often == rising else -99.0, values))
    assert single_auc(distinct(Numbers("x", "number", values, "")), target) == pytest.approx(
        max(area, 1 - area)
    )


def test_a_gap_that_tells_counts_in_the_single_auc() -> None:
    target = np.arange(100) < 30
    values = np.where(target, np.nan, 1.0)
    assert single_auc(distinct(Numbers("x", "number", values, "")), target) == 1.0


def test_too_often_missing_and_almost_constant_columns_leave() -> None:
    gaps = pa.array(noise(0), mask=np.arange(ROWS) % 100 != 0)
    rare = (np.arange(ROWS) == 5).astype(float)
    reasons = made(Selection(most_common=0.998), {"gaps": gaps, "rare": rare, "good": noise(1)})
    assert reasons == {
        "gaps": "missing: 99.0% of the rows",
        "rare": "almost constant: one value in 99.90% of the rows",
    }


def test_of_two_columns_with_the_same_ranks_the_more_informative_stays() -> None:
    target = noise(0) > 0
    blurred = np.exp(noise(0) + 0.1 * noise(2))
    columns = {"blurred": blurred, "clear": noise(0), "other": noise(3)}
    assert list(made(Selection(), columns, target)) == ["blurred"]
    assert "with clear" in made(Selection(), columns, target)["blurred"]
    assert list(made(Selection(), columns)) == ["clear"]


def test_an_uninformative_column_leaves_when_asked() -> None:
    target = noise(0) + noise(1) > 0
    reasons = made(Selection(least_information_value=0.1), {"says": noise(0), "silent": noise(3)}, target)
    assert list(reasons) == ["silent"]
    assert reasons["silent"].startswith("uninformative")


def test_a_column_that_moved_between_the_periods_leaves_when_asked() -> None:
    month = np.arange(ROWS) // 100
    reasons = made(
        Selection(most_shift=0.25), {"still": noise(0), "moved": noise(1) + 0.3 * month}, None, month
    )
    assert list(reasons) == ["moved"]
    assert reasons["moved"].startswith("moved: stability index")


def test_only_so_many_columns_are_kept_by_information() -> None:
    target = noise(0) + noise(1) + noise(2) * 0.5 > 0
    columns = {"weak": noise(2), "none": noise(5), "strong": noise(0)}
    assert sorted(made(Selection(most_columns=1), columns, target)) == ["none", "weak"]


def test_a_column_to_keep_stays_unless_it_says_nothing() -> None:
    limits = Selection(most_correlation=0.5, least_information_value=1.0, keep=("must", "same", "constant"))
    columns = {"must": noise(0), "same": noise(0) * 2, "constant": np.ones(ROWS)}
    assert list(made(limits, columns, noise(1) > 0)) == ["constant"]


def test_equal_columns_are_equal_with_their_gaps_only() -> None:
    gaps = pa.array(noise(0), mask=np.arange(ROWS) < 10)
    reasons = made(Selection(most_correlation=None), {"a": noise(0), "b": gaps, "c": gaps})
    assert reasons == {"c": "duplicate: equal to b"}


def test_figures_are_in_the_report() -> None:
    preparation = Preparation.for_trees()
    target = noise(0) + noise(1) > 0
    preparation.fit(pa.table({"says": noise(0), "silent": noise(3)}), target, period=np.arange(ROWS))
    says, silent = preparation.report_.fates
    assert says.information_value is not None
    assert silent.information_value is not None
    assert says.information_value > 0.5 > silent.information_value
    assert says.auc is not None
    assert says.auc > 0.7
    assert silent.stability_index is not None
    assert silent.stability_index < 0.1


@pytest.mark.parametrize("target", [np.zeros(999), np.full(ROWS, 2)])
def test_a_wrong_target_is_refused(target: np.ndarray) -> None:
    with pytest.raises(UsageError, match="target"):
        Preparation.for_trees().fit(pa.table({"x": noise(0)}), target)
