"""Groups with many who are no customers yet: one conversation with an employer wins more than ten letters.

*Employers* are companies that are customers and pay wages to people at other banks; *payers and payees* are
accounts at other banks many customers deal with (employers and merchants to win themselves); *communities*
are customers linked in private life, with the people at other banks they deal with.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.customers.conditions import NO_SALE, WORDS, Conditions
from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints
from bankmine.tasks.sql import statement
from bankmine.tasks.study import Kept, Shape

FOLDER = Path(__file__).parent
LEAST_HEADS = 10
SMALLEST, LARGEST = 2, 200  # customers of a community


def group_tables(
    bank: Bank, known: Conditions, heads: Ints, nearest: Ints, profit: Floats
) -> dict[str, Kept]:
    """The groups as kept tables. `heads` are the scored counterparties, `nearest` the customer through whom
    each is known, `profit` its expected profit where it is to be pursued, else 0."""
    since = bank.warehouse.zone.months_before(bank.cutoff, 12)
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=1) as session:
        employers = session.arrow(statement(FOLDER, "employers"), {"since": since})
        payers = session.arrow(statement(FOLDER, "payers"), {"since": since, "least": LEAST_HEADS})
        links = session.arrow(statement(FOLDER, "links")) if bank.warehouse.has("party_link") else None
        bank.note("groups", session.statements)
    made = {
        "employers": _employers(employers, known, heads, profit),
        "payers_and_payees": _payers(payers),
    }
    if links is not None:
        made["communities"] = _communities(links, known, nearest, profit)
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


def _employers(found: Any, known: Conditions, heads: Ints, profit: Floats) -> Kept:
    """Companies by the expected profit of their staff at other banks; `found` has one row a payee.

    Staff of a company to which nothing may be sold are not pursued through it: they count for nothing.
    """
    import pyarrow as pa

    already = np.asarray(found.column("already").to_numpy(zero_copy_only=False), dtype=np.bool_)
    payees = np.asarray(found.column("counterparty_id").to_numpy(), dtype=np.int64)
    customers, place = np.unique(found.column("customer_id").to_numpy(), return_inverse=True)
    worth = dict(zip(heads.tolist(), profit.tolist(), strict=True))
    elsewhere = (~already).astype(np.float64)
    allowed = known.may_sell(customers.tolist())
    through = elsewhere * allowed[place]
    expected = np.array([worth.get(one, 0.0) for one in payees.tolist()]) * through
    sums = {
        "heads": elsewhere, "pursue": (expected > 0).astype(np.float64), "already": 1 - elsewhere,
        "profit_minor": expected,
        "money_minor": np.asarray(found.column("money_minor").to_numpy()) * elsewhere,
    }  # fmt: skip
    made = {name: np.bincount(place, values, len(customers)) for name, values in sums.items()}
    order = np.lexsort([customers, -made["profit_minor"], ~allowed])
    order = order[made["heads"][order] > 0]
    table = pa.table(
        {
            "customer_id": customers[order],
            "heads": made["heads"][order].astype(np.int64),
            "pursue": made["pursue"][order].astype(np.int64),
            "already": made["already"][order].astype(np.int64),
            "money_minor": made["money_minor"][order],
            "profit_minor": made["profit_minor"][order],
            "may": pa.array(np.where(allowed, "yes", "keep out")[order]),
            "flags": pa.array(_flags(known, customers[order].tolist()), pa.string()),
        }
    )
    return Kept(
        table=table, title="Employers with many who bank elsewhere",
        sentence="Companies that are customers and pay wages to people at other banks: speak with the "
        "company, offer its staff accounts together.",
        columns={
            "customer_id": Shape("Company", "key"), "heads": Shape("Staff at other banks", "number", 0),
            "pursue": Shape("Of these to pursue", "number", 0),
            "already": Shape("Staff who are customers", "number", 0),
            "money_minor": Shape("Their wages a month", "money"),
            "profit_minor": Shape("Expected profit of these", "money"), "may": Shape("May be approached"),
            "flags": Shape("Flags"),
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


def _communities(links: Any, known: Conditions, nearest: Ints, profit: Floats) -> Kept:
    """Communities by the expected profit of those they deal with through members who may be sold to."""
    import pyarrow as pa

    of = communities_of(links)
    members: dict[int, list[int]] = {}
    for customer, community in of.items():
        members.setdefault(community, []).append(customer)
    may = dict(zip(of, known.may_sell(list(of)).tolist(), strict=True))
    heads: dict[int, int] = {}
    money: dict[int, float] = {}
    for customer, value in zip(nearest.tolist(), profit.tolist(), strict=True):
        if not may.get(customer, False) or value <= 0:
            continue
        community = of[customer]
        if SMALLEST <= len(members[community]) <= LARGEST:
            heads[community] = heads.get(community, 0) + 1
            money[community] = money.get(community, 0.0) + value
    chosen = sorted(money, key=lambda one: (-money[one], one))
    table = pa.table(
        {
            "community": pa.array(chosen, pa.int64()),
            "members": pa.array([sum(may[who] for who in members[one]) for one in chosen], pa.int64()),
            "heads": pa.array([heads[one] for one in chosen], pa.int64()),
            "profit_minor": pa.array([money[one] for one in chosen], pa.float64()),
            "kept_out": pa.array([_kept_out(known, members[one]) for one in chosen], pa.string()),
            "flags": pa.array(_flags(known, chosen), pa.string()),
        }
    )
    return Kept(
        table=table, title="Communities with many who bank elsewhere",
        sentence="Customers linked in private life, and the people at other banks they deal with.",
        columns={
            "community": Shape("Community (its first member)", "key"),
            "members": Shape("Customers who may be sold to", "number", 0),
            "heads": Shape("People at other banks to pursue", "number", 0),
            "profit_minor": Shape("Expected profit", "money"),
            "kept_out": Shape("Members kept out, and why"), "flags": Shape("Flags of the first member"),
        },
    )  # fmt: skip


def _flags(known: Conditions, customers: list[int]) -> list[str]:
    """Each customer's conditions in words, "" without any."""
    return [", ".join(WORDS.get(name, name) for name in known.of(one)) for one in customers]


def _kept_out(known: Conditions, members: list[int]) -> str:
    """How many members nothing may be sold to, by reason; one with several reasons counts for each."""
    reasons = Counter(name for one in members for name in known.of(one) if name in NO_SALE)
    return ", ".join(f"{count} {WORDS.get(name, name)}" for name, count in sorted(reasons.items()))
