"""What the bank sells: its products by family. Other modules know a product by its place in PRODUCTS.

Debit cards come with the current account and are no product of their own; the family `card` is credit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FAMILIES = ("current", "savings", "deposit", "card", "loan", "mortgage", "insurance", "fund")


class Product(NamedTuple):
    """`risk_class`: 1 (low) to 7."""

    code: str
    name: str
    family: str
    risk_class: int


PRODUCTS = (
    Product("CUR-BASIC", "Everyday account", "current", 1),
    Product("CUR-YOUTH", "Student account", "current", 1),
    Product("CUR-PREM", "Premier account", "current", 1),
    Product("CUR-BUS", "Business account", "current", 1),
    Product("SAV-FLEX", "Flexible savings", "savings", 1),
    Product("SAV-JOINT", "Family savings", "savings", 1),
    Product("DEP-12", "Deposit for a year", "deposit", 1),
    Product("DEP-36", "Deposit for three years", "deposit", 2),
    Product("CRD-CLASSIC", "Credit card", "card", 3),
    Product("CRD-GOLD", "Gold credit card", "card", 3),
    Product("LOAN-CONS", "Personal loan", "loan", 4),
    Product("LOAN-AUTO", "Car loan", "loan", 4),
    Product("LOAN-BUS", "Business loan", "loan", 5),
    Product("MTG-HOME", "Home mortgage", "mortgage", 4),
    Product("INS-LIFE", "Life insurance", "insurance", 2),
    Product("INS-HOME", "Home insurance", "insurance", 1),
    Product("INS-TRAVEL", "Travel insurance", "insurance", 1),
    Product("FND-BAL", "Balanced fund", "fund", 4),
    Product("FND-EQ", "Equity fund", "fund", 6),
)
CODES = tuple(one.code for one in PRODUCTS)
FAMILY_OF = np.array([FAMILIES.index(one.family) for one in PRODUCTS], dtype=np.int64)
NEXT = ("savings", "deposit", "card", "insurance", "fund", "loan", "mortgage")  # families one may take next
CREDIT = ("card", "loan", "mortgage")  # need an application
NEXT_OF = np.array([NEXT.index(one.family) if one.family in NEXT else -1 for one in PRODUCTS])
NEEDS_APPLICATION = np.array([one.family in CREDIT for one in PRODUCTS])


def product(code: str) -> int:
    """Place of a product."""
    return CODES.index(code)
