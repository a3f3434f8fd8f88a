"""Civil time inside the online kernel: where windows begin, by the zone's table of changes.

The same arithmetic as `bank/civil.py` and `edges.py`, one instant at a time: days and months on the wall
calendar (month ends clamp), hours and minutes elapsed. Dates follow Howard Hinnant, "chrono-compatible
low-level date algorithms" (days_from_civil, civil_from_days). A leaf module: Numba is slow to import.
"""

import numpy as np

from bankmine.bank.civil import DAY, HOUR, MINUTE
from bankmine.windows.kernels.compiling import part, scalar
from bankmine.windows.online.words import ALL, DAYS, HOURS, MINUTES, Edge, Head, Plan

ZONE, ZONE_AT = int(Plan.ZONE), int(Plan.ZONE_AT)
EDGES, EDGES_AT, COVERED_FROM = int(Plan.EDGES), int(Plan.EDGES_AT), int(Plan.COVERED_FROM)
LOCAL_AT, FOUND_AT = int(Plan.LOCAL_AT), int(Plan.FOUND_AT)
HINT, HINT_LOCAL = int(Head.HINT), int(Head.HINT_LOCAL)
UNIT, COUNT, BASE, FLOORED = int(Edge.UNIT), int(Edge.COUNT), int(Edge.BASE), int(Edge.FLOORED)
EDGE_SIZE = int(Edge.SIZE)


@part
def _last_not_after(heap, hint, plan, at, count, time):  # type: ignore[no-untyped-def]
    """The place of the last of `count` ascending times not after `time`; remembers it."""
    place = heap[hint]
    if plan[at + place] <= time and (place + 1 == count or time < plan[at + place + 1]):
        return place
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        if plan[at + middle] <= time:
            low = middle
        else:
            high = middle
    heap[hint] = low
    return np.int64(low)


@scalar
def to_local(heap, plan, time):  # type: ignore[no-untyped-def]
    """Local wall-clock µs of an instant."""
    count, at = plan[ZONE], plan[ZONE_AT]
    return time + plan[at + count + _last_not_after(heap, HINT, plan, at, count, time)]


@scalar
def to_utc(heap, plan, local):  # type: ignore[no-untyped-def]
    """The instant of a local time (gap: moved forward; fold: the first)."""
    count, at = plan[ZONE], plan[ZONE_AT]
    place = _last_not_after(heap, HINT_LOCAL, plan, at + 2 * count, count, local)
    return local - plan[at + count + place]


@part
def _days_from_civil(year, month, day):  # type: ignore[no-untyped-def]
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@scalar
def months_before(days, months):  # type: ignore[no-untyped-def]
    """The civil day that many months before a civil day (days since 1970); clamped to the month's end."""
    days += 719468
    era = days // 146097
    of_era = days - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    year += era * 400 + (month <= 2)
    target = year * 12 + month - 1 - months
    year, month = target // 12, target % 12 + 1
    first = _days_from_civil(year, month, 1)
    following = _days_from_civil(year + (month == 12), month % 12 + 1, 1)
    return first + min(day, following - first) - 1


@scalar
def find_edges(heap, plan, cutoff):  # type: ignore[no-untyped-def]
    """Fills the instants of all edges for one cutoff, and the local time of each where it is asked for.

    The word after the last edge's local time keeps the cutoff's.
    """
    at, found, local_at, count = plan[EDGES_AT], plan[FOUND_AT], plan[LOCAL_AT], plan[EDGES]
    for edge in range(count + 1):
        heap[local_at + edge] = -1
    for edge in range(count):
        here = at + edge * EDGE_SIZE
        unit, base = plan[here + UNIT], plan[here + BASE]
        since = heap[found + base] if base >= 0 else cutoff
        if unit == MINUTES:
            moved = since - plan[here + COUNT] * MINUTE
        elif unit == HOURS:
            moved = since - plan[here + COUNT] * HOUR
        elif unit == ALL:
            moved = plan[COVERED_FROM]
        else:
            of_base = local_at + (base if base >= 0 else count)
            if heap[of_base] == -1:
                heap[of_base] = to_local(heap, plan, since)
            local = heap[of_base]
            if unit == DAYS:
                moved = to_utc(heap, plan, local - plan[here + COUNT] * DAY)
            else:
                day = local // DAY
                earlier = months_before(day, plan[here + COUNT])
                moved = to_utc(heap, plan, earlier * DAY + (local - day * DAY))
        if plan[here + FLOORED]:
            moved = max(moved, plan[COVERED_FROM])
        heap[found + edge] = moved


@scalar
def civil_day(heap, plan, time):  # type: ignore[no-untyped-def]
    """The civil day of an instant, days since 1970."""
    return to_local(heap, plan, time) // DAY
