"""The kernel that lets loans answer enquiries. A leaf module: Numba is slow to import."""

from typing import Any

import numba as nb

_READ = nb.types.Array(nb.int64, 1, "C", readonly=True)
_FLAG = nb.types.Array(nb.boolean, 1, "C", readonly=True)


@nb.njit(nb.void(_READ, _READ, _FLAG, nb.int64, nb.int64[::1], nb.int64[::1]), cache=True, nogil=True)
def answer(group: Any, time: Any, is_loan: Any, within: Any, waiting: Any, partner: Any) -> None:
    """Points of a group in the order of time, enquiries before loans of one instant.

    Each loan answers the oldest enquiry of its group still waiting that is at most `within` old. `partner`
    (−1 before) gets the place of the other; `waiting` is scratch of the same length.
    """
    first = last = 0
    for i in range(group.size):
        if i > 0 and group[i] != group[i - 1]:
            first = last = 0
        if not is_loan[i]:
            waiting[last] = i
            last += 1
            continue
        while first < last and time[i] - time[waiting[first]] > within:
            first += 1
        if first < last:
            partner[waiting[first]] = i
            partner[i] = waiting[first]
            first += 1
