"""Lengths of time as a person writes them: "24h", "30d", "3mo", "all".

Days and months are civil units of the bank's zone, hours and minutes elapsed time (DESIGN rule 2); "all"
reaches back to the beginning of the coverage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

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


@dataclass(frozen=True, order=True)
class Span:
    """A length of time; `count` is 0 for "all"."""

    unit: Unit
    count: int

    @classmethod
    def parse(cls, text: str) -> Span:
        """The span a text names; ConfigurationError where it names none."""
        if text == Unit.ALL:
            return cls(Unit.ALL, 0)
        found = _PATTERN.fullmatch(text)
        if found is None:
            raise ConfigurationError(
                f"{text!r} is not a length of time",
                hint='Write a whole number and min, h, d or mo, such as "24h", "30d" or "3mo", or "all".',
            )
        return cls(Unit(found[2]), int(found[1]))

    def __str__(self) -> str:
        return "all" if self.unit is Unit.ALL else f"{self.count}{self.unit}"

    @property
    def words(self) -> str:
        """The span in words: "3 months"."""
        if self.unit is Unit.ALL:
            return "whole history"
        return f"{self.count} {_WORDS[self.unit]}{'s' if self.count > 1 else ''}"
