"""Levels of a bank's own channels and categories, learnt from what was known at a cutoff.

The shipped levels are fixed, so that the catalogue has the same names everywhere. A run that wants the
bank's own learns them once, at or before its first cutoff, and keeps them: a level that appears later counts
as "other".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankmine.bank.catalogue import table as bank_table
from bankmine.bank.columns import Type
from bankmine.errors import UsageError
from bankmine.windows import events
from bankmine.windows.levels import count_levels, most_frequent

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse


def learn_levels(
    warehouse: Warehouse, column: str, *, as_of: int, at_most: int = 10, least_share: float = 0.005
) -> tuple[str, ...]:
    """The most frequent values of a code column of the transactions before `as_of` (µs), as known then.

    At most so many (ties by name), each with at least that share of the transactions, sorted by name; empty
    where the column is. A joint account's transaction counts once. Use as
    `CATALOGUE.with_levels(channels=…, categories=…)`. UsageError for a column that is no code.
    """
    declared = bank_table("transaction")
    if not declared.has(column) or declared.column(column).type is not Type.CODE:
        raise UsageError(
            f"transaction.{column} is not a code", hint="Learn the levels of channel or category."
        )
    if not warehouse.has("transaction"):
        return ()
    once = events("transaction").where(is_primary=True).valid("all")
    counts = count_levels(warehouse, once, column, as_of)
    return most_frequent(counts, at_most, least=least_share * counts.total())
