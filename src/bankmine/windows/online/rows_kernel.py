"""Rows of an online state: which passes a row counts in, how it enters its lanes and leaves them.

A lane holds what is known now, and only that: a correction takes the earlier version's entries out and puts
its own in; a row whose outcome becomes known is taken out and put in anew. So no entry needs an interval
of knowledge, and the pointers of a lane start over only where something before them changed.

A leaf module: Numba is slow to import.
"""

import numpy as np

from bankmine.windows.kernels.compiling import part, scalar
from bankmine.windows.online.civil_kernel import civil_day
from bankmine.windows.online.lane_kernel import ABSOLUTE, E_DAY, E_VALUE, trim
from bankmine.windows.online.late_kernel import push_late, unpush
from bankmine.windows.online.memory_kernel import (
    FIELDS,
    add_key,
    find_key,
    forget_key,
    forget_row,
    give_back,
    give_back_row,
    size_of,
    take,
)
from bankmine.windows.online.ring_kernel import (
    CAPACITY,
    E_ITEM,
    HEAD,
    HIGH,
    RING,
    TAIL,
    close_gap,
    entry,
    give_back_ring,
    open_gap,
    place_of,
    resize,
)
from bankmine.windows.online.words import (
    CANCELLED,
    E_ROW,
    E_TIME,
    FIRST_CAPACITY,
    MISSING,
    PRIMARY,
    TEST_AT_LEAST,
    TEST_BELOW,
    TEST_HAVING,
    TEST_IN,
    TEST_LACKING,
    Group,
    Head,
    Lane,
    Pass,
    Plan,
    Row,
)

TIME, KNOWN, STATUS, NEXT = int(Row.TIME), int(Row.KNOWN), int(Row.STATUS), int(Row.NEXT)
PLAN_GROUPS, GROUPS_AT, WEIGHT = int(Plan.GROUPS), int(Plan.GROUPS_AT), int(Plan.WEIGHT)
G_KEY, G_PRIMARY_ONLY, G_LANES = int(Group.KEY), int(Group.PRIMARY_ONLY), int(Group.LANES)
G_PASSES, G_FIRST = int(Group.PASSES), int(Group.FIRST)
P_LANE, SLOTS, VALUE, ITEM = int(Pass.LANE), int(Pass.SLOTS), int(Pass.VALUE), int(Pass.ITEM)
BY, BY_KNOWN, LEVELS, LEVELS_AT = int(Pass.BY), int(Pass.BY_KNOWN), int(Pass.LEVELS), int(Pass.LEVELS_AT)
CONDITIONS, CONDITIONS_AT = int(Pass.CONDITIONS), int(Pass.CONDITIONS_AT)
P_KNOWN, P_KNOWN_AT = int(Pass.KNOWN), int(Pass.KNOWN_AT)
LANE_CLASS, RING_CLASS, W_SUM = int(Pass.LANE_CLASS), int(Pass.RING_CLASS), int(Pass.W_SUM)
LANE_KEY = int(Lane.KEY)
KEPT_FROM, LANES, LATE = int(Head.KEPT_FROM), int(Head.LANES), int(Head.LATE)
LARGEST, LARGEST_VALUE = int(Head.LARGEST), int(Head.LARGEST_VALUE)
QUEUE_FIRST, QUEUE_LAST = int(Head.QUEUE_FIRST), int(Head.QUEUE_LAST)
MOST = np.iinfo(np.int64).max
LEFT_AT_ONCE = 4


@part
def _meets(heap, plan, row, at, value):  # type: ignore[no-untyped-def]
    """Whether a value meets the condition at a place of the plan: (field, test, count, values …)."""
    test = plan[at + 1]
    if value == MISSING:
        return test == TEST_LACKING
    if test == TEST_IN:
        for i in range(plan[at + 2]):
            if plan[at + 3 + i] == value:
                return True
    if test == TEST_AT_LEAST:
        return value >= plan[at + 3]
    if test == TEST_BELOW:
        return value < plan[at + 3]
    return test == TEST_HAVING


@scalar
def slot_of(heap, plan, p, row, now):  # type: ignore[no-untyped-def]
    """The slot of the pass a row counts in, as known now; −1 where in none."""
    for i in range(plan[p + P_KNOWN]):
        known = heap[row + FIELDS + plan[plan[p + P_KNOWN_AT] + i]]
        if known == MISSING or known > now:
            return -1
    if plan[p + VALUE] >= 0 and heap[row + FIELDS + plan[p + VALUE]] == MISSING:
        return -1
    at = plan[p + CONDITIONS_AT]
    for _ in range(plan[p + CONDITIONS]):
        if not _meets(heap, plan, row, at, heap[row + FIELDS + plan[at]]):
            return -1
        at += 3 + plan[at + 2]
    if plan[p + BY] < 0:
        return 0
    other = plan[p + SLOTS] - 1
    code = heap[row + FIELDS + plan[p + BY]]
    if plan[p + BY_KNOWN] >= 0:
        known = heap[row + FIELDS + plan[p + BY_KNOWN]]
        if known == MISSING or known > now:
            return other
    if code < 0 or code >= plan[p + LEVELS]:
        return other
    return plan[plan[p + LEVELS_AT] + code]


