"""Kept rows and newer ones joined: the rows of the keys that newer files touch, settled anew.

Only touched keys are joined; all versions of an event lie under one key, so no other key's rows change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.columns import Table
from bankmine.windows.reading.raw import Raw, raw_is_tied, untied
from bankmine.windows.reading.rows import Bools, EventRows, Ints, Values


@dataclass(frozen=True)
class Kept:
    """Settled rows with every column and `load_number`, and `aside` the raw rows that count at no time."""

    rows: EventRows
    aside: Raw


def touched(kept: Kept, fresh: Raw) -> int:
    """How many kept rows lie under a key of newer rows."""
    low, high = _segments(kept.rows.keys, kept.rows.offsets, fresh.keys)
    return int((high - low).sum())


def joined(kept: Kept, fresh: Raw, declared: Table, key: str, *, whole: bool = False) -> Raw:
    """All raw rows of the keys of `fresh` (`whole`: of every key), in order."""
    from bankmine.windows.kernels.kept_kernel import join_keys

    rows, aside = kept.rows, kept.aside
    keys = np.union1d(rows.keys, fresh.keys) if whole else fresh.keys
    places = [_segments(one.keys, one.offsets, keys) for one in (rows, aside, fresh)]
    offsets = np.empty(len(keys) + 1, np.int64)
    index = np.empty(sum(int((high - low).sum()) for low, high in places), np.int64)
    join_keys(
        *places[0], rows.event_time, rows.seq, *places[1], aside.event_time, aside.seq,
        *places[2], fresh.event_time, fresh.seq, index, offsets,
    )  # fmt: skip
    gather = _Gather(index, len(rows), len(aside), len(fresh))
    cancelled = (None, aside.cancelled, fresh.cancelled)
    raw = Raw(
        keys, offsets,
        gather.numbers(rows.event_time, aside.event_time, fresh.event_time),
        gather.numbers(rows.seq, aside.seq, fresh.seq),
        gather.numbers(rows.known_from, aside.known_at, fresh.known_at),
        gather.numbers(rows.columns["load_number"].data, aside.load_number, fresh.load_number),
        gather.flags(*cancelled, missing=False),
        {name: gather.values(rows.columns[name], aside.columns[name], fresh.columns[name])
         for name in rows.columns if name != "load_number"},
    )  # fmt: skip
    return untied(raw, declared, key) if raw_is_tied(raw) else raw


def _segments(keys: Ints, offsets: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """Where the rows of each wanted key begin and end; both keys ascending."""
    at = np.searchsorted(keys, wanted)
    here = np.zeros(len(wanted), np.bool_)
    inside = at < len(keys)
    here[inside] = keys[at[inside]] == wanted[inside]
    at = np.where(here, at, 0)
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
    return np.where(here, offsets[at], 0), np.where(here, offsets[at + 1], 0)


@dataclass(frozen=True)
class _Gather:
    """Copies the listed rows of one column after another from the three places."""

    index: Ints
    kept: int
    aside: int
    fresh: int

    def numbers(self, kept: Ints, aside: Ints, fresh: Ints) -> Ints:
        """An int64 column."""
        from bankmine.windows.kernels.kept_kernel import gather_numbers

        out = np.empty(len(self.index), np.int64)
        gather_numbers(self.index, kept, aside, fresh, out)
        return out

    def flags(self, kept: Bools | None, aside: Bools | None, fresh: Bools | None, *, missing: bool) -> Bools:
        """A column of flags; a part without them is `missing` throughout."""
        from bankmine.windows.kernels.kept_kernel import gather_flags

        counts = (self.kept, self.aside, self.fresh)
        parts = [
            np.full(count, missing, np.bool_) if part is None else part
            for part, count in zip((kept, aside, fresh), counts, strict=True)
        ]
        out = np.empty(len(self.index), np.bool_)
        gather_flags(self.index, *parts, out)
        return out

    def values(self, kept: Values, aside: Values, fresh: Values) -> Values:
        """A column with its missing values; texts by common codes."""
        from bankmine.windows.kernels.kept_kernel import gather_codes

        given = (kept, aside, fresh)
        present = None
        if any(one.present is not None for one in given):
            present = self.flags(*(one.present for one in given), missing=True)
        if kept.levels is None:
            return Values(self.numbers(kept.data, aside.data, fresh.data), present)
        levels = tuple(dict.fromkeys([level for one in given for level in one.levels or ()]))
        out = np.empty(len(self.index), np.int32)
        gather_codes(self.index, *(_recoded(one, levels) for one in given), out)
        return Values(out, present, levels)


def _recoded(values: Values, levels: tuple[str, ...]) -> NDArray[Any]:
    """The codes of the values in other levels, which hold all of theirs."""
    own = values.levels or ()
    if own == levels[: len(own)]:
        return values.data
    place = {level: code for code, level in enumerate(levels)}
    recoded: NDArray[Any] = np.array([place[level] for level in own], np.int32)[values.data]
    return recoded
