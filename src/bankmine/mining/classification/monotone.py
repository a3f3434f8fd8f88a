"""Isotonic regression by pooling adjacent violators (Ayer et al. 1955), as steps that save to JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats
from bankmine.mining.files import array, numbers


@dataclass(frozen=True)
class Steps:
    """A rising function: flat between the first and last value of each block, straight in between.

    `values` ascends; `heights` never falls; both have shape (points,).
    """

    values: Floats
    heights: Floats

    def interpolate(self, at: Floats) -> Floats:
        """The function at each value; constant outside the values seen."""
        return np.interp(at, self.values, self.heights)

    def where(self, height: float) -> float:
        """A value at which the function passes `height`; one unit outside where it never does."""
        place = int(np.searchsorted(self.heights, height))
        if place == 0:
            return float(self.values[0] - 1)
        if place == len(self.values):
            return float(self.values[-1] + 1)
        return float((self.values[place - 1] + self.values[place]) / 2)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"values": numbers(self.values), "heights": numbers(self.heights)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(array(content["values"]), array(content["heights"]))


def pool_adjacent_violators(values: Floats, target: Floats, weights: Floats | None = None) -> Steps:
    """The rising steps closest to `target` in weighted squares; equal values are one point."""
    if len(values) == 0:
        raise UsageError("Isotonic regression was given no rows", hint="Give at least one known value.")
    weights = np.ones(len(values)) if weights is None else weights
    points, position = np.unique(values, return_inverse=True)
    weight = np.asarray(np.bincount(position, weights=weights), dtype=np.float64)
    mean = np.bincount(position, weights=weights * target) / np.where(weight > 0, weight, 1.0)
    starts, heights = _pool(mean, weight)
    ends = np.append(starts[1:], len(points)) - 1
    edges = np.unique(np.concatenate([starts, ends]))
    block = np.searchsorted(starts, edges, side="right") - 1
    return Steps(points[edges], heights[block])


def _pool(mean: Floats, weight: Floats) -> tuple[Any, Floats]:
    """First positions and heights of the pooled blocks."""
    starts: list[int] = []
    heights: list[float] = []
    masses: list[float] = []
    for position, (height, mass) in enumerate(zip(mean.tolist(), weight.tolist(), strict=True)):
        start = position
        while heights and heights[-1] >= height:
            before = masses.pop()
            joined = before + mass
            height = (heights.pop() * before + height * mass) / joined if joined > 0 else height
            mass, start = joined, starts.pop()
        starts.append(start)
        heights.append(height)
        masses.append(mass)
    return np.asarray(starts), np.asarray(heights)
