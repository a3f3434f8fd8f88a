"""The booked ledger as crime reads it: the columns features are made of."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bankmine.simulation.frame import Ints, Truth
from bankmine.simulation.ledger import DECLINED, Ledger


@dataclass(frozen=True)
class Booked:
    """Transactions in the order of booking. `account`, `card`, `merchant`: places or -1; `number`: raw;
    `cents`: base currency; `declined`; others as in Entries."""

    number: Ints
    account: Ints
    card: Ints
    second: Ints
    cents: Ints
    out: Truth
    category: Ints
    merchant: Ints
    terminal: Ints
    counterparty: Ints
    device: Ints
    bank: Ints
    declined: Truth

    def where(self, chosen: np.ndarray) -> Booked:
        """Those chosen by a mask or by places."""
        return Booked(**{one.name: getattr(self, one.name)[chosen] for one in fields(Booked)})


def booked_of(ledger: Ledger) -> Booked:
    """The ledger's columns in the order of booking."""
    money, rows = ledger.money, ledger.rows
    same = (
        "account",
        "card",
        "second",
        "cents",
        "out",
        "category",
        "merchant",
        "terminal",
        "counterparty",
        "device",
        "bank",
    )
    return Booked(
        number=ledger.number[rows],
        declined=ledger.status[rows] == DECLINED,
        **{name: getattr(money, name)[rows] for name in same},
    )
