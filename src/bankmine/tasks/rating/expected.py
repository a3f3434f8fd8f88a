"""Expected loss: chance × share lost × what will be owed, loan by loan; and what came.

A customer's grade is calibrated to the customer, who defaults where any of the loans does. To take that
chance for all the loans would have one default draw all others along (shown as "cross-default"): so a loan's
own chance is moved, in log-odds, by as much as the grade moved its customer's, and then to the rate at which
loans default (`levels`).

What is in default is lost by the share alone, a line of its own. The other loans of whoever is in default or
was written off have no grade; they too are a line of their own, by the loan's own chance or, where the bank
says that a default is the customer's (`default_of`), for certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.evaluation.master_scale import log_odds, moved
from bankmine.tasks.contract import Floats, Ints, Truth
from bankmine.tasks.rating.exposure import Loans
from bankmine.tasks.rating.losses import Conversion, Loss
from bankmine.tasks.rating.obligors import Obligors


@dataclass(frozen=True)
class Parts:
    """Of each loan: what will be owed at default, the share lost, the chance, and their product.

    Amounts are whole minor units loan by loan, so that sums by customer, line and class agree to the cent.
    """

    exposure: Floats
    loss: Floats
    chance: Floats

    @property
    def expected(self) -> Floats:
        """Expected loss of the year, minor units."""
        return np.asarray(np.round(self.chance * self.loss * self.exposure), dtype=np.float64)


def parts(loans: Loans, chance: Floats, loss: tuple[Loss, ...], converted: Conversion) -> Parts:
    """The parts of every loan; `chance` is each loan's, taken as 1 where the loan is in default."""
    drawn_more = np.where(loans.in_default, 0.0, converted.share * loans.undrawn)
    share = np.array([one.share for one in loss])
    owed = np.round(loans.drawn + drawn_more)
    return Parts(owed, share[loans.bucket], np.where(loans.in_default, 1.0, chance))


def looked_up(wanted: Ints, ids: Ints, values: Floats) -> tuple[Floats, Truth]:
    """The value of each wanted id (0 where there is none), and which have one; `ids` ascend."""
    if not len(ids):
        return np.zeros(len(wanted)), np.zeros(len(wanted), np.bool_)
    place = np.searchsorted(ids, wanted).clip(max=len(ids) - 1)
    found = ids[place] == wanted
    return np.where(found, values[place], 0.0), found


@dataclass(frozen=True)
class Chances:
    """What the question and the grades say at one cutoff: customers (ascending) with their own chance and
    that of their grade, loans (ascending) with theirs."""

    customer: Ints
    own: Floats
    grade: Floats
    loan: Ints
    loan_chance: Floats

    def alone(self, loan: Ints) -> Floats:
        """Loans' chances as the question gave them; 1 where it did not look, for those stand in default."""
        first, asked = looked_up(loan, self.loan, self.loan_chance)
        return np.where(asked, first, 1.0)

    def of(self, loans: Loans) -> tuple[Floats, Floats, Truth]:
        """For each loan its chance, that of its customer's grade, and whether the customer has one.

        A loan the question did not look at has the chance of the grade.
        """
        return self.of_loans(loans.loan, loans.customer)

    def of_loans(self, loan: Ints, customer: Ints) -> tuple[Floats, Floats, Truth]:
        """The same for loans given by their ids and their customers'."""
        grade, graded = looked_up(customer, self.customer, self.grade)
        own, _ = looked_up(customer, self.customer, self.own)
        first, asked = looked_up(loan, self.loan, self.loan_chance)
        by = log_odds(grade) - log_odds(own)
        return np.where(asked & graded, moved(log_odds(first) + by, 0.0), grade), grade, graded


def chances(rows: Any, loan_chance: Floats, who: Obligors, grade: Floats) -> Chances:
    """From loan rows with their chances and their customers with the chance of their grades."""
    loan = np.asarray(rows.column("subject_id").to_numpy(), dtype=np.int64)
    order, of = np.argsort(loan, kind="stable"), np.argsort(who.customer, kind="stable")
    return Chances(
        who.customer[of], who.chance[of], grade[of], loan[order],
        np.asarray(loan_chance, dtype=np.float64)[order],
    )  # fmt: skip


def by_customer(customer: Ints, values: Floats, ids: Ints) -> Floats:
    """Sums of loans' values for each of the customers `ids`, ascending; others are left out."""
    place = np.searchsorted(ids, customer).clip(max=max(len(ids) - 1, 0))
    inside = ids[place] == customer if len(ids) else np.zeros(len(customer), np.bool_)
    made = np.bincount(place[inside], weights=values[inside], minlength=len(ids))
    return np.asarray(made, dtype=np.float64)
