"""Where all loans stand at a cutoff, without those whose events contradict each other.

A loan that was restructured is in default until something is paid and nothing is past due, so what runs and
what is in default are told together. A loan whose schedule contradicts itself is left out, as it is of the
behaviour score, from the instant on by which the contradiction was known: what it owes is in no sum and what
it lost measures nothing. Whoever is said to be in default by such a loan gets no credit all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.tasks.behaviour_score.schedules import first_seen, schedules_of
from bankmine.tasks.contract import Bank, Ints
from bankmine.tasks.rating.exposure import Loans, loans_at
from bankmine.tasks.rating.losses import OPEN, Defaults, barred, defaults_at
from bankmine.tasks.rating.settings import Settings


@dataclass(frozen=True)
class Standing:
    """At an instant: the running loans and the defaults that can be believed; `out`, customers in default or
    written off; `doubted`, the running loans left out; `present`, customers of the bank (both ascending)."""

    loans: Loans
    defaults: Defaults
    out: Ints
    doubted: Loans
    present: Ints

    def left_out(self) -> dict[str, Any]:
        """How many running loans of how many customers are left out, and what they owe, minor units."""
        return {
            "loans": len(self.doubted.loan), "customers": len(np.unique(self.doubted.customer)),
            "owed_minor": float(self.doubted.drawn.sum()),
        }  # fmt: skip


def standing(bank: Bank, at: int, settings: Settings) -> Standing:
    """Where the loans stand at an instant, as known then."""
    loans, found = loans_at(bank, at, settings), defaults_at(bank, at, settings)
    still = found.loan[found.state == OPEN]
    loans = replace(loans, in_default=loans.in_default | np.isin(loans.loan, still))
    odd, known = first_seen(*schedules_of(bank))
    odd = odd[known <= at]
    doubted = np.isin(loans.loan, odd)
    return Standing(
        loans=loans.take(~doubted), defaults=found.take(~np.isin(found.loan, odd)),
        out=barred(loans, found), doubted=loans.take(doubted), present=_present(bank, at),
    )  # fmt: skip


def _present(bank: Bank, at: int) -> Ints:
    """Customers of the bank at an instant, ascending."""
    with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=bank.threads) as session:
        found = session.arrow("SELECT DISTINCT customer_id FROM customer WHERE closed_on IS NULL")
    return np.sort(np.asarray(found.column("customer_id").to_numpy(), dtype=np.int64))
