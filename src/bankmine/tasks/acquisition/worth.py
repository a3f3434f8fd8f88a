"""What customers bring, quarter by quarter: the ledger of the task value, or a rule for banks without rates.

Prospects bring nothing yet; they are priced by what their like bring. A bank with accounts, balances and
rates has the profit of each customer (`tasks.value.ledger`: margins, fees, costs, expected loss). For others

    profit of a quarter = balance_margin / 4 × mean balance kept + purchase_share × purchases

with two rates that are settings of the bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.sql import instants, statement
from bankmine.tasks.value.ledger import NEEDED, ledgers

FOLDER = Path(__file__).parent
BALANCE_MARGIN, PURCHASE_SHARE = 0.012, 0.004
QUARTER, YEAR = 3, 12  # months
_WITHOUT_BALANCES = (
    "SELECT NULL::TIMESTAMPTZ AS event_time, 0::BIGINT AS customer_id, 0::BIGINT AS account_id, "
    "0::BIGINT AS balance_minor WHERE false"
)


@dataclass(frozen=True)
class Worth:
    """Profit by customer and quarter, in minor units: `profit` has shape (customers, quarters).

    Quarter i is `[edges[i], edges[i + 1])`, µs, the last ends at the cutoff; `customers` ascend; `sentence`
    says by which rule.
    """

    customers: Ints
    edges: Ints
    profit: Floats
    sentence: str

    def between(self, since: int, until: int) -> Floats:
        """Each customer's profit in the quarters that lie within [since, until); shape (customers,)."""
        inside = (self.edges[:-1] >= since) & (self.edges[1:] <= until)
        return np.asarray(self.profit[:, inside].sum(axis=1))

    def quarter_from(self, at: int) -> Floats:
        """Each customer's profit in the quarter that begins at an edge."""
        return np.asarray(self.profit[:, self.edges[:-1].tolist().index(at)])

    def of(self, customers: Ints, values: Floats) -> Floats:
        """The values of some customers; 0 for one who brought nothing in any quarter."""
        if not len(self.customers):
            return np.zeros(len(customers))
        place = np.minimum(np.searchsorted(self.customers, customers), len(self.customers) - 1)
        return np.where(self.customers[place] == customers, values[place], 0.0)


def worth(bank: Bank, *, since: int) -> Worth:
    """The profit of every customer in each whole quarter before the cutoff, back to `since` (µs)."""
    if all(bank.warehouse.has(name) for name in NEEDED):
        return _by_ledger(bank, since)
    return _by_rule(bank, since)


def quarter_edges(bank: Bank, since: int) -> Ints:
    """Instants whole quarters before the cutoff, ascending, the cutoff last, none before `since`."""
    edges, months = [bank.cutoff], QUARTER
    while (at := bank.warehouse.zone.months_before(bank.cutoff, months)) >= since:
        edges.append(at)
        months += QUARTER
    return np.array(edges[::-1], dtype=np.int64)


def most_valuable(profit: Floats, share: float = 0.2) -> Truth:
    """Who belongs to the most valuable `share` and brings anything at all."""
    if not len(profit):
        return np.zeros(0, dtype=np.bool_)
    return np.asarray((profit >= np.quantile(profit, 1 - share)) & (profit > 0), dtype=np.bool_)


def _by_ledger(bank: Bank, since: int) -> Worth:
    """Four quarters of the ledger at the cutoff and at each cutoff whole years before it."""
    edges = quarter_edges(bank, since)
    years = range(-(-(len(edges) - 1) // 4))
    found = ledgers(bank, [bank.warehouse.zone.months_before(bank.cutoff, YEAR * back) for back in years])
    customers = (
        np.unique(np.concatenate([one.customers for one in found])) if found else np.zeros(0, np.int64)
    )
    blocks = [one.of(customers).amounts.sum(axis=2)[:, ::-1].astype(np.float64) for one in reversed(found)]
    every = np.concatenate(blocks, axis=1) if blocks else np.zeros((0, 0))
    return Worth(
        customers, edges, every[:, every.shape[1] - (len(edges) - 1) :],
        "What customers bring is their profit in the bank's ledger: margins, fees, costs, expected loss.",
    )  # fmt: skip


def _by_rule(bank: Bank, since: int) -> Worth:
    import pyarrow as pa

    edges = quarter_edges(bank, since)
    table = pa.table({"starts": instants(edges[:-1]), "period": np.arange(len(edges) - 1)})
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=1) as session:
        session.register("edges", table)
        if not bank.warehouse.has("balance"):
            session.view("balance", _WITHOUT_BALANCES)
        found = session.arrow(statement(FOLDER, "worth"))
        bank.note("worth", session.statements)
    margin = float(bank.settings.get("balance_margin", BALANCE_MARGIN))
    share = float(bank.settings.get("purchase_share", PURCHASE_SHARE))
    kept, spent = (found.column(name).to_numpy() for name in ("balance_minor", "spent_minor"))
    customers, place = np.unique(found.column("customer_id").to_numpy(), return_inverse=True)
    made = np.zeros((len(customers), len(edges) - 1))
    made[place, found.column("period").to_numpy()] = margin / 4 * kept + share * spent
    return Worth(
        np.asarray(customers, dtype=np.int64), edges, made,
        f"What customers bring is {margin:.1%} a year of what they keep and {share:.1%} of what they buy.",
    )  # fmt: skip
