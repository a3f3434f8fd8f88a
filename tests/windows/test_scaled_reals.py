"""Real columns are measured in whole units of 1/scale, each value rounded once, halves to even."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_warehouse import MemoryWarehouse

from bankmine.bank.civil import DAY
from bankmine.errors import ConfigurationError
from bankmine.windows import events, snapshot, windows
from bankmine.windows.scale import in_units

halves = st.builds(lambda whole, scale: (whole + 0.5) / scale, st.integers(-99, 99), st.integers(1, 1000))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(halves | st.floats(-1e9, 1e9), max_size=5), st.sampled_from([2, 3, 10, 100, 10_000, 999]))
def test_units_are_the_exact_product_rounded_once(reals: list[float], scale: int) -> None:
    found = in_units(np.array(reals, np.float64), scale, "a column")
    assert found.tolist() == [round(Fraction(real) * scale) for real in reals]


def test_halves_go_to_even_and_near_halves_where_they_belong() -> None:
    assert in_units(np.array([0.25, 0.75, -0.25]), 2, "x").tolist() == [0, 2, 0]
    assert 0.15 * 10 == 1.5  # the product is rounded onto the half, the value itself lies below it
    assert in_units(np.array([0.15, 0.35]), 10, "x").tolist() == [1, 3]


@pytest.mark.parametrize("value", [2.0**52, -(2.0**60), float("inf"), float("nan")])
def test_what_does_not_fit_is_refused(value: float) -> None:
    with pytest.raises(ConfigurationError, match="does not fit into 2\\^53 units of 1/10"):
        in_units(np.array([value]), 10, "transaction.lat")


def test_sums_of_reals_are_exact_in_every_order() -> None:
    rows = [
        {"transaction_id": n, "event_time": DAY + n, "seq": n, "lat": lat}
        for n, lat in enumerate([0.1, 0.2, 0.3, None, -0.6])
    ]
    warehouse = MemoryWarehouse({"transaction": rows}, coverage=(0, 90 * DAY))
    features = windows(
        events("transaction").measure("lat", scale=1_000_000), over=["30d"],
        aggregate=["sum", "count", "min"], name="lat",
    )  # fmt: skip
    (found,) = snapshot(warehouse, features, np.array([1]), np.array([31 * DAY])).to_pylist()
    assert found == {"lat_sum_30d": 0, "lat_count_30d": 4, "lat_min_30d": -600_000}
    assert features[0].unit == "degrees / 1000000"


def test_a_scale_is_for_real_columns_only() -> None:
    with pytest.raises(ConfigurationError, match="takes no scale"):
        events("transaction").measure("base_minor", scale=100)
    with pytest.raises(ConfigurationError, match="cannot be summed exactly"):
        events("transaction").measure("lat", scale=1)
