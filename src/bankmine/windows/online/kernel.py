"""The online kernel: events enter in the order in which they become known, each is answered at its position.

All events that become known in one microsecond enter before any of them is answered: each is answered as at
its own (event_time, seq), knowing everything known by then, which is how replay looks at it. Work for an
event is a few probes of tables, one push into each lane it counts in, and pops that earlier pushes have paid
for. A leaf module: Numba is slow to import.
"""

import numba as nb
import numpy as np

from bankmine.bank.civil import FIRST, LAST
from bankmine.windows.kernels.compiling import kernel, part, scalar
from bankmine.windows.online.answer_kernel import answer
from bankmine.windows.online.memory_kernel import (
    FIELDS,
    INDEX,
    INDEX_SIZE,
    NEXT,
    ROWS,
    STATUS,
    TOP,
    VERSION_FIELDS,
    find_row,
    give_back,
    give_back_row,
    grow_index,
    mix,
    size_of,
    take,
    take_row,
)
from bankmine.windows.online.rows_kernel import (
    KEPT_FROM,
    KNOWN,
    LARGEST,
    LARGEST_VALUE,
    MOST,
    QUEUE_FIRST,
    QUEUE_LAST,
    TIME,
    WEIGHT,
    enter_lanes,
    leave_lanes,
    let_old_go,
    sum_could_overflow,
)
from bankmine.windows.online.words import LIVE, MISSING, Fault, Head, Plan, Row

I1 = nb.types.Array(nb.int64, 1, "C", readonly=True)
I2 = nb.types.Array(nb.int64, 2, "C", readonly=True)
MEMORY = (nb.int64[::1], I1)
ANSWER = (nb.int64[:, ::1], nb.float64[:, ::1], nb.boolean[:, ::1], nb.uint64[:, ::1])
SEQ, LOAD, MEASURES_AT = int(Row.SEQ), int(Row.LOAD), int(Plan.MEASURES_AT)
PLAN_FIELDS, REACH = int(Plan.FIELDS), int(Plan.REACH)
PLAN_PENDING, PENDING_AT = int(Plan.PENDING), int(Plan.PENDING_AT)
LIMIT, FAULT, ENTERED = int(Head.LIMIT), int(Head.FAULT), int(Head.ENTERED)
KNOWN_UNTIL, SPLIT = int(Head.KNOWN_UNTIL), int(Head.SPLIT)
PENDING, PENDING_CLASS, PENDING_COUNT = int(Head.PENDING), int(Head.PENDING_CLASS), int(Head.PENDING_COUNT)
GOES_BACK, OUT_OF_RANGE = int(Fault.KNOWLEDGE_GOES_BACK), int(Fault.OUT_OF_RANGE)
FULL, OVERFLOW = int(Fault.FULL), int(Fault.OVERFLOW)


# Outcomes that are not known yet: a binary heap of (instant, row).


@part
def _sift_down(heap, at, count):  # type: ignore[no-untyped-def]
    place = 0
    while 2 * place + 1 < count:
        child = 2 * place + 1
        if child + 1 < count and heap[at + 2 * (child + 1)] < heap[at + 2 * child]:
            child += 1
        if heap[at + 2 * place] <= heap[at + 2 * child]:
            return
        for word in range(2):
            one, other = at + 2 * place + word, at + 2 * child + word
            heap[one], heap[other] = heap[other], heap[one]
        place = child


