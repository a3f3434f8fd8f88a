"""What a condition of a decision table holds: ranges with stated closedness, sets, missing.

Every range is brought to a closed interval on the field's own grid: doubles (the next double above or
below an open end) or whole numbers. Complements and intersections are then exact, and "gap" means a value
that a computer can really hold. Fields are cut into *cells* at every edge any row mentions; a condition is
the set of cells it holds, kept as the bits of an integer.
"""

from __future__ import annotations

import math
import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from bankmine.errors import ConfigurationError, UsageError

NUMBER, WHOLE, CATEGORY = "number", "whole", "category"
MISSING, ANY, OTHERS = "missing", "any", "others"
SHORT = 6
LARGEST = sys.float_info.max
LARGEST_DECIMAL = Decimal(LARGEST)
_RANGE = re.compile(r"^([\[(])\s*([^,]+)\s*,\s*([^,]+)\s*([\])])$")
_COMPARED = re.compile(r"^(>=|<=|>|<|=)\s*(.+)$")


@dataclass(frozen=True)
class Change:
    """How a person can change a field: within `[low, high]` by whole `step`s, or to `levels`.

    `cost` is what one step (or another level) weighs against the changes of other fields.
    """

    cost: float
    low: float = 0.0
    high: float = 0.0
    step: float = 1.0
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """A named fact a policy looks at.

    `kind` is number, whole or category. Numbers lie in `[low, high]`, both ends in; categories are among
    `levels`, and where `others` is true any other text may come too. A value outside is an error of the
    applicant's data, not a case of the table; so is a missing one unless `missing` allows it.
    """

    name: str
    kind: str
    low: float = -LARGEST
    high: float = LARGEST
    levels: tuple[str, ...] = ()
    others: bool = False
    missing: bool = False
    unit: str = ""
    change: Change | None = None

    @property
    def is_number(self) -> bool:
        """Whether its values are ordered."""
        return self.kind != CATEGORY

    def above(self, value: float) -> float:
        """The next value of the grid."""
        return math.floor(value) + 1.0 if self.kind == WHOLE else math.nextafter(value, math.inf)

    def below(self, value: float) -> float:
        """The value of the grid before."""
        return math.ceil(value) - 1.0 if self.kind == WHOLE else math.nextafter(value, -math.inf)


