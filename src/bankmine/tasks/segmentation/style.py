"""From how customers live to a matrix a clustering miner understands: shares steadied, bent and scaled.

Two shares of ten purchases are no better known than two shares of a thousand are worse. Each share is drawn
towards the bank's own as if `strength` purchases more had been made at the bank's shares (the mean of a
Dirichlet posterior; the strength by the method of moments, Minka 2000, "Estimating a Dirichlet
distribution"). Its square root is taken, so that Euclidean distances between customers are Hellinger's
distances between what they buy; every column is then scaled to mean 0 and spread 1 and clipped at ±5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.tasks.contract import Floats, Truth
from bankmine.tasks.segmentation.living import StyleFeatures

CLIP = 5.0
KNOWN = 20.0
LEAST_STRENGTH, MOST_STRENGTH = 1.0, 200.0
LEAST_SPREAD = 1e-9
BOUGHT = "bought_"


@dataclass(frozen=True)
class Shares:
    """Shares of one whole (or one share that stands alone), the bank's own, and how strongly they draw."""

    names: tuple[str, ...]
    count: str
    usual: tuple[float, ...]
    strength: float

    def apply(self, values: Floats, counts: Floats) -> Floats:
        """Square roots of the steadied shares; `values` has shape (rows, shares), missing where none."""
        known = np.where(np.isnan(values), np.asarray(self.usual), values)
        counted = np.nan_to_num(counts)[:, None]
        drawn = (known * counted + self.strength * np.asarray(self.usual)) / (counted + self.strength)
        return np.asarray(np.sqrt(np.clip(drawn, 0.0, 1.0)), dtype=np.float64)


@dataclass(frozen=True)
class Number:
    """A plain number, where it is missing its middle; 0 of what is bought (no purchase, so no size and no
    place) counts as missing."""

    name: str
    middle: float

    def apply(self, values: Floats) -> Floats:
        """`sign(x)·ln(1 + |x|)` of the value, in whole units."""
        filled = np.nan_to_num(_known(self.name, values), nan=self.middle)
        return np.asarray(np.sign(filled) * np.log1p(np.abs(filled)), dtype=np.float64)


@dataclass(frozen=True)
class Style:
    """The fitted way from features to the matrix; plain numbers, kept with the run."""

    shares: tuple[Shares, ...]
    numbers: tuple[Number, ...]
    columns: tuple[str, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]

    def transform(self, features: Any) -> Floats:
        """The matrix of shape (rows, columns) for an Arrow table that has the features."""
        raw = _columns(features, self.shares, self.numbers)
        kept = np.column_stack([raw[name] for name in self.columns])
        scaled = (kept - np.asarray(self.centre)) / np.asarray(self.spread)
        return np.ascontiguousarray(np.clip(scaled, -CLIP, CLIP))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "shares": [
                vars(one) | {"names": list(one.names), "usual": list(one.usual)} for one in self.shares
            ],
            "numbers": [dict(vars(one)) for one in self.numbers],
            "columns": list(self.columns), "centre": list(self.centre), "spread": list(self.spread),
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """The style that `to_json` described."""
        return cls(
            shares=tuple(
                Shares(tuple(one["names"]), one["count"], tuple(one["usual"]), one["strength"])
                for one in content["shares"]
            ),
            numbers=tuple(Number(**one) for one in content["numbers"]),
            columns=tuple(content["columns"]), centre=tuple(content["centre"]),
            spread=tuple(content["spread"]),
        )  # fmt: skip


def fit_style(features: Any, wanted: StyleFeatures, clear: Truth) -> Style:
    """Learns the style from the rows of `clear`: those of whom enough is known.

    A column that is the same for all of them is left out; FeasibilityError where fewer than two remain.
    """
    part = features.filter(clear)
    blocks = [(whole, wanted.counts[whole[0]]) for whole in wanted.wholes]
    blocks += [((name,), wanted.counts[name]) for name in wanted.parts]
    shares = tuple(_shares(part, names, count) for names, count in blocks)
    numbers = tuple(Number(name, _middle(_known(name, values_of(part, name)))) for name in wanted.numbers)
    raw = _columns(part, shares, numbers)
    spread = {name: float(values.std()) for name, values in raw.items()}
    kept = tuple(name for name in raw if spread[name] > LEAST_SPREAD)
    if len(kept) < 2:
        raise FeasibilityError(
            f"{len(kept)} of {len(raw)} features of how customers live differ between them",
            hint="Segments need at least 2: load transactions with amount, direction, time and category.",
        )
    return Style(
        shares, numbers, kept, tuple(float(raw[name].mean()) for name in kept),
        tuple(spread[name] for name in kept),
    )  # fmt: skip


def values_of(features: Any, name: str) -> Floats:
    """A feature as floats, NaN where it is missing; money in minor units."""
    import pyarrow as pa

    column = features.column(name).cast(pa.float64(), safe=False)
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _columns(features: Any, shares: tuple[Shares, ...], numbers: tuple[Number, ...]) -> dict[str, Floats]:
    made: dict[str, Floats] = {}
    for one in shares:
        values = np.column_stack([values_of(features, name) for name in one.names])
        bent = one.apply(values, values_of(features, one.count))
        made |= {name: bent[:, place] for place, name in enumerate(one.names)}
    return made | {one.name: one.apply(values_of(features, one.name)) for one in numbers}


def _shares(features: Any, names: tuple[str, ...], count: str) -> Shares:
    """The bank's shares over all purchases, and the strength that fits how far customers differ."""
    counted = np.nan_to_num(values_of(features, count))
    values = np.column_stack([np.nan_to_num(values_of(features, name)) for name in names])
    usual = (values * counted[:, None]).sum(axis=0) / max(counted.sum(), 1.0)
    known = counted >= KNOWN
    strength = _strength(values[known], counted[known], usual)
    return Shares(names, count, tuple(float(one) for one in usual), strength)


def _strength(values: Floats, counts: Floats, usual: Floats) -> float:
    """Of the variance of a share, p(1 − p)·(1/n + (1 − 1/n)/(strength + 1)): solved for the strength."""
    whole = float((usual * (1 - usual)).sum())
    if len(values) < 2 or whole <= 0:
        return KNOWN
    seen = float(((values - usual) ** 2).mean(axis=0).sum()) / whole
    luck = float((1 / counts).mean())
    own = max(seen - luck, 1e-9)
    return float(np.clip((1 - luck) / own - 1, LEAST_STRENGTH, MOST_STRENGTH))


def _known(name: str, values: Floats) -> Floats:
    return np.where(values == 0, np.nan, values) if name.startswith(BOUGHT) else values


def _middle(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0
