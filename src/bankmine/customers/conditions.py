"""What restrains dealing with a customer at a cutoff: flags, missing consent, an ended relation.

One place decides whether anything may be sold to a customer or said to them, so that no list of any task can
forget it. Everything is read as known at the cutoff. A customer is in arrears where the bank flags it, where
the newest event of one of its loans is 30 days past due or more, or where one was written off and nothing
of it recovered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

CLOSED, NO_CONSENT, ARREARS = "closed", "no_consent", "arrears"
ARREARS_DAYS = 30
NO_SALE = frozenset({ARREARS, "fraud_hold", "complaint_open", "deceased", "vulnerable", CLOSED, NO_CONSENT})
NO_CONTACT = frozenset({"deceased", "fraud_hold", CLOSED})
WORDS: Mapping[str, str] = {
    ARREARS: "in arrears",
    "fraud_hold": "held for fraud",
    "complaint_open": "open complaint",
    "deceased": "deceased",
    "vulnerable": "vulnerable",
    CLOSED: "relation ended",
    NO_CONSENT: "no consent to marketing",
}
_ARREARS = f"""
SELECT DISTINCT customer_id, '{ARREARS}' AS flag
FROM (
  SELECT customer_id, arg_max(days_past_due, (event_time, seq)) AS days,
         bool_or(kind = 'written_off') AND NOT bool_or(kind = 'recovered') AS lost
  FROM loan_event
  GROUP BY customer_id, loan_id
)
WHERE days >= {ARREARS_DAYS} OR lost""".strip()
_STATEMENTS = {
    "customer_flag": "SELECT DISTINCT customer_id, flag FROM customer_flag",
    "loan_event": _ARREARS,
    "customer": f"SELECT customer_id, '{CLOSED}' AS flag FROM customer WHERE closed_on IS NOT NULL",
}
_CONSENTING = (
    "SELECT DISTINCT customer_id FROM consent WHERE purpose = 'marketing' AND given_at IS NOT NULL "
    "AND withdrawn_at IS NULL AND expires_at IS NULL"
)


@dataclass(frozen=True)
class Conditions:
    """The conditions of all customers at a cutoff; a customer not named has none.

    `flags` maps a customer to its conditions in alphabetical order; `consenting` holds who allows marketing,
    None where the bank keeps no consents (then nobody is held back for want of one).
    """

    flags: Mapping[int, tuple[str, ...]]
    consenting: frozenset[int] | None
    statements: tuple[str, ...]

    def of(self, customer: int | None) -> tuple[str, ...]:
        """One customer's conditions; none for a subject that is no customer."""
        if customer is None:
            return ()
        own = self.flags.get(customer, ())
        lacks = self.consenting is not None and customer not in self.consenting
        return (*own, NO_CONSENT) if lacks else own

    def flags_of(self, customers: Sequence[int | None]) -> list[list[str]]:
        """The conditions of each customer, in the order given."""
        return [list(self.of(one)) for one in customers]

    def may_sell(self, customers: Sequence[int | None]) -> NDArray[np.bool_]:
        """Whether something may be offered to each customer; a subject that is no customer: True."""
        return np.array([NO_SALE.isdisjoint(self.of(one)) for one in customers], dtype=np.bool_)


def conditions(warehouse: Warehouse, cutoff: int, *, memory: str = "1GB", threads: int = 2) -> Conditions:
    """The conditions of all customers at a cutoff (µs), as known then; tables the bank lacks say nothing."""
    with Session(warehouse, cutoff, until=cutoff, memory=memory, threads=threads) as session:
        parts = [sql for table, sql in _STATEMENTS.items() if warehouse.has(table)]
        found = session.arrow(" UNION ".join(parts) + " ORDER BY customer_id, flag") if parts else None
        consenting = _numbers(session.arrow(_CONSENTING)) if warehouse.has("consent") else None
        statements = tuple(session.statements)
    return Conditions(_by_customer(found), consenting, statements)


def _by_customer(found: Any) -> dict[int, tuple[str, ...]]:
    flags: dict[int, tuple[str, ...]] = {}
    if found is None:
        return flags
    for customer, flag in zip(
        found.column("customer_id").to_pylist(), found.column("flag").to_pylist(), strict=True
    ):
        flags[customer] = (*flags.get(customer, ()), flag)
    return flags


def _numbers(found: Any) -> frozenset[int]:
    return frozenset(found.column(0).to_pylist())