@part
def counts_for(heap, plan, g, row):  # type: ignore[no-untyped-def]
    """The key of a row in a group; MISSING where it has none or is another owner's copy."""
    if plan[g + G_PRIMARY_ONLY] and not heap[row + STATUS] & PRIMARY:
        return np.int64(MISSING)
    return heap[row + FIELDS + plan[g + G_KEY]]


@scalar
def record_of(heap, group, key):  # type: ignore[no-untyped-def]
    """What a key of a group leads to: its lane where the group has one, else a list of lanes; 0 without."""
    found = find_key(heap, group, key)
    return heap[found + 1] if heap[found] == key else np.int64(0)


@part
def lane_at(heap, plan, g, record, number):  # type: ignore[no-untyped-def]
    """A lane of a key; 0 where it has no entries."""
    if plan[g + G_LANES] == 1:
        return record
    return heap[record + number]


@part
def _list_class(lanes):  # type: ignore[no-untyped-def]
    number = 0
    while size_of(number) < lanes:
        number += 1
    return number


@scalar
def open_lane(heap, plan, group, g, p, number, key):  # type: ignore[no-untyped-def]
    """The lane of a key, made where there is none."""
    record = record_of(heap, group, key)
    lanes = plan[g + G_LANES]
    if record != 0 and lane_at(heap, plan, g, record, number) != 0:
        return lane_at(heap, plan, g, record, number)
    lane = take(heap, plan[p + LANE_CLASS])
    for word in range(lane, lane + size_of(plan[p + LANE_CLASS])):
        heap[word] = 0
    heap[lane + LANE_KEY] = key
    heap[lane + RING], heap[lane + CAPACITY] = take(heap, plan[p + RING_CLASS]), FIRST_CAPACITY
    heap[LANES] += 1
    heap[LARGEST] = max(heap[LARGEST], FIRST_CAPACITY)
    if lanes == 1:
        add_key(heap, group, key, lane)
        return lane
    if record == 0:
        record = take(heap, _list_class(lanes))
        for word in range(record, record + lanes):
            heap[word] = 0
        add_key(heap, group, key, record)
    heap[record + number] = lane
    return lane


@scalar
def close_lane(heap, plan, group, g, p, number, key, lane):  # type: ignore[no-untyped-def]
    """Frees a lane without entries, and the key where that was its last."""
    give_back_ring(heap, plan, p, lane)
    give_back(heap, lane, plan[p + LANE_CLASS])
    heap[LANES] -= 1
    lanes = plan[g + G_LANES]
    if lanes == 1:
        forget_key(heap, group, key)
        return
    record = record_of(heap, group, key)
    heap[record + number] = 0
    for word in range(record, record + lanes):
        if heap[word] != 0:
            return
    give_back(heap, record, _list_class(lanes))
    forget_key(heap, group, key)


@scalar
def put_in(heap, plan, p, lane, row):  # type: ignore[no-untyped-def]
    """Puts a row into a lane; where windows hold later entries it is worked into them."""
    if heap[lane + TAIL] - heap[lane + HEAD] == heap[lane + CAPACITY]:
        resize(heap, plan, p, lane, 2 * heap[lane + CAPACITY])
    time = heap[row + TIME]
    place = place_of(heap, plan, p, lane, row, time)
    open_gap(heap, plan, p, lane, place)
    at = entry(heap, plan, p, lane, place)
    heap[at + E_ROW], heap[at + E_TIME] = row, time
    if plan[p + E_VALUE] >= 0:
        value = heap[row + FIELDS + plan[p + VALUE]]
        heap[at + plan[p + E_VALUE]] = value
        heap[lane + ABSOLUTE] += abs(value)
        heap[LARGEST_VALUE] = max(heap[LARGEST_VALUE], abs(value))
    if plan[p + E_ITEM] >= 0:
        heap[at + plan[p + E_ITEM]] = heap[row + FIELDS + plan[p + ITEM]]
    if plan[p + E_DAY] >= 0:
        heap[at + plan[p + E_DAY]] = civil_day(heap, plan, time)
    if place < heap[lane + HIGH]:
        heap[LATE] += 1
        push_late(heap, plan, p, lane, place)


