"""The profit of each customer in the twelve months before a cutoff, in whole minor units.

Margin on balances against the treasury's rates (funds transfer pricing), fees, cost of channels and
campaigns, expected credit loss; each item exact in SQL, shares of joint accounts equal, rounding by largest
remainder: so that all customers together are the bank's result to the cent (`reconcile.py` proves it).
Everything is read as known at the cutoff.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.bank.catalogue import table as bank_table
from bankmine.engine.journey import Journey
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.sql import instants, statement
from bankmine.tasks.value.losses import loss_rates
from bankmine.tasks.value.shares import concat, summed_shares, whole

FOLDER = Path(__file__).parent
MONTHS = 12
QUARTERS = 4
COMPONENTS = ("deposits", "lending", "fees", "channels", "campaigns", "credit loss")
VOLUMES = ("deposits", "lending")  # components that rest on a balance
WORDS: Mapping[str, str] = {
    "deposits": "margin on deposits and credit balances",
    "lending": "margin on loans and overdrafts",
    "fees": "fees",
    "channels": "cost of channels",
    "campaigns": "cost of campaigns",
    "credit loss": "expected credit loss",
}
NEEDED = ("account", "balance", "rate_history")
USABLE = (
    "product", "holding", "loan", "loan_event", "transaction", "channel_cost", "interaction", "digital_event",
    "contact",
)  # fmt: skip
# statement, and the tables of which it needs at least one
_ITEMS = (
    ("account_items", ("balance",)),
    ("loan_items", ("loan_event",)),
    ("booking_items", ("transaction",)),
    ("list_fees", ("holding",)),
    ("contact_items", ("interaction", "digital_event", "contact")),
)


@dataclass(frozen=True)
class Ledger:
    """Profit by customer: `amounts` of shape (customers, 4 quarters, components), minor units.

    `customers` ascend; quarter 0 is the three months just before the cutoff. Costs are negative. `volumes`,
    shape (customers, 4 quarters, 2), are the mean balances behind the margins: in credit, and lent.
    """

    cutoff: int
    customers: Ints
    amounts: Ints
    volumes: Floats

    @property
    def profit(self) -> Ints:
        """Profit of the twelve months of each customer."""
        return np.asarray(self.amounts.sum(axis=(1, 2)), dtype=np.int64)

    @property
    def parts(self) -> Ints:
        """Of the twelve months by component, shape (customers, components)."""
        return np.asarray(self.amounts.sum(axis=1), dtype=np.int64)

    @property
    def totals(self) -> dict[str, int]:
        """The sum over all customers of each component."""
        return dict(zip(COMPONENTS, self.parts.sum(axis=0).tolist(), strict=True))

    def of(self, customers: Ints) -> Ledger:
        """The ledger of the customers asked, in their order; zero for those of whom it says nothing."""
        place = np.searchsorted(self.customers, customers).clip(max=max(len(self.customers) - 1, 0))
        amounts = np.zeros((len(customers), *self.amounts.shape[1:]), dtype=np.int64)
        volumes = np.zeros((len(customers), *self.volumes.shape[1:]))
        if len(self.customers):
            hit = self.customers[place] == customers
            amounts[hit], volumes[hit] = self.amounts[place[hit]], self.volumes[place[hit]]
        return Ledger(self.cutoff, customers, amounts, volumes)


def ledgers(bank: Bank, cutoffs: Sequence[int]) -> list[Ledger]:
    """The ledger at each cutoff, as known at that cutoff; the tables are read once for all."""
    grid = periods(bank, cutoffs)
    rates = loss_rates(bank, cutoffs)
    found: dict[int, list[Any]] = {at: [] for at in cutoffs}
    for name, tables in _ITEMS:
        if not any(bank.warehouse.has(one) for one in tables):
            continue
        with Journey(
            bank.warehouse, statement(FOLDER, name), memory=bank.memory, threads=bank.threads
        ) as journey:
            journey.register("periods", grid)
            journey.register("loss_rates", rates)
            journey.register("booked_fees", _charged(found))
            stand_in(journey, bank, (*NEEDED, *USABLE))
            for at in cutoffs:
                found[at].append(journey.ask(at, {"cutoff": at}))
            bank.note(f"profit: {name}", journey.statements)
    days = {at: _days(grid, at) for at in cutoffs}
    return [_ledger(at, found[at], days[at]) for at in cutoffs]


def _charged(found: Mapping[int, Sequence[Any]]) -> Any:
    """Products on whose accounts a fee was booked, by cutoff, from the bookings read so far."""
    import pyarrow as pa

    pairs = sorted(
        {
            (at, product)
            for at, tables in found.items()
            for table in tables
            if "charged" in table.column_names
            for product in table.filter(table.column("charged")).column("product_code").unique().to_pylist()
            if product is not None
        }
    )
    return pa.table(
        {
            "cutoff": pa.array([at for at, _ in pairs], pa.int64()),
            "product_code": pa.array([product for _, product in pairs], pa.string()),
        }
    )


def periods(bank: Bank, cutoffs: Sequence[int]) -> Any:
    """Twelve civil months back from each cutoff: number, quarter, begin, end, last day, days."""
    import pyarrow as pa

    zone, rows = bank.warehouse.zone, []
    for at in cutoffs:
        for month in range(MONTHS):
            begins, ends = zone.months_before(at, month + 1), zone.months_before(at, month)
            days = zone.day_of(np.array([begins, ends]))
            rows.append((at, month, month // 3, begins, ends, int(days[1]) - 1, int(days[1] - days[0])))
    columns = [np.array(one, dtype=np.int64) for one in zip(*rows, strict=True)]
    return pa.table(
        {
            "cutoff": columns[0], "month": columns[1], "quarter": columns[2],
            "begins": instants(columns[3]), "ends": instants(columns[4]),
            "last_day": pa.array(columns[5].astype(np.int32)).cast(pa.date32()), "days": columns[6],
        }
    )  # fmt: skip


def stand_in(session: Any, bank: Bank, names: Sequence[str]) -> None:
    """Empty relations for the tables the bank lacks, so that one statement serves every bank."""
    for name in names:
        if not bank.warehouse.has(name):
            empty = bank_table(name).schema().empty_table()
            for view in (name, f"{name}_versions", f"customer_{name}"):
                session.register(view, empty)


def _days(grid: Any, cutoff: int) -> Floats:
    """The days of each quarter before a cutoff."""
    mine = np.asarray(grid.column("cutoff").to_numpy()) == cutoff
    quarter, days = (grid.column(name).to_numpy()[mine] for name in ("quarter", "days"))
    return np.bincount(quarter, weights=days, minlength=QUARTERS).astype(np.float64)


def _ledger(cutoff: int, tables: Sequence[Any], days: Floats) -> Ledger:
    """Puts the items together: shares of each customer, quarter and component, then whole units."""
    columns: tuple[list[Ints], ...] = ([], [], [], [])
    for table in tables:
        for kept, parts in zip(columns, _items(table), strict=True):
            kept.extend(parts)
    who, group, amount, owners = map(concat, columns)
    customers = np.unique(who).astype(np.int64)
    shape = (len(customers), QUARTERS * len(COMPONENTS))
    shares = summed_shares(np.searchsorted(customers, who), group, amount, owners, shape)
    amounts = whole(shares).reshape(-1, QUARTERS, len(COMPONENTS))
    return Ledger(cutoff, customers, amounts, _volumes(tables, customers) / days[None, :, None])


def _volumes(tables: Sequence[Any], customers: Ints) -> Floats:
    """Balance times days by customer, quarter and side: in credit and lent."""
    sides = len(VOLUMES)
    total = np.zeros(len(customers) * QUARTERS * sides)
    for table in tables:
        if "size_days" not in table.column_names or not table.num_rows:
            continue
        names = np.array(table.column("component").to_pylist())
        for side, component in enumerate(VOLUMES):
            mine = names == component
            place = np.searchsorted(customers, _numbers(table, "customer_id")[mine]) * QUARTERS
            place = (place + _numbers(table, "quarter")[mine]) * sides + side
            size = table.column("size_days").to_numpy()[mine] / _numbers(table, "owners")[mine]
            order = np.lexsort((size, place))  # SQL gives rows in any order, and sums of floats depend on it
            total += np.bincount(place[order], weights=size[order], minlength=len(total))
    return total.reshape(-1, QUARTERS, sides)


def _items(table: Any) -> tuple[list[Ints], list[Ints], list[Ints], list[Ints]]:
    """Rows of one statement as (customer, quarter and component, amount, owners)."""
    who, owners = _numbers(table, "customer_id"), _numbers(table, "owners")
    quarter = _numbers(table, "quarter") * len(COMPONENTS)
    if "component" in table.column_names:
        places = {name: at for at, name in enumerate(COMPONENTS)}
        component = np.array([places[one] for one in table.column("component").to_pylist()], dtype=np.int64)
        return [who], [quarter + component], [_numbers(table, "amount_minor")], [owners]
    pairs = (("fee", "fees"), ("interest", "lending"), ("cost", "channels"))
    groups = [quarter + COMPONENTS.index(component) for _, component in pairs]
    return [who] * 3, groups, [_numbers(table, name) for name, _ in pairs], [owners] * 3


def _numbers(table: Any, name: str) -> Ints:
    return np.asarray(table.column(name).to_numpy(), dtype=np.int64)
