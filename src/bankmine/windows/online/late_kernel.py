"""Events that come in, or go, before others of their key that windows already hold.

Every part of a lane's state is worked over in place: sums and squares by the entry's own value, gaps and days
by its two neighbours, distinct values by the entries of the same item, the queues by the entry's rank among
their values. The work is moving the entries that lie after it, so it grows with how late the event is, not
with how much the key holds. Only an entry that leaves from inside a queue makes its lane start over.

A leaf module: Numba is slow to import.
"""

from bankmine.windows.kernels.compiling import part, scalar
from bankmine.windows.online.lane_kernel import (
    E_DAY,
    E_NEXT,
    E_VALUE,
    W_DAYS,
    W_DIFFERENT,
    W_GAPS,
    W_HIGH,
    W_LOW,
    W_SQUARES,
    W_SUM,
    widen,
)
from bankmine.windows.online.ring_kernel import (
    CAPACITY,
    E_HIGH,
    E_ITEM,
    E_LOW,
    HIGH,
    L_HIGH,
    L_LOW,
    L_WINDOWS,
    RING,
    STRIDE,
    W_STRIDE,
    WINDOWS,
    entry,
    forget_item,
    item_before,
    latest_of,
    remember_item,
    start_over,
)
from bankmine.windows.online.words import E_ROW, E_TIME, MISSING, NEVER, W_BEGIN


@part
def _value_of(heap, plan, p, lane, place):  # type: ignore[no-untyped-def]
    return heap[entry(heap, plan, p, lane, place) + plan[p + E_VALUE]]


@part
def _word_of(heap, plan, p, lane, i, word):  # type: ignore[no-untyped-def]
    """Where the i-th word of a queue lies."""
    return heap[lane + RING] + (i & (heap[lane + CAPACITY] - 1)) * plan[p + STRIDE] + word


@scalar
def _rank(heap, plan, p, lane, queue, word, place):  # type: ignore[no-untyped-def]
    """The index of the first element of a queue whose place is not before another."""
    low, high = heap[lane + queue], heap[lane + queue + 1]
    while low < high:
        middle = (low + high) // 2
        if heap[_word_of(heap, plan, p, lane, middle, word)] < place:
            low = middle + 1
        else:
            high = middle
    return low


@scalar
def _into_queue(heap, plan, p, lane, place, queue, word, front, falling):  # type: ignore[no-untyped-def]
    """Puts a late place where it belongs in a queue; places from it on have moved by one."""
    begin, end = heap[lane + queue], heap[lane + queue + 1]
    at = _rank(heap, plan, p, lane, queue, word, place)
    for i in range(at, end):
        heap[_word_of(heap, plan, p, lane, i, word)] += 1
    value = _value_of(heap, plan, p, lane, place)
    if at < end:
        later = _value_of(heap, plan, p, lane, heap[_word_of(heap, plan, p, lane, at, word)])
        if (falling and later >= value) or (not falling and later <= value):
            return
    keep = at
    while keep > begin:
        earlier = _value_of(heap, plan, p, lane, heap[_word_of(heap, plan, p, lane, keep - 1, word)])
        if (falling and earlier > value) or (not falling and earlier < value):
            break
        keep -= 1
    if keep == at:
        for i in range(end, at, -1):
            since = _word_of(heap, plan, p, lane, i - 1, word)
            heap[_word_of(heap, plan, p, lane, i, word)] = heap[since]
    else:
        for i in range(at, end):
            to = _word_of(heap, plan, p, lane, keep + 1 + i - at, word)
            heap[to] = heap[_word_of(heap, plan, p, lane, i, word)]
    heap[_word_of(heap, plan, p, lane, keep, word)] = place
    heap[lane + queue + 1] = keep + 1 + end - at
    window = lane + plan[p + L_WINDOWS] + front
    for _ in range(plan[p + WINDOWS]):
        heap[window] = min(heap[window], keep)
        window += plan[p + W_STRIDE]


@scalar
def _of_same_item(heap, plan, p, lane, place):  # type: ignore[no-untyped-def]
    """(place of the entry before, row of the entry after) of the same item as a late entry; −1, NEVER."""
    at = entry(heap, plan, p, lane, place)
    item = heap[at + plan[p + E_ITEM]]
    latest = latest_of(heap, plan, p, lane, item, heap[lane + HIGH])
    if latest <= place:  # a ring that is looked through finds the entry itself
        return item_before(heap, plan, p, lane, item, place) if latest == place else latest, NEVER
    before = item_before(heap, plan, p, lane, item, place)
    if before >= 0:
        return before, heap[entry(heap, plan, p, lane, before) + plan[p + E_NEXT]]
    later = place + 1
    while heap[entry(heap, plan, p, lane, later) + plan[p + E_ITEM]] != item:
        later += 1
    return before, heap[entry(heap, plan, p, lane, later) + E_ROW]


@part
def _link_item(heap, plan, p, lane, place):  # type: ignore[no-untyped-def]
    """Links a late entry with those of its item; where the one before lies, and whether one lies after."""
    at = entry(heap, plan, p, lane, place)
    item = heap[at + plan[p + E_ITEM]]
    if item == MISSING:
        heap[at + plan[p + E_NEXT]] = NEVER
        return -1, True
    before, after = _of_same_item(heap, plan, p, lane, place)
    heap[at + plan[p + E_NEXT]] = after
    if before >= 0:
        heap[entry(heap, plan, p, lane, before) + plan[p + E_NEXT]] = heap[at + E_ROW]
    if after == NEVER:
        remember_item(heap, plan, p, lane, item, heap[at + E_ROW])
    return before, after != NEVER


