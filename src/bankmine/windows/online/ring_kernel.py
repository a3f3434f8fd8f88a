"""The ring of a lane: entries of one key in order, found, put in, moved, and given more or less room.

Words of an entry: the row, its time, then what the pass wants (value, item, place of the next entry with the
same item, civil day), then its queues' words, which stay where they are when entries move.

A leaf module: Numba is slow to import.
"""

from bankmine.windows.kernels.compiling import part, scalar
from bankmine.windows.online.memory_kernel import class_for, give_back, mix, take, take_filled
from bankmine.windows.online.words import (
    E_ROW,
    E_TIME,
    FIRST_CAPACITY,
    HASHED_FROM,
    MISSING,
    W_BEGIN,
    Head,
    Lane,
    Pass,
    Plan,
    Row,
)

RING, CAPACITY = int(Lane.RING), int(Lane.CAPACITY)
HEAD, TAIL, HIGH = int(Lane.HEAD), int(Lane.TAIL), int(Lane.HIGH)
STRIDE, MOVED, RING_CLASS = int(Pass.STRIDE), int(Pass.E_MOVED), int(Pass.RING_CLASS)
E_ITEM, E_HIGH, E_LOW, ITEM = int(Pass.E_ITEM), int(Pass.E_HIGH), int(Pass.E_LOW), int(Pass.ITEM)
L_HASH, L_HIGH, L_LOW = int(Pass.L_HASH), int(Pass.L_HIGH), int(Pass.L_LOW)
L_WINDOWS, W_STRIDE, WINDOWS = int(Pass.L_WINDOWS), int(Pass.W_STRIDE), int(Pass.WINDOWS)
TIME, SEQ, FIELDS = int(Row.TIME), int(Row.SEQ), int(Row.FIELDS)
VERSION_FIELDS = int(Plan.VERSION_FIELDS)
LARGEST, RING_ENTRIES = int(Head.LARGEST), int(Head.RING_ENTRIES)


@part
def entry(heap, plan, p, lane, place):  # type: ignore[no-untyped-def]
    """Where the entry at a place lies."""
    return heap[lane + RING] + (place & (heap[lane + CAPACITY] - 1)) * plan[p + STRIDE]


@part
def ring_class(plan, p, capacity):  # type: ignore[no-untyped-def]
    """The size class of a ring."""
    number = plan[p + RING_CLASS]
    while capacity > FIRST_CAPACITY:
        capacity >>= 1
        number += 2
    return number


@part
def seq_of(heap, at):  # type: ignore[no-untyped-def]
    """The `seq` of the event an entry stands for."""
    return heap[heap[at + E_ROW] + SEQ]


@part
def is_before(heap, at, time, seq):  # type: ignore[no-untyped-def]
    """Whether an entry lies before a position."""
    own = heap[at + E_TIME]
    return own < time or (own == time and seq_of(heap, at) < seq)


@scalar
def row_precedes(heap, plan, row, other):  # type: ignore[no-untyped-def]
    """Whether a row of the same time precedes another: by seq, then by version key."""
    if heap[row + SEQ] != heap[other + SEQ]:
        return heap[row + SEQ] < heap[other + SEQ]
    for field in range(plan[VERSION_FIELDS]):
        mine, theirs = heap[row + FIELDS + field], heap[other + FIELDS + field]
        if mine != theirs:
            return mine < theirs
    return False


@scalar
def place_of(heap, plan, p, lane, row, time):  # type: ignore[no-untyped-def]
    """The first place whose entry does not precede the row, counted from the end, where events arrive."""
    low, high = heap[lane + HEAD], heap[lane + TAIL]
    step = 1
    while high - step >= low:
        at = entry(heap, plan, p, lane, high - step)
        own = heap[at + E_TIME]
        if own < time or (own == time and row_precedes(heap, plan, heap[at + E_ROW], row)):
            low = high - step + 1
            break
        high -= step
        step *= 2
    while low < high:
        middle = (low + high) // 2
        at = entry(heap, plan, p, lane, middle)
        own = heap[at + E_TIME]
        if own < time or (own == time and row_precedes(heap, plan, heap[at + E_ROW], row)):
            low = middle + 1
        else:
            high = middle
    return low


