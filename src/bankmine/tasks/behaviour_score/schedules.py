"""Schedules that contradict themselves: found, counted and listed, never silently used.

A loan's events must tell one story. Where they do not, its days past due and what is left cannot be
trusted, so the loan is neither learnt from nor scored from the first contradiction on, and stands on a list
for repair:

- *paid more than due*: since an instalment fell due with nothing older unpaid, more was paid in instalments
  than fell due and one instalment more, which may come before its day (what is paid back early is of the kind
  `prepaid` and does not count);
- *negative principal*: less than nothing is left;
- *due dates out of order*: the next due day named lies before the event that names it, or before the one
  named earlier, without a restructuring;
- *principal grew*: more is left than before without a disbursement, drawing or restructuring;
- *paid after write-off*: an instalment falls due or is paid after the loan was written off;
- *later than the calendar*: days past due grew by more than the days that went by since they were told last;
- *negative amount*;
- *more than was lent*: more is left than was disbursed and drawn, where all of it was seen, or than was left
  by the last restructuring with what was drawn since;
- *went on after its end*: something but a recovery, on a later day than the one on which the principal of a
  loan with instalments reached 0; the day of one instalment may follow, for the last may be paid ahead of it;
- *disbursed twice*: a loan with instalments (what is paid out in parts is drawn);
- *written off first*: before anything else is told of the loan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.warehouse import Warehouse
from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.sql import micros, statement

FOLDER = Path(__file__).parent
KINDS = ("disbursed", "drawn", "due", "paid", "prepaid", "restructured", "written_off", "recovered")
DISBURSED, DRAWN, DUE, PAID, PREPAID, RESTRUCTURED, WRITTEN_OFF, RECOVERED = range(8)
WORDS = {
    "paid_more": "paid more than due",
    "negative": "negative principal",
    "due_dates": "due dates out of order",
    "grew": "principal grew by itself",
    "after_loss": "due or paid after write-off",
    "faster": "days past due grew faster than the calendar",
    "below_zero": "negative amount",
    "above_lent": "more left than was lent",
    "after_end": "went on after its end",
    "twice": "disbursed twice",
    "lost_first": "written off before anything else",
}


@dataclass(frozen=True)
class Events:
    """The n events of loans, sorted by loan and then in their order.

    `day` is the civil day, `time` and `known` are µs; `amount` is 0 where none is given; `principal`,
    `next_day` and `told`, days past due after the event, are NaN where none is given; `line` says that the
    loan is a line of credit.
    """

    loan: Ints
    kind: Ints
    day: Ints
    time: Ints
    known: Ints
    amount: Ints
    principal: Floats
    next_day: Floats
    told: Floats
    line: Truth

    @property
    def late(self) -> Ints:
        """Days past due, 0 where none are told."""
        return np.nan_to_num(self.told).astype(np.int64)

    def __len__(self) -> int:
        return len(self.loan)


def _events(warehouse: Warehouse, found: Any) -> Events:
    """The statement's answer as arrays."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def whole(column: Any) -> Ints:
        return np.asarray(pc.fill_null(column.cast(pa.int64()), 0).to_numpy(), dtype=np.int64)

    def numbers(column: Any) -> Floats:
        return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)

    time = micros(found.column("event_time"))
    days = found.column("due_next_on").cast(pa.int32())
    return Events(
        loan=whole(found.column("loan_id")),
        kind=whole(pc.index_in(found.column("kind").cast(pa.string()), pa.array(KINDS))),
        day=np.asarray(warehouse.zone.day_of(time), dtype=np.int64), time=time,
        known=micros(found.column("known_at")), amount=whole(found.column("amount_minor")),
        principal=numbers(found.column("principal_after_minor")), next_day=numbers(days),
        told=numbers(found.column("days_past_due")),
        line=np.asarray(found.column("is_line").to_numpy(zero_copy_only=False), dtype=np.bool_),
    )  # fmt: skip


def schedules_of(bank: Bank) -> tuple[Events, dict[str, Truth]]:
    """All events of loans as known at the run's cutoff, and which of them break which rule."""
    events, broken, statements = _known(bank.warehouse, bank.cutoff, bank.memory, bank.threads)
    bank.note("schedules", statements)
    return events, broken


@lru_cache(maxsize=1)
def _known(
    warehouse: Warehouse, cutoff: int, memory: str, threads: int
) -> tuple[Events, dict[str, Truth], tuple[str, ...]]:
    """Read once for the questions that ask."""
    with Session(warehouse, cutoff, until=cutoff, memory=memory, threads=threads) as session:
        found = session.arrow(statement(FOLDER, "schedules"))
        statements = tuple(session.statements)
    events = _events(warehouse, found)
    return events, contradictions(events), statements


def contradictions(events: Events) -> dict[str, Truth]:
    """For each rule, which events (n,) break it; one pass over sorted events."""
    start = _latest(np.diff(events.loan, prepend=np.iinfo(np.int64).min) != 0)
    return {
        "paid_more": _paid_more(events, start),
        "negative": events.principal < 0,
        "due_dates": _due_dates(events, start),
        "grew": _grew(events, start),
        "after_loss": _after_loss(events, start),
        "faster": _faster(events, start),
        "below_zero": events.amount < 0,
        "above_lent": _above_lent(events, start),
        "after_end": _after_end(events, start),
        "twice": _twice(events, start),
        "lost_first": (events.kind == WRITTEN_OFF) & (start == np.arange(len(events))),
    }


