"""Who moved between grades: since the tested cutoff a year ago, and since the run before.

Both looks are put on today's scale, so a move is a change of the customer and never one of the scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.evaluation.migration import Migration, migration
from bankmine.tasks.contract import Floats, Ints, Truth
from bankmine.tasks.rating.obligors import Obligors
from bankmine.tasks.rating.scales import Scale

REPAID, GONE, OTHER = "repaid", "no longer a customer", "not rated"
NEWER = "default, newer loan"


@dataclass(frozen=True)
class Ends:
    """What tells why a customer has no grade at the later look: customers, ascending, with a loan or line
    that runs then, those who are with the bank then, and those in default or written off then."""

    owing: Ints
    present: Ints
    out: Ints

    def why(self, customer: Ints) -> dict[str, Truth]:
        """Which of the customers ended how; every one in one way."""
        here, owes = np.isin(customer, self.present), np.isin(customer, self.owing)
        bad = np.isin(customer, self.out)
        well = here & ~bad
        return {NEWER: bad, REPAID: well & ~owes, GONE: ~here & ~bad, OTHER: well & owes}


def since(
    made: Scale, then: tuple[Ints, Floats], now: tuple[Ints, Floats], defaulted: Ints, ends: Ends, *,
    joined: bool,
) -> tuple[Migration, dict[str, list[int]]]:  # fmt: skip
    """The matrix from then to now, and those who left by cause and grade before.

    Each look is customers (ascending) with their chances; `defaulted` are customers who defaulted in between
    or are in default now. FeasibilityError where nobody was graded both times.
    """
    size, before, after = len(made.scale.grades), made.places(then[1]), made.places(now[1])
    bad = np.isin(then[0], defaulted)
    _, here, there = np.intersect1d(then[0][~bad], now[0], return_indices=True)
    gone = ~bad & ~np.isin(then[0], now[0])
    new = ~np.isin(now[0], then[0]) if joined else np.zeros(len(now[0]), np.bool_)
    found = migration(
        before[~bad][here], after[there], grades=size, defaulted=np.bincount(before[bad], minlength=size),
        left=np.bincount(before[gone], minlength=size), joined=np.bincount(after[new], minlength=size),
    )  # fmt: skip
    return found, {
        cause: [int(one) for one in np.bincount(before[gone][which], minlength=size)]
        for cause, which in ends.why(then[0][gone]).items()
    }


YEAR = 360 * 86_400_000_000  # µs; a civil year may be an hour or a day shorter than it seems


@dataclass(frozen=True)
class Looks:
    """Two looks a year apart, customers with chances, and whether one model gave both."""

    then: Obligors
    now: Obligors
    one_model: bool


def looks(graded: Obligors, now: Obligors, at: int) -> Looks:
    """The last tested cutoff and the newest a year before it, which one model graded; where the tested ones
    span less, the last tested cutoff and the run's, which two models graded."""
    last = int(graded.cutoff.max())
    early = graded.cutoff[graded.cutoff <= last - YEAR]
    if len(early):
        then = graded.take(graded.cutoff == early.max())
        return Looks(then, graded.take(graded.cutoff == last), True)
    return Looks(graded.take(graded.cutoff == last), replace(now, cutoff=np.full(len(now), at)), False)


Moves = tuple[Migration, dict[str, list[int]]]


def a_year(made: Scale, seen: Looks, in_default: Ints, ends: Ends) -> Moves | None:
    """From one look to the other; None where nobody owed at both."""
    then, now = seen.then, seen.now
    bad = then.customer[then.bad]
    if not seen.one_model:
        bad = np.union1d(bad, in_default)
    try:
        return since(made, (then.customer, then.chance), (now.customer, now.chance), bad, ends, joined=False)
    except FeasibilityError:
        return None


def last_run(made: Scale, before: Any, now: Obligors, in_default: Ints, ends: Ends) -> Moves | None:
    """From the run before, whose table of customers is `before`; None where it tells nothing of this kind."""
    if before is None or not {"customer_id", "kind", "chance"} <= set(before.column_names):
        return None
    own = [
        (row["customer_id"], row["chance"])
        for row in before.select(["customer_id", "kind", "chance"]).to_pylist()
        if row["kind"] == made.kind and row["chance"] is not None and row["chance"] < 1
    ]
    own.sort()
    ids = np.array([one for one, _ in own], dtype=np.int64)
    chance = np.array([one for _, one in own], dtype=np.float64)
    try:
        return since(made, (ids, chance), (now.customer, now.chance), in_default, ends, joined=True)
    except FeasibilityError:
        return None


def moved_figures(found: Moves | None, made: Scale, then: str, now: str) -> Mapping[str, Any] | None:
    """The matrix as plain values, with the dates and the grades' names."""
    if found is None:
        return None
    names = [one.name for one in made.scale.grades]
    return found[0].to_json() | {"left_by": found[1], "grades": names, "then": then, "now": now}
