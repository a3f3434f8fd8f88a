"""Entries: payments before they are booked. Every cause writes its money here; one ledger books them all.

The ledger (`ledger.py`) sorts the entries of a community by account and time, scales what is flexible to
what the account can bear, declines what it cannot, and computes the balance after each booking. Nothing
else writes transactions or balances, so they cannot contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

CATEGORIES = (
    "salary", "pension", "benefit", "business_income", "interest", "refund", "transfer_in", "cash_deposit",
    "groceries", "restaurant", "travel", "fuel", "transport", "electronics", "clothing", "health",
    "household", "leisure", "education", "children", "online", "rent", "utilities", "telecom",
    "insurance", "loan_payment", "loan_disbursed", "savings", "investment", "transfer_out", "cash", "fee",
    "tax", "payroll", "supplier", "gift",
)  # fmt: skip
CHANNELS = ("card", "online", "cash", "transfer", "order", "debit", "branch", "bank")
# card: at a terminal; online: card not present; cash: at a machine; transfer: ordered by the customer;
# order: standing order; debit: direct debit; branch: at the counter; bank: booked by the bank itself.
BANKS = (
    "own",
    "Merlion Trust",
    "Straits Savings",
    "Equator Bank",
    "Pacific Union",
    "Northern Star",
    "Lotus Digital",
)
# The competitors that leavers go to are the last two.


@dataclass(frozen=True)
class Entries:
    """Columns of shape (m,), in any order. Money is cents, times are seconds of the frame.

    `account`: place in the community's accounts. `cents` > 0; `out`: leaves the account.
    `merchant`: index of the frame's merchants or -1. `terminal`: raw number or 0. `card`: place in the
    community's cards or -1. `counterparty`: raw account number of the other side or 0; `bank`: index of
    BANKS (0 own). `person`: place of who gave the order, or -1. `device`: raw number or 0. `words`: index
    of `words.py`'s booking texts or 0 (none). `flexible`: may be scaled and declined. `country`: index of
    COUNTRIES, 0 home. `tag`: number that truth knows the entry by, or -1. `refused`: declined whatever the
    balance. `currency`: index of CURRENCIES; `cents` is always in the base currency.
    """

    account: NDArray[np.int32]
    second: NDArray[np.int64]
    cents: NDArray[np.int64]
    out: NDArray[np.bool_]
    category: NDArray[np.int8]
    channel: NDArray[np.int8]
    merchant: NDArray[np.int32]
    terminal: NDArray[np.int32]
    card: NDArray[np.int32]
    counterparty: NDArray[np.int64]
    bank: NDArray[np.int8]
    person: NDArray[np.int32]
    device: NDArray[np.int64]
    words: NDArray[np.int16]
    flexible: NDArray[np.bool_]
    country: NDArray[np.int8]
    currency: NDArray[np.int8]
    tag: NDArray[np.int64]
    refused: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self.account.size)


COUNTRIES = ("SG", "MY", "CN", "ID", "US", "DE", "NG", "RU")
CURRENCIES = ("SGD", "USD", "EUR", "MYR", "CNY")
_USUAL: dict[str, int | bool] = {
    "merchant": -1, "terminal": 0, "card": -1, "counterparty": 0, "bank": 0, "person": -1, "device": 0,
    "words": 0, "flexible": False, "country": 0, "currency": 0, "tag": -1, "refused": False,
}  # fmt: skip
_TYPES = {
    "account": np.int32, "second": np.int64, "cents": np.int64, "out": np.bool_, "category": np.int8,
    "channel": np.int8, "merchant": np.int32, "terminal": np.int32, "card": np.int32,
    "counterparty": np.int64, "bank": np.int8, "person": np.int32, "device": np.int64, "words": np.int16,
    "flexible": np.bool_, "country": np.int8, "currency": np.int8, "tag": np.int64, "refused": np.bool_,
}  # fmt: skip


def entries(
    *, account: Any, second: Any, cents: Any, out: Any, category: Any, channel: Any, **others: Any
) -> Entries:
    """Makes entries; a scalar stands for a whole column, columns left out have their usual value."""
    given = {"account": account, "second": second, "cents": cents, "out": out, "category": category,
             "channel": channel, **others}  # fmt: skip
    size = int(np.size(account))
    made: dict[str, Any] = {}
    for name, kind in _TYPES.items():
        value = given.pop(name, _USUAL.get(name))
        made[name] = np.asarray(value, dtype=kind) if np.ndim(value) else np.full(size, value, dtype=kind)
    if given:
        raise TypeError(f"entries have no column {sorted(given)}")
    return Entries(**made)


def joined(parts: list[Entries]) -> Entries:
    """All of them, one after the other."""
    return Entries(
        **{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Entries)}
    )