@dataclass(frozen=True)
class Condition:
    """What a row asks of a field: closed `spans` on its grid, `levels`, whether missing or others will
    do.
    """

    spans: tuple[tuple[float, float], ...] = ()
    levels: frozenset[str] = frozenset()
    others: bool = False
    missing: bool = False

    def holds(self, field: Field, value: Any) -> bool:
        """Whether a valid value of the field meets it: the slow, obvious reading."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return self.missing
        if field.is_number:
            return any(low <= value <= high for low, high in self.spans)
        return value in self.levels or (self.others and value not in field.levels)


def everything(field: Field) -> Condition:
    """The condition that holds whatever may come."""
    spans = ((field.low, field.high),) if field.is_number else ()
    return Condition(spans, frozenset(field.levels), field.others, field.missing)


def parse_condition(field: Field, text: Any, *, where: str) -> Condition:
    """The condition a cell of a table says; ConfigurationError names `where`.

    Numbers: `[0, 0.03)`, `>= 18`, `< 5%`, `= 12`; several joined by ` or `. Categories: `A | B`, `not A |
    B`, `others`; a list of levels too. Both: `missing`, and `any` (also an empty cell or `-`), which holds
    missing as well.
    """
    if isinstance(text, list | tuple):
        text = " | ".join(str(one) for one in text)
    said = "" if text is None else str(text).strip()
    if said in ("", "-", ANY):
        return everything(field)
    try:
        found = _numbers(field, said) if field.is_number else _categories(field, said)
    except (ValueError, InvalidOperation) as error:
        why = "is no condition" if isinstance(error, InvalidOperation) else str(error)
        raise ConfigurationError(
            f"{where}: {field.name} = {said!r} {why}",
            hint="Write a range as [0, 0.03) or >= 18, a set as A | B, and missing for no value.",
        ) from None
    return found


def _numbers(field: Field, said: str) -> Condition:
    spans, missing = [], False
    for part in re.split(r"\s+or\s+", said):
        if part == MISSING:
            missing = _may_miss(field)
            continue
        low, high = _span(field, part.strip())
        low, high = max(low, field.low), min(high, field.high)
        if low > high:
            raise ValueError(
                f"holds nothing between {shown(field.low)} and {shown(field.high)}, the field's own range"
            )
        spans.append((low, high))
    return Condition(spans=tuple(sorted(spans)), missing=missing)


def _span(field: Field, part: str) -> tuple[float, float]:
    """A range as closed ends on the grid."""
    if found := _RANGE.match(part):
        opening, low, high, closing = found.groups()
        first, last = _number(low), _number(high)
        if first > last:
            raise ValueError("begins above its end")
        return (
            _at_least(field, first) if opening == "[" else field.above(first),
            _at_most(field, last) if closing == "]" else field.below(last),
        )
    if found := _COMPARED.match(part):
        sign, value = found[1], _number(found[2])
        if sign == "=":
            return _at_least(field, value), _at_most(field, value)
        if sign[0] == ">":
            return (_at_least(field, value) if sign == ">=" else field.above(value)), math.inf
        return -math.inf, (_at_most(field, value) if sign == "<=" else field.below(value))
    value = _number(part)
    return _at_least(field, value), _at_most(field, value)


def _at_least(field: Field, value: float) -> float:
    return float(math.ceil(value)) if field.kind == WHOLE and math.isfinite(value) else value


def _at_most(field: Field, value: float) -> float:
    return float(math.floor(value)) if field.kind == WHOLE and math.isfinite(value) else value


def _number(text: str) -> float:
    """A number as people write it: 0.03, 3%, 500_000, not 500,000 (a comma parts the ends of a range)."""
    said = text.strip().replace("_", "")
    exact = Decimal(said[:-1]) / 100 if said.endswith("%") else Decimal(said)
    if not exact.is_finite() or abs(exact) > LARGEST_DECIMAL:
        raise ValueError("is not finite")
    return float(exact) + 0.0  # −0 becomes 0


def _categories(field: Field, said: str) -> Condition:
    negated = said.startswith("not ")
    parts = [part.strip() for part in (said[4:] if negated else said).split("|")]
    unknown = [part for part in parts if part not in (*field.levels, MISSING, OTHERS)]
    if unknown:
        raise ValueError(f"names {unknown[0]!r}, which is none of {', '.join(field.levels)}")
    missing = MISSING in parts and _may_miss(field)
    others = OTHERS in parts
    if others and not field.others:
        raise ValueError("asks for others, but the field allows its levels only")
    levels = frozenset(parts) - {MISSING, OTHERS}
    if negated:
        levels, others = frozenset(field.levels) - levels, field.others and not others
        missing = field.missing and not missing
        if not (levels or others or missing):
            raise ValueError("leaves nothing")
    return Condition(levels=levels, others=others, missing=missing)


def _may_miss(field: Field) -> bool:
    if not field.missing:
        raise ValueError("asks for missing, but the field is never missing")
    return True


@dataclass(frozen=True)
class Cells:
    """A field cut at every edge its conditions mention: within a cell no row can tell two values apart.

    Numbers: cell i begins at `starts[i]` and ends before the next. Categories: a cell a level, then others.
    The last cell is missing, where that is allowed.
    """

    field: Field
    starts: tuple[float, ...]

    @staticmethod
    def of(field: Field, conditions: Sequence[Condition]) -> Cells:
        """The cells of a field under the conditions of all rows."""
        edges = {field.low} if field.is_number else set()
        for condition in conditions:
            for low, high in condition.spans:
                edges |= {low, field.above(high)} if high < field.high else {low}
        return Cells(field, tuple(sorted(edges)))

    @cached_property
    def valued(self) -> int:
        """How many cells hold a value."""
        return len(self.starts) if self.field.is_number else len(self.field.levels) + self.field.others

    @cached_property
    def count(self) -> int:
        """How many cells there are, missing included."""
        return self.valued + self.field.missing

    @cached_property
    def _place(self) -> dict[str, int]:
        return {level: place for place, level in enumerate(self.field.levels)}

    def bits(self, condition: Condition) -> int:
        """The cells a condition holds, as the bits of an integer."""
        bits = (condition.missing and self.field.missing) << self.valued
        if self.field.is_number:
            for low, high in condition.spans:
                first, last = bisect_left(self.starts, low), bisect_right(self.starts, high)
                bits |= (1 << max(first, last)) - (1 << first)
            return bits
        for level in condition.levels & self._place.keys():
            bits |= 1 << self._place[level]
        return bits | (condition.others and self.field.others) << len(self.field.levels)

    def cell_of(self, value: Any) -> int:
        """The cell of a value; −1 where the field allows no such value.

        UsageError for a text where numbers are meant and a number where a category is.
        """
        if value is None or value != value:  # NaN differs from itself
            return self.valued if self.field.missing else -1
        if not self.field.is_number:
            if not isinstance(value, str):
                value = self._as_text(value)
            return self._place.get(value, len(self.field.levels) if self.field.others else -1)
        if isinstance(value, str):
            raise UsageError(
                f"{self.field.name} is a text, not a number", hint="Give numbers, or declare a category."
            )
        if not self.field.low <= value <= self.field.high or (
            self.field.kind == WHOLE and value != math.floor(value)
        ):
            return -1
        return bisect_right(self.starts, value) - 1

    def _as_text(self, value: Any) -> str:
        """A level that did not come as text: true and false do as they are written, numbers do not."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise UsageError(
                f"{self.field.name} is a number, but the policy calls it a category",
                hint='Declare it kind = "number" or "whole".',
            )
        return str(value).lower() if isinstance(value, bool) else str(value)

    def span(self, cell: int) -> tuple[float, float]:
        """The closed ends of a cell of numbers."""
        last = cell + 1 == len(self.starts)
        return self.starts[cell], self.field.high if last else self.field.below(self.starts[cell + 1])

    def example(self, cell: int) -> Any:
        """A value of a cell, as short as can be written."""
        if self.field.missing and cell == self.valued:
            return None
        if not self.field.is_number:
            return self.field.levels[cell] if cell < len(self.field.levels) else _other(self.field.levels)
        return shortest(*self.span(cell), whole=self.field.kind == WHOLE)


