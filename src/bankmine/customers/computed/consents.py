"""Whether the bank may ask the credit bureau about a customer, at each row: the consent in force then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.customers.feature import Feature, Versioned
from bankmine.customers.subjects import Subjects
from bankmine.customers.versioned import versioned

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

IN_FORCE = (
    "least(1, count(*) FILTER (purpose = 'bureau' AND given_at IS NOT NULL "
    "AND withdrawn_at IS NULL AND expires_at IS NULL))"
)
COLUMNS = (("consent", "purpose"), ("consent", "given_at"))
CONSENT = Feature(
    name="bureau_consent", theme="bureau", unit="consents", credit_only=True,
    sentence="1 where the customer lets the bank ask the credit bureau at the cutoff, else 0.",
    source=Versioned(relation="consent_asked", expression=IN_FORCE, columns=COLUMNS, zero=True),
)  # fmt: skip


def bureau_consent(
    warehouse: Warehouse, subjects: Subjects, *, memory: str, threads: int
) -> tuple[Any, tuple[str, ...]]:
    """1, 0 or null (nothing was known of consents yet) for each row, and the SQL that found it."""
    import pyarrow as pa

    if not warehouse.has("consent"):
        return pa.array(np.zeros(len(subjects), np.int64), mask=np.ones(len(subjects), bool)), ()
    columns, _, statements = versioned(warehouse, [CONSENT], subjects, memory=memory, threads=threads)
    return columns[CONSENT.name], statements
