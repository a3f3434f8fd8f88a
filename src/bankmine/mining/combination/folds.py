"""Folds for learning out of fold: whole groups, the true ones spread evenly, always the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Ints


def folds_of(truth: Any, groups: Any, folds: int, random_state: int) -> Ints:
    """The fold of each row, shape (rows,).

    Rows of one group share a fold: a customer seen in training would vouch for himself in the held-out rows.
    Groups with a true row and groups without are dealt out apart, so each fold has its share of both.
    """
    keys = np.arange(len(truth)) if groups is None else np.asarray(groups)
    if keys.shape != (len(truth),):
        raise UsageError(
            f"The groups have shape {keys.shape} for {len(truth)} rows", hint="Give one group for each row."
        )
    _, place = np.unique(keys, return_inverse=True)
    true = np.zeros(int(place.max(initial=-1)) + 1, dtype=np.bool_)
    np.logical_or.at(true, place, truth)
    fold = np.empty(len(true), dtype=np.int64)
    draw, first = np.random.default_rng(random_state), 0
    for kind in (True, False):
        own = np.flatnonzero(true == kind)
        fold[draw.permutation(own)] = (first + np.arange(len(own))) % folds
        first += len(own)
    return np.asarray(fold[place])
