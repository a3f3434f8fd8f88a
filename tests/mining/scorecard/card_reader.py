"""A person with the printed page: finds the line of a value by reading, and adds up the points.

Shares no code with the card. Works on the text alone, as slowly as a person would; `score_table` reads each
distinct value of a column once.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

FIGURES = r" +[0-9.]+ % +[0-9.]+ to [0-9.]+ +-?[0-9.]+"
LINE = re.compile(rf"^  (?P<attribute>.*) +(?P<points>-?[0-9.e+-]+) +(?P<rows>[0-9]+)({FIGURES})?$")


class PrintedCard:
    """The page, taken apart."""

    def __init__(self, text: str) -> None:
        self.base = 0.0
        self.columns: dict[str, list[tuple[str, float]]] = {}
        current = ""
        for line in text.split("\n")[3:]:
            if line.startswith("base points"):
                self.base = float(line.split()[-1])
            elif line.startswith("  "):
                found = LINE.match(line)
                assert found, line
                self.columns[current].append((found["attribute"].rstrip(), float(found["points"])))
            elif line:
                current = line
                self.columns[current] = []

    def score(self, row: Mapping[str, Any]) -> float:
        """The sum of points a reader arrives at."""
        return self.base + sum(self.points(column, row[column]) for column in self.columns)

    def points(self, column: str, value: Any) -> float:
        """Points of one value: a special line first, then missing, then the line that holds it."""
        lines = self.columns[column]
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return next(points for attribute, points in lines if attribute == "missing")
        for attribute, points in lines:
            if attribute.startswith("special ") and _among(value, attribute[len("special ") :], " ("):
                return points
        for attribute, points in lines:
            if attribute in ("missing", "unseen") or attribute.startswith("special "):
                continue
            if isinstance(value, str):
                if _among(value, attribute):
                    return points
            elif _inside(value, attribute):
                return points
        return next(points for attribute, points in lines if attribute == "unseen")


def _among(value: Any, listed: str, stop: str = "") -> bool:
    """Whether a value stands in a list such as `a, "b, c"`."""
    written = value if isinstance(value, str) else None
    return any(
        one == written if written is not None else _is_number(one) and float(one) == value
        for one in _items(listed, stop)
    )


def _items(listed: str, stop: str = "") -> list[str]:
    """The texts between commas; a quoted one may hold commas. `stop` begins the note after special codes."""
    found, rest = [], listed
    while rest:
        if rest.startswith('"'):
            item, end = json.JSONDecoder().raw_decode(rest)
        else:
            end = min(place for place in (rest.find(", "), rest.find(stop or ", "), len(rest)) if place >= 0)
            item = rest[:end]
        found.append(item)
        rest = rest[end:]
        rest = rest[2:] if rest.startswith(", ") else ""
    return found


def _inside(value: float, attribute: str) -> bool:
    if attribute == "any value":
        return True
    if _is_number(attribute.split(", ")[0]):
        return _among(value, attribute)
    if match := re.fullmatch(r"under (\S+)", attribute):
        return value < float(match[1])
    if match := re.fullmatch(r"(\S+) or more", attribute):
        return value >= float(match[1])
    if match := re.fullmatch(r"(\S+) to under (\S+)", attribute):
        return float(match[1]) <= value < float(match[2])
    return False


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
