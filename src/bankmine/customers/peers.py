"""With whom a customer is compared: the customers of its own kind whose relation has not ended.

A person is no peer of a company, and one who left has empty months that would make everybody else look busy.
Where the bank keeps no customer table, or has too few of the kind, all customers are peers, and `words` says
so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from bankmine.engine.session import Session

LEAST_PEERS = 20
SAME_KIND = """
SELECT customer_id, kind FROM customer
WHERE closed_on IS NULL AND customer_id <> $customer
  AND kind = (SELECT kind FROM customer WHERE customer_id = $customer)
ORDER BY customer_id
""".strip()
WORDS = {"person": "persons", "company": "companies"}


@dataclass(frozen=True)
class Peers:
    """`ids` of the peers, ascending and without the customer; None where all customers are peers.

    `words` names them: "persons who are customers still".
    """

    customer: int
    ids: NDArray[np.int64] | None
    words: str

    def among(self, customers: Any) -> NDArray[np.bool_]:
        """Which of these customers are peers, or the customer itself."""
        given = np.asarray(customers, dtype=np.int64)
        if self.ids is None:
            return np.ones(len(given), dtype=np.bool_)
        return np.asarray(np.isin(given, self.ids) | (given == self.customer), dtype=np.bool_)


def peers_of(session: Session, customer: int, within: NDArray[np.int64] | None = None) -> Peers:
    """The peers of a customer at the session's cutoff, as known then; only those `within`, where given."""
    found = _of_bank(session, customer)
    if within is None:
        return found
    ids = within[within != customer] if found.ids is None else found.ids[np.isin(found.ids, within)]
    return Peers(customer, ids, f"{found.words}, among your own")


def _of_bank(session: Session, customer: int) -> Peers:
    if not session.warehouse.has("customer"):
        return Peers(customer, None, "all customers")
    found = session.arrow(SAME_KIND, {"customer": customer})
    if len(found) < LEAST_PEERS:
        return Peers(customer, None, f"all customers, for fewer than {LEAST_PEERS} are of its kind")
    kind = str(found.column("kind")[0].as_py())
    ids = found.column("customer_id").to_numpy()
    return Peers(customer, ids, f"{WORDS.get(kind, 'customers')} who are customers still")
