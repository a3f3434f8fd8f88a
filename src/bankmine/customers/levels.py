"""Levels of a bank's own channels and categories, learnt from what was known at a cutoff.

The shipped levels are fixed, so that the catalogue has the same names everywhere. A run that wants the
bank's own learns them once, at or before its first cutoff, and keeps them: a level that appears later counts
as "other".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Type
from bankmine.engine.duck import quoted
from bankmine.engine.session import Session
from bankmine.errors import UsageError

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse


def learn_levels(
    warehouse: Warehouse, column: str, *, as_of: int, at_most: int = 10, least_share: float = 0.005
) -> tuple[str, ...]:
    """The most frequent values of a code column of the transactions before `as_of` (µs), as known then.

    At most so many, each with at least that share of the rows, sorted by name; empty where the column is.
    Use as `CATALOGUE.with_levels(channels=…, categories=…)`. UsageError for a column that is no code.
    """
    declared = bank_table("transaction")
    if not declared.has(column) or declared.column(column).type is not Type.CODE:
        raise UsageError(
            f"transaction.{column} is not a code", hint="Learn the levels of channel or category."
        )
    if not warehouse.has("transaction"):
        return ()
    name = quoted(column)
    with Session(warehouse, as_of, until=as_of) as session:
        found = session.arrow(
            f"SELECT {name} AS level, count(*) / sum(count(*)) OVER () AS share FROM transaction "
            f"GROUP BY {name} ORDER BY share DESC, level"
        ).to_pylist()
    known = [row["level"] for row in found if row["level"] is not None and row["share"] >= least_share]
    return tuple(sorted(level for level in known if level != "other")[:at_most])
