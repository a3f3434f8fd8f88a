"""Readable rules: IF conditions THEN positive (or negative), with support, confidence and lift.

Every classifier of this family can say rules. The measures are those of association rules (Agrawal,
Imieliński & Swami 1993), counted on training rows, so rules of different miners can be laid side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.contract import Floats

Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Condition:
    """What must hold of one column, or of the 0/1 columns of one category.

    Without `columns`: the column `feature` lies in `(low, high]`; a missing value meets it only where
    `missing` says so; an empty interval (`low` > `high`) is met by nothing else. With `columns` (names of
    0/1 columns of the category `feature`): one of them is 1, or none where `on` is false. `word` is a fuzzy
    term ("low"): the interval is where the term applies at all.
    """

    feature: str
    low: float = -np.inf
    high: float = np.inf
    missing: bool = False
    columns: tuple[str, ...] = ()
    on: bool = True
    word: str = ""

    def covers(self, values: Floats, names: Sequence[str]) -> Truth:
        """Which rows of a matrix with columns `names` meet the condition, shape (rows,)."""
        if self.columns:
            some = np.zeros(len(values), dtype=np.bool_)
            for name in self.columns:
                some |= values[:, names.index(name)] > 0.5
            return some if self.on else ~some
        column = values[:, names.index(self.feature)]
        absent = np.isnan(column)
        inside = (column > self.low) & (column <= self.high) & ~absent
        return np.asarray(inside | absent if self.missing else inside)

    @property
    def text(self) -> str:
        """`age > 30 and ≤ 40`, `purpose is car`, `age is missing`; empty where anything meets it."""
        if self.columns:
            levels = " or ".join(name.partition("=")[2] for name in self.columns)
            return f"{self.feature} is {'' if self.on else 'not '}{levels}"
        if self.low > self.high:
            return f"{self.feature} is missing"
        if self.word:
            return f"{self.feature} is {self.word}"
        name, sign, level = self.feature.partition("=")
        if sign and not self.missing and 0 <= self.low < 1 <= self.high:
            return f"{name} is {level}"
        if sign and not self.missing and self.low < 0 < self.high <= 1:
            return f"{name} is not {level}"
        parts = [f"> {_short(self.low)}"] if np.isfinite(self.low) else []
        parts += [f"≤ {_short(self.high)}"] if np.isfinite(self.high) else []
        if not parts:
            return "" if self.missing else f"{self.feature} is known"
        return f"{self.feature} {' and '.join(parts)}{' or missing' if self.missing else ''}"

    def to_json(self) -> dict[str, Any]:
        """Plain values; open ends are null, an empty interval is `"empty": true`."""
        empty = bool(self.low > self.high)
        return {
            "feature": self.feature,
            "low": float(self.low) if np.isfinite(self.low) else None,
            "high": float(self.high) if np.isfinite(self.high) else None,
            "empty": empty,
            "missing": self.missing,
            "columns": list(self.columns),
            "on": self.on,
            "word": self.word,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        low = -np.inf if content["low"] is None else float(content["low"])
        high = np.inf if content["high"] is None else float(content["high"])
        if content["empty"]:
            low, high = np.inf, -np.inf
        return cls(
            content["feature"], low, high, content["missing"], tuple(content["columns"]), content["on"],
            content["word"],
        )  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """IF all conditions THEN the row is positive (or negative).

    `rows` are the training rows that meet the conditions, of them `hits` have the class the rule says;
    `support` is the share of all training rows that meet the conditions and have the class, `confidence`
    hits of rows, `lift` the confidence over the class's share in training. `weight` is the miner's own
    (its sentence is in the miner's docstring). For fuzzy rules rows and hits are sums of memberships.
    """

    conditions: tuple[Condition, ...]
    positive: bool
    rows: float
    hits: float
    support: float
    confidence: float
    lift: float
    weight: float = 0.0

    def covers(self, values: Floats, names: Sequence[str]) -> Truth:
        """Which rows of a matrix with columns `names` meet all conditions."""
        inside = np.ones(len(values), dtype=np.bool_)
        for condition in self.conditions:
            inside &= condition.covers(values, names)
        return inside

    def text(self, positive: str = "positive", negative: str = "negative") -> str:
        """`IF age ≤ 30 AND purpose is car THEN positive (support 3.2 %, confidence 41 %, lift 1.4)`."""
        said = [condition.text for condition in self.conditions]
        when = " AND ".join(one for one in said if one) or "nothing else applies"
        return (
            f"IF {when} THEN {positive if self.positive else negative} "
            f"(support {_percent(self.support)}, confidence {_percent(self.confidence)}, "
            f"lift {self.lift:.2f})"
        )

    def __str__(self) -> str:
        return self.text()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "conditions": [condition.to_json() for condition in self.conditions],
            "positive": self.positive,
            "rows": float(self.rows),
            "hits": float(self.hits),
            "support": float(self.support),
            "confidence": float(self.confidence),
            "lift": float(self.lift),
            "weight": float(self.weight),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        conditions = tuple(Condition.from_json(one) for one in content["conditions"])
        return cls(**{**content, "conditions": conditions})


class Coverage:
    """Which rows meet which rules of one matrix; each distinct condition is looked at once."""

    def __init__(self, values: Floats, names: Sequence[str]) -> None:
        self.values = values
        self.names = {name: place for place, name in enumerate(names)}
        self._order = list(names)
        self._met: dict[Condition, Truth] = {}

    def of(self, rule: Rule) -> Truth:
        """Which rows meet all conditions of the rule."""
        inside = np.ones(len(self.values), dtype=np.bool_)
        for condition in rule.conditions:
            if condition not in self._met:
                self._met[condition] = condition.covers(self.values, self._order)
            inside &= self._met[condition]
        return inside

    def column(self, condition: Condition) -> int:
        """The column a condition's part in an answer is put down to."""
        return self.names[(condition.columns or (condition.feature,))[0]]


def counted(
    conditions: Iterable[Condition],
    *,
    positive: bool,
    rows: float,
    hits: float,
    total: float,
    share: float,
    weight: float = 0.0,
) -> Rule:
    """A rule from its counts; `total` rows in training, `share` of them have the class the rule says."""
    confidence = hits / rows if rows > 0 else 0.0
    return Rule(
        tuple(conditions),
        positive,
        float(rows),
        float(hits),
        float(hits / total) if total > 0 else 0.0,
        float(confidence),
        float(confidence / share) if share > 0 else 0.0,
        float(weight),
    )


def strongest_first(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """By falling size of the weight, then by falling support, then as text: one order only.

    Rules without a condition, which hold where no other does, come last.
    """
    return tuple(
        sorted(
            rules,
            key=lambda rule: (not rule.conditions, -abs(rule.weight), -rule.support, rule.text()),
        )
    )


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


def _short(value: float) -> str:
    """At most four significant digits, without an exponent for everyday sizes."""
    if value == round(value) and abs(value) < 1e9:
        return f"{int(value)}"
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}".replace(",", " ")
