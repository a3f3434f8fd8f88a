"""Which customers a bank has at a cutoff, as known then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

_SOURCES = ("customer", "customer_transaction")


def customers_at(
    warehouse: Warehouse, cutoff: int, *, as_of: int | None = None, memory: str = "1GB", threads: int = 2
) -> tuple[Any, tuple[str, ...]]:
    """The rows of a matrix (subject_kind, subject_id, customer_id, cutoff), one a customer, by customer_id.

    A customer is who the customer table holds at the cutoff, or who had a transaction before it, as known
    then. The second value is the SQL. FeasibilityError where the bank knew nobody at the cutoff.
    """
    import pyarrow as pa

    parts = [view for view in _SOURCES if warehouse.has(view.removeprefix("customer_") or view)]
    if not parts:
        raise FeasibilityError(
            "the bank has neither customers nor transactions", hint="Load an extract that holds them."
        )
    union = " UNION ".join(f"SELECT customer_id FROM {view}" for view in parts)
    statement = f"SELECT customer_id FROM ({union}) WHERE customer_id IS NOT NULL ORDER BY customer_id"
    known = cutoff if as_of is None else as_of
    with Session(warehouse, known, until=cutoff, memory=memory, threads=threads) as session:
        customer = session.arrow(statement).column(0)
    if len(customer) == 0:
        raise FeasibilityError(
            f"the bank knew no customer at {warehouse.zone.show(cutoff)}",
            hint="Choose a later cutoff; `bankmine tables` shows from when the tables speak.",
        )
    rows = pa.table(
        {
            "subject_kind": pa.repeat("customer", len(customer)),
            "subject_id": customer,
            "customer_id": customer,
            "cutoff": pa.repeat(pa.scalar(cutoff, pa.timestamp("us", tz="UTC")), len(customer)),
        }
    )
    return rows, (statement,)
