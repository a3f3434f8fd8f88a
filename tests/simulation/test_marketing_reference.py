"""What all communities share: reference extracts, exchange rates, the plan of campaigns."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from bankmine.simulation.entries import CURRENCIES
from bankmine.simulation.frame import Frame, frame_of
from bankmine.simulation.offers import campaigns_of
from bankmine.simulation.reference import FX_UNIT, fx_rates, reference_tables
from bankmine.simulation.scenario import load_scenario

KEYS = {
    "branches": ["branch"], "regions": ["region", "period_from"], "products": ["product"],
    "offers": ["offer"], "campaigns": ["campaign"], "calendar": ["day"], "rates": ["product", "valid_from"],
    "channel_costs": ["channel", "valid_from"], "series": ["series", "entity", "happened_at"],
    "fx": ["currency", "day"],
}  # fmt: skip


def frame(months: int = 24) -> Frame:
    return frame_of(seed=5, customers=1000, months=months, scenario=load_scenario(None))


@pytest.mark.parametrize("name", sorted(KEYS))
@pytest.mark.parametrize("months", [1, 24])
def test_keys_are_unique(name: str, months: int) -> None:
    table = reference_tables(frame(months))[name]
    assert table.group_by(KEYS[name]).aggregate([]).num_rows == table.num_rows
    assert table.num_rows > 0 or name == "campaigns"


def test_the_rate_in_the_extract_is_the_rate_money_is_converted_with() -> None:
    shared = frame()
    rates = fx_rates(shared)
    assert rates.shape == (len(CURRENCIES), shared.days)
    assert (rates[0] == FX_UNIT).all()
    for row in reference_tables(shared)["fx"].slice(400, 40).to_pylist():
        day = (row["day"] - reference_tables(shared)["fx"]["day"][0].as_py()).days
        assert row["rate"] == Decimal(int(rates[CURRENCIES.index(row["currency"]), day])) / FX_UNIT


def test_a_longer_world_has_the_same_rates_and_campaigns_first() -> None:
    assert np.array_equal(fx_rates(frame(24))[:, :300], fx_rates(frame(12))[:, :300])
    short, long = campaigns_of(frame(12)), campaigns_of(frame(24))
    assert long[: len(short)] == short
    assert len(long) > len(short) > 3


def test_figures_are_published_after_what_they_speak_of_and_before_the_end() -> None:
    shared = frame()
    series = reference_tables(shared)["series"]
    assert pa.compute.all(pa.compute.greater(series["published_at"], series["happened_at"])).as_py()
    regions = reference_tables(shared)["regions"]
    assert pa.compute.all(pa.compute.less(regions["period_from"], regions["published_on"])).as_py()
    last = reference_tables(shared)["calendar"]["day"][-1].as_py()
    assert max(regions["published_on"].to_pylist()) <= last
