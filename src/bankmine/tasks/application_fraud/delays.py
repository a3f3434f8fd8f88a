"""How long verdicts on false applications take, from the verdicts a bank knows at a cutoff.

An application of last month can only have a verdict that came quickly, so the verdicts known at a cutoff are
quicker than verdicts are: they are truncated on the right by the age of their applications. The product-limit
estimator in reversed time corrects that (Lagakos, Barraj and De Gruttola, Nonparametric analysis of truncated
survival data, with application to AIDS, Biometrika 75, 1988): of the verdicts that could have taken a time x,
as their applications are at least that old, and took no longer, so many took exactly x. It speaks of verdicts
that come within the age of the oldest such application; what comes later nobody can have seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.bank.warehouse import Warehouse
from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
MOST_COME = 0.9  # share of the verdicts that are waited for
LEAST_VERDICTS = 15


@dataclass(frozen=True)
class Delays:
    """How long verdicts take, as known at one cutoff.

    `days` (ascending) are the whole days, rounded up, that known verdicts took; `share` is the share of
    verdicts that take no longer, corrected for the applications still young; both of shape (d,). `verdicts`
    is how many were known.
    """

    days: Ints
    share: Floats
    verdicts: int

    @classmethod
    def of(cls, took: Ints, age: Ints) -> Delays:
        """From the days each known verdict took and the age of its application in days; took ≤ age."""
        days, at = np.unique(took, return_counts=True)
        no_longer = np.cumsum(at)
        too_young = np.searchsorted(np.sort(age), days, side="left")  # their verdicts are quicker anyway
        stays = 1.0 - at / (no_longer - too_young)
        share = np.append(np.cumprod(stays[::-1])[::-1][1:], 1.0) if len(days) else stays
        return cls(days, share, len(took))

    @property
    def measured(self) -> bool:
        """Whether there are verdicts enough to say."""
        return self.verdicts >= LEAST_VERDICTS

    def within(self, share: float) -> int:
        """The least days in which at least this share of the verdicts come; a day at least.

        Needs a verdict.
        """
        return max(int(self.days[np.argmax(self.share >= share - 1e-12)]), 1)

    def later_than(self, days: int) -> float:
        """The share of verdicts that take more than so many days; 0 without a verdict."""
        seen = np.flatnonzero(self.days <= days)
        if not len(self.days):
            return 0.0
        return 1.0 - float(self.share[seen[-1]]) if len(seen) else 1.0


_MEASURED: WeakKeyDictionary[Warehouse, dict[int, tuple[Delays, tuple[str, ...]]]] = WeakKeyDictionary()


def delays_at(bank: Bank, at: int) -> Delays:
    """How long verdicts take as known at an instant (µs), measured once for a state of the warehouse."""
    known = _MEASURED.setdefault(bank.warehouse, {})
    if at not in known:
        with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=bank.threads) as session:
            found = session.arrow(statement(FOLDER, "verdict_delays"), {"cutoff": at})
            took, age = (np.asarray(found.column(one).to_numpy(), np.int64) for one in ("took", "age"))
            known[at] = Delays.of(-(-took // DAY), -(-age // DAY)), tuple(session.statements)
    made, statements = known[at]
    bank.note("verdict delays", statements)
    return made
