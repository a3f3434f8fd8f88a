"""Where everything of an online state lies: one array of 64-bit words, the *memory*, and the *plan*.

Plain numbers shared by the kernels and by the code that builds plans, reads figures and writes files.

    memory   header | groups | scratch | blocks …
    blocks   tables of keys, lanes, rings, pages of rows; each of a size class, free ones in lists

A *row* is one event as last known. A *lane* is the history of one key in one slot of one pass: a ring of
entries in the order of events, with pointers to where each window begins and where all of them end:

    ring     . . e3 e4 e5 e6 e7 e8 e9 . .
                 ^HEAD ^LOW[7d] ^LOW[1h] ^HIGH ^TAIL     [HEAD, HIGH) is pushed, [HIGH, TAIL) waits

A place in a ring is a number that only grows; the entry lies at the place modulo the capacity.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

MISSING = int(np.iinfo(np.int64).min)
NEVER = int(np.iinfo(np.int64).max)
GROUP_LIMIT = 16
CLASSES = 96
FIRST_CAPACITY = 4
HASHED_FROM = 64
"""A ring of that many entries keeps a hash of the values it counts; a shorter one is looked through."""


class Head(IntEnum):
    """Words of the memory's header."""

    TOP = 0  # the first word never used
    LIMIT = 1
    LARGEST = 2  # capacity of the largest ring so far
    LARGEST_VALUE = 3
    ROW_FREE = 4
    PAGE = 5  # rows are cut from [PAGE, PAGE_END)
    PAGE_END = 6
    QUEUE_FIRST = 7  # rows in the order they became known
    QUEUE_LAST = 8
    INDEX = 9  # hash table of rows by version key
    INDEX_SIZE = 10
    ROWS = 11
    PENDING = 12  # heap of (instant, row): outcomes not known yet
    PENDING_CLASS = 13
    PENDING_COUNT = 14
    KEPT_FROM = 15  # every event from here on is kept
    KNOWN_UNTIL = 16
    ENTERED = 17
    TOO_LATE = 18
    LATE = 19
    SPLIT = 20
    LANES = 21
    RING_ENTRIES = 22
    FAULT = 23
    HINT = 24  # place in the zone's table of changes that was right last time
    HINT_LOCAL = 25
    SLID_BACK = 26  # answers read directly from a ring
    FREE = 32  # CLASSES heads of lists of free blocks
    GROUPS = 128  # GROUP_LIMIT times (table, size, count)
    RUN = 192  # totals of one window
    SCRATCH = 224


class Fault(IntEnum):
    """Why a row was not entered."""

    NONE = 0
    KNOWLEDGE_GOES_BACK = 1
    OUT_OF_RANGE = 2
    FULL = 3
    OVERFLOW = 4


class Row(IntEnum):
    """Words of a row in memory; an event given to a kernel has the same without NEXT."""

    NEXT = 0
    TIME = 1
    SEQ = 2
    KNOWN = 3
    LOAD = 4
    STATUS = 5
    FIELDS = 6


CANCELLED, PRIMARY, LIVE = 1, 2, 4
EVENT_FIELDS = int(Row.FIELDS) - 1


class Plan(IntEnum):
    """Words of the plan's header; `…_AT` are places in the plan."""

    ROW_WORDS = 0
    FIELDS = 1
    VERSION_FIELDS = 2  # the first fields are the version key
    GROUPS = 3
    GROUPS_AT = 4  # places of the groups
    EDGES = 5
    EDGES_AT = 6
    REACH = 7  # µs: an event older than that, by knowledge, is in no window
    COVERED_FROM = 8
    ZONE = 9
    ZONE_AT = 10  # instants, offsets, local edges, ZONE words each
    LOCAL_AT = 11  # scratch: local time of each edge
    FOUND_AT = 12  # scratch: the instant of each edge
    AMOUNTS_AT = 13  # scratch: amounts by slot and window
    COLUMNS = 14
    RATIOS = 15
    RATIOS_AT = 16  # (numerator, denominator, column)
    PENDING = 17
    PENDING_AT = 18  # fields that say from when outcomes are known
    LANES = 19
    CUTOFF_DAY = 20  # whether the cutoff's civil day is asked
    WEIGHT = 21
    PAGE_CLASS = 22
    MEASURES_AT = 23  # of each field, whether a pass sums it
    HOME_FIELDS = 24  # fields of the version key that place a row in the index
    SIZE = 32


class Edge(IntEnum):
    """Words of an edge: an instant some time before another edge, or before the cutoff (BASE −1)."""

    UNIT = 0
    COUNT = 1
    BASE = 2
    FLOORED = 3  # not before the coverage
    SIZE = 4


MINUTES, HOURS, DAYS, MONTHS, ALL = range(5)


class Group(IntEnum):
    """Words of a group: all passes under one key."""

    KEY = 0  # field
    PRIMARY_ONLY = 1
    LANES = 2
    PASSES = 3
    FIRST = 4  # places of the passes follow


class Pass(IntEnum):
    """Words of a pass; fields, offsets and edges that it does not have are −1."""

    LANE = 0  # its first lane in the group
    SLOTS = 1
    WINDOWS = 2
    WANTED = 3
    VALUE = 4
    ITEM = 5
    BY = 6
    BY_KNOWN = 7
    LEVELS = 8
    LEVELS_AT = 9  # slot of each code
    END = 10  # edge where windows end; −1 at the position
    CONDITIONS = 11
    CONDITIONS_AT = 12
    KNOWN = 13
    KNOWN_AT = 14  # fields of instants before which no entry counts
    STARTS_AT = 15  # edge of each window's start
    READINGS = 16
    READINGS_AT = 17  # (slot, window, op, column), by slot and window
    SHARES = 18
    SHARES_AT = 19  # (slot, window, column)
    TRENDS = 20
    TRENDS_AT = 21  # (slot, months, column, place of the windows)
    AMOUNTS = 22  # whether amounts are kept for shares and trends
    LANE_CLASS = 23
    RING_CLASS = 24  # of a ring of FIRST_CAPACITY
    STRIDE = 25  # words of an entry
    E_VALUE = 26
    E_ITEM = 27
    E_NEXT = 28  # row of the next pushed entry with the same item
    E_DAY = 29
    E_MOVED = 30  # words that move with an entry; queues lie above
    E_HIGH = 31
    E_LOW = 32
    L_HASH = 33
    L_HIGH = 34  # begin and end of the queue of falling values
    L_LOW = 35
    L_WINDOWS = 36
    W_STRIDE = 37
    W_SUM = 38
    W_SQUARES = 39
    W_GAPS = 40
    W_DIFFERENT = 41
    W_DAYS = 42
    W_HIGH = 43
    W_LOW = 44
    SIZE = 45


class Lane(IntEnum):
    """Words of a lane's header; hash, queues and windows follow as the pass says."""

    KEY = 0
    RING = 1
    CAPACITY = 2
    HEAD = 3
    TAIL = 4
    HIGH = 5
    ABSOLUTE = 6  # sum of the magnitudes of all entries
    SIZE = 7


E_ROW, E_TIME = 0, 1
W_BEGIN = 0
TEST_IN, TEST_AT_LEAST, TEST_BELOW, TEST_HAVING, TEST_LACKING = range(5)


def class_of(words: int) -> int:
    """The smallest size class that holds that many words: 2, 3, 4, 6, 8, 12, 16, 24 …"""
    number = 0
    while (2 + (number & 1)) << (number >> 1) < words:
        number += 1
    return number
