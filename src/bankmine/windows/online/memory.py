"""The memory of an online state: one array of words that is reserved at once and used from the bottom.

The system gives pages when they are first written, so growing never copies. More is reserved than may be
used: what one event takes at most beyond the limit has room, and the next event is refused.
"""

from __future__ import annotations

import mmap
import os
import sys
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import UsageError
from bankmine.windows.online.plan import OnlinePlan
from bankmine.windows.online.words import MISSING, NEVER, Head, Plan, class_of

Ints = NDArray[np.int64]
GIB = 1 << 30
_SPARE = 1 << 22
_FIRST_TABLE = 1 << 8
_NO_RESERVE = 0x4000 if sys.platform == "linux" else 0  # Python 3.11's mmap does not name it


def physical_memory() -> int:
    """Bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def reserve(limit: int) -> Ints:
    """Words for a state that may use `limit` bytes; UsageError where the system does not reserve them."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NO_RESERVE
    try:
        block = mmap.mmap(-1, 3 * limit + 8 * _SPARE, flags=flags)
    except (OSError, ValueError, OverflowError):
        raise UsageError(
            f"the system does not reserve memory for a state of {limit / GIB:.1f} GiB",
            hint="Start the state with a smaller `limit` in bytes.",
        ) from None
    with suppress(OSError, AttributeError):
        block.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(block, np.int64)


def start_memory(plan: OnlinePlan, limit: int) -> Ints:
    """The memory of a state that knows nothing."""
    heap = reserve(limit)
    heap[Head.TOP], heap[Head.LIMIT] = plan.top, limit // 8
    heap[Head.LARGEST] = 1
    heap[Head.KEPT_FROM] = heap[Head.KNOWN_UNTIL] = -NEVER
    heap[Head.INDEX], heap[Head.INDEX_SIZE] = _table(heap, _FIRST_TABLE, 0), _FIRST_TABLE
    heap[Head.PENDING_CLASS] = class_of(_FIRST_TABLE)
    heap[Head.PENDING] = _table(heap, _FIRST_TABLE, 0)
    for group in range(int(plan.numbers[Plan.GROUPS])):
        at = int(Head.GROUPS) + 3 * group
        heap[at], heap[at + 1] = _table(heap, _FIRST_TABLE, MISSING), _FIRST_TABLE // 2
    return heap


def _table(heap: Ints, size: int, value: int) -> int:
    at = int(heap[Head.TOP])
    heap[at : at + size] = value
    heap[Head.TOP] += size
    return at
