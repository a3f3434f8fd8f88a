"""A card as one tree of expressions, which every export is written from.

    Sum(base, [Choice(column, [(test, points), …], otherwise), …])

A test looks at one value: missing, equal to one of some values, or under an edge; the first that holds
decides. `evaluate` walks the tree for one row as slowly and plainly as possible: it is the oracle of SQL,
Python and the arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bankmine.errors import UsageError
from bankmine.mining.scorecard.rules import Code

FORMAT = 1


@dataclass(frozen=True)
class Missing:
    """The value is absent, null or not a number."""

    def holds(self, value: Any) -> bool:
        return value is None or value != value


@dataclass(frozen=True)
class OneOf:
    """The value equals one of these."""

    values: tuple[Code, ...]

    def holds(self, value: Any) -> bool:
        return value in self.values


@dataclass(frozen=True)
class Under:
    """The value is less than the edge."""

    edge: float

    def holds(self, value: Any) -> bool:
        return bool(value < self.edge)


Test = Missing | OneOf | Under


@dataclass(frozen=True)
class Choice:
    """Points of one column: those of the first test that holds, else `otherwise`."""

    column: str
    is_text: bool
    cases: tuple[tuple[Test, float], ...]
    otherwise: float

    def points(self, value: Any) -> float:
        """Points for one value."""
        return next((points for test, points in self.cases if test.holds(value)), self.otherwise)


@dataclass(frozen=True)
class Sum:
    """The score: base points and the points of each column, added in this order."""

    base: float
    choices: tuple[Choice, ...]


def evaluate(tree: Sum, row: Mapping[str, Any]) -> float:
    """The score of one row, a value for each column of the card."""
    total = tree.base
    for choice in tree.choices:
        total += choice.points(row[choice.column])
    return total


def to_json(tree: Sum) -> dict[str, Any]:
    """The tree as plain JSON values."""
    return {
        "format": FORMAT,
        "base": _number(tree.base),
        "columns": [
            {
                "column": choice.column,
                "kind": "text" if choice.is_text else "number",
                "cases": [{**_test(test), "points": _number(points)} for test, points in choice.cases],
                "otherwise": _number(choice.otherwise),
            }
            for choice in tree.choices
        ],
    }


def from_json(content: Mapping[str, Any]) -> Sum:
    """The tree that `to_json` described."""
    if content.get("format") != FORMAT:
        raise UsageError(
            f"The card is in format {content.get('format')!r}", hint=f"This version reads format {FORMAT}."
        )
    return Sum(
        content["base"],
        tuple(
            Choice(
                one["column"],
                one["kind"] == "text",
                tuple((_read(case), case["points"]) for case in one["cases"]),
                one["otherwise"],
            )
            for one in content["columns"]
        ),
    )


def _number(value: float) -> float:
    return int(value) if float(value).is_integer() else float(value)


def _test(test: Test) -> dict[str, Any]:
    match test:
        case Missing():
            return {"if": "missing"}
        case OneOf(values):
            return {"if": "one of", "values": list(values)}
        case Under(edge):
            return {"if": "under", "edge": edge}


def _read(case: Mapping[str, Any]) -> Test:
    if case["if"] == "missing":
        return Missing()
    if case["if"] == "one of":
        return OneOf(tuple(case["values"]))
    return Under(float(case["edge"]))
