"""Which events moved the answer: each event, and each burst of one kind, is left out and the row asked again.

Occlusion after Zeiler and Fergus (2014), on the events themselves: the sequence without them is encoded anew,
so the gap of the event behind grows, as it would had they never happened. Effects of events that only count
together (the second of a pair) are shared by neither: that is why bursts are left out as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.learner import check_whole, is_number
from bankmine.mining.sequence.events import DAY, Sequences

VARIANTS_AT_ONCE = 2_048


@dataclass(frozen=True)
class EventReason:
    """Events of one kind that moved a row's answer by `contribution` log-odds.

    `first` and `last` are µs; `days` is the number of days they span, both ends counted; `month` is that of
    the first, "2025-05" (UTC); `events` are positions in the row, counted from 0; `kind` is None where
    missing.
    """

    kind: str | None
    count: int
    first: int
    last: int
    days: int
    month: str
    contribution: float
    events: tuple[int, ...]


@dataclass(frozen=True)
class EventReasons:
    """The strongest reasons of each row."""

    rows: tuple[tuple[EventReason, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, position: int) -> list[EventReason]:
        """The reasons of one row, strongest first."""
        return list(self.rows[position])

    def to_arrow(self) -> pa.ListArray:
        """`list<struct<kind, count, first, last, days, month, contribution, events>>`, one list a row."""
        instant = pa.timestamp("us", tz="UTC")
        kinds = {
            "kind": pa.string(), "count": pa.int64(), "first": instant, "last": instant, "days": pa.int64(),
            "month": pa.string(), "contribution": pa.float64(), "events": pa.list_(pa.int64()),
        }  # fmt: skip
        content = [[asdict(reason) for reason in reasons] for reasons in self.rows]
        return pa.array(content, pa.list_(pa.struct(list(kinds.items()))))


def occluded(
    log_odds: Callable[[Sequences], Floats], sequences: Sequences, *, top: int, burst_days: float
) -> EventReasons:
    """The `top` sets of events of each row with the largest absolute effect, none sharing an event.

    Events of one kind whose distances are at most `burst_days` form a burst. An event is named alone where
    that says more than its burst. Costs one answer an event and burst: ask for the rows that are shown.
    """
    check_whole("reasons", top=top)
    if not (is_number(burst_days) and burst_days >= 0):
        raise UsageError(
            f"reasons was given burst_days = {burst_days!r}", hint="Give a number of days from 0 on."
        )
    if not len(sequences):
        return EventReasons(())
    found = [_candidates(sequences, row, burst_days) for row in range(len(sequences))]
    effects = _effects(log_odds, sequences, found)
    return EventReasons(
        tuple(
            _strongest(sequences, row, sets, effect, top)
            for row, (sets, effect) in enumerate(zip(found, effects, strict=True))
        )
    )


def _candidates(sequences: Sequences, row: int, burst_days: float) -> list[tuple[int, ...]]:
    """Positions within the row: each event alone, then the bursts."""
    begin, end = int(sequences.offsets[row]), int(sequences.offsets[row + 1])
    when, kind = sequences.when[begin:end], sequences.kind[begin:end]
    bursts: list[tuple[int, ...]] = []
    for one in np.unique(kind):
        places = np.flatnonzero(kind == one)
        breaks = np.flatnonzero(np.diff(when[places]) > burst_days * DAY) + 1
        bursts += [tuple(part.tolist()) for part in np.split(places, breaks) if len(part) > 1]
    return [(place,) for place in range(end - begin)] + sorted(bursts)


def _effects(
    log_odds: Callable[[Sequences], Floats], sequences: Sequences, found: list[list[tuple[int, ...]]]
) -> list[Floats]:
    """For each set of each row, by how much the row's log-odds fall when it is left out."""
    whole = log_odds(sequences)
    owner = np.repeat(np.arange(len(found)), [len(sets) for sets in found])
    every = [places for sets in found for places in sets]
    without = np.empty(len(every))
    for begin in range(0, len(every), VARIANTS_AT_ONCE):
        part = slice(begin, begin + VARIANTS_AT_ONCE)
        without[part] = log_odds(_left_out(sequences, owner[part], every[part]))
    return np.split(whole[owner] - without, np.cumsum([len(sets) for sets in found])[:-1])


def _left_out(sequences: Sequences, rows: Ints, sets: list[tuple[int, ...]]) -> Sequences:
    """One row for each set: the row's sequence without the set's events."""
    copies = sequences.take(rows)
    kept = np.ones(len(copies.when), dtype=np.bool_)
    sizes = [len(places) for places in sets]
    places = np.array([place for one in sets for place in one], dtype=np.int64)
    kept[np.repeat(copies.offsets[:-1], sizes) + places] = False
    return copies.keep(kept)


def _strongest(
    sequences: Sequences, row: int, sets: list[tuple[int, ...]], effects: Floats, top: int
) -> tuple[EventReason, ...]:
    """The sets of largest absolute effect that share no event; ties go to the earlier set."""
    used: set[int] = set()
    chosen: list[EventReason] = []
    for place in np.argsort(-np.abs(effects), kind="stable").tolist():
        if len(chosen) == top or effects[place] == 0:
            break
        if used.isdisjoint(sets[place]):
            used.update(sets[place])
            chosen.append(_reason(sequences, row, sets[place], float(effects[place])))
    return tuple(chosen)


def _reason(sequences: Sequences, row: int, places: tuple[int, ...], effect: float) -> EventReason:
    begin = int(sequences.offsets[row])
    first, last = (int(sequences.when[begin + place]) for place in (places[0], places[-1]))
    kind = int(sequences.kind[begin + places[0]])
    return EventReason(
        kind=sequences.kinds[kind] if kind >= 0 else None,
        count=len(places),
        first=first,
        last=last,
        days=last // DAY - first // DAY + 1,
        month=datetime.fromtimestamp(first / 1e6, tz=UTC).strftime("%Y-%m"),
        contribution=effect,
        events=places,
    )
