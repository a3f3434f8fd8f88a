"""Proof that what the customers earn is what the bank earned: the total from other statements, to the cent.

The bank's total is computed from accounts, loans and bookings as they are, without owners, shares or
customers, with as-of joins instead of intervals: another way to the same figures. Any difference is shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank
from bankmine.tasks.sql import statement
from bankmine.tasks.value.ledger import COMPONENTS, NEEDED, USABLE, Ledger, periods, stand_in
from bankmine.tasks.value.losses import loss_rates

FOLDER = Path(__file__).parent


def bank_result(bank: Bank, cutoff: int) -> dict[str, int]:
    """The bank's result of the twelve months before the cutoff by component, in minor units."""
    with Session(bank.warehouse, cutoff, until=cutoff, memory=bank.memory, threads=bank.threads) as session:
        session.register("periods", periods(bank, [cutoff]))
        session.register("loss_rates", loss_rates(bank, [cutoff]))
        stand_in(session, bank, (*NEEDED, *USABLE))
        found = session.arrow(statement(FOLDER, "bank_result"), {"cutoff": cutoff}).to_pylist()
        bank.note("the bank's result", session.statements)
    totals = dict.fromkeys(COMPONENTS, 0)
    for row in found:
        totals[row["component"]] += int(row["amount_minor"] or 0)
    return totals


def reconciled(bank: Bank, ledger: Ledger) -> dict[str, Any]:
    """Both totals by component, their difference, and whether it is nothing."""
    other, own = bank_result(bank, ledger.cutoff), ledger.totals
    rows = [
        {"component": name, "customers_minor": own[name], "bank_minor": other[name],
         "difference_minor": own[name] - other[name]}
        for name in COMPONENTS
    ]  # fmt: skip
    total = {"customers_minor": sum(own.values()), "bank_minor": sum(other.values())}
    agrees = all(row["difference_minor"] == 0 for row in rows)
    return {"rows": rows, **total, "agrees": agrees}
