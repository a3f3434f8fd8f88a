"""The windows of a lane: entries are pushed as the end passes them and popped as the starts do.

The model is the replay kernel's (`sliding_kernel.py`), but nothing is known of later rows: the pointers of a
lane are right for a position where the last pushed entry lies before it and the entry before each LOW lies
before that window's start. Where they are not (a late event's own answer, a civil start that goes back with
the clock), the totals are read from the ring directly. Totals are exact, so subtraction loses nothing.

A leaf module: Numba is slow to import.
"""

from bankmine.windows.aggregates import Limbs, Total
from bankmine.windows.kernels import limbs
from bankmine.windows.kernels.compiling import part, scalar
from bankmine.windows.online.ring_kernel import (
    CAPACITY,
    E_HIGH,
    E_ITEM,
    E_LOW,
    HEAD,
    HIGH,
    L_HASH,
    L_HIGH,
    L_LOW,
    L_WINDOWS,
    RING,
    RING_ENTRIES,
    SEQ,
    STRIDE,
    TAIL,
    TIME,
    W_STRIDE,
    WINDOWS,
    entry,
    first_from,
    first_not_before,
    forget_item,
    is_before,
    latest_of,
    remember_item,
    resize,
)
from bankmine.windows.online.words import (
    E_ROW,
    E_TIME,
    FIRST_CAPACITY,
    MISSING,
    NEVER,
    W_BEGIN,
    Head,
    Lane,
    Pass,
)

U = limbs.U
ABSOLUTE, STARTS_AT = int(Lane.ABSOLUTE), int(Pass.STARTS_AT)
E_VALUE, E_NEXT, E_DAY = int(Pass.E_VALUE), int(Pass.E_NEXT), int(Pass.E_DAY)
W_SUM, W_SQUARES, W_GAPS = int(Pass.W_SUM), int(Pass.W_SQUARES), int(Pass.W_GAPS)
W_DIFFERENT, W_DAYS, W_HIGH, W_LOW = (
    int(Pass.W_DIFFERENT),
    int(Pass.W_DAYS),
    int(Pass.W_HIGH),
    int(Pass.W_LOW),
)
COUNT, SUM, MINIMUM, MAXIMUM = int(Total.COUNT), int(Total.SUM), int(Total.MINIMUM), int(Total.MAXIMUM)
FIRST, LAST, FIRST_TIME, LAST_TIME = (
    int(Total.FIRST), int(Total.LAST), int(Total.FIRST_TIME), int(Total.LAST_TIME),
)  # fmt: skip
DISTINCT, DAYS = int(Total.DISTINCT), int(Total.DAYS)
FIRST_DAY, LAST_DAY = int(Total.FIRST_DAY), int(Total.LAST_DAY)
SQUARES, GAPS = 2 * int(Limbs.SQUARES), 2 * int(Limbs.GAP_SQUARES)
KEPT_FROM, SLID_BACK = int(Head.KEPT_FROM), int(Head.SLID_BACK)


@part
def widen(heap, at, x, sign):  # type: ignore[no-untyped-def]
    """Adds x² to, or takes it from, the two limbs at a word."""
    size = limbs.magnitude(x)
    low, high = limbs.multiply(size, size)
    if sign > 0:
        low, high = limbs.add(U(heap[at]), U(heap[at + 1]), low, high)
    else:
        low, high = limbs.subtract(U(heap[at]), U(heap[at + 1]), low, high)
    heap[at] = low
    heap[at + 1] = high


@part
def _enqueue(heap, plan, p, lane, place, value, queue, word, front, falling):  # type: ignore[no-untyped-def]
    """Puts a place at the end of a queue of falling (or rising) values."""
    ring, mask, stride = heap[lane + RING], heap[lane + CAPACITY] - 1, plan[p + STRIDE]
    begin, end = heap[lane + queue], heap[lane + queue + 1]
    while end > begin:
        last = heap[ring + ((end - 1) & mask) * stride + word]
        other = heap[ring + (last & mask) * stride + plan[p + E_VALUE]]
        if (falling and other > value) or (not falling and other < value):
            break
        end -= 1
    heap[ring + (end & mask) * stride + word] = place
    heap[lane + queue + 1] = end + 1
    at = lane + plan[p + L_WINDOWS] + front
    for _ in range(plan[p + WINDOWS]):
        heap[at] = min(heap[at], end)
        at += plan[p + W_STRIDE]


