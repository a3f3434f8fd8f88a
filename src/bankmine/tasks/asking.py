"""How a label's statement is asked: the rows as `asked_rows`, everything as known at the run's cutoff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Truth


def asked_label(bank: Bank, asked: Any, sql: str, parameters: Mapping[str, Any] | None = None) -> Truth:
    """The label of each row of `asked` (Arrow, with `row_number`), in order; the SQL is kept as "label"."""
    with Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads) as session:
        session.register("asked_rows", asked)
        found = session.arrow(sql, parameters)
        bank.note("label", session.statements)
    return np.asarray(found.column("label").to_numpy(zero_copy_only=False), dtype=np.bool_)
