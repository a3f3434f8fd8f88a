"""Since when: the first look of the unbroken run of looks at which a signal has been on.

A run ends where the signal is off or not known. A run that reaches the first look of the panel may have begun
before it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.tasks.contract import Ints


def since(on: Any) -> Ints:
    """For each customer and month the month in which the present run began; −1 where the signal is off.

    `on`: booleans of shape (customers, months).
    """
    lit: NDArray[np.bool_] = np.asarray(on, dtype=np.bool_)
    months = np.broadcast_to(np.arange(lit.shape[1]), lit.shape)
    last_off = np.maximum.accumulate(np.where(lit, -1, months), axis=1)
    return np.asarray(np.where(lit, last_off + 1, -1), dtype=np.int64)
