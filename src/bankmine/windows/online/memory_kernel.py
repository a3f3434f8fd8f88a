"""Blocks, rows and hash tables in the memory of an online state.

Blocks come in size classes 2, 3, 4, 6, 8, 12 … words; a freed block goes into the list of its class, and a
list that is empty takes from one of blocks two, four … times as large. Hash tables are open, probed
linearly, and deleted from by shifting back, so they keep no tombstones and never degrade.

A leaf module: Numba is slow to import.
"""

import numpy as np

from bankmine.windows.kernels.compiling import part, scalar
from bankmine.windows.online.words import CLASSES, LIVE, MISSING, Head, Plan, Row

U = np.uint64
TOP, FREE, GROUPS = int(Head.TOP), int(Head.FREE), int(Head.GROUPS)
INDEX, INDEX_SIZE, ROWS = int(Head.INDEX), int(Head.INDEX_SIZE), int(Head.ROWS)
ROW_FREE, PAGE, PAGE_END = int(Head.ROW_FREE), int(Head.PAGE), int(Head.PAGE_END)
FIELDS, NEXT, STATUS = int(Row.FIELDS), int(Row.NEXT), int(Row.STATUS)
ROW_WORDS, VERSION_FIELDS = int(Plan.ROW_WORDS), int(Plan.VERSION_FIELDS)
PAGE_CLASS, HOME_FIELDS = int(Plan.PAGE_CLASS), int(Plan.HOME_FIELDS)


@part
def size_of(number):  # type: ignore[no-untyped-def]
    """Words of a block of that class."""
    return np.int64(2 + (number & 1)) << (number >> 1)


@scalar
def take(heap, number):  # type: ignore[no-untyped-def]
    """A block of a class; what it holds is undefined."""
    larger = number
    while larger < CLASSES and heap[FREE + larger] == 0:
        larger += 2
    if larger >= CLASSES:
        at = heap[TOP]
        heap[TOP] = at + size_of(number)
        return at
    at = heap[FREE + larger]
    heap[FREE + larger] = heap[at]
    while larger > number:
        larger -= 2
        half = at + size_of(larger)
        heap[half] = heap[FREE + larger]
        heap[FREE + larger] = half
    return at


@part
def give_back(heap, at, number):  # type: ignore[no-untyped-def]
    """Frees a block."""
    heap[at] = heap[FREE + number]
    heap[FREE + number] = at


@part
def class_for(size):  # type: ignore[no-untyped-def]
    """The class of blocks of a power of two words."""
    number = 0
    while size_of(number) < size:
        number += 2
    return number


@scalar
def take_filled(heap, size, value):  # type: ignore[no-untyped-def]
    """A block of a power of two words, all of one value."""
    at = take(heap, class_for(size))
    for i in range(at, at + size):
        heap[i] = value
    return at


@part
def mix(x):  # type: ignore[no-untyped-def]
    """splitmix64: places of keys, rows and items in their tables."""
    y = U(x) + U(0x9E3779B97F4A7C15)
    y = (y ^ (y >> U(30))) * U(0xBF58476D1CE4E5B9)
    y = (y ^ (y >> U(27))) * U(0x94D049BB133111EB)
    return np.int64((y ^ (y >> U(31))) >> U(1))


@scalar
def take_row(heap, plan):  # type: ignore[no-untyped-def]
    """Memory for a row."""
    at = heap[ROW_FREE]
    if at != 0:
        heap[ROW_FREE] = heap[at + NEXT]
        return at
    size = plan[ROW_WORDS]
    if heap[PAGE_END] - heap[PAGE] < size:
        heap[PAGE] = take(heap, plan[PAGE_CLASS])
        heap[PAGE_END] = heap[PAGE] + size_of(plan[PAGE_CLASS])
    at = heap[PAGE]
    heap[PAGE] = at + size
    return at


@part
def give_back_row(heap, row):  # type: ignore[no-untyped-def]
    """Frees a row."""
    heap[row + STATUS] &= ~LIVE
    heap[row + NEXT] = heap[ROW_FREE]
    heap[ROW_FREE] = row


