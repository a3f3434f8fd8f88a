"""One column in bins: learnt, told apart, written down.

Bins stand in one order everywhere: the ordinary ones from low to high (categories: from low to high bad
rate), then each special code, then missing values, then, for categories, values not seen in training. The
last three exist whether or not training had such rows: a bin without rows has weight 0 and says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.files import array, numbers
from bankmine.mining.scorecard.columns import Column
from bankmine.mining.scorecard.evidence import information, rate_interval, weight_of_evidence
from bankmine.mining.scorecard.optimal import Price, Solution, solve
from bankmine.mining.scorecard.prebins import (
    Prebins,
    Truth,
    category_prebins,
    numeric_prebins,
    short_edge,
    vintage_counts,
)
from bankmine.mining.scorecard.rules import BinningRules, Code, plain_code


class Bin(NamedTuple):
    """One line of the table of a column. The interval of the bad rate is 95 %, by Wilson."""

    label: str
    rows: float
    share: float
    bads: float
    bad_rate: float
    low: float
    high: float
    weight_of_evidence: float
    information_value: float


@dataclass(frozen=True)
class Binning:
    """The bins of one column; `edges` for numbers (bin k holds edges[k−1] ≤ x < edges[k]), else `groups`.

    `bads` and `goods` count each bin's rows in training. `prices` is what each rule cost.
    """

    name: str
    is_text: bool
    edges: tuple[float, ...] | None
    groups: tuple[tuple[Code, ...], ...]
    specials: tuple[tuple[str, tuple[Code, ...]], ...]
    bads: Floats
    goods: Floats
    smoothing: float
    trend: str
    prices: tuple[Price, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ordinary(self) -> int:
        """The number of ordinary bins."""
        return len(self.groups) if self.edges is None else len(self.edges) + 1

    @property
    def missing(self) -> int:
        """Position of the bin of missing values."""
        return self.ordinary + len(self.specials)

    def __len__(self) -> int:
        return self.missing + (2 if self.edges is None else 1)

    @property
    def weights(self) -> Floats:
        """Weight of evidence of each bin."""
        return weight_of_evidence(self.bads, self.goods, self.smoothing)

    @property
    def information_value(self) -> float:
        return float(information(self.bads, self.goods, self.smoothing).sum())

    def labels(self) -> list[str]:
        """What people call each bin."""
        said = self._ranges() if self.edges is not None else [_joined(group) for group in self.groups]
        said += [f"special: {label}" for label, _ in self.specials] + ["missing"]
        return said if self.edges is not None else [*said, "unseen"]

    def table(self) -> list[Bin]:
        """Counts, rates with intervals, weight of evidence and information value of each bin."""
        rows = self.bads + self.goods
        low, high = rate_interval(self.bads, rows)
        with np.errstate(invalid="ignore"):
            rate = self.bads / rows
        parts = information(self.bads, self.goods, self.smoothing)
        columns = (rows, rows / max(rows.sum(), 1), self.bads, rate, low, high, self.weights, parts)
        return [Bin(label, *(float(c[i]) for c in columns)) for i, label in enumerate(self.labels())]

    def assign(self, column: Column) -> Ints:
        """The bin of each row, shape (rows,)."""
        if column.is_text != self.is_text:
            raise UsageError(
                f"Column {self.name!r} was {'text' if self.is_text else 'numbers'} in training",
                hint="Give it as it was in training.",
            )
        if self.edges is None:
            return self._assign_levels(column)
        assert column.values is not None
        found = np.searchsorted(np.array(self.edges), column.values, side="right").astype(np.int64)
        for number, (_, codes) in enumerate(self.specials):
            for code in codes:
                if not isinstance(code, str):
                    found[column.values == code] = self.ordinary + number
        found[np.isnan(column.values)] = self.missing
        return found

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {
            "name": self.name,
            "is_text": self.is_text,
            "edges": None if self.edges is None else list(self.edges),
            "groups": [list(group) for group in self.groups],
            "specials": [[label, list(codes)] for label, codes in self.specials],
            "bads": numbers(self.bads),
            "goods": numbers(self.goods),
            "smoothing": self.smoothing,
            "trend": self.trend,
            "prices": [list(price) for price in self.prices],
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Binning:
        """The binning that `to_json` described."""
        edges = content["edges"]
        return cls(
            content["name"],
            bool(content["is_text"]),
            None if edges is None else tuple(float(edge) for edge in edges),
            tuple(tuple(group) for group in content["groups"]),
            tuple((label, tuple(codes)) for label, codes in content["specials"]),
            array(content["bads"]),
            array(content["goods"]),
            float(content["smoothing"]),
            content["trend"],
            tuple(Price(rule, float(value), float(lost)) for rule, value, lost in content["prices"]),
            tuple(content["notes"]),
        )

    def recounted(self, column: Column, truth: Truth) -> Binning:
        """The same bins with the counts of other rows."""
        where = self.assign(column)
        rows = np.bincount(where, minlength=len(self)).astype(np.float64)
        bads = np.bincount(where[truth], minlength=len(self)).astype(np.float64)
        return Binning(**{**vars(self), "bads": bads, "goods": rows - bads})

    def _assign_levels(self, column: Column) -> Ints:
        codes, levels = column.as_levels()
        known: dict[Code, int] = {}
        for number, group in enumerate(self.groups):
            known.update(dict.fromkeys(group, number))
        for number, (_, special) in enumerate(self.specials):
            known.update(dict.fromkeys(special, self.ordinary + number))
        places = np.array([known.get(level, self.missing + 1) for level in levels] + [self.missing])
        return np.asarray(places[codes], dtype=np.int64)  # the code −1 is the last place: missing

    def _ranges(self) -> list[str]:
        edges = [plain_code(edge) for edge in self.edges or ()]
        if not edges:
            return ["any value"]
        inner = [f"{low} to under {high}" for low, high in pairwise(edges)]
        return [f"under {edges[0]}", *inner, f"{edges[-1]} or more"]


def learn(column: Column, truth: Truth, rules: BinningRules, vintages: Any = None) -> Binning:
    """The optimal bins of one column; `truth` says which rows are bad.

    FeasibilityError where there are no bads or no goods. A column without an ordinary value has no ordinary
    bin to cut; one that cannot be cut under the rules has one.
    """
    if not truth.any() or truth.all():
        kind = "bads" if not truth.any() else "goods"
        raise FeasibilityError(
            f"Column {column.name!r} was to be binned on {len(truth)} rows without {kind}",
            hint="Bins are learnt from rows of both classes.",
        )
    categories = column.is_text or rules.categorical
    if categories:
        groups = category_prebins(column, truth, rules)
    else:
        assert column.values is not None
        groups = numeric_prebins(column.values, truth, rules)
    totals = float(truth.sum()), float((~truth).sum())
    counts = _in_vintages(column, groups, truth, rules, vintages) if rules.same_order else None
    found = solve(
        groups.bads, groups.goods, totals, len(truth), rules, counts, "free" if categories else None
    )
    return _built(column, groups, found, rules, categories)


def _in_vintages(
    column: Column, groups: Prebins, truth: Truth, rules: BinningRules, vintages: Any
) -> tuple[Floats, Floats]:
    if vintages is None:
        raise UsageError(
            f"Column {column.name!r} is to have the same order in every vintage, and no vintages were given",
            hint="Give `vintages`, one value a row.",
        )
    none = np.zeros(0)
    edges = None if groups.levels else tuple(float(low) for low in groups.low[1:])
    fine = Binning(column.name, column.is_text, edges, groups.levels, rules.specials, none, none, 1.0, "free")
    place = fine.assign(column)
    place[place >= fine.ordinary] = -1
    return vintage_counts(place, truth, vintages, len(groups.bads))


def _built(
    column: Column, groups: Prebins, found: Solution, rules: BinningRules, categories: bool
) -> Binning:
    starts = np.array(found.starts, dtype=np.int64)
    bads = np.add.reduceat(groups.bads, starts) if len(starts) else np.zeros(0)
    goods = np.add.reduceat(groups.goods, starts) if len(starts) else np.zeros(0)
    ends = [*found.starts[1:], len(groups.bads)]
    parts: tuple[tuple[Code, ...], ...] = ()
    edges: tuple[float, ...] | None = None
    if categories:
        parts = tuple(
            tuple(level for group in groups.levels[a:b] for level in group)
            for a, b in zip(found.starts, ends, strict=False)
        )
    else:
        edges = tuple(short_edge(float(groups.high[at - 1]), float(groups.low[at])) for at in starts[1:])
        if not len(starts):
            bads, goods = np.zeros(1), np.zeros(1)
    notes = list(groups.notes)
    if len(starts) == 0:
        notes.append("no ordinary value")
    elif not found.fits:
        notes.append("no cut obeys the sizes asked: one bin")
    tail = np.zeros((1, 2)) if categories else np.zeros((0, 2))
    aside = np.vstack([groups.aside, tail])
    return Binning(
        column.name, column.is_text, edges, parts, rules.specials,
        np.concatenate([bads, aside[:, 0]]), np.concatenate([goods, aside[:, 1]]),
        rules.smoothing, found.trend, found.prices, tuple(notes),
    )  # fmt: skip


def _joined(group: tuple[Code, ...]) -> str:
    return ", ".join(plain_code(level) for level in group)
