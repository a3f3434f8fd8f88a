"""The 80/20 question: how much of the profit few customers make, and who moved into and out of the top.

All of it is about what was earned, not foreseen: the profit of the last twelve months and that of the twelve
months before, each as known at the end of its year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.tasks.contract import Floats, Ints, Truth

CURVE_POINTS = 50
MOVES = ("stayed", "entered", "fell out", "left the bank", "new to the bank and top")


@dataclass(frozen=True)
class Curve:
    """Shares of customers, most profitable first, and of the profit they make together (may exceed 1)."""

    customers: Floats
    profit: Floats

    def at(self, share: float) -> float:
        """The share of profit made by that share of customers."""
        return float(np.interp(share, self.customers, self.profit))


def curve(profit: Floats) -> Curve:
    """The curve of concentration at 50 points; NaN shares where there is no profit in all."""
    ordered, total = np.sort(profit)[::-1], float(profit.sum())
    running = np.concatenate([[0.0], np.cumsum(ordered)])
    share = np.linspace(0.0, 1.0, CURVE_POINTS + 1)
    places = np.rint(share * len(profit)).astype(np.int64)
    made = running[places] / total if total > 0 else np.full(len(share), np.nan)
    return Curve(share, made)


def top_of(profit: Floats, share: float) -> Truth:
    """The most profitable share of customers; ties go to the earlier row."""
    return first(profit, max(1, round(len(profit) * share)))


def first(profit: Floats, count: int) -> Truth:
    """The `count` most profitable customers; ties go to the earlier row."""
    inside = np.zeros(len(profit), dtype=np.bool_)
    inside[np.argsort(-profit, kind="stable")[:count]] = True
    return inside


def moves(
    now: tuple[Ints, Floats], before: tuple[Ints, Floats], profit_now: Any, *, share: float
) -> list[dict[str, Any]]:
    """Who entered and left the top share since a year before, and what it changed in money.

    `now` and `before` are the customers of each date (ascending) with their profit of the year before it;
    `profit_now(customers)` is what any customers earned in the year just past.
    """
    top_now, top_before = (set(one[0][top_of(one[1], share)].tolist()) for one in (now, before))
    here, there = set(now[0].tolist()), set(before[0].tolist())
    groups = (
        top_before & top_now,
        (top_now - top_before) & there,
        (top_before - top_now) & here,
        top_before - here,
        top_now - there,
    )
    earned = dict(zip(before[0].tolist(), before[1].tolist(), strict=True))
    rows = []
    for name, members in zip(MOVES, groups, strict=True):
        customers = np.array(sorted(members), dtype=np.int64)
        was = sum(earned.get(one, 0.0) for one in customers.tolist())
        became = float(np.sum(profit_now(customers)))
        rows.append(
            {"move": name, "customers": len(customers), "before_minor": was, "now_minor": became,
             "change_minor": became - was}
        )  # fmt: skip
    return rows
