"""Civil days of many instants, which mostly follow one another. A leaf module: Numba is slow to import."""

from typing import Any

import numba as nb
import numpy as np

from bankmine.bank.civil import DAY
from bankmine.windows.kernels.compiling import kernel

_I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)


@kernel(nb.void(_I1, _I1, _I1, nb.int64[::1]))
def _civil_days(times, changes, offsets, days):  # type: ignore[no-untyped-def]
    at = 0
    for i in range(times.size):
        time = times[i]
        if time < changes[at] or (at + 1 < changes.size and time >= changes[at + 1]):
            low, high = 0, changes.size
            while high - low > 1:
                middle = (low + high) // 2
                if changes[middle] <= time:
                    low = middle
                else:
                    high = middle
            at = low
        days[i] = (time + offsets[at]) // DAY


def civil_days(zone: Any, times: Any) -> Any:
    """The civil day (days since 1970) of each instant (µs) in a zone; the same as `zone.day_of`."""
    days = np.empty(len(times), np.int64)
    _civil_days(times, *zone.changes, days)
    return days
