"""What the study knows of holdings: who held which family at a look, and what was opened when.

A look is read as known at its own instant; openings after it as known at the run's cutoff, as labels are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Ints, Truth
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
DAY = 86_400_000_000


@dataclass(frozen=True)
class Look:
    """Customers at an instant (µs), ids ascending, and who held each of `families`: (customers, families)."""

    at: int
    customers: Ints
    families: tuple[str, ...]
    holds: Truth

    def column(self, family: str) -> Truth:
        """Who held a family."""
        return np.asarray(self.holds[:, self.families.index(family)], dtype=np.bool_)


@dataclass(frozen=True)
class Openings:
    """Each opening: the customer, the place of its family in `families`, its civil day (since 1970), the
    product's code and whether it was opened while joining; ordered by (customer, day, product)."""

    customer: Ints
    family: Ints
    day: Ints
    joining: Truth
    product: NDArray[np.object_]
    families: tuple[str, ...]

    def within(self, first_day: int, end_day: int) -> Openings:
        """Those of the days [first_day, end_day)."""
        return self.only((self.day >= first_day) & (self.day < end_day))

    def only(self, which: Truth) -> Openings:
        """Some of them."""
        kept = np.flatnonzero(which)
        return Openings(
            self.customer[kept], self.family[kept], self.day[kept], self.joining[kept], self.product[kept],
            self.families,
        )  # fmt: skip

    def by(self, customers: Ints) -> Truth:
        """Who of `customers` (ascending) opened each family: (customers, families)."""
        found = np.zeros((len(customers), len(self.families)), dtype=np.bool_)
        if not len(customers):
            return found
        place = np.searchsorted(customers, self.customer).clip(max=len(customers) - 1)
        known = customers[place] == self.customer
        found[place[known], self.family[known]] = True
        return found


class Holdings:
    """Looks and openings of one bank for one run; looks are read once each."""

    def __init__(self, bank: Bank, families: tuple[str, ...], kind: str) -> None:
        self._bank, self.families, self._kind = bank, families, kind
        self._looks: dict[int, Look] = {}

    def look(self, at: int) -> Look:
        """Who held what at an instant, as known then."""
        if at not in self._looks:
            bank = self._bank
            with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=bank.threads) as session:
                found = session.arrow(statement(FOLDER, "held"), {"kind": self._kind})
                bank.note("held", session.statements)
            self._looks[at] = _look(at, found, self.families)
        return self._looks[at]

    @cached_property
    def openings(self) -> Openings:
        """All that was opened up to the cutoff, as known at it."""
        bank = self._bank
        days = {"first_day": "1900-01-01", "end_day": bank.warehouse.zone.show(bank.cutoff)[:10]}
        with Session(
            bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=bank.threads
        ) as session:
            found = session.arrow(statement(FOLDER, "opened"), days)
            bank.note("opened", session.statements)
        return _openings(found, self.families)

    def day(self, at: int) -> int:
        """The civil day of an instant in the bank's zone, days since 1970."""
        return int(self._bank.warehouse.zone.to_local(np.array([at]))[0] // DAY)


def _look(at: int, found: Any, families: tuple[str, ...]) -> Look:
    ids = np.asarray(found.column("customer_id").to_numpy(), dtype=np.int64)
    customers, row = np.unique(ids, return_inverse=True)
    holds = np.zeros((len(customers), len(families)), dtype=np.bool_)
    family = _places(found.column("family"), families)
    holds[row[family >= 0], family[family >= 0]] = True
    return Look(at, customers, families, holds)


def _openings(found: Any, families: tuple[str, ...]) -> Openings:
    import pyarrow as pa

    family = _places(found.column("family"), families)
    rows = np.flatnonzero(family >= 0)
    day = np.asarray(found.column("opened_on").cast(pa.int32()).to_numpy(), dtype=np.int64)
    joining = np.asarray(found.column("joining").to_numpy(zero_copy_only=False), dtype=np.bool_)
    product = np.array(found.column("product_code").to_pylist(), dtype=object)
    customer = np.asarray(found.column("customer_id").to_numpy(), dtype=np.int64)
    return Openings(customer[rows], family[rows], day[rows], joining[rows], product[rows], families)


def _places(names: Any, families: tuple[str, ...]) -> Ints:
    """The place of each name of an Arrow column in `families`, -1 for others and for none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.index_in(names.cast(pa.string()), value_set=pa.array(families, pa.string()))
    return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)
