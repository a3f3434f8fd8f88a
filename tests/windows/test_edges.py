"""The vectorised calendar of windows is the bank's calendar."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import INSTANTS, instants

from bankmine.bank.civil import Zone
from bankmine.windows.edges import civil_days_before, civil_months_before

ZONES = {name: Zone(name) for name in ("Europe/Prague", "UTC", "Australia/Lord_Howe", "Asia/Shanghai")}
thorough = settings(max_examples=200, deadline=None, derandomize=True)
any_instant = instants | st.integers(-2_000_000_000_000_000, 4_000_000_000_000_000)


@pytest.mark.parametrize("zone", ZONES)
@thorough
@given(at=any_instant, count=st.integers(1, 60))
def test_months_and_days_before_are_those_of_the_zone(zone: str, at: int, count: int) -> None:
    ends = np.array([at, INSTANTS[0]])
    months, days = civil_months_before(ZONES[zone], ends, count), civil_days_before(ZONES[zone], ends, count)
    assert months.tolist() == [ZONES[zone].months_before(int(end), count) for end in ends]
    assert days.tolist() == [ZONES[zone].days_before(int(end), count) for end in ends]