def first_seen(events: Events, broken: Mapping[str, Truth]) -> tuple[Ints, Ints]:
    """The loans that break a rule, and the first instant (µs) by which one contradiction had happened and was
    known."""
    hit = np.flatnonzero(np.logical_or.reduce([*broken.values(), np.zeros(len(events), np.bool_)]))
    since = np.maximum(events.time[hit], events.known[hit])
    order = np.lexsort((since, events.loan[hit]))
    loans, at = np.unique(events.loan[hit][order], return_index=True)
    return loans, since[order][at]


def _paid_more(events: Events, start: Ints) -> Truth:
    """A balance of due less paid, begun anew at each instalment that falls due with nothing older unpaid; as
    much as that instalment may be paid ahead."""
    fresh = (events.kind == DUE) & (events.late == 0)
    begun = _latest(fresh)
    step = np.where(events.kind == DUE, events.amount, np.where(events.kind == PAID, -events.amount, 0))
    total = np.cumsum(step)
    before = (total - 2 * step)[np.maximum(begun, 0)] if len(begun) else total
    return np.asarray((begun >= start) & (events.kind == PAID) & (total < before), dtype=np.bool_)


def _due_dates(events: Events, start: Ints) -> Truth:
    backwards = events.next_day < events.day
    earlier, place = _last_given(events.next_day, start)
    eased = np.cumsum((events.kind == RESTRUCTURED) | (events.kind == DRAWN))
    same = np.where(place >= 0, eased == eased[np.maximum(place, 0)], False)
    return np.asarray(backwards | (same & (events.next_day < earlier)), dtype=np.bool_)


def _grew(events: Events, start: Ints) -> Truth:
    may = np.isin(events.kind, (DISBURSED, DRAWN, RESTRUCTURED))
    earlier, _ = _last_given(events.principal, start)
    return np.asarray(~may & (events.principal > earlier), dtype=np.bool_)


def _after_loss(events: Events, start: Ints) -> Truth:
    lost = np.cumsum(events.kind == WRITTEN_OFF)
    before = lost - (lost - (events.kind == WRITTEN_OFF))[start] if len(events) else lost
    return np.asarray((before > 0) & np.isin(events.kind, (DUE, PAID)), dtype=np.bool_)


def _faster(events: Events, start: Ints) -> Truth:
    earlier, place = _last_given(events.told, start)
    gone = events.day - events.day[np.maximum(place, 0)] if len(events) else events.day
    return np.asarray(events.told > earlier + gone, dtype=np.bool_)


def _above_lent(events: Events, start: Ints) -> Truth:
    """What was lent is known from a loan's first event on, if that lends from nothing, and from a
    restructuring on that tells what is left; an amount that is missing ends the knowledge."""
    if not len(events):
        return np.zeros(0, np.bool_)
    lends = np.isin(events.kind, (DISBURSED, DRAWN))
    first = start == np.arange(len(events))
    begins = (first & lends & (events.principal == events.amount)) | (
        (events.kind == RESTRUCTURED) & ~np.isnan(events.principal)
    )
    place = _latest(begins)
    lent = np.cumsum(np.where(lends, events.amount, 0))
    blind = np.cumsum((lends & (events.amount <= 0)) | ((events.kind == RESTRUCTURED) & ~begins))
    since = np.maximum(place, 0)
    bound = events.principal[since] + (lent - lent[since])
    known = (place >= start) & (blind == blind[since])
    return np.asarray(known & (events.principal > bound), dtype=np.bool_)


def _after_end(events: Events, start: Ints) -> Truth:
    """The first day of a loan's end is that of the first event that leaves nothing where something was; the
    first instalment after it that leaves nothing past due was paid ahead."""
    earlier, _ = _last_given(events.principal, start)
    end = (events.principal == 0) & (earlier > 0) & ~events.line
    ended = np.cumsum(end)
    before = ended - (ended - end)[start] if len(events) else ended
    first = _latest(end & (before == 1))
    later = (before > 0) & (events.day > events.day[np.maximum(first, 0)]) if len(events) else end
    falls = later & (events.kind == DUE) & (events.late == 0)
    many = np.cumsum(falls)
    ahead = falls & (many == (many - falls)[start] + 1) if len(events) else falls
    return np.asarray(later & (events.kind != RECOVERED) & ~ahead, dtype=np.bool_)


def _twice(events: Events, start: Ints) -> Truth:
    lent = (events.kind == DISBURSED) & ~events.line
    many = np.cumsum(lent)
    before = (many - lent) - (many - lent)[start] if len(events) else many
    return np.asarray(lent & (before > 0), dtype=np.bool_)


def _last_given(values: Floats, start: Ints) -> tuple[Floats, NDArray[np.int64]]:
    """The value given last before each event of the same loan (NaN where none) and its place (−1)."""
    count = len(values)
    place = np.concatenate([[-1], _latest(~np.isnan(values))[:-1]])[:count].astype(np.int64)
    place = np.where(place >= start, place, -1)
    found = np.where(place >= 0, values[np.maximum(place, 0)], np.nan) if count else values
    return found, place


def _latest(hit: Truth) -> Ints:
    """For each place the latest one at or before it that is hit, −1 where none is."""
    at = np.where(hit, np.arange(len(hit)), -1)
    return np.asarray(np.maximum.accumulate(at) if len(at) else at, dtype=np.int64)
