"""Dates as pages write them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from bankmine.report import format as fmt

if TYPE_CHECKING:
    from bankmine.bank.civil import Zone


def civil_day(zone: Zone, instant_us: int) -> str:
    """The civil day of an instant in words: 1 July 1998."""
    return fmt.day(date.fromisoformat(zone.show(instant_us)[:10]))