@scalar
def _wait_for(heap, instant, row):  # type: ignore[no-untyped-def]
    """Notes that a row must be looked at again when an instant is known."""
    count = heap[PENDING_COUNT]
    if 2 * (count + 1) > size_of(heap[PENDING_CLASS]):
        old = heap[PENDING]
        heap[PENDING] = take(heap, heap[PENDING_CLASS] + 2)
        for word in range(2 * count):
            heap[heap[PENDING] + word] = heap[old + word]
        give_back(heap, old, heap[PENDING_CLASS])
        heap[PENDING_CLASS] += 2
    at, place = heap[PENDING], count
    while place > 0 and heap[at + 2 * ((place - 1) // 2)] > instant:
        parent = (place - 1) // 2
        heap[at + 2 * place], heap[at + 2 * place + 1] = heap[at + 2 * parent], heap[at + 2 * parent + 1]
        place = parent
    heap[at + 2 * place], heap[at + 2 * place + 1] = instant, row
    heap[PENDING_COUNT] = count + 1


@scalar
def settle(heap, plan, now):  # type: ignore[no-untyped-def]
    """Lets outcomes count that are known by now; a row forgotten or changed since is merely put in anew."""
    at = heap[PENDING]
    while heap[PENDING_COUNT] > 0 and heap[at] <= now:
        row = heap[at + 1]
        count = heap[PENDING_COUNT] - 1
        heap[at], heap[at + 1] = heap[at + 2 * count], heap[at + 2 * count + 1]
        heap[PENDING_COUNT] = count
        _sift_down(heap, at, count)
        if heap[row + STATUS] & LIVE:
            leave_lanes(heap, plan, row)
            enter_lanes(heap, plan, row, now)


# Entering.


@part
def _fault(heap, plan, events, r):  # type: ignore[no-untyped-def]
    """Why an event cannot enter; 0 where it can."""
    time = events[r, TIME - 1]
    if time < FIRST or time >= LAST:
        return OUT_OF_RANGE
    if events[r, KNOWN - 1] < heap[KNOWN_UNTIL]:
        return GOES_BACK
    if heap[TOP] > heap[LIMIT]:
        return FULL
    return 0


@scalar
def enter(heap, plan, events, r, now):  # type: ignore[no-untyped-def]
    """Enters one event: a new one, or a version that supersedes; False where a sum could overflow."""
    row = take_row(heap, plan)
    for word in range(1, FIELDS + plan[PLAN_FIELDS]):
        heap[row + word] = events[r, word - 1]
    heap[row + STATUS] |= LIVE
    if _is_large(heap, plan, row) and sum_could_overflow(heap, plan, row, now):
        give_back_row(heap, row)
        return False
    place = find_row(heap, plan, row)
    old = heap[place]
    if old != 0:
        if heap[row + KNOWN] == heap[old + KNOWN] and heap[row + LOAD] < heap[old + LOAD]:
            give_back_row(heap, row)
            return True
        leave_lanes(heap, plan, old)
        for word in range(1, FIELDS + plan[PLAN_FIELDS]):
            heap[old + word] = heap[row + word]
        give_back_row(heap, row)
        row = old
    elif heap[row + TIME] < heap[KEPT_FROM]:
        give_back_row(heap, row)
        return True
    else:
        _remember(heap, plan, row, place)
    enter_lanes(heap, plan, row, now)
    for i in range(plan[PLAN_PENDING]):
        known = heap[row + FIELDS + plan[plan[PENDING_AT] + i]]
        if known != MISSING and known > now:
            _wait_for(heap, known, row)
    return True


@part
def _is_large(heap, plan, row):  # type: ignore[no-untyped-def]
    """Whether values, or one of the row, are so large that the sums must be looked at."""
    bound = MOST // (plan[WEIGHT] * heap[LARGEST] * 2) - 1
    if heap[LARGEST_VALUE] >= bound:
        return True
    for field in range(plan[PLAN_FIELDS]):
        value = heap[row + FIELDS + field]
        if plan[plan[MEASURES_AT] + field] and value != MISSING and abs(value) >= bound:
            return True
    return False


@part
def _remember(heap, plan, row, place):  # type: ignore[no-untyped-def]
    """Puts a new row into the index and at the end of the queue."""
    heap[place] = row
    heap[ROWS] += 1
    heap[row + NEXT] = 0
    if heap[QUEUE_LAST] == 0:
        heap[QUEUE_FIRST] = row
    else:
        heap[heap[QUEUE_LAST] + NEXT] = row
    heap[QUEUE_LAST] = row
    if 10 * heap[ROWS] > 7 * heap[INDEX_SIZE]:
        grow_index(heap, plan)


@part
def _group_end(events, first, last):  # type: ignore[no-untyped-def]
    end = first + 1
    while end < last and events[end, KNOWN - 1] == events[first, KNOWN - 1]:
        end += 1
    return end


@kernel(nb.int64(*MEMORY, I2, nb.int64, nb.int64, nb.boolean, *ANSWER))
def enter_events(  # type: ignore[no-untyped-def]
    heap, plan, events, first, last, answering, whole, real, present, wide
):
    """Enters events[first:last] and answers them in the rows first … of the answer; the first not entered.

    `whole` and `real` are two views of the same memory.
    """
    if first < last and events[first, KNOWN - 1] == heap[KNOWN_UNTIL]:
        heap[SPLIT] += 1
    while first < last:
        now = events[first, KNOWN - 1]
        end = _group_end(events, first, last)
        for r in range(first, end):
            heap[FAULT] = _fault(heap, plan, events, r)
            if heap[FAULT] != 0:
                return r
        settle(heap, plan, now)
        heap[KNOWN_UNTIL] = now
        heap[KEPT_FROM] = max(heap[KEPT_FROM], now - plan[REACH])
        for r in range(first, end):
            if not enter(heap, plan, events, r, now):
                heap[FAULT] = OVERFLOW
                return r
            heap[ENTERED] += 1
        if answering:
            for r in range(first, end):
                answer(heap, plan, events, r, wide, whole, real, present, r)
        for _ in range(first, end):
            let_old_go(heap, plan)
        first = end
    return last


@kernel(nb.int64(*MEMORY, I2, nb.int64, nb.int64))
def learn(heap, plan, subjects, field, now):  # type: ignore[no-untyped-def]
    """Brings knowledge to an instant: of outcomes, and of verdicts, pairs (subject, 0 or 1) for a field.

    The number of rows whose verdict changed.
    """
    settle(heap, plan, now)
    heap[KNOWN_UNTIL] = max(heap[KNOWN_UNTIL], now)
    heap[KEPT_FROM] = max(heap[KEPT_FROM], now - plan[REACH])
    changed = np.int64(0)
    for i in range(subjects.shape[0]):
        mask = heap[INDEX_SIZE] - 1
        place = mix(subjects[i, 0]) & mask
        while heap[heap[INDEX] + place] != 0:
            row = heap[heap[INDEX] + place]
            if heap[row + FIELDS] == subjects[i, 0] and heap[row + FIELDS + field] != subjects[i, 1]:
                leave_lanes(heap, plan, row)
                heap[row + FIELDS + field] = subjects[i, 1]
                enter_lanes(heap, plan, row, now)
                changed += 1
            place = (place + 1) & mask
    return changed


@kernel(nb.int64(*MEMORY, nb.int64[:, ::1]))
def list_rows(heap, plan, found):  # type: ignore[no-untyped-def]
    """Lists (event_time, known_at, version key …) of all rows; their number."""
    row, count = heap[QUEUE_FIRST], 0
    while row != 0:
        found[count, 0], found[count, 1] = heap[row + TIME], heap[row + KNOWN]
        for field in range(plan[VERSION_FIELDS]):
            found[count, 2 + field] = heap[row + FIELDS + field]
        count += 1
        row = heap[row + NEXT]
    return count
