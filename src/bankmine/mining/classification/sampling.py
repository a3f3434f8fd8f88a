"""A cap on the rows a costly miner learns from, the same for the same seed, and said."""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.mining.contract import Ints


def capped(truth: Any, most: int, seed: int) -> Ints:
    """Positions of at most `most` rows, ascending: all, or a random part of each class in proportion."""
    rows = len(truth)
    if rows <= most:
        return np.arange(rows)
    draw = np.random.default_rng(seed)
    taken = []
    for kind in (False, True):
        inside = np.flatnonzero(np.asarray(truth) == kind)
        taken.append(draw.choice(inside, round(len(inside) * most / rows), replace=False))
    return np.sort(np.concatenate(taken))
