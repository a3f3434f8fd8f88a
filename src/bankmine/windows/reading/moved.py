"""Events that a correction moved to another customer, in tables whose version key does not name the customer.

Versions of an event are told apart customer by customer; where they lie under several, those of one
customer must end when one of another becomes known. Such events are few; they are looked for once in each
state of a warehouse, in one walk over its keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from bankmine.bank.columns import Table
from bankmine.windows.reading.raw import without
from bankmine.windows.reading.rows import EventRows, Ints, Values, column_values
from bankmine.windows.reading.versions import identities

if TYPE_CHECKING:
    from bankmine.windows.reading.reader import Readable

BUCKETS_AT_ONCE = 64
"""Of larger tables a part of the events is looked at in each walk, so that memory stays flat."""

_known: WeakKeyDictionary[Any, dict[str, Moved]] = WeakKeyDictionary()
_lock = Lock()


@dataclass(frozen=True)
class Moved:
    """All versions of the events that lie under several keys, by (event, known_at, load_number)."""

    event: Ints
    known_at: Ints
    load_number: Ints


def moved_versions(warehouse: Readable, declared: Table) -> Moved:
    """The versions of all events of a table that lie under several keys."""
    with _lock:
        found = _known.setdefault(warehouse, {})
        if declared.name not in found:
            found[declared.name] = _look(warehouse, declared)
        return found[declared.name]


def know_moved(warehouse: Readable, table: str, moved: Moved) -> None:
    """Tells the moved versions of a table to whoever reads an excerpt of the warehouse they were found in."""
    with _lock:
        _known.setdefault(warehouse, {})[table] = moved


def withdraw_moved(rows: EventRows, declared: Table, key: str, moved: Moved) -> EventRows:
    """The rows, each ended at the latest when the next version of its event became known, under any key.

    Needs the version key and `load_number` among the columns.
    """
    if not len(moved.event) or not len(rows):
        return rows
    event = _events(declared, key, {**rows.columns, "event_time": Values(rows.event_time)})
    at = np.flatnonzero(np.isin(event, moved.event))
    if not len(at):
        return rows
    until = rows.known_until.copy()
    load = rows.columns["load_number"].data
    for i in at:
        low, high = (
            np.searchsorted(moved.event, event[i], "left"),
            np.searchsorted(moved.event, event[i], "right"),
        )
        known, number = moved.known_at[low:high], moved.load_number[low:high]
        later = (known > rows.known_from[i]) | ((known == rows.known_from[i]) & (number > load[i]))
        if later.any():
            until[i] = min(int(until[i]), int(known[later][0]))
    ended = EventRows(
        rows.keys, rows.offsets, rows.event_time, rows.seq, rows.known_from, until, rows.columns
    )
    return without(ended, until <= rows.known_from)


def _look(warehouse: Readable, declared: Table) -> Moved:
    """Walks over the keys of the whole table, some of the events at a time."""
    passes = -(-warehouse.buckets(declared.name) // BUCKETS_AT_ONCE)
    found = [_look_among(warehouse, declared, number, passes) for number in range(passes)]
    parts = [np.concatenate([part[i] for part in found]) for i in range(3)]
    order = np.lexsort(tuple(reversed(parts)))
    return Moved(*(part[order] for part in parts))


def _look_among(warehouse: Readable, declared: Table, number: int, passes: int) -> tuple[Ints, Ints, Ints]:
    """The versions of moved events whose number leaves the remainder `number`."""
    from bankmine.windows.kernels.tables_kernel import repeated

    gathered = []
    for bucket in range(warehouse.buckets(declared.name)):
        event, key, known_at, load = _versions(warehouse, declared, bucket)
        mine = slice(None) if passes == 1 else event.view(np.uint64) % np.uint64(passes) == number
        gathered.append((event[mine], key[mine], known_at[mine], load[mine]))
    event, key, known_at, load = (np.concatenate(parts) for parts in zip(*gathered, strict=True))
    several = np.flatnonzero(repeated(event.view(np.uint64)))
    several = several[np.lexsort((key[several], event[several]))]
    same = event[several][1:] == event[several][:-1]
    apart = same & (key[several][1:] != key[several][:-1])
    chosen = several[np.isin(event[several], event[several][1:][apart])]
    return event[chosen], known_at[chosen], load[chosen]


def _versions(warehouse: Readable, declared: Table, bucket: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Of each row of a bucket: its event, its key (one of its own where missing), known_at, load_number."""
    key = str(declared.bucket_key)
    names = list(dict.fromkeys([key, *declared.version_key, "known_at", "load_number"]))
    raw = warehouse.read(declared.name, names, bucket=bucket)
    found = {name: column_values(declared, name, raw.column(name)) for name in names}
    owner = found[key]
    whose = (
        owner.data if owner.present is None else np.where(owner.present, owner.data, np.iinfo(np.int64).min)
    )
    return _events(declared, key, found), whose, found["known_at"].data, found["load_number"].data


def _events(declared: Table, key: str, columns: dict[str, Values]) -> Ints:
    """A number for each row's event, the same in every file."""
    parts = []
    for name in declared.version_key:
        values = columns[name]
        if values.levels is None:
            parts.append(values.data)
        else:
            numbers = np.array([_number_of_text(level) for level in values.levels] or [0], np.int64)
            parts.append(numbers[values.data])
    return identities(parts)


def _number_of_text(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little", signed=True)
