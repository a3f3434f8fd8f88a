"""Links between parties in time: cleaned once, read as of any cutoff.

A link stands at a cutoff T when `since ≤ T < until`, where `since` is the later of its begin and of when the
bank knew of it. Parties may also be joined through an element they share (a phone, a device, an address):
elements are nodes after the parties, and are passed through without a hop of their own.

A hub joins those who have nothing to do with each other: an employer of ten thousand, the phone "000". When
a node has more than `most` standing links of a kind, all its links of that kind end at that instant and
later ones do not begin. The rule looks back only, so no cutoff sees a hub before it became one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.contract import Ints

FOREVER = int(np.iinfo(np.int64).max)
UNKNOWN = int(np.iinfo(np.int64).min)
MOST = 200
LEFT_OUT = ("self link", "unknown time", "dated later", "ends before it begins", "duplicate", "hub")


class Hub(NamedTuple):
    """A node that has more links of a kind than are evidence: all of them end at `since`."""

    node: int
    kind: str
    links: int
    since: int


@dataclass(frozen=True)
class Links:
    """Clean links in order of (since, one, other, kind); all arrays int64 of one length.

    `one` < `other` are nodes: parties are 0 to parties − 1, elements come after. `kind` is a place in
    `kinds`. `left_out` counts the rows of LEFT_OUT that are not here; `hubs` are sorted by node and kind.
    """

    one: Ints
    other: Ints
    kind: Ints
    since: Ints
    until: Ints
    kinds: tuple[str, ...]
    parties: int
    nodes: int
    left_out: dict[str, int] = field(default_factory=dict)
    hubs: tuple[Hub, ...] = ()

    def __len__(self) -> int:
        return self.one.size

    def at(self, cutoff: int) -> Ints:
        """Places of the links that stand at the cutoff."""
        stand = (self.since <= cutoff) & (cutoff < self.until)
        return np.flatnonzero(stand).astype(np.int64)

    def adjacency(self) -> tuple[Ints, Ints, Ints]:
        """For each node its links by time: first (nodes + 1), node at the other end, place of the link."""
        ends = np.concatenate([self.one, self.other])
        link = np.concatenate([np.arange(len(self)), np.arange(len(self))])
        order = np.lexsort((link, ends))
        first = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=self.nodes))]).astype(np.int64)
        far = np.concatenate([self.other, self.one])[order]
        return first, far, link[order]

    def nodes_of(self, asked: Any) -> Ints:
        """Asked parties as int64; UsageError where one is not a party."""
        if np.asarray(asked).dtype.kind == "b":
            raise UsageError(
                "Parties were asked for by a mask", hint="Give their numbers (numpy.flatnonzero)."
            )
        node = whole_numbers(asked)
        if node.ndim != 1 or (node.size and not (node.min() >= 0 and node.max() < self.parties)):
            raise UsageError(
                "A party was asked for that the network does not have",
                hint=f"Parties are numbered from 0 to {self.parties - 1}.",
            )
        return node


def links_of(
    one: Any,
    other: Any,
    kind: Any,
    since: Any,
    until: Any = None,
    *,
    kinds: Sequence[str],
    parties: int,
    elements: int = 0,
    known: Any = None,
    as_of: int = FOREVER - 1,
    most: int = MOST,
) -> Links:
    """Clean links from raw ones, one a row; times are int64 of any one unit, UNKNOWN where not known.

    Left out and counted: self links, links whose begin is unknown, links dated later than `as_of`, links
    that end before they begin, duplicates (rows of one pair and kind whose lives overlap or touch become
    one), and links of hubs (more than `most` of a kind). `until` UNKNOWN or None: stands for ever. UsageError
    for a node or kind that does not exist, or a link between two elements.
    """
    a, b, what, begin = (whole_numbers(x) for x in (one, other, kind, since))
    end = np.full(a.size, FOREVER) if until is None else whole_numbers(until)
    end = np.where(end == UNKNOWN, FOREVER, end)
    if known is not None:
        told = whole_numbers(known)
        begin = np.where((begin == UNKNOWN) | (told == UNKNOWN), UNKNOWN, np.maximum(begin, told))
    nodes = parties + elements
    _refuse(a, b, what, begin, end, nodes, parties, len(kinds))
    left_out = dict.fromkeys(LEFT_OUT, 0)
    keep = np.ones(a.size, dtype=np.bool_)
    for name, bad in (
        ("self link", a == b), ("unknown time", begin == UNKNOWN), ("dated later", begin > as_of),
        ("ends before it begins", end <= begin),
    ):  # fmt: skip
        left_out[name] = int((keep & bad).sum())
        keep &= ~bad
    rows = np.stack([np.minimum(a, b), np.maximum(a, b), what, begin, end])[:, keep]
    merged = _merged(rows)
    left_out["duplicate"] = rows.shape[1] - merged.shape[1]
    capped, hubs = _without_hubs(merged, kinds, most)
    left_out["hub"] = merged.shape[1] - capped.shape[1]
    first, second, what, begin, end = (np.ascontiguousarray(row) for row in capped)
    return Links(first, second, what, begin, end, tuple(kinds), parties, nodes, left_out, hubs)


def whole_numbers(values: Any) -> Ints:
    """Whole numbers as int64: NaN is UNKNOWN, infinity FOREVER, dates and times microseconds.

    UsageError for fractions and anything else.
    """
    given = np.asarray(values)
    if given.dtype.kind == "M":
        given = given.astype("datetime64[us]").astype(np.int64)  # not a time is UNKNOWN by itself
    if given.dtype.kind == "f":
        bounded = np.where(np.isnan(given), 0, np.clip(given, -(2.0**62), 2.0**62))
        if (bounded != np.round(bounded)).any():
            raise UsageError("A link has a number or a time with a fraction", hint="Give whole numbers.")
        made = np.where(np.isposinf(given), FOREVER, bounded.astype(np.int64))
        given = np.where(np.isnan(given), UNKNOWN, made)
    if given.size and given.dtype.kind not in "iub":
        raise UsageError(f"Links were given as {given.dtype}", hint="Give whole numbers, dates or times.")
    return np.ascontiguousarray(given, dtype=np.int64)


def _refuse(
    a: Ints, b: Ints, what: Ints, begin: Ints, end: Ints, nodes: int, parties: int, kinds: int
) -> None:
    if len({x.shape for x in (a, b, what, begin, end)}) != 1 or a.ndim != 1:
        raise UsageError("The columns of the links differ in length", hint="Give one value for each link.")
    if not a.size:
        return
    if min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= nodes:
        raise UsageError("A link names a node that does not exist", hint=f"Nodes are 0 to {nodes - 1}.")
    if what.min() < 0 or what.max() >= kinds:
        raise UsageError("A link has a kind that does not exist", hint=f"Kinds are 0 to {kinds - 1}.")
    if ((a >= parties) & (b >= parties) & (a != b)).any():
        raise UsageError("A link joins two elements", hint="An element joins parties; give those links.")


def _merged(rows: Ints) -> Ints:
    """Rows (one, other, kind, since, until) of one pair and kind that overlap or touch become one."""
    if not rows.shape[1]:
        return rows
    pair = _numbered(rows[:3])
    order = np.lexsort((rows[4], rows[3], pair))
    rows, pair = rows[:, order], pair[order]
    alone = np.ones(pair.size, dtype=np.bool_)  # most pairs have one link: nothing to merge
    alone[1:] &= pair[1:] != pair[:-1]
    alone[:-1] &= pair[1:] != pair[:-1]
    shared = np.flatnonzero(~alone)
    merged = np.concatenate([rows[:, alone], _joined_lives(rows[:, shared], pair[shared])], axis=1)
    return np.ascontiguousarray(merged[:, np.lexsort((_numbered(merged[:3]), merged[3]))])


def _numbered(keys: Ints) -> Ints:
    """One number for each combination of rows of `keys`, in their order."""
    _, number = np.unique(keys[0], return_inverse=True)
    for key in keys[1:]:
        low, high = int(key.min()), int(key.max())
        number = number * (high - low + 1) + (key - low)
        if number.size and int(number.max()) > 2**31:
            _, number = np.unique(number, return_inverse=True)
    return np.asarray(number, dtype=np.int64)


def _joined_lives(rows: Ints, pair: Ints) -> Ints:
    """The lives of each pair, which are in order of their begin, without overlaps."""
    if not pair.size:
        return rows
    order = np.lexsort((rows[4], pair))
    rank = np.empty(pair.size, dtype=np.int64)  # ends as ranks, larger in later pairs: one running maximum
    rank[order] = np.arange(pair.size)
    reached = rows[4][order[np.maximum.accumulate(rank)]]
    new = np.ones(pair.size, dtype=np.bool_)
    new[1:] = (np.diff(pair) != 0) | (rows[3][1:] > reached[:-1])
    last = np.append(np.flatnonzero(new)[1:], pair.size) - 1
    merged = rows[:, new]
    merged[4] = reached[last]
    return merged


def _without_hubs(rows: Ints, kinds: Sequence[str], most: int) -> tuple[Ints, tuple[Hub, ...]]:
    """End the links of a hub when it becomes one; those that would begin later are gone."""
    ends = np.concatenate([rows[0], rows[1]])
    what = np.concatenate([rows[2], rows[2]])
    key = ends * len(kinds) + what
    order = np.argsort(key, kind="stable")
    number, begin, count = np.unique(key[order], return_index=True, return_counts=True)
    many = count > most
    if not many.any():
        return rows, ()
    rows, hubs = rows.copy(), []
    for hub, low, size in zip(number[many].tolist(), begin[many].tolist(), count[many].tolist(), strict=True):
        node, place = divmod(hub, len(kinds))
        mine = np.sort(order[low : low + size] % rows.shape[1])
        since = _crossed(rows[3][mine], rows[4][mine], most)
        if since < FOREVER:
            hubs.append((Hub(node, kinds[place], mine.size, since), mine))
    for hub_, mine in hubs:
        rows[4][mine] = np.minimum(rows[4][mine], hub_.since)
    return rows[:, rows[4] > rows[3]], tuple(hub_ for hub_, _ in hubs)


def _crossed(since: Ints, until: Ints, most: int) -> int:
    """The first instant with more than `most` standing links, or FOREVER."""
    time = np.concatenate([until, since])  # an end at an instant comes before a begin at it
    step = np.concatenate([np.full(until.size, -1), np.ones(since.size, dtype=np.int64)])
    order = np.lexsort((step, time))
    over = np.flatnonzero(np.cumsum(step[order]) > most)
    return int(time[order][over[0]]) if over.size else FOREVER


def sightings(one: Any, other: Any, kind: Any, seen: Any, *, lasts: int, **settings: Any) -> Links:
    """Links from sightings (a phone given, a transfer made): each is evidence for `lasts`, then expires.

    Sightings of one pair and kind less than `lasts` apart are one link, from the first to the last plus
    `lasts`. `settings` are those of `links_of`.
    """
    if lasts < 1:
        raise UsageError(
            f"A sighting cannot last {lasts}", hint="Give a positive duration, in units of time."
        )
    begin = whole_numbers(seen)
    until = np.where(begin > FOREVER - lasts, FOREVER, begin + lasts)
    return links_of(one, other, kind, begin, np.where(begin == UNKNOWN, FOREVER, until), **settings)


def links_from_table(table: pa.Table, *, as_of: int | date, most: int = MOST) -> tuple[Links, pa.Array]:
    """Links and the names of parties from a table, one row a link.

    Columns: `from_id`, `to_id`, `kind`, `valid_from`; may have `valid_to` and `known_at`. Times are dates,
    timestamps (read in microseconds) or whole numbers; null is unknown. Parties are numbered in order of
    their names. `as_of` is a date, a time or a whole number of the same unit. Rows without a party are a
    UsageError.
    """
    absent = [name for name in ("from_id", "to_id", "kind", "valid_from") if name not in table.column_names]
    if absent:
        raise UsageError(
            f"The links lack the column {absent[0]!r}", hint="Give from_id, to_id, kind, valid_from."
        )
    if table["from_id"].type != table["to_id"].type:
        raise UsageError(
            f"The parties are {table['from_id'].type} and {table['to_id'].type}",
            hint="Give from_id and to_id as one type.",
        )
    ends = pa.chunked_array([*table["from_id"].chunks, *table["to_id"].chunks], table["from_id"].type)
    if ends.null_count or table["kind"].null_count:
        raise UsageError("A link lacks a party or its kind", hint="Leave such rows out, and count them.")
    limit = int(instants(pa.array([as_of]))[0])
    names = np.sort(np.asarray(ends.unique().to_numpy(zero_copy_only=False)))
    kinds = sorted(set(table["kind"].cast(pa.string()).to_pylist()))
    places = {name: place for place, name in enumerate(kinds)}
    what = [places[name] for name in table["kind"].cast(pa.string()).to_pylist()]
    one, other = (np.searchsorted(names, np.asarray(table[name].to_numpy())) for name in ("from_id", "to_id"))
    until = instants(table["valid_to"]) if "valid_to" in table.column_names else None
    known = instants(table["known_at"]) if "known_at" in table.column_names else None
    found = links_of(
        one, other, what, instants(table["valid_from"]), until,
        kinds=kinds, parties=names.size, known=known, as_of=limit, most=most,
    )  # fmt: skip
    return found, pa.array(names)


def instants(column: Any) -> Ints:
    """Dates and timestamps in microseconds, whole numbers as they are, null as UNKNOWN."""
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", getattr(kind, "tz", None)))
    elif not pa.types.is_integer(kind):
        raise UsageError(f"A time of a link is {kind}", hint="Give dates, timestamps or whole numbers.")
    filled = column.cast(pa.int64()).fill_null(UNKNOWN)
    return np.ascontiguousarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)