@part
def _push_item(heap, plan, p, lane, place, at):  # type: ignore[no-untyped-def]
    item = heap[at + plan[p + E_ITEM]]
    heap[at + plan[p + E_NEXT]] = NEVER
    if item == MISSING:
        return
    earlier = latest_of(heap, plan, p, lane, item, place)
    if earlier >= 0:
        heap[entry(heap, plan, p, lane, earlier) + plan[p + E_NEXT]] = heap[at + E_ROW]
    remember_item(heap, plan, p, lane, item, heap[at + E_ROW])
    window = lane + plan[p + L_WINDOWS]
    for _ in range(plan[p + WINDOWS]):
        if earlier < heap[window + W_BEGIN]:
            heap[window + plan[p + W_DIFFERENT]] += 1
        window += plan[p + W_STRIDE]


@part
def _push_time(heap, plan, p, lane, place, at):  # type: ignore[no-untyped-def]
    """Gaps and days: what an entry adds depends on the one before it, where a window holds that."""
    earlier = entry(heap, plan, p, lane, place - 1) if place > heap[lane + HEAD] else -1
    gap = heap[at + E_TIME] - heap[earlier + E_TIME] if earlier >= 0 else 0
    day, gaps = plan[p + W_DAYS], plan[p + W_GAPS]
    new = day >= 0 and (earlier < 0 or heap[earlier + plan[p + E_DAY]] != heap[at + plan[p + E_DAY]])
    window = lane + plan[p + L_WINDOWS]
    for _ in range(plan[p + WINDOWS]):
        held = heap[window + W_BEGIN] < place
        if gaps >= 0 and held:
            widen(heap, window + gaps, gap, 1)
        if day >= 0 and (new or not held):
            heap[window + day] += 1
        window += plan[p + W_STRIDE]


@scalar
def push(heap, plan, p, lane):  # type: ignore[no-untyped-def]
    """Adds the next waiting entry to all windows."""
    place = heap[lane + HIGH]
    at = entry(heap, plan, p, lane, place)
    if plan[p + W_SUM] >= 0:
        value, window = heap[at + plan[p + E_VALUE]], lane + plan[p + L_WINDOWS]
        for _ in range(plan[p + WINDOWS]):
            heap[window + plan[p + W_SUM]] += value
            if plan[p + W_SQUARES] >= 0:
                widen(heap, window + plan[p + W_SQUARES], value, 1)
            window += plan[p + W_STRIDE]
    if plan[p + W_GAPS] >= 0 or plan[p + W_DAYS] >= 0:
        _push_time(heap, plan, p, lane, place, at)
    if plan[p + W_DIFFERENT] >= 0:
        _push_item(heap, plan, p, lane, place, at)
    if plan[p + L_HIGH] >= 0:
        value = heap[at + plan[p + E_VALUE]]
        _enqueue(
            heap, plan, p, lane, place, value, plan[p + L_HIGH], plan[p + E_HIGH], plan[p + W_HIGH], True
        )
    if plan[p + L_LOW] >= 0:
        value = heap[at + plan[p + E_VALUE]]
        _enqueue(heap, plan, p, lane, place, value, plan[p + L_LOW], plan[p + E_LOW], plan[p + W_LOW], False)
    heap[lane + HIGH] = place + 1


@scalar
def pop(heap, plan, p, lane, window):  # type: ignore[no-untyped-def]
    """Takes the earliest entry out of one window."""
    place = heap[window + W_BEGIN]
    at = entry(heap, plan, p, lane, place)
    later = entry(heap, plan, p, lane, place + 1) if place + 1 < heap[lane + HIGH] else -1
    if plan[p + W_SUM] >= 0:
        value = heap[at + plan[p + E_VALUE]]
        heap[window + plan[p + W_SUM]] -= value
        if plan[p + W_SQUARES] >= 0:
            widen(heap, window + plan[p + W_SQUARES], value, -1)
    if plan[p + W_GAPS] >= 0 and later >= 0:
        widen(heap, window + plan[p + W_GAPS], heap[later + E_TIME] - heap[at + E_TIME], -1)
    if plan[p + W_DIFFERENT] >= 0:
        last = heap[at + plan[p + E_NEXT]] == NEVER
        heap[window + plan[p + W_DIFFERENT]] -= heap[at + plan[p + E_ITEM]] != MISSING and last
    if plan[p + W_DAYS] >= 0 and (later < 0 or heap[later + plan[p + E_DAY]] != heap[at + plan[p + E_DAY]]):
        heap[window + plan[p + W_DAYS]] -= 1
    heap[window + W_BEGIN] = place + 1


