"""What is done to each column, as plain data: the fitted state of a preparation.

A number goes through, in this order: fill, log, clip, scale; each is left out where its figures are None.

    x → fill where missing → sign(x)·ln(1 + |x| / log_scale) → clip to [low, high] → (x − centre) / spread

A category becomes one column a level (`onehot`) or one column of codes (`codes`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from bankmine.preparation.columns import Categories, Floats, Kind, Numbers

OTHER = "other"
MISSING = "missing"


@dataclass(frozen=True)
class NumberPlan:
    """The way of one number or flag into the matrix. `flagged` adds a 0/1 column `<name>_missing`;
    `valued` is false where only that flag carries anything."""

    name: str
    kind: Kind
    unit: str
    fill: float | None = None
    flagged: bool = False
    valued: bool = True
    log_scale: float | None = None
    low: float | None = None
    high: float | None = None
    centre: float | None = None
    spread: float | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the matrix columns this column becomes."""
        value = (self.name,) if self.valued else ()
        return (*value, f"{self.name}_{MISSING}") if self.flagged else value

    def apply(self, column: Numbers) -> list[Floats]:
        """The matrix columns, each of shape (rows,)."""
        result = [self._value(column.values)] if self.valued else []
        return [*result, column.missing.astype(np.float64)] if self.flagged else result

    def _value(self, x: Floats) -> Floats:
        if self.fill is not None:
            x = np.where(np.isnan(x), self.fill, x)
        if self.log_scale is not None:
            x = signed_log(x, self.log_scale)
        if self.low is not None and self.high is not None:
            x = np.clip(x, self.low, self.high)
        if self.centre is not None and self.spread is not None:
            x = (x - self.centre) / self.spread
        return x


@dataclass(frozen=True)
class CategoryPlan:
    """The way of one category into the matrix.

    `levels` were common enough in training. `other` says that training had rarer ones; a level never seen
    goes the same way, and where there is no `other` its row is 0 in every column (of two levels only one has
    a column, so there an unseen level reads as the other one). `missing` says that
    training had missing values. With `codes` the code of level i is i, of anything else the number of
    levels, and a missing value stays missing.
    """

    name: str
    levels: tuple[str, ...]
    mode: Literal["onehot", "codes"]
    other: bool
    missing: bool
    unit: str = ""
    kind: Kind = "category"

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the matrix columns this column becomes."""
        if self.mode == "codes":
            return (self.name,)
        return tuple(f"{self.name}={word}" for word in self._words())

    def apply(self, column: Categories) -> list[Floats]:
        """The matrix columns, each of shape (rows,)."""
        known = {level: number for number, level in enumerate(self.levels)}
        rest = len(self.levels)
        lookup = np.array([known.get(level, rest) for level in column.levels] + [-1], dtype=np.int64)
        place = lookup[column.codes]
        if self.mode == "codes":
            return [np.where(place < 0, np.nan, place.astype(np.float64))]
        positions = [known[level] for level in self._listed()]
        if self.other:
            positions.append(rest)
        if self.missing:
            positions.append(-1)
        return [(place == position).astype(np.float64) for position in positions]

    def _listed(self) -> tuple[str, ...]:
        """Levels with a column of their own: of two that exclude each other one says everything."""
        whole = len(self.levels) == 2 and not self.other and not self.missing
        return self.levels[1:] if whole else self.levels

    def _words(self) -> tuple[str, ...]:
        rest = ((f"({OTHER})",) if self.other else ()) + ((f"({MISSING})",) if self.missing else ())
        return (*self._listed(), *rest)


Plan: TypeAlias = NumberPlan | CategoryPlan


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Plain values."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(plan).items()}


def plan_from_json(content: dict[str, Any]) -> Plan:
    """The inverse of `plan_to_json`."""
    if content["kind"] == "category":
        return CategoryPlan(**{**content, "levels": tuple(content["levels"])})
    return NumberPlan(**content)


def signed_log(x: Floats, scale: float) -> Floats:
    """`sign(x)·ln(1 + |x| / scale)`: keeps sign and zero, and draws in both tails."""
    return np.asarray(np.sign(x) * np.log1p(np.abs(x) / scale))
