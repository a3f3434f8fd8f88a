"""Who moved between segments: the same segments a year ago and today, the money moved along, and why.

The segments of today's model are applied to the customers as they were known then; so a move is a change of
the customer, never of the segments. Why a group moved: the columns of the style that changed most for those
who went from A to B, against those who stayed in A, in standard deviations of the style.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.tasks.contract import Floats, Ints
from bankmine.tasks.segmentation.model import Applied

LEAST_MOVERS, LEAST_CHANGE = 5, 0.3
REASONS = 3


@dataclass(frozen=True)
class Reason:
    """A column that changed for the movers: mean change of theirs and of those who stayed, in spreads."""

    feature: str
    change: float
    stayed: float


@dataclass(frozen=True)
class Move:
    """Customers who went from one segment (label) to another, the money they move now, and why."""

    source: int
    target: int
    customers: int
    money_minor: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Migration:
    """The matrix of customers and of money by (then, now), shape (segments, segments), and the moves.

    `who` are the customers known both times, ascending, each with its label then and now.
    """

    months: int
    customers: Ints
    money: Floats
    joined: Ints
    left: Ints
    moves: tuple[Move, ...]
    who: Ints
    source: Ints
    target: Ints

    @property
    def moved(self) -> int:
        """How many customers known both times are in another segment."""
        return int(self.customers.sum() - np.trace(self.customers))


def migration(
    months: int,
    then: tuple[Ints, Applied],
    now: tuple[Ints, Applied],
    money: Floats,
    columns: tuple[str, ...],
    segments: int,
) -> Migration:
    """Compares two looks at the bank; each is (customer ids ascending, what the model says of them).

    `money` is what each customer of `now` moves, minor units. Customers of only one look have joined or left.
    """
    first, second = then[0], now[0]
    _, here, there = np.intersect1d(first, second, return_indices=True)
    source, target = then[1].label[here], now[1].label[there]
    flat = source * segments + target
    customers = np.bincount(flat, minlength=segments**2).reshape(segments, segments)
    moved = np.bincount(flat, weights=money[there], minlength=segments**2).reshape(segments, segments)
    change = now[1].values[there] - then[1].values[here]
    known = then[1].clear[here] & now[1].clear[there]
    new = np.setdiff1d(np.arange(len(second)), there)
    gone = np.setdiff1d(np.arange(len(first)), here)
    return Migration(
        months=months, customers=customers.astype(np.int64), money=moved.astype(np.float64),
        joined=np.bincount(now[1].label[new], minlength=segments).astype(np.int64),
        left=np.bincount(then[1].label[gone], minlength=segments).astype(np.int64),
        moves=_moves(source, target, change, known, customers, moved, columns),
        who=first[here], source=source, target=target,
    )  # fmt: skip


def _moves(
    source: Ints, target: Ints, change: Floats, known: Any, customers: Any, money: Any, columns: Any
) -> tuple[Move, ...]:
    """Every move of at least a handful of customers, most customers first."""
    found = []
    for a, b in zip(*np.nonzero(customers), strict=True):
        count = int(customers[a, b])
        if a == b or count < LEAST_MOVERS:
            continue
        went, stayed = known & (source == a) & (target == b), known & (source == a) & (target == a)
        found.append(
            Move(int(a), int(b), count, float(money[a, b]), _reasons(change[went], change[stayed], columns))
        )
    return tuple(sorted(found, key=lambda one: (-one.customers, one.source, one.target)))


def _reasons(went: Floats, stayed: Floats, columns: tuple[str, ...]) -> tuple[Reason, ...]:
    """The columns whose mean changed most for the movers, beyond that of those who stayed."""
    if not len(went):
        return ()
    own = went.mean(axis=0)
    base = stayed.mean(axis=0) if len(stayed) else np.zeros_like(own)
    order = np.argsort(-np.abs(own - base), kind="stable")[:REASONS]
    return tuple(
        Reason(columns[place], float(own[place]), float(base[place]))
        for place in order
        if abs(own[place] - base[place]) >= LEAST_CHANGE
    )