@part
def _follow(heap, plan, p, lane, queue, word, front):  # type: ignore[no-untyped-def]
    """After the head moved: the queue forgets places before it."""
    ring, mask, stride = heap[lane + RING], heap[lane + CAPACITY] - 1, plan[p + STRIDE]
    begin, end = heap[lane + queue], heap[lane + queue + 1]
    while begin < end and heap[ring + (begin & mask) * stride + word] < heap[lane + HEAD]:
        begin += 1
    heap[lane + queue] = begin
    at = lane + plan[p + L_WINDOWS] + front
    for _ in range(plan[p + WINDOWS]):
        heap[at] = max(heap[at], begin)
        at += plan[p + W_STRIDE]


@scalar
def trim(heap, plan, p, lane):  # type: ignore[no-untyped-def]
    """Lets entries go that no window will ask for again; a ring four times too large is halved."""
    moved = False
    while heap[lane + HEAD] < heap[lane + TAIL]:
        head = heap[lane + HEAD]
        at = entry(heap, plan, p, lane, head)
        if heap[at + E_TIME] >= heap[KEPT_FROM]:
            break
        window = lane + plan[p + L_WINDOWS]
        for _ in range(plan[p + WINDOWS]):
            if heap[window + W_BEGIN] == head:
                if head < heap[lane + HIGH]:
                    pop(heap, plan, p, lane, window)
                else:
                    heap[window + W_BEGIN] = head + 1
            window += plan[p + W_STRIDE]
        if head < heap[lane + HIGH] and plan[p + L_HASH] >= 0:
            forget_item(heap, plan, p, lane, heap[at + plan[p + E_ITEM]], heap[at + E_ROW])
        if plan[p + E_VALUE] >= 0:
            heap[lane + ABSOLUTE] -= abs(heap[at + plan[p + E_VALUE]])
        heap[lane + HEAD] = head + 1
        heap[lane + HIGH] = max(heap[lane + HIGH], head + 1)
        heap[RING_ENTRIES] -= 1
        moved = True
    if not moved:
        return
    if plan[p + L_HIGH] >= 0:
        _follow(heap, plan, p, lane, plan[p + L_HIGH], plan[p + E_HIGH], plan[p + W_HIGH])
    if plan[p + L_LOW] >= 0:
        _follow(heap, plan, p, lane, plan[p + L_LOW], plan[p + E_LOW], plan[p + W_LOW])
    capacity = heap[lane + CAPACITY]
    if capacity > FIRST_CAPACITY and 4 * (heap[lane + TAIL] - heap[lane + HEAD]) <= capacity:
        resize(heap, plan, p, lane, capacity >> 1)


@scalar
def advance(heap, plan, p, lane, time, seq, edges):  # type: ignore[no-untyped-def]
    """Brings the pointers to a position and its starts; whether they are right for it."""
    while heap[lane + HIGH] < heap[lane + TAIL] and is_before(
        heap, entry(heap, plan, p, lane, heap[lane + HIGH]), time, seq
    ):
        push(heap, plan, p, lane)
    high, head = heap[lane + HIGH], heap[lane + HEAD]
    if high > head and not is_before(heap, entry(heap, plan, p, lane, high - 1), time, seq):
        return False
    window = lane + plan[p + L_WINDOWS]
    right = True
    for w in range(plan[p + WINDOWS]):
        start = heap[edges + plan[plan[p + STARTS_AT] + w]]
        while heap[window + W_BEGIN] < high and (
            heap[entry(heap, plan, p, lane, heap[window + W_BEGIN]) + E_TIME] < start
        ):
            pop(heap, plan, p, lane, window)
        low = heap[window + W_BEGIN]
        if low > head and heap[entry(heap, plan, p, lane, low - 1) + E_TIME] >= start:
            right = False
        window += plan[p + W_STRIDE]
    return right


@part
def _ends(heap, plan, p, lane, low, high, run):  # type: ignore[no-untyped-def]
    """The count, and what the first and the last entry of a window say."""
    first, last = entry(heap, plan, p, lane, low), entry(heap, plan, p, lane, high - 1)
    run[COUNT] = high - low
    run[FIRST_TIME], run[LAST_TIME] = heap[first + E_TIME], heap[last + E_TIME]
    if plan[p + E_VALUE] >= 0:
        run[FIRST], run[LAST] = heap[first + plan[p + E_VALUE]], heap[last + plan[p + E_VALUE]]
    if plan[p + E_DAY] >= 0:
        run[FIRST_DAY], run[LAST_DAY] = heap[first + plan[p + E_DAY]], heap[last + plan[p + E_DAY]]


