"""Columns as attributes with a few codes: supervised binning by minimum description length.

Fayyad & Irani (1993): a column is cut where the entropy of the label falls most, and cut again inside, as
long as a cut saves more bits than it costs to write down. Bayes, rough sets and the genetic search work on
these codes. A missing value is a code of its own, so all of them accept missing values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.classification.rules import Condition
from bankmine.mining.contract import Floats, Ints

MOST_BINS = 8


@dataclass(frozen=True)
class Attribute:
    """One column, or the 0/1 columns of one category, as codes 0 … `size` − 1.

    A number has `cuts` (ascending; bin i is `(cuts[i−1], cuts[i]]`), then one code for missing values. A
    category joins the columns named "purpose=car", "purpose=tv" …: one code each, then one for rows where
    none is 1 (a level unseen in training among them).
    """

    name: str
    columns: tuple[int, ...]
    column_names: tuple[str, ...]
    cuts: Floats

    @property
    def is_category(self) -> bool:
        """Whether it joins the columns of a category."""
        return len(self.columns) > 1

    @property
    def size(self) -> int:
        """The number of codes."""
        return len(self.columns) + 1 if self.is_category else len(self.cuts) + 2

    def codes(self, values: Floats) -> NDArray[np.int16]:
        """The code of each row of a matrix, shape (rows,)."""
        if self.is_category:
            on = values[:, list(self.columns)] > 0.5
            code = np.where(on.any(axis=1), on.argmax(axis=1), len(self.columns))
        else:
            column = values[:, self.columns[0]]
            code = np.where(np.isnan(column), self.size - 1, np.searchsorted(self.cuts, column, side="left"))
        return np.asarray(code, dtype=np.int16)

    def conditions(self, codes: Iterable[int]) -> tuple[Condition, ...]:
        """What rows with one of `codes` have in common, as a condition: exact for runs of neighbouring bins.

        Bins with gaps are said by their outer bounds; use `runs` first where that matters.
        """
        kept = sorted(codes)
        if len(kept) == self.size:
            return ()
        if self.is_category:
            rest = [self.column_names[i] for i in range(len(self.columns)) if i not in kept]
            named = [self.column_names[i] for i in kept if i < len(self.columns)]
            if len(self.columns) in kept:
                return (Condition(self.name, columns=tuple(rest), on=False),)
            return (Condition(self.name, columns=tuple(named)),)
        absent = self.size - 1
        bins = [code for code in kept if code != absent]
        if not bins:
            return (Condition(self.name, np.inf, -np.inf, True),)
        edges = np.concatenate([[-np.inf], self.cuts, [np.inf]])
        return (Condition(self.name, float(edges[bins[0]]), float(edges[bins[-1] + 1]), absent in kept),)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "columns": list(self.columns),
            "column_names": list(self.column_names),
            "cuts": self.cuts.tolist(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        cuts = np.asarray(content["cuts"], dtype=np.float64)
        return cls(content["name"], tuple(content["columns"]), tuple(content["column_names"]), cuts)


def learn_attributes(
    values: Floats, truth: Any, names: Sequence[str], *, most_bins: int = MOST_BINS
) -> tuple[Attribute, ...]:
    """The attributes of a training matrix (rows, columns) with a 0/1 label, in the order of the columns.

    A column in which no cut pays has one bin: it says nothing but whether it is missing.
    """
    found = []
    for name, columns in _joined(values, names):
        labels = tuple(names[column] for column in columns)
        cuts = np.zeros(0)
        if len(columns) == 1:
            cuts = description_length_cuts(values[:, columns[0]], truth, most_bins=most_bins)
        found.append(Attribute(name, columns, labels, cuts))
    return tuple(found)


def encode(attributes: Sequence[Attribute], values: Floats) -> NDArray[np.int16]:
    """The codes of rows, shape (rows, attributes)."""
    result = np.empty((len(values), len(attributes)), dtype=np.int16, order="F")
    for place, attribute in enumerate(attributes):
        result[:, place] = attribute.codes(values)
    return result


def spread(
    attributes: Sequence[Attribute], parts: Floats, width: int, values: Floats | None = None
) -> Floats:
    """Contributions of attributes (rows, attributes) put on the columns they come from, (rows, `width`).

    A category's goes to the column that is 1 in the row, or to its first column where none is.
    """
    result = np.zeros((len(parts), width))
    rows = np.arange(len(parts))
    for place, attribute in enumerate(attributes):
        if attribute.is_category and values is not None:
            on = values[:, list(attribute.columns)] > 0.5
            column = np.asarray(attribute.columns)[on.argmax(axis=1)]
            result[rows, column] += parts[:, place]
        else:
            result[:, attribute.columns[0]] += parts[:, place]
    return result


def description_length_cuts(column: Floats, classes: Any, *, most_bins: int = MOST_BINS) -> Floats:
    """Ascending cuts of a column by Fayyad and Irani's criterion; missing values are left out.

    `classes` are labels of any number of classes, one a row. At most `most_bins` bins, the cuts that save
    most first. A cut lies in the middle between the two neighbouring values.
    """
    known = ~np.isnan(column)
    points, place = np.unique(column[known], return_inverse=True)
    _, kind = np.unique(np.asarray(classes)[known], return_inverse=True)
    if len(points) < 2 or kind.max(initial=0) < 1:
        return np.zeros(0)
    table = np.zeros((len(points) + 1, int(kind.max()) + 1))
    np.add.at(table, (place + 1, kind), 1.0)
    totals = table.cumsum(axis=0)
    waiting: list[tuple[float, int, int, int]] = []
    _offer(waiting, totals, 0, len(points))
    cuts: list[int] = []
    while waiting and len(cuts) < most_bins - 1:
        _, start, cut, end = heappop(waiting)
        cuts.append(cut)
        _offer(waiting, totals, start, cut)
        _offer(waiting, totals, cut, end)
    return np.array([_middle(points[cut - 1], points[cut]) for cut in sorted(cuts)])


def _offer(waiting: list[tuple[float, int, int, int]], totals: Floats, start: int, end: int) -> None:
    """Puts the best cut of the points [start, end) among the waiting ones, if it pays."""
    if end - start < 2:
        return
    whole = totals[end] - totals[start]
    left = totals[start + 1 : end] - totals[start]
    rows = whole.sum()
    after = (_bits(left) + _bits(whole - left)) / rows
    best = int(after.argmin())
    cut = start + 1 + best
    before = float(_bits(whole[None, :])[0])
    gain = before / rows - float(after[best])
    sides = (left[best], whole - left[best])
    k = [int((part > 0).sum()) for part in (whole, *sides)]
    # Δ of the paper, with k·Ent of each side written as k·bits/rows of the side
    entropy = [float(_bits(part[None, :])[0]) / part.sum() for part in (whole, *sides)]
    delta = np.log2(3.0 ** k[0] - 2) - (k[0] * entropy[0] - k[1] * entropy[1] - k[2] * entropy[2])
    if gain > (np.log2(rows - 1) + delta) / rows:
        heappush(waiting, (-gain * rows, start, cut, end))


def _bits(counts: Floats) -> Floats:
    """Entropy times rows of each line of class counts."""
    total = counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(counts > 0, counts * np.log2(counts), 0.0).sum(axis=1)
        return np.asarray(np.where(total > 0, total * np.log2(total), 0.0) - parts)


def _middle(low: float, high: float) -> float:
    middle = low + (high - low) / 2
    return float(low if middle >= high else middle)


def _joined(values: Floats, names: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    """Columns one by one, save that 0/1 columns "name=level" that exclude each other stand together."""
    groups: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        stem, sign, _ = name.partition("=")
        groups.setdefault(f"{stem}=" if sign else name, []).append(column)
    found: list[tuple[str, tuple[int, ...]]] = []
    for stem, columns in groups.items():
        part = values[:, columns]
        if len(columns) > 1 and np.isin(part, (0.0, 1.0)).all() and (part.sum(axis=1) <= 1).all():
            found.append((stem.removesuffix("="), tuple(columns)))
        else:
            found.extend((names[column], (column,)) for column in columns)
    return found


def contiguous(bins: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of neighbouring numbers as (first, last), ascending."""
    runs: list[tuple[int, int]] = []
    for one in sorted(bins):
        if runs and runs[-1][1] == one - 1:
            runs[-1] = (runs[-1][0], one)
        else:
            runs.append((one, one))
    return runs


__all__ = [
    "Attribute", "Ints", "contiguous", "description_length_cuts", "encode", "learn_attributes", "spread",
]  # fmt: skip