@scalar
def first_from(heap, plan, p, lane, low, high, start):  # type: ignore[no-untyped-def]
    """The first place in [low, high) whose entry reaches a start."""
    while low < high:
        middle = (low + high) // 2
        if heap[entry(heap, plan, p, lane, middle) + E_TIME] >= start:
            high = middle
        else:
            low = middle + 1
    return low


@scalar
def first_not_before(heap, plan, p, lane, time, seq):  # type: ignore[no-untyped-def]
    """The first pushed place whose entry is not before a position."""
    low, high = heap[lane + HEAD], heap[lane + HIGH]
    while low < high:
        middle = (low + high) // 2
        if is_before(heap, entry(heap, plan, p, lane, middle), time, seq):
            low = middle + 1
        else:
            high = middle
    return low


@scalar
def open_gap(heap, plan, p, lane, place):  # type: ignore[no-untyped-def]
    """Moves the entries from a place on by one; the ring has room."""
    for later in range(heap[lane + TAIL], place, -1):
        to, since = entry(heap, plan, p, lane, later), entry(heap, plan, p, lane, later - 1)
        for word in range(plan[p + MOVED]):
            heap[to + word] = heap[since + word]
    heap[lane + TAIL] += 1
    heap[RING_ENTRIES] += 1


@scalar
def close_gap(heap, plan, p, lane, place):  # type: ignore[no-untyped-def]
    """Moves the entries after a place back onto it."""
    for later in range(place, heap[lane + TAIL] - 1):
        to, since = entry(heap, plan, p, lane, later), entry(heap, plan, p, lane, later + 1)
        for word in range(plan[p + MOVED]):
            heap[to + word] = heap[since + word]
    heap[lane + TAIL] -= 1
    heap[RING_ENTRIES] -= 1


# The hash of a long ring: the row of the latest pushed entry of each item. Rows stay where they are when
# entries move, so a late event leaves the hash alone.


@scalar
def latest_of(heap, plan, p, lane, item, before):  # type: ignore[no-untyped-def]
    """The place of the latest pushed entry of an item, all of which lie before a place; −1 without one."""
    table = heap[lane + plan[p + L_HASH]]
    if table == 0:
        return item_before(heap, plan, p, lane, item, before)
    row = heap[_bucket(heap, plan, p, lane, table, item)]
    return place_of(heap, plan, p, lane, row, heap[row + TIME]) if row != 0 else -1


@scalar
def item_before(heap, plan, p, lane, item, before):  # type: ignore[no-untyped-def]
    """The last place before another whose entry has an item; −1 without one."""
    for place in range(before - 1, heap[lane + HEAD] - 1, -1):
        if heap[entry(heap, plan, p, lane, place) + plan[p + E_ITEM]] == item:
            return place
    return -1


@part
def _bucket(heap, plan, p, lane, table, item):  # type: ignore[no-untyped-def]
    """Where the hash holds an item, or has room for it."""
    mask = 2 * heap[lane + CAPACITY] - 1
    at = mix(item) & mask
    word = FIELDS + plan[p + ITEM]
    while heap[table + at] != 0 and heap[heap[table + at] + word] != item:
        at = (at + 1) & mask
    return table + at


@scalar
def remember_item(heap, plan, p, lane, item, row):  # type: ignore[no-untyped-def]
    """Notes the row of the latest entry of an item."""
    table = heap[lane + plan[p + L_HASH]]
    if table != 0:
        heap[_bucket(heap, plan, p, lane, table, item)] = row


