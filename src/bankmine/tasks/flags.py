"""The flags of customers as words, for the tables a study keeps: no list may name somebody without them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from bankmine.customers.conditions import NO_SALE, WORDS, Conditions, conditions
from bankmine.tasks.contract import Bank
from bankmine.tasks.study import Shape

FLAGS = Shape("Flags")
FLAGGED = "flagged"
FLAG_FIRST = (
    "No sale and no offer: deal with the flag first (arrears, complaint, hold, consent); still counted."
)


def conditions_at(bank: Bank) -> Conditions:
    """The conditions of all customers at the run's cutoff, as known then."""
    return conditions(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads)


def with_flags(table: Any, known: Conditions) -> Any:
    """An Arrow table that names customers in `customer_id`, with a column `flags` behind it: their conditions
    in words, "" for those who have none."""
    import pyarrow as pa

    words = [
        ", ".join(WORDS.get(one, one.replace("_", " ")) for one in flags)
        for flags in known.flags_of(table.column("customer_id").to_pylist())
    ]
    place = table.column_names.index("customer_id") + 1
    return table.add_column(place, "flags", pa.array(words, pa.string()))


def flagged_grades(
    grades: Sequence[str], flags: Sequence[Sequence[str]], *, sold_to: Collection[str]
) -> list[str]:
    """Grades by which somebody is approached (`sold_to`), become `<grade>, flagged` where a condition forbids
    to sell: the customer is counted as before, and dealt with otherwise."""
    return [
        f"{grade}, {FLAGGED}" if grade in sold_to and NO_SALE.intersection(own) else grade
        for grade, own in zip(grades, flags, strict=True)
    ]


def flagged_actions(sold_to: Collection[str]) -> dict[str, str]:
    """What to do for each grade that `flagged_grades` makes of those by which somebody is approached."""
    return {f"{grade}, {FLAGGED}": FLAG_FIRST for grade in sold_to}
