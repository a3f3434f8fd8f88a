"""Sums whose result does not depend on how many rows are computed at once.

A matrix product through BLAS adds in an order that changes with the number of rows and threads, so a row
scored alone can differ in its last bit from the same row scored in a batch. These functions add column by
column, in the same order always: serving and batch agree bit for bit.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, cast

import numpy as np

from bankmine.mining.contract import Floats

_CHUNK = 4096


def weighted_sum(values: Floats, weights: Floats, start: float = 0.0) -> Floats:
    """`start + values @ weights` for `values` of shape (rows, columns), added in column order."""
    total = np.full(len(values), start)
    for begin in range(0, len(values), _CHUNK):
        part = values[begin : begin + _CHUNK]
        target = total[begin : begin + _CHUNK]
        for column, weight in enumerate(weights):
            target += part[:, column] * weight
    return total


def squared_distances(values: Floats, centres: Floats) -> Floats:
    """Squared Euclidean distances, shape (rows, centres), added in column order."""
    result = np.zeros((len(values), len(centres)))
    for begin in range(0, len(values), _CHUNK):
        part = np.asfortranarray(values[begin : begin + _CHUNK])
        for position, centre in enumerate(centres):
            total = np.zeros(len(part))
            for column, middle in enumerate(centre):
                difference = part[:, column] - middle
                total += difference * difference
            result[begin : begin + _CHUNK, position] = total
    return result


def logistic(z: Floats) -> Floats:
    """`1 / (1 + exp(−z))` without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def log_odds(probability: Floats) -> Floats:
    """`log(p / (1 − p))`; 0 and 1 are moved inside by 1e-12."""
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(p) - np.log1p(-p))


def one_thread() -> AbstractContextManager[Any]:
    """Hold BLAS and OpenMP to one thread: several threads add floats in changing order."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    return cast(AbstractContextManager[Any], threadpool_limits(limits=1))