@scalar
def forget_item(heap, plan, p, lane, item, row):  # type: ignore[no-untyped-def]
    """Takes an item out of the hash where its latest entry is that of a row."""
    table = heap[lane + plan[p + L_HASH]]
    if table == 0 or item == MISSING:
        return
    hole = _bucket(heap, plan, p, lane, table, item) - table
    if heap[table + hole] != row:
        return
    mask = 2 * heap[lane + CAPACITY] - 1
    at = hole
    while True:
        at = (at + 1) & mask
        other = heap[table + at]
        if other == 0:
            break
        home = mix(heap[other + FIELDS + plan[p + ITEM]]) & mask
        if ((at - home) & mask) >= ((at - hole) & mask):
            heap[table + hole] = other
            hole = at
    heap[table + hole] = 0


@scalar
def clear_hash(heap, plan, p, lane):  # type: ignore[no-untyped-def]
    """Empties the hash."""
    table = heap[lane + plan[p + L_HASH]] if plan[p + L_HASH] >= 0 else 0
    if table != 0:
        for at in range(table, table + 2 * heap[lane + CAPACITY]):
            heap[at] = 0


@scalar
def give_back_ring(heap, plan, p, lane):  # type: ignore[no-untyped-def]
    """Frees the ring and its hash."""
    capacity = heap[lane + CAPACITY]
    give_back(heap, heap[lane + RING], ring_class(plan, p, capacity))
    if plan[p + L_HASH] >= 0 and heap[lane + plan[p + L_HASH]] != 0:
        give_back(heap, heap[lane + plan[p + L_HASH]], class_for(2 * capacity))


@scalar
def resize(heap, plan, p, lane, capacity):  # type: ignore[no-untyped-def]
    """Moves the ring into one of another capacity."""
    old, mask = heap[lane + RING], heap[lane + CAPACITY] - 1
    stride = plan[p + STRIDE]
    fresh = take(heap, ring_class(plan, p, capacity))
    for place in range(heap[lane + HEAD], heap[lane + TAIL]):
        to, since = fresh + (place & (capacity - 1)) * stride, old + (place & mask) * stride
        for word in range(plan[p + MOVED]):
            heap[to + word] = heap[since + word]
    for queue, word in ((plan[p + L_HIGH], plan[p + E_HIGH]), (plan[p + L_LOW], plan[p + E_LOW])):
        if queue >= 0:
            for i in range(heap[lane + queue], heap[lane + queue + 1]):
                heap[fresh + (i & (capacity - 1)) * stride + word] = heap[old + (i & mask) * stride + word]
    give_back_ring(heap, plan, p, lane)
    heap[lane + RING], heap[lane + CAPACITY] = fresh, capacity
    heap[LARGEST] = max(heap[LARGEST], capacity)
    if plan[p + L_HASH] >= 0:
        heap[lane + plan[p + L_HASH]] = 0
        if capacity >= HASHED_FROM:
            heap[lane + plan[p + L_HASH]] = take_filled(heap, 2 * capacity, 0)
            for place in range(heap[lane + HEAD], heap[lane + HIGH]):
                at = entry(heap, plan, p, lane, place)
                if heap[at + plan[p + E_ITEM]] != MISSING:
                    remember_item(heap, plan, p, lane, heap[at + plan[p + E_ITEM]], heap[at + E_ROW])


@scalar
def start_over(heap, plan, p, lane):  # type: ignore[no-untyped-def]
    """Takes every entry out of the windows: all of them wait to be pushed anew."""
    head = heap[lane + HEAD]
    heap[lane + HIGH] = head
    for queue in (plan[p + L_HIGH], plan[p + L_LOW]):
        if queue >= 0:
            heap[lane + queue] = 0
            heap[lane + queue + 1] = 0
    at = lane + plan[p + L_WINDOWS]
    for _ in range(plan[p + WINDOWS]):
        for word in range(plan[p + W_STRIDE]):
            heap[at + word] = 0
        heap[at + W_BEGIN] = head
        at += plan[p + W_STRIDE]
    clear_hash(heap, plan, p, lane)
