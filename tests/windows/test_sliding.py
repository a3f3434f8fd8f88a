"""Sliding over a long history gives the same bits as reading each row from its bands."""

from __future__ import annotations

import numpy as np
import pytest
from long_histories import ITEMS, arguments, outputs

from bankmine.windows.aggregates import Total
from bankmine.windows.kernel import snapshot_rows
from bankmine.windows.sliding_kernel import slide_rows


@pytest.mark.parametrize("late", [0.0, 0.02, 0.3])
@pytest.mark.parametrize("corrected", [0.0, 0.1])
@pytest.mark.parametrize("seed", range(8))
def test_sliding_equals_the_bands(seed: int, late: float, corrected: float) -> None:
    given = arguments(seed, late=late, corrected=corrected)
    bands, slid = outputs(len(given[0])), outputs(len(given[0]))
    snapshot_rows(*given, *bands, item_count=ITEMS)
    slide_rows(*given, *slid, item_count=ITEMS)
    for total in Total:
        assert np.array_equal(bands[0][total], slid[0][total]), total.name
    assert np.array_equal(bands[1], slid[1])
    assert np.unique(bands[0][Total.DISTINCT]).size > 5
