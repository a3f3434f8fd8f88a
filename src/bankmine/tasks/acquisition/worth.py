"""What customers bring, by a rule anybody can check: a margin on what they keep and a share of what they buy.

    profit of a month = balance_margin / 12 × mean balance kept + purchase_share × purchases

Prospects bring nothing yet; they are priced by what their like bring. The two rates are settings of the bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.sql import instants, statement

FOLDER = Path(__file__).parent
BALANCE_MARGIN, PURCHASE_SHARE = 0.012, 0.004
_WITHOUT_BALANCES = (
    "SELECT NULL::TIMESTAMPTZ AS event_time, 0::BIGINT AS customer_id, 0::BIGINT AS account_id, "
    "0::BIGINT AS balance_minor WHERE false"
)


@dataclass(frozen=True)
class Worth:
    """Profit by customer and month, in minor units: `profit` has shape (customers, months).

    Month i is `[edges[i], edges[i + 1])`, µs; `customers` ascend.
    """

    customers: Ints
    edges: Ints
    profit: Floats

    def between(self, since: int, until: int) -> Floats:
        """Each customer's profit in the months that lie within [since, until); shape (customers,)."""
        inside = (self.edges[:-1] >= since) & (self.edges[1:] <= until)
        return np.asarray(self.profit[:, inside].sum(axis=1))

    def of(self, customers: Ints, values: Floats) -> Floats:
        """The values of some customers; 0 for one who brought nothing in any month."""
        if not len(self.customers):
            return np.zeros(len(customers))
        place = np.minimum(np.searchsorted(self.customers, customers), len(self.customers) - 1)
        return np.where(self.customers[place] == customers, values[place], 0.0)


def worth(bank: Bank, *, since: int) -> Worth:
    """The profit of every customer in each whole month before the cutoff, back to `since` (µs)."""
    import pyarrow as pa

    edges = month_edges(bank, since)
    table = pa.table({"starts": instants(edges[:-1]), "period": np.arange(len(edges) - 1)})
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=1) as session:
        session.register("edges", table)
        if not bank.warehouse.has("balance"):
            session.view("balance", _WITHOUT_BALANCES)
        found = session.arrow(statement(FOLDER, "worth"))
        bank.note("worth", session.statements)
    margin = float(bank.settings.get("balance_margin", BALANCE_MARGIN)) / 12
    share = float(bank.settings.get("purchase_share", PURCHASE_SHARE))
    profit = (
        margin * found.column("balance_minor").to_numpy() + share * found.column("spent_minor").to_numpy()
    )
    customers, place = np.unique(found.column("customer_id").to_numpy(), return_inverse=True)
    made = np.zeros((len(customers), len(edges) - 1))
    made[place, found.column("period").to_numpy()] = profit
    return Worth(np.asarray(customers, dtype=np.int64), edges, made)


def month_edges(bank: Bank, since: int) -> Ints:
    """Instants whole months before the cutoff, ascending, the cutoff last, none before `since`."""
    edges, months = [bank.cutoff], 1
    while (at := bank.warehouse.zone.months_before(bank.cutoff, months)) >= since:
        edges.append(at)
        months += 1
    return np.array(edges[::-1], dtype=np.int64)


def most_valuable(profit: Floats, share: float = 0.2) -> Truth:
    """Who belongs to the most valuable `share` and brings anything at all."""
    if not len(profit):
        return np.zeros(0, dtype=np.bool_)
    return np.asarray((profit >= np.quantile(profit, 1 - share)) & (profit > 0), dtype=np.bool_)