# Rows by version key.


@part
def _row_home(heap, plan, row):  # type: ignore[no-untyped-def]
    home = mix(heap[row + FIELDS])
    for field in range(1, plan[HOME_FIELDS]):
        home = mix(home ^ heap[row + FIELDS + field])
    return home


@part
def _same_version(heap, plan, one, other):  # type: ignore[no-untyped-def]
    for field in range(plan[VERSION_FIELDS]):
        if heap[one + FIELDS + field] != heap[other + FIELDS + field]:
            return False
    return True


@scalar
def find_row(heap, plan, row):  # type: ignore[no-untyped-def]
    """Where the index holds the row of the same version key, or has room for it."""
    mask = heap[INDEX_SIZE] - 1
    place = _row_home(heap, plan, row) & mask
    table = heap[INDEX]
    while heap[table + place] != 0 and not _same_version(heap, plan, heap[table + place], row):
        place = (place + 1) & mask
    return table + place


@scalar
def grow_index(heap, plan):  # type: ignore[no-untyped-def]
    """Doubles the index of rows."""
    old, size = heap[INDEX], heap[INDEX_SIZE]
    heap[INDEX] = take_filled(heap, 2 * size, 0)
    heap[INDEX_SIZE] = 2 * size
    for place in range(old, old + size):
        if heap[place] != 0:
            heap[find_row(heap, plan, heap[place])] = heap[place]
    give_back(heap, old, class_for(size))


@scalar
def forget_row(heap, plan, row):  # type: ignore[no-untyped-def]
    """Takes a row out of the index."""
    table, mask = heap[INDEX], heap[INDEX_SIZE] - 1
    hole = find_row(heap, plan, row) - table
    place = hole
    while True:
        place = (place + 1) & mask
        other = heap[table + place]
        if other == 0:
            break
        if ((place - _row_home(heap, plan, other)) & mask) >= ((place - hole) & mask):
            heap[table + hole] = other
            hole = place
    heap[table + hole] = 0
    heap[ROWS] -= 1


# Keys of a group: pairs (key, what it leads to).


@scalar
def find_key(heap, group, key):  # type: ignore[no-untyped-def]
    """Where the table of a group holds a key (or MISSING, room for it); the word after leads on."""
    table, mask = heap[GROUPS + 3 * group], heap[GROUPS + 3 * group + 1] - 1
    place = mix(key) & mask
    while heap[table + 2 * place] != key and heap[table + 2 * place] != MISSING:
        place = (place + 1) & mask
    return table + 2 * place


@scalar
def add_key(heap, group, key, leads_to):  # type: ignore[no-untyped-def]
    """Puts a new key into the table of a group, which doubles where it is two thirds full."""
    at = GROUPS + 3 * group
    old, size = heap[at], heap[at + 1]
    if 3 * (heap[at + 2] + 1) > 2 * size:
        heap[at] = take_filled(heap, 4 * size, MISSING)
        heap[at + 1] = 2 * size
        for place in range(old, old + 2 * size, 2):
            if heap[place] != MISSING:
                found = find_key(heap, group, heap[place])
                heap[found], heap[found + 1] = heap[place], heap[place + 1]
        give_back(heap, old, class_for(2 * size))
    found = find_key(heap, group, key)
    heap[found], heap[found + 1] = key, leads_to
    heap[at + 2] += 1


@scalar
def forget_key(heap, group, key):  # type: ignore[no-untyped-def]
    """Takes a key out of the table of a group."""
    table, mask = heap[GROUPS + 3 * group], heap[GROUPS + 3 * group + 1] - 1
    hole = (find_key(heap, group, key) - table) >> 1
    place = hole
    while True:
        place = (place + 1) & mask
        other = heap[table + 2 * place]
        if other == MISSING:
            break
        if ((place - mix(other)) & mask) >= ((place - hole) & mask):
            heap[table + 2 * hole] = other
            heap[table + 2 * hole + 1] = heap[table + 2 * place + 1]
            hole = place
    heap[table + 2 * hole] = MISSING
    heap[GROUPS + 3 * group + 2] -= 1
