"""Baskets for the rows on itemsets: made-up ones of two shapes, and those of the shared data sets."""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.rows import SHARED_DATA


def few_products(baskets: int, *, products: int = 60, tastes: int = 6, seed: int = 11) -> pa.LargeListArray:
    """About four of sixty products a basket, by customers of six tastes."""
    draw = np.random.default_rng(seed)
    liking = np.stack(
        [np.arange(1, products + 1) ** -0.6 * draw.lognormal(0, 1.3, products) for _ in range(tastes)]
    )
    steps = np.cumsum(liking / liking.sum(axis=1, keepdims=True), axis=1)
    taste = draw.integers(0, tastes, baskets)
    sizes = draw.poisson(4.7, baskets)
    row = np.repeat(np.arange(baskets), sizes)
    luck, items = draw.random(len(row)), np.empty(len(row), dtype=np.int64)
    for one in range(tastes):
        inside = taste[row] == one
        items[inside] = np.searchsorted(steps[one], luck[inside]).clip(max=products - 1)
    return _each_once(row, items, baskets, products)


def many_products(baskets: int, *, products: int = 20_000, seed: int = 12) -> pa.LargeListArray:
    """About nine of twenty thousand products a basket, popular ones far more often."""
    draw = np.random.default_rng(seed)
    liking = np.arange(1, products + 1) ** -0.85
    sizes = draw.poisson(9.3, baskets)
    row = np.repeat(np.arange(baskets), sizes)
    steps = np.cumsum(liking / liking.sum())
    items = np.searchsorted(steps, draw.random(len(row))).clip(max=products - 1)
    return _each_once(row, items, baskets, products)


def groceries() -> list[list[str]]:
    """9,835 baskets of a grocery."""
    with gzip.open(SHARED_DATA / "groceries" / "groceries.csv.gz", "rt") as file:
        return [line.rstrip("\n").split(",") for line in file]


def retail() -> list[list[int]]:
    """88,162 baskets of a Belgian store (Brijs et al. 1999)."""
    with gzip.open(SHARED_DATA / "fimi-baskets" / "retail.dat.gz", "rt") as file:
        return [[int(word) for word in line.split()] for line in file]


def _each_once(
    row: NDArray[np.int64], items: NDArray[np.int64], baskets: int, products: int
) -> pa.LargeListArray:
    pairs = np.unique(row * products + items)
    offsets = np.searchsorted(pairs // products, np.arange(baskets + 1))
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(pairs % products))
