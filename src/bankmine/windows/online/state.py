"""Online state: the features "before" the event that arrives now, equal to replay's row for it, bit for bit.

    state = OnlineState.start(features, zone=zone, covered_from=begin, lateness="7d")
    answers = state.enter(rows)          # as they become known; one answer a row
    state.save(path)                     # … and OnlineState.restore(path, features) after a crash

A state keeps each event once, and for each key rings of references to its events, with a pointer where each
window begins (`words.py` draws them). What no window can ask for again is forgotten, so memory is
bounded by the events of the longest window and the lateness. docs/online.md has the page with examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import Zone
from bankmine.bank.columns import Type
from bankmine.errors import BankmineError, ConfigurationError, UsageError
from bankmine.windows.declaration import Feature
from bankmine.windows.online.answer import Answer
from bankmine.windows.online.fields import SYSTEM, Field
from bankmine.windows.online.given import (
    instant,
    no_text,
    rows_of_table,
    unknown_value,
    whole_number,
    wrong_event_or_answer,
    zone_of,
)
from bankmine.windows.online.memory import GIB, physical_memory, start_memory
from bankmine.windows.online.plan import OnlinePlan, make_plan
from bankmine.windows.online.verdicts import Feedback
from bankmine.windows.online.words import CANCELLED, EVENT_FIELDS, MISSING, PRIMARY, Fault, Head, Row
from bankmine.windows.reading.reader import Readable
from bankmine.windows.span import Span, Unit

Ints = NDArray[np.int64]
_KNOWN = int(Row.KNOWN) - 1
_INT64 = np.dtype(np.int64)


class OnlineState:
    """The state of the features of one event table, under one or several keys.

    Build it with `start`, `from_warehouse` or `restore`. One thread at a time may enter events.
    """

    def __init__(
        self, plan: OnlinePlan, memory: Ints, *, zone: Zone, covered_from: int, lateness: Span
    ) -> None:
        from bankmine.windows.online.kernel import enter_events

        self._plan, self._memory = plan, memory
        self.zone, self.covered_from, self.lateness = zone, covered_from, lateness
        self._feedback = Feedback(plan.table, tuple(plan.fields.verdicts))
        self._enter_events = enter_events
        self._numbers = plan.numbers
        self._shape = (1, EVENT_FIELDS + len(plan.fields))
        self._made_here = object()  # what the answers carry that this state made

    @classmethod
    def start(
        cls,
        features: Sequence[Feature],
        *,
        zone: Zone | str,
        covered_from: int,
        lateness: str = "7d",
        limit: int | None = None,
    ) -> OnlineState:
        """A state that knows nothing yet.

        `covered_from` (µs) is since when every event will be given: windows that begin earlier are missing.
        Events known up to `lateness` after they happened are answered and counted right; `limit` is the
        memory it may use in bytes (default: all of the machine's).
        """
        span = Span.parse(lateness)
        if span.unit is Unit.ALL:
            raise ConfigurationError(
                "lateness cannot be 'all': nothing could be forgotten", hint='Write a length such as "7d".'
            )
        zone, covered_from = zone_of(zone), instant("covered_from", covered_from)
        plan = make_plan(features, zone=zone, covered_from=covered_from, lateness=span)
        memory = start_memory(plan, physical_memory() if limit is None else limit)
        return cls(plan, memory, zone=zone, covered_from=covered_from, lateness=span)

    @classmethod
    def restore(
        cls, path: Path | str, features: Sequence[Feature], *, limit: int | None = None
    ) -> OnlineState:
        """The state saved in a file, for the same features.

        WarehouseError for a file of another version or of other features, shortened or altered.
        """
        from bankmine.windows.online.file import read_state

        return read_state(Path(path), features, limit=limit)

    @classmethod
    def from_warehouse(
        cls,
        warehouse: Readable,
        features: Sequence[Feature],
        *,
        until: int,
        lateness: str = "7d",
        limit: int | None = None,
    ) -> OnlineState:
        """A state filled from history: it knows what was known at `until` (µs)."""
        from bankmine.windows.online.history import fill_from

        until = instant("until", until)
        return fill_from(warehouse, features, until=until, lateness=lateness, limit=limit)

    def with_features(self, more: Sequence[Feature], warehouse: Readable) -> OnlineState:
        """A state that also has newly declared features, as if it had had them from the start.

        It is filled from the warehouse, which must hold every event this state knows (UsageError otherwise).
        """
        from bankmine.windows.online.history import extend

        return extend(self, more, warehouse)

    def enter(self, rows: Any) -> Any:
        """Enters events in the order in which they became known, and answers each.

        `rows` is an Arrow table or batch with the bank table's columns (`columns`), ascending in `known_at`,
        nothing known before what the state knows; events known in one microsecond belong in one call. The
        answer is an Arrow table with a row for each event: the features before it, at its position
        (event_time, seq), as known at its `known_at`. A corrected or cancelled version is answered too.
        UsageError for rows out of order, ConfigurationError for sums beyond 64 bits; the rows before the
        refused one are entered, and `offset` counts them.
        """
        events = self._plan.fields.read(rows_of_table(rows))
        answer = Answer(self._plan.columns, len(events))
        self._enter(events, answer, answering=True)
        return answer.table(self._plan.features)

    def enter_feedback(self, rows: Any) -> None:
        """Takes rows of the feedback table, known no earlier than the last event, for verdict measures.

        They count from their `known_at` on, so feedback may be given ahead of the events known after it.
        """
        self._feedback.add(rows_of_table(rows), self.known_until)

    def one(self, event: Ints, answer: Answer) -> Answer:
        """Enters and answers one event of plain numbers: the path of microseconds.

        `event` is an array [1, n] as `new_event` makes it, `answer` one that this state's `new_answer` made;
        UsageError for any other.
        """
        if (
            type(event) is not np.ndarray
            or event.shape != self._shape
            or event.dtype != _INT64
            or not event.flags.carray
            or type(answer) is not Answer
            or answer.owner is not self._made_here
        ):
            raise wrong_event_or_answer(event, self._shape[1])
        if self._feedback.versions:
            self._tell_of_feedback(event)
        entered = self._enter_events(
            self._memory,
            self._numbers,
            event,
            0,
            1,
            True,
            *answer.arrays,
        )  # fmt: skip
        if entered == 0:
            self._refuse(event, 0)
        return answer

    def new_answer(self) -> Answer:
        """Room for the answer to one event, to be used again and again."""
        return Answer(self._plan.columns, 1, self._made_here)

    @property
    def places(self) -> dict[str, int]:
        """Where each value of an event lies in the array that `one` takes; `flags` is 2, cancelled 3."""
        own = {one.name: EVENT_FIELDS + place for place, one in enumerate(self._plan.fields)}
        return {name: place for place, name in enumerate(SYSTEM)} | own

    def new_event(self, **values: int | str | None) -> Ints:
        """An event for `one`: codes are given as text, missing values as None or not at all.

        UsageError for a name that is not in `places`, and for a value that is no whole number of 64 bits.
        """
        event = np.full((1, EVENT_FIELDS + len(self._plan.fields)), MISSING, np.int64)
        event[0, :EVENT_FIELDS] = 0
        status = PRIMARY if values.pop("is_primary", True) else 0
        places = self.places
        event[0, places["flags"]] = status | (CANCELLED if values.pop("cancelled", False) else 0)
        for place in self._plan.fields.verdicts.values():
            event[0, EVENT_FIELDS + place] = 0
        for name, value in values.items():
            if name not in places:
                raise unknown_value(name, places)
            if value is not None:
                event[0, places[name]] = self._as_kept(name, value)
        return event

    def code(self, column: str, text: str) -> int:
        """The number that stands for a text of a column."""
        found = self._field(column)
        if found is None or found.type not in (Type.CODE, Type.TEXT):
            raise no_text(column)
        return found.number(text)

    def _field(self, name: str) -> Field | None:
        return next((one for one in self._plan.fields if one.name == name), None)

    def _as_kept(self, name: str, value: int | str) -> int:
        """A value of an event as it is kept: of a real in no unit only whether it is there."""
        if isinstance(value, str):
            return self.code(name, value)
        found = self._field(name)
        only_there = found is not None and found.type is Type.REAL and found.scale == 1
        return 0 if only_there else whole_number(name, value)

    def save(self, path: Path | str) -> None:
        """Writes the state to a file, whole or not at all.

        WarehouseError for a full disk, UsageError for a folder that is not there or not to be written to.
        """
        from bankmine.windows.online.file import write_state

        write_state(self, Path(path))

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features, in the order of the answers."""
        return self._plan.features

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the bank table that `enter` reads."""
        return self._plan.fields.columns

    @property
    def offset(self) -> int:
        """Number of event rows entered since the start: where to go on in the log."""
        return int(self._memory[Head.ENTERED])

    @property
    def feedback_offset(self) -> int:
        """Number of feedback rows entered since the start."""
        return self._feedback.entered

    @property
    def known_until(self) -> int:
        """The latest instant of knowledge, µs."""
        return int(self._memory[Head.KNOWN_UNTIL])

    @property
    def kept_from(self) -> int:
        """Every event that happened from here on is kept, µs."""
        return int(self._memory[Head.KEPT_FROM])

    @property
    def resident_bytes(self) -> int:
        """Memory in use."""
        return 8 * int(self._memory[Head.TOP])

    @property
    def events(self) -> int:
        """Number of events kept."""
        return int(self._memory[Head.ROWS])

    @property
    def keys(self) -> dict[str, int]:
        """Number of keys with events, by key column."""
        at = int(Head.GROUPS)
        return {name: int(self._memory[at + 3 * group + 2]) for group, name in enumerate(self._plan.keys)}

    @property
    def too_late(self) -> int:
        """Number of answers with windows missing because what they reach back to was forgotten."""
        return int(self._memory[Head.TOO_LATE])

    @property
    def late(self) -> int:
        """Number of times an event came in before others of its key that windows already held."""
        return int(self._memory[Head.LATE])

    @property
    def split(self) -> int:
        """Number of calls that went on with the microsecond in which the last one ended."""
        return int(self._memory[Head.SPLIT])

    def _enter(self, events: Ints, answer: Answer | None, *, answering: bool) -> None:
        """Enters events, telling the state of each verdict before the first event known since."""
        for label, place in self._plan.fields.verdicts.items():
            self._feedback.fill(events, label, subject=EVENT_FIELDS, known=_KNOWN, into=EVENT_FIELDS + place)
        first = 0
        while first < len(events):
            instant = self._feedback.next_instant()
            last = len(events)
            if instant is not None:
                last = first + int(np.searchsorted(events[first:, _KNOWN], instant))
                if last == first:
                    self._tell(int(events[first, _KNOWN]))
                    continue
            self._enter_between(events, first, last, answer, answering)
            first = last

    def _enter_between(
        self, events: Ints, first: int, last: int, answer: Answer | None, answering: bool
    ) -> None:
        into = answer if answer is not None else Answer(self._plan.columns, 0)
        done = self._enter_events(self._memory, self._numbers, events, first, last, answering, *into.arrays)
        if done < last:
            self._refuse(events, done)

    def _tell(self, until: int) -> None:
        """Tells the state of the verdicts known up to an instant."""
        from bankmine.windows.online.kernel import learn

        for now, by_label in self._feedback.take(until):
            for label, pairs in by_label.items():
                learn(self._memory, self._numbers, pairs, self._plan.fields.verdicts[label], now)

    def _tell_of_feedback(self, event: Ints) -> None:
        now, subject = int(event[0, _KNOWN]), int(event[0, EVENT_FIELDS])
        self._tell(now)
        for label, place in self._plan.fields.verdicts.items():
            event[0, EVENT_FIELDS + place] = self._feedback.known(label, subject, now)

    def _refuse(self, events: Ints, row: int) -> None:
        """Raises the error for the event that could not enter."""
        raise _refusal(Fault(int(self._memory[Head.FAULT])), row, self._plan.table, self.resident_bytes)


def _refusal(fault: Fault, row: int, table: str, used: int) -> BankmineError:
    where = f"row {row} of the {table} events given"
    if fault is Fault.KNOWLEDGE_GOES_BACK:
        return UsageError(
            f"{where} was known before the rows entered already",
            hint="Enter events in the order of known_at, each once; `state.offset` says how many are in.",
        )
    if fault is Fault.OUT_OF_RANGE:
        return UsageError(f"{where} happened before 1900 or after 2199", hint="Correct its event_time.")
    if fault is Fault.FULL:
        return UsageError(
            f"the state uses {used / GIB:.1f} GiB, the most it may; {where} was not entered",
            hint="Start it with a larger `limit`, shorter windows or less lateness.",
        )
    return ConfigurationError(
        f"with {where} a sum could exceed 64 bits; it was not entered",
        hint="Measure a column with smaller numbers, or correct the unit in the mapping.",
    )
