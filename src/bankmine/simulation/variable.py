"""Amounts known only when they are booked: what closes an account, interest, a card's bill, a run-down.

Such an entry carries no amount but asks the ledger for one: its `cents` are negative and hold the kind and a
share in millionths, so that it passes through the same columns as every other entry.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bankmine.simulation.frame import Ints

PLAIN = 0  # the amount as it stands
SWEEP = 1  # a share of what the account holds
RECEIPT = 2  # what the other side of the pair paid in the same second
INTEREST = 3  # a year's rate on the average balance of the month; below zero it is charged
BILL = 4  # a share of what the other side, a card account, owes
CLOSING = 5  # all there is; what is missing is paid in
SURPLUS = 6  # a share of what the account holds above its target
_KIND = 2**32
_WHOLE = 1_000_000


def asked(kind: int, share: ArrayLike = 0.0) -> Ints:
    """The `cents` of entries of a kind; `share` from 0 up to 1,000."""
    return np.asarray(-(kind * _KIND + np.rint(np.asarray(share) * _WHOLE).astype(np.int64)))


def kind_of(cents: Ints) -> Ints:
    """Kind of each entry."""
    return np.where(cents < 0, (-cents) // _KIND, PLAIN)


def share_of(cents: Ints) -> Ints:
    """Share in millionths; 0 for plain ones."""
    return np.where(cents < 0, (-cents) % _KIND, 0)
