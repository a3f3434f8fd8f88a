"""Lengths of time as a person writes them: "24h", "30d", "3mo", "all".

Days and months are civil units of the bank's zone, hours and minutes elapsed time (DESIGN rule 2); "all"
reaches back to the beginning of the coverage, but no farther than its events are valid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from bankmine.errors import ConfigurationError

_PATTERN = re.compile(r"([1-9][0-9]{0,4})(min|h|d|mo)")


class Unit(StrEnum):
    """What a span counts."""

    MINUTES = "min"
    HOURS = "h"
    DAYS = "d"
    MONTHS = "mo"
    ALL = "all"


_WORDS = {Unit.MINUTES: "minute", Unit.HOURS: "hour", Unit.DAYS: "day", Unit.MONTHS: "month"}
_DAYS = {Unit.MINUTES: 1 / 1440, Unit.HOURS: 1 / 24, Unit.DAYS: 1.0, Unit.MONTHS: 365.25 / 12}
_LONGEST_DAYS = 36_525


@dataclass(frozen=True, order=True)
class Span:
    """A length of time.

    For "all", `count` is the number of civil months beyond which events are no longer valid, 0 where they
    are valid for ever.
    """

    unit: Unit
    count: int

    @classmethod
    def parse(cls, text: str) -> Span:
        """The span a text names; ConfigurationError where it names none."""
        if text == Unit.ALL:
            return cls(Unit.ALL, 0)
        found = _PATTERN.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ConfigurationError(
                f"{text!r} is not a length of time",
                hint='Write a whole number and min, h, d or mo, such as "24h", "30d" or "3mo", or "all".',
            )
        span = cls(Unit(found[2]), int(found[1]))
        if span.usual_days > _LONGEST_DAYS:
            raise ConfigurationError(
                f"{text!r} is longer than a hundred years", hint='Write a shorter length, or "all".'
            )
        return span

    @property
    def usual_days(self) -> float:
        """About how long it is, a month being a twelfth of 365.25 days; infinite for "all" without an end."""
        if self.unit is Unit.ALL:
            return self.count * _DAYS[Unit.MONTHS] if self.count else inf
        return self.count * _DAYS[self.unit]

    def __str__(self) -> str:
        return "all" if self.unit is Unit.ALL else f"{self.count}{self.unit}"

    @property
    def words(self) -> str:
        """The span in words: "3 months"."""
        if self.unit is Unit.ALL:
            return f"whole history of up to {self.count} months" if self.count else "whole history"
        return f"{self.count} {_WORDS[self.unit]}{'s' if self.count > 1 else ''}"
