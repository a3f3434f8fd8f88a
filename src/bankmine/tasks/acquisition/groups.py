"""Groups with many who are no customers yet: one conversation with an employer wins more than ten letters.

*Employers* are companies that are customers and pay wages to people at other banks; *payers and payees* are
accounts at other banks many customers deal with (employers and merchants to win themselves); *communities*
are customers linked in private life, with the people at other banks they deal with.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.sql import statement
from bankmine.tasks.study import Kept, Shape

FOLDER = Path(__file__).parent
LEAST_HEADS = 10
SMALLEST, LARGEST = 2, 200  # customers of a community


def group_tables(bank: Bank, may_sell: Any, nearest: Ints, profit: Floats) -> dict[str, Kept]:
    """The groups as kept tables. `nearest` is the customer through whom each scored counterparty is known,
    `profit` its expected profit where it is to be pursued, else 0; one entry a counterparty."""
    since = bank.warehouse.zone.months_before(bank.cutoff, 12)
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=1) as session:
        employers = session.arrow(statement(FOLDER, "employers"), {"since": since})
        payers = session.arrow(statement(FOLDER, "payers"), {"since": since, "least": LEAST_HEADS})
        links = session.arrow(statement(FOLDER, "links")) if bank.warehouse.has("party_link") else None
        bank.note("groups", session.statements)
    made = {
        "employers": _employers(employers, may_sell, _by_customer(nearest, profit)),
        "payers_and_payees": _payers(payers),
    }
    if links is not None:
        made["communities"] = _communities(links, nearest, profit)
    return {name: one for name, one in made.items() if one.table.num_rows}


def communities_of(links: Any) -> dict[int, int]:
    """Each linked customer's community, named by its smallest member (union–find with halved paths)."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    pairs = zip(links.column("from_id").to_pylist(), links.column("to_id").to_pylist(), strict=True)
    for first, second in pairs:
        a, b = root(first), root(second)
        parent[max(a, b)] = min(a, b)
    return {one: root(one) for one in sorted(parent)}


def _by_customer(nearest: Ints, profit: Floats) -> dict[int, float]:
    customers, place = np.unique(nearest, return_inverse=True)
    total = np.zeros(len(customers))
    np.add.at(total, place, profit)
    return dict(zip(customers.tolist(), total.tolist(), strict=True))


def _employers(found: Any, may_sell: Any, profit: Mapping[int, float]) -> Kept:
    import pyarrow as pa

    customers = found.column("customer_id").to_pylist()
    table = found.append_column("profit_minor", pa.array([profit.get(one, 0.0) for one in customers]))
    allowed = np.asarray(may_sell(customers), dtype=np.bool_)
    table = table.append_column("may", pa.array(np.where(allowed, "yes", "keep out")))
    order = np.lexsort([np.arange(len(customers)), -table.column("profit_minor").to_numpy(), ~allowed])
    return Kept(
        table=table.take(order), title="Employers with many who bank elsewhere",
        sentence="Companies that are customers and pay wages to people at other banks: speak with the "
        "company, offer its staff accounts together.",
        columns={
            "customer_id": Shape("Company", "key"), "heads": Shape("Staff at other banks", "number", 0),
            "already": Shape("Staff who are customers", "number", 0),
            "money_minor": Shape("Their wages a month", "money"),
            "profit_minor": Shape("Expected profit", "money"), "may": Shape("May be approached"),
        },
    )  # fmt: skip


def _payers(found: Any) -> Kept:
    return Kept(
        table=found, title="Employers and merchants at other banks",
        sentence=f"Accounts at other banks that at least {LEAST_HEADS} customers are paid by or pay.",
        columns={
            "counterparty_id": Shape("Account", "key"), "bank": Shape("Bank"), "kind": Shape("What it does"),
            "heads": Shape("Customers", "number", 0), "money_minor": Shape("Money a month", "money"),
        },
    )  # fmt: skip


def _communities(links: Any, nearest: Ints, profit: Floats) -> Kept:
    """Communities by the expected profit of those they deal with."""
    import pyarrow as pa

    of = communities_of(links)
    members: dict[int, int] = {}
    for community in of.values():
        members[community] = members.get(community, 0) + 1
    heads: dict[int, int] = {}
    money: dict[int, float] = {}
    for customer, value in zip(nearest.tolist(), profit.tolist(), strict=True):
        community = of.get(customer, 0)
        if customer in of and value > 0 and SMALLEST <= members[community] <= LARGEST:
            heads[community] = heads.get(community, 0) + 1
            money[community] = money.get(community, 0.0) + value
    chosen = sorted(money, key=lambda one: (-money[one], one))
    table = pa.table(
        {
            "community": pa.array(chosen, pa.int64()),
            "members": pa.array([members[one] for one in chosen], pa.int64()),
            "heads": pa.array([heads[one] for one in chosen], pa.int64()),
            "profit_minor": pa.array([money[one] for one in chosen], pa.float64()),
        }
    )
    return Kept(
        table=table, title="Communities with many who bank elsewhere",
        sentence="Customers linked in private life, and the people at other banks they deal with.",
        columns={
            "community": Shape("Community (its first member)", "key"),
            "members": Shape("Customers", "number", 0),
            "heads": Shape("People at other banks to pursue", "number", 0),
            "profit_minor": Shape("Expected profit", "money"),
        },
    )  # fmt: skip
