"""Hot start: an online state filled from the warehouse, and a newly declared feature filled without a gap.

The warehouse is read bucket by bucket. Only rows that can still matter are kept: those that happened within
the longest window and the lateness, and every row known since the first of them, which may supersede one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank import catalogue
from bankmine.errors import FeasibilityError, UsageError
from bankmine.windows.declaration import Feature
from bankmine.windows.online.state import OnlineState
from bankmine.windows.online.words import Head, Plan, Row
from bankmine.windows.plan import check_tables, parts
from bankmine.windows.reading.reader import Readable

Ints = NDArray[np.int64]
_TIME, _KNOWN = int(Row.TIME) - 1, int(Row.KNOWN) - 1


def fill_from(
    warehouse: Readable, features: Sequence[Feature], *, until: int, lateness: str, limit: int | None
) -> OnlineState:
    """A state that knows what the warehouse knew at `until` (µs)."""
    check_tables(warehouse, features)
    table = parts(features)[0].source.table
    coverage = warehouse.coverage(table)
    if coverage is None:
        raise FeasibilityError(
            f"no load states the period of {table}", hint="State it in the mapping's coverage."
        )
    state = OnlineState.start(
        features, zone=warehouse.zone, covered_from=coverage[0], lateness=lateness, limit=limit
    )
    _give_feedback(state, warehouse, until)
    events = _history(state, warehouse, until)
    state._enter(events, None, answering=False)
    state._tell(until)
    _know(state, until)
    return state


def extend(state: OnlineState, more: Sequence[Feature], warehouse: Readable) -> OnlineState:
    """A state with more features, as if it had had them from the start."""
    features = [*state.features, *(feature for feature in more if feature not in state.features)]
    made = fill_from(
        warehouse, features, until=state.known_until, lateness=str(state.lateness),
        limit=8 * int(state._memory[Head.LIMIT]),
    )  # fmt: skip
    lacking = _not_in(state, made)
    if lacking:
        raise UsageError(
            f"the warehouse lacks {lacking} events that the state knows",
            hint="Load them first; then the new features begin without a gap.",
        )
    made._memory[Head.ENTERED] = state.offset
    made._feedback.entered = state.feedback_offset
    made._feedback.coming = [*state._feedback.coming]
    made._feedback.versions = dict(state._feedback.versions) | made._feedback.versions
    return made


def _know(state: OnlineState, until: int) -> None:
    from bankmine.windows.online.kernel import learn

    learn(state._memory, state._numbers, np.zeros((0, 2), np.int64), 0, until)


def _history(state: OnlineState, warehouse: Readable, until: int) -> Ints:
    """The events that can still matter, ascending in known_at and in order within it."""
    horizon = until - int(state._numbers[Plan.REACH])
    events, earliest = _read(state, warehouse, until, horizon, horizon)
    if earliest < horizon:
        events, _ = _read(state, warehouse, until, horizon, earliest)
    order = np.lexsort((events[:, int(Row.SEQ) - 1], events[:, _TIME], events[:, _KNOWN]))
    return np.ascontiguousarray(events[order])


def _read(
    state: OnlineState, warehouse: Readable, until: int, horizon: int, known_since: int
) -> tuple[Ints, int]:
    """Rows that happened or were known since; and when the first row that happened since was known."""
    table = state._plan.table
    buckets: list[int | None] = list(range(warehouse.buckets(table)))
    if catalogue.table(table).bucket_key is None:
        buckets = [None]
    found, earliest = [], horizon
    for bucket in buckets:
        events = state._plan.fields.read(warehouse.read(table, state.columns, bucket=bucket))
        known, recent = events[:, _KNOWN], events[:, _TIME] >= horizon
        recent &= known <= until
        if recent.any():
            earliest = min(earliest, int(known[recent].min()))
        found.append(events[recent | ((known >= known_since) & (known <= until))])
    return np.concatenate(found), earliest


def _give_feedback(state: OnlineState, warehouse: Readable, until: int) -> None:
    """Gives the verdicts known by then."""
    if not state._plan.fields.verdicts or not warehouse.has("feedback"):
        return
    from bankmine.windows.online.verdicts import COLUMNS

    rows = warehouse.read("feedback", list(COLUMNS))
    state._feedback.add(known_by(rows, until), state.known_until)


def known_by(rows: Any, until: int) -> Any:
    """The rows known by an instant."""
    import pyarrow as pa
    import pyarrow.compute as pc

    bound = pa.scalar(until, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    return rows.filter(pc.less_equal(rows.column("known_at"), bound))


def _rows(state: OnlineState) -> Ints:
    """(event_time, known_at, version key …) of the events a state keeps."""
    from bankmine.windows.online.kernel import list_rows

    found = np.zeros((state.events, 2 + int(state._numbers[Plan.VERSION_FIELDS])), np.int64)
    list_rows(state._memory, state._numbers, found)
    return found


def _not_in(state: OnlineState, other: OnlineState) -> int:
    """How many of the events a state keeps, and could still ask for, another lacks."""
    mine, theirs = _rows(state), _rows(other)
    mine = mine[mine[:, 0] >= max(state.kept_from, other.kept_from)]
    both = np.unique(np.concatenate([np.unique(mine, axis=0), np.unique(theirs, axis=0)]), axis=0)
    return len(both) - len(np.unique(theirs, axis=0))