def _other(levels: Sequence[str]) -> str:
    """A text that is none of the levels."""
    name = "another"
    while name in levels:
        name += " one"
    return name


def shortest(low: float, high: float, *, whole: bool) -> float:
    """The lower end where it is short to write, else the number of `[low, high]` with the fewest decimals.

    An end that was never set is moved in.
    """
    if low <= -LARGEST:
        low = min(high - 1.0, 0.0)
    if whole or low == high or len(repr(low)) <= SHORT:
        return low
    for digits in range(18):
        step = Decimal(10) ** digits
        value = float(math.ceil(Decimal(low) * step) / step)
        if low <= value <= high:
            return value
    return low


def shown(value: float) -> str:
    """A number as short as it reads back, without `.0`."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def span_words(field: Field, low: float, high: float) -> str:
    """A closed interval of the grid as a person writes it: `[0.03, 0.05)`, `>= 18`."""
    if low == high:
        return f"= {shown(low)}"
    before, after = field.below(low), field.above(high)
    if field.kind == WHOLE:
        left, right = f"[{shown(low)}", f"{shown(high)}]"
    else:
        left = f"[{shown(low)}" if len(repr(low)) <= len(repr(before)) else f"({shown(before)}"
        right = f"{shown(high)}]" if len(repr(high)) <= len(repr(after)) else f"{shown(after)})"
    if low <= -LARGEST:
        return f"{'<=' if right[-1] == ']' else '<'} {right[:-1]}"
    if high >= LARGEST:
        return f"{'>=' if left[0] == '[' else '>'} {left[1:]}"
    return f"{left}, {right}"
