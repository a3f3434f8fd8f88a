"""What a person asks of a column: one of some values, a range, or what a set holds.

A missing value lies in no range and is one of the values only where None is named.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class OneOf:
    """The column's value is among these; None stands for a missing value."""

    values: frozenset[Hashable]

    @classmethod
    def of(cls, *values: Hashable) -> OneOf:
        """`OneOf.of("person", None)`."""
        return cls(frozenset(values))


@dataclass(frozen=True)
class Between:
    """The column's value is at least `low` and at most `high`, both inclusive; None: no limit.

    Numbers are in the column's own unit (money in minor units); dates and instants as such.
    """

    low: float | date | datetime | None = None
    high: float | date | datetime | None = None


@dataclass(frozen=True)
class Has:
    """A set (products held, flags) holds all of `all_of`, at least one of `any_of` and none of `none_of`."""

    all_of: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()

    @classmethod
    def every(cls, words: Iterable[str]) -> Has:
        """All of these words."""
        return cls(all_of=frozenset(words))


Condition = OneOf | Between | Has
