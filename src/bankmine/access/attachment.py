"""To whom each customer belongs today: the branch and the manager of its newest version in force.

A scope is a right of today, not of history: whoever looks after a customer now sees it at every date, and
whoever did once sees it no more. A customer without a branch lies in no scope that names branches, one
without a manager in none that names managers; neither does a row that belongs to no customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.access.columns import Bools, Ints, Words, column_of
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.governance import Scope

NEWEST = """
SELECT customer_id, branch_id, manager_id FROM customer
WHERE valid_from <= make_timestamptz($now)
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY valid_from DESC) = 1
ORDER BY customer_id
""".strip()


@dataclass(frozen=True)
class Attachment:
    """Every customer the bank ever knew, ascending, with branch and manager."""

    ids: Ints
    branch: Words
    manager: Words

    def place(self, customers: Ints) -> Ints:
        """Where each customer stands in `ids`; −1 for one who is not there."""
        if not len(self.ids):
            return np.full(len(customers), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.ids, customers), len(self.ids) - 1)
        return np.where(self.ids[at] == customers, at, -1)

    def seen(self, scope: Scope) -> Bools:
        """Which customers lie in the scope."""
        found = np.ones(len(self.ids), dtype=np.bool_)
        for column, wanted in ((self.branch, scope.branches), (self.manager, scope.managers)):
            if wanted is not None:
                among = np.array([word in wanted for word in column.words] + [False], dtype=np.bool_)
                found &= among[column.codes]
        return found

    def rows_seen(self, places: Ints, scope: Scope) -> Ints:
        """The rows whose owner (its `place`; −1: none) lies in the scope; all rows for the whole bank."""
        if scope.everything:
            return np.arange(len(places))
        among = np.append(self.seen(scope), False)  # the last place answers for −1
        return np.flatnonzero(among[places])


def attachment(warehouse: Warehouse, now: int, *, memory: str, threads: int) -> Attachment:
    """The attachment of all customers by the versions that had begun at `now` (µs), as known by today."""
    import pyarrow as pa

    if not warehouse.has("customer"):
        empty: Any = pa.array([], pa.string())
        return Attachment(np.zeros(0, np.int64), _words(empty), _words(empty))
    with Session(warehouse, memory=memory, threads=threads) as session:
        found = session.arrow(NEWEST, {"now": now})
    ids = found.column("customer_id").to_numpy()
    return Attachment(ids, _words(found.column("branch_id")), _words(found.column("manager_id")))


def _words(values: Any) -> Words:
    column = column_of(values)
    assert isinstance(column, Words)
    return column
