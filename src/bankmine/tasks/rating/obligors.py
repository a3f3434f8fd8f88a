"""From loans to customers: who defaults is the customer, so a customer has one chance and one outcome.

A customer is bad where any of the loans that ran at the cutoff is 90 days past due within the year. The
chance is the worst loan's, or the mean of the loans' weighted by what is owed; the grades are calibrated to
customers' own outcomes afterwards, so the choice moves the order and not the level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.sql import micros

PERSON, COMPANY = "person", "company"
KINDS = (PERSON, COMPANY)


@dataclass(frozen=True)
class Obligors:
    """Customers at cutoffs, ascending by (cutoff, customer); arrays of shape (rows,).

    `worst` is the position of the loan with the highest chance in the rows given; `bad` is all False where
    outcomes are not known.
    """

    customer: Ints
    cutoff: Ints
    chance: Floats
    bad: Truth
    worst: Ints

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, which: Any) -> Obligors:
        """The rows chosen by positions or a mask."""
        return Obligors(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def obligors(rows: Any, chance: Floats, truth: Any, *, by: str) -> Obligors:
    """The customers of loan rows (customer_id, cutoff, value_minor); `by` is "worst" or "exposure"."""
    customer = np.asarray(rows.column("customer_id").to_numpy(), dtype=np.int64)
    cutoff = micros(rows.column("cutoff"))
    owed = np.asarray(rows.column("value_minor").to_numpy(zero_copy_only=False), dtype=np.float64)
    bad = np.zeros(len(customer), np.bool_) if truth is None else np.asarray(truth, np.bool_)
    p = np.asarray(chance, dtype=np.float64)
    order = np.lexsort([-p, customer, cutoff])
    customer, cutoff = customer[order], cutoff[order]
    first = np.append(True, (np.diff(customer) != 0) | (np.diff(cutoff) != 0))[: len(customer)]
    begin = np.flatnonzero(first)
    if not len(begin):
        return Obligors(customer, cutoff, p, bad, customer)
    p = p[order]
    if by == "exposure":
        weight = owed[order] + 1.0  # a line that lies unused still counts, by one minor unit
        made = np.add.reduceat(p * weight, begin) / np.add.reduceat(weight, begin)
    else:
        made = p[begin]  # the highest comes first
    any_bad = np.logical_or.reduceat(bad[order], begin)
    return Obligors(customer[begin], cutoff[begin], made, any_bad, order[begin])


def kinds_of(bank: Bank) -> Mapping[int, str]:
    """Person or company, by customer, as known at the run's cutoff."""
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found = session.arrow(
            "SELECT customer_id, any_value(kind) AS kind FROM customer GROUP BY customer_id"
        )
    ids, names = found.column("customer_id").to_pylist(), found.column("kind").to_pylist()
    return {one: COMPANY if name == COMPANY else PERSON for one, name in zip(ids, names, strict=True)}


def of_kind(rows: Obligors, kinds: Mapping[int, str], kind: str) -> Truth:
    """Which rows are of customers of a kind; customers the bank knows nothing of count as persons."""
    return np.array([kinds.get(one, PERSON) == kind for one in rows.customer.tolist()], dtype=np.bool_)
