"""The booked ledger as crime reads it: from tags to transactions, and the columns features are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.simulation.frame import Ints


def numbers_of_tags(ledger: Any, tags: Ints) -> Ints:
    """Raw transaction number of each tag; 0 where the ledger knows none. Tags ascend."""
    booked = np.asarray(ledger.tag)
    marked = np.flatnonzero(booked >= (tags[0] if tags.size else 0))
    place = np.searchsorted(tags, booked[marked])
    inside = place < tags.size
    inside[inside] = tags[place[inside]] == booked[marked[inside]]
    found = np.zeros(tags.size, dtype=np.int64)
    found[place[inside]] = np.asarray(ledger.number)[marked[inside]]
    return found