@part
def _unlink_item(heap, plan, p, lane, place):  # type: ignore[no-untyped-def]
    """Takes an entry out of the chain of its item; where the one before lies, and whether one lies after."""
    at = entry(heap, plan, p, lane, place)
    item = heap[at + plan[p + E_ITEM]]
    if item == MISSING:
        return -1, True
    after = heap[at + plan[p + E_NEXT]]
    before = item_before(heap, plan, p, lane, item, place)
    if before >= 0:
        earlier = entry(heap, plan, p, lane, before)
        heap[earlier + plan[p + E_NEXT]] = after
        if after == NEVER:
            remember_item(heap, plan, p, lane, item, heap[earlier + E_ROW])
    elif after == NEVER:
        forget_item(heap, plan, p, lane, item, heap[at + E_ROW])
    return before, after != NEVER


@scalar
def _count(heap, plan, p, lane, place, window, before, followed, sign):  # type: ignore[no-untyped-def]
    """Adds an entry to, or takes it from, the sums of one window that holds it.

    `before` is the place of the entry of the same item before it, `followed` whether one lies after it.
    """
    at = entry(heap, plan, p, lane, place)
    has_earlier, has_later = heap[window + W_BEGIN] < place, place + 1 < heap[lane + HIGH]
    earlier = entry(heap, plan, p, lane, place - 1)
    later = entry(heap, plan, p, lane, place + 1)
    if plan[p + W_SUM] >= 0:
        heap[window + plan[p + W_SUM]] += sign * heap[at + plan[p + E_VALUE]]
    if plan[p + W_SQUARES] >= 0:
        widen(heap, window + plan[p + W_SQUARES], heap[at + plan[p + E_VALUE]], sign)
    if plan[p + W_GAPS] >= 0:
        gaps = window + plan[p + W_GAPS]
        if has_earlier:
            widen(heap, gaps, heap[at + E_TIME] - heap[earlier + E_TIME], sign)
        if has_later:
            widen(heap, gaps, heap[later + E_TIME] - heap[at + E_TIME], sign)
        if has_earlier and has_later:
            widen(heap, gaps, heap[later + E_TIME] - heap[earlier + E_TIME], -sign)
    if plan[p + W_DAYS] >= 0:
        day = heap[at + plan[p + E_DAY]]
        shared = has_earlier and heap[earlier + plan[p + E_DAY]] == day
        shared = shared or (has_later and heap[later + plan[p + E_DAY]] == day)
        heap[window + plan[p + W_DAYS]] += 0 if shared else sign
    if plan[p + W_DIFFERENT] >= 0 and not followed and before < heap[window + W_BEGIN]:
        heap[window + plan[p + W_DIFFERENT]] += sign


@scalar
def push_late(heap, plan, p, lane, place):  # type: ignore[no-untyped-def]
    """Works an entry, just put in at a place before others that are pushed, into all windows."""
    heap[lane + HIGH] += 1
    before, followed = -1, True
    if plan[p + W_DIFFERENT] >= 0:
        before, followed = _link_item(heap, plan, p, lane, place)
    window = lane + plan[p + L_WINDOWS]
    for _ in range(plan[p + WINDOWS]):
        if heap[window + W_BEGIN] > place:
            heap[window + W_BEGIN] += 1
        else:
            _count(heap, plan, p, lane, place, window, before, followed, 1)
        window += plan[p + W_STRIDE]
    if plan[p + L_HIGH] >= 0:
        _into_queue(heap, plan, p, lane, place, plan[p + L_HIGH], plan[p + E_HIGH], plan[p + W_HIGH], True)
    if plan[p + L_LOW] >= 0:
        _into_queue(heap, plan, p, lane, place, plan[p + L_LOW], plan[p + E_LOW], plan[p + W_LOW], False)


@part
def _is_queued(heap, plan, p, lane, place, queue, word):  # type: ignore[no-untyped-def]
    at = _rank(heap, plan, p, lane, queue, word, place)
    return at < heap[lane + queue + 1] and heap[_word_of(heap, plan, p, lane, at, word)] == place


@part
def _move_back(heap, plan, p, lane, place, queue, word):  # type: ignore[no-untyped-def]
    """Places after one that leaves move back by one."""
    for i in range(_rank(heap, plan, p, lane, queue, word, place), heap[lane + queue + 1]):
        heap[_word_of(heap, plan, p, lane, i, word)] -= 1


@scalar
def unpush(heap, plan, p, lane, place):  # type: ignore[no-untyped-def]
    """Takes a pushed entry, about to leave the ring, out of all windows."""
    high, low = plan[p + L_HIGH], plan[p + L_LOW]
    if (high >= 0 and _is_queued(heap, plan, p, lane, place, high, plan[p + E_HIGH])) or (
        low >= 0 and _is_queued(heap, plan, p, lane, place, low, plan[p + E_LOW])
    ):
        start_over(heap, plan, p, lane)
        return
    before, followed = -1, True
    if plan[p + W_DIFFERENT] >= 0:
        before, followed = _unlink_item(heap, plan, p, lane, place)
    window = lane + plan[p + L_WINDOWS]
    for _ in range(plan[p + WINDOWS]):
        if heap[window + W_BEGIN] > place:
            heap[window + W_BEGIN] -= 1
        else:
            _count(heap, plan, p, lane, place, window, before, followed, -1)
        window += plan[p + W_STRIDE]
    if high >= 0:
        _move_back(heap, plan, p, lane, place, high, plan[p + E_HIGH])
    if low >= 0:
        _move_back(heap, plan, p, lane, place, low, plan[p + E_LOW])
    heap[lane + HIGH] -= 1