@scalar
def take_out(heap, plan, p, lane, row):  # type: ignore[no-untyped-def]
    """Takes a row out of a lane, if it is in it."""
    place = place_of(heap, plan, p, lane, row, heap[row + TIME])
    if place >= heap[lane + TAIL]:
        return
    at = entry(heap, plan, p, lane, place)
    if heap[at + E_ROW] != row:
        return
    if plan[p + E_VALUE] >= 0:
        heap[lane + ABSOLUTE] -= abs(heap[at + plan[p + E_VALUE]])
    if place < heap[lane + HIGH]:
        unpush(heap, plan, p, lane, place)
    close_gap(heap, plan, p, lane, place)


@scalar
def enter_lanes(heap, plan, row, now):  # type: ignore[no-untyped-def]
    """Puts a row into all lanes it counts in, as known now."""
    if heap[row + STATUS] & CANCELLED or heap[row + TIME] < heap[KEPT_FROM]:
        return
    for group in range(plan[PLAN_GROUPS]):
        g = plan[plan[GROUPS_AT] + group]
        key = counts_for(heap, plan, g, row)
        if key == MISSING:
            continue
        for i in range(plan[g + G_PASSES]):
            p = plan[g + G_FIRST + i]
            slot = slot_of(heap, plan, p, row, now)
            if slot >= 0:
                number = plan[p + P_LANE] + slot
                put_in(heap, plan, p, open_lane(heap, plan, group, g, p, number, key), row)


@scalar
def leave_lanes(heap, plan, row):  # type: ignore[no-untyped-def]
    """Takes a row out of every lane of its keys; lanes left empty are freed."""
    for group in range(plan[PLAN_GROUPS]):
        g = plan[plan[GROUPS_AT] + group]
        key = counts_for(heap, plan, g, row)
        if key == MISSING:
            continue
        for i in range(plan[g + G_PASSES]):
            p = plan[g + G_FIRST + i]
            for slot in range(plan[p + SLOTS]):
                number = plan[p + P_LANE] + slot
                record = record_of(heap, group, key)
                lane = lane_at(heap, plan, g, record, number) if record != 0 else 0
                if lane != 0:
                    take_out(heap, plan, p, lane, row)
                    if heap[lane + HEAD] == heap[lane + TAIL]:
                        close_lane(heap, plan, group, g, p, number, key, lane)


@scalar
def _let_go(heap, plan, row):  # type: ignore[no-untyped-def]
    """Forgets a row, and with it all entries of its keys that no window asks for again."""
    for group in range(plan[PLAN_GROUPS]):
        g = plan[plan[GROUPS_AT] + group]
        key = counts_for(heap, plan, g, row)
        record = record_of(heap, group, key) if key != MISSING else 0
        if record == 0:
            continue
        for i in range(plan[g + G_PASSES]):
            p = plan[g + G_FIRST + i]
            for slot in range(plan[p + SLOTS]):
                number = plan[p + P_LANE] + slot
                lane = lane_at(heap, plan, g, record, number)
                if lane == 0:
                    continue
                trim(heap, plan, p, lane)
                if heap[lane + HEAD] == heap[lane + TAIL]:
                    close_lane(heap, plan, group, g, p, number, key, lane)
                    record = record_of(heap, group, key)
                    if record == 0:
                        break
            if record == 0:
                break
    forget_row(heap, plan, row)
    give_back_row(heap, row)


@scalar
def let_old_go(heap, plan):  # type: ignore[no-untyped-def]
    """Forgets up to LEFT_AT_ONCE of the rows that became known first and are too old."""
    for _ in range(LEFT_AT_ONCE):
        row = heap[QUEUE_FIRST]
        if row == 0 or heap[row + TIME] >= heap[KEPT_FROM]:
            return
        heap[QUEUE_FIRST] = heap[row + NEXT]
        if heap[QUEUE_FIRST] == 0:
            heap[QUEUE_LAST] = 0
        _let_go(heap, plan, row)


@scalar
def sum_could_overflow(heap, plan, row, now):  # type: ignore[no-untyped-def]
    """Whether a sum of some window could pass 64 bits with this row: exact, by the lanes' magnitudes."""
    for group in range(plan[PLAN_GROUPS]):
        g = plan[plan[GROUPS_AT] + group]
        key = counts_for(heap, plan, g, row)
        if key == MISSING:
            continue
        record = record_of(heap, group, key)
        for i in range(plan[g + G_PASSES]):
            p = plan[g + G_FIRST + i]
            slot = slot_of(heap, plan, p, row, now)
            if slot < 0 or plan[p + W_SUM] < 0:
                continue
            held = np.int64(0)
            for one in range(plan[p + SLOTS]):
                lane = lane_at(heap, plan, g, record, plan[p + P_LANE] + one) if record != 0 else 0
                held += heap[lane + ABSOLUTE] if lane != 0 else 0
            if held >= MOST // plan[WEIGHT] - abs(heap[row + FIELDS + plan[p + VALUE]]):
                return True
    return False
