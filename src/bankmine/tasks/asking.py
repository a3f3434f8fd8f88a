"""How a label's statement is asked: the rows as `asked_rows`, everything as known at the run's cutoff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bankmine.engine.journey import Journey
from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Truth
from bankmine.tasks.population import drawn_customers


def asked_label(
    bank: Bank, asked: Any, sql: str, parameters: Mapping[str, Any] | None = None, *, alone: bool = False
) -> Truth:
    """The label of each row of `asked` (Arrow, with `row_number`), in order; the SQL is kept as "label".

    `alone`: the label of a customer rests on their own events before the run's cutoff only; of a large bank
    those of the others are not read.
    """
    customers = (
        np.unique(np.asarray(asked.column("customer_id").to_numpy(), dtype=np.int64)) if alone else None
    )
    some = customers if customers is not None and drawn_customers(bank) is not None else None
    with (
        Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads)
        if some is None
        else Journey(
            bank.warehouse, sql, memory=bank.memory, threads=bank.threads, customers=some, alone=True
        )
    ) as session:
        session.register("asked_rows", asked)
        found = (
            session.ask(bank.cutoff, parameters)
            if isinstance(session, Journey)
            else session.arrow(sql, parameters)
        )
        bank.note("label", session.statements)
    return np.asarray(found.column("label").to_numpy(zero_copy_only=False), dtype=np.bool_)
