"""Description refuses rows, counts, levels and groups that cannot be meant, in one clear line."""

from __future__ import annotations

import numpy as np
import pytest

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.description.amounts import Amounts
from bankmine.mining.description.before import rate_ratio, traces
from bankmine.mining.description.similar import SimilarProfiles, SimilarSequences


def test_rows_that_are_not_there_have_no_neighbours() -> None:
    with pytest.raises(UsageError, match="not fitted"):
        SimilarProfiles().nearest(0)
    with pytest.raises(UsageError, match="not fitted"):
        SimilarSequences().nearest(0)
    profiles = SimilarProfiles().fit(np.arange(40.0).reshape(20, 2), ["a", "b"])
    sequences = SimilarSequences().fit([["a", "b"]] * 20)
    for row in (20, -1):
        for ask in (profiles.nearest, sequences.nearest, lambda row: profiles.differing(0, row)):
            with pytest.raises(UsageError, match=f"row {row} was asked of 20"):
                ask(row)
    with pytest.raises(UsageError, match="0 were asked"):
        profiles.nearest(0, top=0)


def test_traces_refuse_counts_and_levels_that_cannot_be_meant() -> None:
    counts = np.ones((20, 1))
    for wrong in (-1.0, np.nan):
        other = counts.copy()
        other[3] = wrong
        with pytest.raises(UsageError, match="1 counts are missing or negative"):
            traces(counts, other, ["login"])
    with pytest.raises(UsageError, match="level is 95"):
        traces(counts, counts, ["login"], level=95)
    with pytest.raises(UsageError, match="level is 95"):
        rate_ratio(3, 10, 4, 10, 95)
    with pytest.raises(UsageError, match="0 persons"):
        rate_ratio(3, 0, 4, 10)


def test_amounts_refuse_one_group_and_groups_of_another_length() -> None:
    columns, amount = np.arange(120.0)[:, None], np.arange(120.0)
    with pytest.raises(FeasibilityError, match="all of one group"):
        Amounts(5).fit(columns, amount, groups=np.zeros(120))
    with pytest.raises(UsageError, match=r"groups of shape \(119,\)"):
        Amounts(5).fit(columns, amount, groups=np.arange(119))