@part
def _extreme(heap, plan, p, lane, window, low, word, front):  # type: ignore[no-untyped-def]
    """The first value of a queue at or after the window's start."""
    ring, mask, stride = heap[lane + RING], heap[lane + CAPACITY] - 1, plan[p + STRIDE]
    i = heap[window + front]
    while heap[ring + (i & mask) * stride + word] < low:
        i += 1
    heap[window + front] = i
    return heap[ring + (heap[ring + (i & mask) * stride + word] & mask) * stride + plan[p + E_VALUE]]


@scalar
def gather(heap, plan, p, lane, w, run, wide):  # type: ignore[no-untyped-def]
    """The totals of one window from its state; the run holds zeros."""
    window = lane + plan[p + L_WINDOWS] + w * plan[p + W_STRIDE]
    low, high = heap[window + W_BEGIN], heap[lane + HIGH]
    if low >= high:
        return
    _ends(heap, plan, p, lane, low, high, run)
    if plan[p + W_SUM] >= 0:
        run[SUM] = heap[window + plan[p + W_SUM]]
    if plan[p + W_SQUARES] >= 0:
        wide[0, SQUARES] = heap[window + plan[p + W_SQUARES]]
        wide[0, SQUARES + 1] = heap[window + plan[p + W_SQUARES] + 1]
    if plan[p + W_GAPS] >= 0:
        wide[0, GAPS] = heap[window + plan[p + W_GAPS]]
        wide[0, GAPS + 1] = heap[window + plan[p + W_GAPS] + 1]
    if plan[p + W_DIFFERENT] >= 0:
        run[DISTINCT] = heap[window + plan[p + W_DIFFERENT]]
    if plan[p + W_DAYS] >= 0:
        run[DAYS] = heap[window + plan[p + W_DAYS]]
    if plan[p + L_HIGH] >= 0:
        run[MAXIMUM] = _extreme(heap, plan, p, lane, window, low, plan[p + E_HIGH], plan[p + W_HIGH])
    if plan[p + L_LOW] >= 0:
        run[MINIMUM] = _extreme(heap, plan, p, lane, window, low, plan[p + E_LOW], plan[p + W_LOW])


@part
def _add_square(wide, column, x):  # type: ignore[no-untyped-def]
    size = limbs.magnitude(x)
    low, high = limbs.multiply(size, size)
    low, high = limbs.add(wide[0, column], wide[0, column + 1], low, high)
    wide[0, column] = low
    wide[0, column + 1] = high


@part
def _is_last(heap, plan, p, at, time, seq):  # type: ignore[no-untyped-def]
    """Whether an entry is the last of its item before a position."""
    if heap[at + plan[p + E_ITEM]] == MISSING:
        return False
    row = heap[at + plan[p + E_NEXT]]
    if row == NEVER:
        return True
    return heap[row + TIME] > time or (heap[row + TIME] == time and heap[row + SEQ] >= seq)


@scalar
def gather_directly(heap, plan, p, lane, start, time, seq, run, wide):  # type: ignore[no-untyped-def]
    """The totals of [start, position) from the ring, for a position not after the last pushed entry."""
    heap[SLID_BACK] += 1
    high = first_not_before(heap, plan, p, lane, time, seq)
    low = first_from(heap, plan, p, lane, heap[lane + HEAD], high, start)
    if low >= high:
        return
    _ends(heap, plan, p, lane, low, high, run)
    if plan[p + E_VALUE] >= 0:
        run[MINIMUM] = run[MAXIMUM] = run[FIRST]
    for place in range(low, high):
        at = entry(heap, plan, p, lane, place)
        if plan[p + E_VALUE] >= 0:
            value = heap[at + plan[p + E_VALUE]]
            run[SUM] += value
            run[MINIMUM], run[MAXIMUM] = min(run[MINIMUM], value), max(run[MAXIMUM], value)
            if plan[p + W_SQUARES] >= 0:
                _add_square(wide, SQUARES, value)
        if plan[p + W_GAPS] >= 0 and place > low:
            _add_square(wide, GAPS, heap[at + E_TIME] - heap[entry(heap, plan, p, lane, place - 1) + E_TIME])
        if plan[p + W_DIFFERENT] >= 0:
            run[DISTINCT] += _is_last(heap, plan, p, at, time, seq)
        if plan[p + W_DAYS] >= 0:
            later = entry(heap, plan, p, lane, place + 1)
            run[DAYS] += place + 1 == high or heap[later + plan[p + E_DAY]] != heap[at + plan[p + E_DAY]]
