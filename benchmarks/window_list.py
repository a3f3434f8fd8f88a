"""The shipped list of window features that the speed rows compute: 280 features over five civil windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bankmine.windows import Feature

WINDOWS = ("1mo", "3mo", "6mo", "12mo", "24mo")
CATEGORIES = ("groceries", "rent", "travel", "salary", "cash", "bills", "health", "leisure")
CHANNELS = ("card", "transfer", "atm", "direct_debit")


def features() -> tuple[Feature, ...]:
    """Counts, sums, means, extremes and deviations, in all, by direction, category and channel."""
    from bankmine.windows import events, windows

    every = events("transaction").measure("base_minor")
    out = every.where(direction="out", status="booked")
    came = every.where(direction="in", status="booked")
    made: list[Feature] = []
    for source in (every, out, came):
        made += windows(source, over=WINDOWS, aggregate=["count", "sum", "mean", "min", "max", "std"])
    for name, source, column, levels, over, aggregates in (
        ("spent_by_category", out, "category", CATEGORIES, WINDOWS, ["count", "sum"]),
        ("spent_by_channel", out, "channel", CHANNELS, WINDOWS, ["count", "sum"]),
        ("came_by_channel", came, "channel", CHANNELS, WINDOWS, ["count"]),
        ("came_by_category", came, "category", CATEGORIES, ["24mo"], ["count", "sum"]),
    ):
        made += windows(source, over=over, aggregate=aggregates, by=column, levels=levels, name=name)
    made += windows(every, over=WINDOWS[:4], aggregate=["active_days"])
    for source in (every, out, came):
        made += windows(source, over=["24mo"], aggregate=["recency"])
    return tuple(made)
