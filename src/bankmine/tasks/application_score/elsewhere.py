"""Enquiries at the bureau matched with the loans that followed: one without a loan was refused elsewhere.

The matching itself is in the catalogue (`customers/computed`): an enquiry is followed where a loan of its
institution was issued soon after. Here the granted credits are told apart by how many of the last twelve
months' enquiries led nowhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.tasks.application_score.past import Past, bad_rate
from bankmine.tasks.contract import Floats

UNFOLLOWED, FOLLOWED = "bureau_unfollowed_enquiry_count_12mo", "bureau_followed_share_12mo"
COLUMNS = (UNFOLLOWED, FOLLOWED)
GROUPS = (("none", 0, 0), ("one", 1, 1), ("two", 2, 2), ("three or more", 3, None))


def refused_elsewhere(past: Past, features: Any, seed: int) -> dict[str, Any] | None:
    """How many were refused elsewhere, and how the credits of each group went; None without the matching."""
    if UNFOLLOWED not in features.column_names:
        return None
    count = _numbers(features, UNFOLLOWED)
    known = ~np.isnan(count)
    if not known.any():
        return None
    groups = []
    for words, low, high in GROUPS:
        here = known & (count >= low) & (count <= (np.inf if high is None else high))
        groups.append({"group": words, **bad_rate(past.bad[here], past.customers[here], seed)})
    some = known & (count > 0)
    followed = _numbers(features, FOLLOWED) if FOLLOWED in features.column_names else np.zeros(0)
    told = followed[~np.isnan(followed)]
    return {
        "groups": groups, "known": int(known.sum()), "unknown": int((~known).sum()),
        "refused_share": float(some.sum() / known.sum()),
        "followed_share": float(told.mean()) if len(told) else None,
        "refused": bad_rate(past.bad[some], past.customers[some], seed),
        "others": bad_rate(past.bad[known & ~some], past.customers[known & ~some], seed),
    }  # fmt: skip


def _numbers(features: Any, name: str) -> Floats:
    import pyarrow as pa

    column = features.column(name).cast(pa.float64())
    return np.asarray(column.fill_null(float("nan")).to_numpy(), dtype=np.float64)
