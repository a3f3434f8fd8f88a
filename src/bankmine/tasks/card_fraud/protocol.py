"""Cards already known to be compromised are blocked, so they are no test of a model.

Le Borgne, Siblini, Lebichot and Bontempi (2022), Fraud Detection Handbook, chapter 5
("get_train_test_set"): on
each test day, customers with a fraud since the first training day that was known before that day began are
left out.
"""

from __future__ import annotations

import numpy as np

from bankmine.bank.civil import Zone
from bankmine.tasks.contract import Ints, Truth


def not_blocked(customers: Ints, cutoffs: Ints, *, compromised: Ints, known_at: Ints, zone: Zone) -> Truth:
    """Which transactions are of a customer not known to be compromised when the civil day began.

    `compromised` and `known_at` name a customer and the instant (µs) from which a fraud of theirs was known.
    """
    distinct, place = np.unique(compromised, return_inverse=True)
    if len(distinct) == 0:
        return np.ones(len(customers), dtype=np.bool_)
    first_known = np.full(len(distinct), np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(first_known, place, known_at)
    days = zone.day_of(cutoffs)
    begins = zone.midnights(days)
    spot = np.minimum(np.searchsorted(distinct, customers), len(distinct) - 1)
    blocked = (distinct[spot] == customers) & (first_known[spot] <= begins)
    return np.asarray(~blocked, dtype=np.bool_)
