"""The shipped list of window features that the speed rows compute: `window_list.toml`, as declarations."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bankmine.windows import Feature

FILE = Path(__file__).with_suffix(".toml")
WINDOWS = ("1mo", "3mo", "6mo", "12mo", "24mo")
CATEGORIES = ("groceries", "rent", "travel", "salary", "cash", "bills", "health", "leisure")
CHANNELS = ("card", "transfer", "atm", "direct_debit")


@cache
def features() -> tuple[Feature, ...]:
    """Counts, sums, means, extremes and deviations, in all, by direction, category and channel."""
    from bankmine.windows.declared import declared

    return declared(FILE)
