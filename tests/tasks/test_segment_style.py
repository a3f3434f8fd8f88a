"""Shares steadied, bent and scaled: what few purchases say counts less, and distances are Hellinger's."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError
from bankmine.tasks.segmentation.living import StyleFeatures
from bankmine.tasks.segmentation.style import Shares, Style, fit_style

WANTED = StyleFeatures(
    wholes=(("a", "b", "c"),), parts=("abroad",), numbers=("bought_mean",), count="n",
    counts={"a": "n", "b": "n", "c": "n", "abroad": "n"},
)  # fmt: skip


def customers(rows: int = 400, seed: int = 0, strength: float = 8.0) -> pa.Table:
    draw = np.random.default_rng(seed)
    count = draw.integers(25, 400, rows)
    shares = draw.dirichlet(strength * np.array([0.5, 0.3, 0.2]), rows)
    bought = np.array([draw.multinomial(n, share) for n, share in zip(count, shares, strict=True)])
    return pa.table(
        {
            "a": bought[:, 0] / count, "b": bought[:, 1] / count, "c": bought[:, 2] / count, "n": count,
            "abroad": draw.beta(2, 8, rows), "bought_mean": draw.lognormal(8, 0.5, rows),
        }
    )  # fmt: skip


EVERY = np.ones(400, np.bool_)


def test_the_strength_is_that_of_the_dirichlet_the_customers_were_drawn_from() -> None:
    for strength in (4.0, 8.0, 30.0):
        style = fit_style(customers(strength=strength), WANTED, EVERY)
        assert style.shares[0].strength == pytest.approx(strength, rel=0.25)


def test_the_bank_own_shares_are_those_of_all_purchases() -> None:
    table = customers()
    style = fit_style(table, WANTED, EVERY)
    bought = table.column("a").to_numpy() * table.column("n").to_numpy()
    assert style.shares[0].usual[0] == pytest.approx(bought.sum() / table.column("n").to_numpy().sum())


def test_a_customer_without_purchases_lives_as_the_bank_does() -> None:
    shares = Shares(("a", "b"), "n", (0.7, 0.3), 10.0)
    row = shares.apply(np.array([[np.nan, np.nan]]), np.array([0.0]))
    assert row[0] == pytest.approx(np.sqrt([0.7, 0.3]))


@settings(derandomize=True, max_examples=60)
@given(st.integers(0, 500), st.floats(0, 1), st.floats(0.01, 0.99), st.floats(1, 100))
def test_a_steadied_share_is_that_of_the_purchases_and_the_imagined_ones_together(
    count: int, share: float, usual: float, strength: float
) -> None:
    found = Shares(("a",), "n", (usual,), strength).apply(np.array([[share]]), np.array([float(count)]))
    slow = (share * count + usual * strength) / (count + strength)
    assert found[0, 0] ** 2 == pytest.approx(slow, abs=1e-12)


def test_distances_of_the_bent_shares_are_hellingers() -> None:
    shares = Shares(("a", "b"), "n", (0.5, 0.5), 1e-9)
    one, two = shares.apply(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([1e6, 1e6]))
    slow = np.sqrt(sum((np.sqrt(p) - np.sqrt(q)) ** 2 for p, q in ((0.9, 0.4), (0.1, 0.6))))
    assert np.linalg.norm(one - two) == pytest.approx(slow, rel=1e-6)


def test_columns_have_mean_0_and_spread_1_among_those_of_whom_enough_is_known() -> None:
    values = fit_style(customers(), WANTED, EVERY).transform(customers())
    assert values.mean(axis=0) == pytest.approx(np.zeros(5), abs=0.02)
    assert values.std(axis=0) == pytest.approx(np.ones(5), abs=0.05)


def test_a_row_alone_gets_what_it_gets_among_others_also_from_a_kept_style() -> None:
    table = customers()
    style = fit_style(table, WANTED, EVERY)
    kept = Style.from_json(json.loads(json.dumps(style.to_json())))
    every = style.transform(table)
    for row in (0, 17, 399):
        assert (kept.transform(table.slice(row, 1))[0] == every[row]).all()


def test_no_purchase_has_no_size() -> None:
    table = customers()
    style = fit_style(table, WANTED, EVERY)
    place = table.column_names.index("bought_mean")
    missing = table.slice(0, 1).set_column(place, "bought_mean", pa.array([0.0]))
    assert abs(style.transform(missing)[0, -1]) < 0.5


def test_a_column_that_is_the_same_for_all_is_left_out_and_one_column_is_too_few() -> None:
    table = customers()
    same = table.set_column(table.column_names.index("abroad"), "abroad", pa.array([0.0] * 400))
    assert "abroad" not in fit_style(same, WANTED, EVERY).columns
    only = StyleFeatures(parts=("abroad",), counts={"abroad": "n"}, count="n")
    with pytest.raises(FeasibilityError, match="0 of 1 features"):
        fit_style(same, only, EVERY)
