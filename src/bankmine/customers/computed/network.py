"""Who the subject is joined with, as it stood and was known just before the cutoff: features of kind network.

An application is joined to what it itself gave at a tick of its own, for that tick alone (see
`links_in_time`): what it brings counts, what others bring at that instant does not. Transfers between
customers count at one hop only, from the customer's own bookings: with them nearly everybody would be one
component. The miner is `mining.network`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY
from bankmine.customers.computed.found import Found
from bankmine.customers.computed.links_in_time import (
    ELEMENTS,
    FOREVER,
    IDENTITY,
    KEYS,
    KINDS,
    LASTS_DAYS,
    TICKS,
    Network,
    network,
    sql,
)
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.customers.subjects import Subjects
    from bankmine.mining.network.links import Links

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
RING = ("ring_size", "ring_growth", "ring_strangers")
TRANSFER = ("neighbours_by_transfer", "bad_neighbours_by_transfer")
WINDOW_DAYS = 90


def features_of(net: Network, customer: Any, cutoffs: Any, own: Mapping[str, Any] | None = None) -> Any:
    """The columns of docs/network.md for each (customer, cutoff in µs), as an Arrow table.

    `own` has for each kind of element what the row itself brings (tokens; NaN or a mask where nothing):
    masked arrays of int64. `since_last_bad` is in days; rows whose customer is unknown have no link but
    their own.
    """
    when = np.asarray(cutoffs, dtype=np.int64)
    asked = _asked(net, np.asarray(customer, dtype=np.int64))
    rank = _rank(when) if own else np.zeros(len(when), np.int64)
    chunk = rank // (TICKS // 2 - 1)
    parts = []
    for number in range(int(chunk.max()) + 1 if len(when) else 1):
        rows = np.flatnonzero(chunk == number)
        ticks = when[rows] * TICKS + 2 * (rank[rows] % (TICKS // 2 - 1))
        part_of_own = {kind: values[rows] for kind, values in (own or {}).items()}
        parts.append((rows, _answered(net, asked.rows[rows], asked.count, ticks, part_of_own)))
    return _in_order(parts)


@dataclass(frozen=True)
class _Asked:
    """Asked customers as parties; those the network does not have get places after its own: `count` in
    all."""

    rows: Ints
    count: int


def _asked(net: Network, customer: Ints) -> _Asked:
    place = net.party(customer)
    strange, number = np.unique(customer[place < 0], return_inverse=True)
    place[place < 0] = len(net.parties) + number
    return _Asked(place, len(net.parties) + len(strange))


def _answered(net: Network, party: Ints, parties: int, ticks: Ints, own: Mapping[str, Any]) -> Any:
    import pyarrow as pa

    from bankmine.mining.network.around import network_features
    from bankmine.mining.network.components import components_at

    links = _with_own(net, net.links, party, parties, ticks, own)
    found = network_features(
        links, party, ticks, window=WINDOW_DAYS * DAY * TICKS, bad_known_at=net.bads.more(parties)
    )
    # "Ever" over links that never end, but for what a row itself brings: others must not see that.
    lasting = _with_own(net, _never_ending(net.links), party, parties, ticks, own)
    ever = components_at(lasting, party, ticks).size
    found = found.set_column(
        found.column_names.index("ever_component_size"), "ever_component_size", pa.array(ever)
    )
    place = found.column_names.index("since_last_bad")
    return found.set_column(place, "since_last_bad", _days(found.column(place)))


def _days(ticks: Any) -> Any:
    import pyarrow as pa

    missing = np.asarray(ticks.is_null())
    value = ticks.fill_null(0).to_numpy()
    return pa.array(-(-value // TICKS) / DAY, mask=missing)


def _with_own(
    net: Network, links: Links, party: Ints, parties: int, ticks: Ints, own: Mapping[str, Any]
) -> Links:
    """The links with those each row itself brings, which stand for its tick alone; elements move behind
    `parties`."""
    from bankmine.mining.network.links import Links

    shift = parties - len(net.parties)
    columns = [[links.one], [links.other], [links.kind], [links.since], [links.until]]
    for kind in ELEMENTS:
        if kind not in own:
            continue
        node = np.where(np.ma.getmaskarray(own[kind]), -1, net.element(kind, np.ma.getdata(own[kind])))
        rows = np.flatnonzero(node >= 0)
        rows = rows[~_standing(net, links, party[rows], node[rows], KINDS.index(kind), ticks[rows])]
        for column, values in zip(
            columns,
            (party[rows], node[rows], np.full(len(rows), KINDS.index(kind)), ticks[rows], ticks[rows] + 1),
            strict=True,
        ):
            column.append(values)
    one, other, what, since, until = (np.concatenate(column).astype(np.int64) for column in columns)
    is_element = np.concatenate([links.other >= len(net.parties), np.ones(len(one) - len(links), bool)])
    other = np.where(is_element, other + shift, other)
    order = np.lexsort((what, other, one, since))
    one, other, what, since, until = (
        np.ascontiguousarray(column[order]) for column in (one, other, what, since, until)
    )
    return Links(one, other, what, since, until, KINDS, parties, links.nodes + shift, hubs=links.hubs)


def _standing(net: Network, links: Links, party: Ints, node: Ints, kind: int, ticks: Ints) -> Bools:
    """Which own links need not be added: the pair stands at the tick anyway, or the element is a hub by
    then."""
    found = np.zeros(len(party), dtype=np.bool_)
    mine = np.flatnonzero(links.kind == kind)
    nodes = links.nodes
    key = links.one[mine] * nodes + links.other[mine]
    order = np.lexsort((links.since[mine], key))
    key, since, until = key[order], links.since[mine][order], links.until[mine][order]
    asked = party * nodes + node
    low, high = np.searchsorted(key, asked, "left"), np.searchsorted(key, asked, "right")
    for row in np.flatnonzero(high > low):
        part = slice(low[row], high[row])
        found[row] = bool(((since[part] <= ticks[row]) & (ticks[row] < until[part])).any())
    became = {hub.node: hub.since for hub in links.hubs if hub.kind == KINDS[kind]}
    if became:
        found |= np.array([became.get(int(one), FOREVER) for one in node], dtype=np.int64) <= ticks
    return found


def _never_ending(links: Links) -> Links:
    """The same links without their ends."""
    return replace(links, until=np.full(len(links), FOREVER))


def _rank(when: Ints) -> Ints:
    """Each row's place among the rows of its instant."""
    order = np.argsort(when, kind="stable")
    ordered = when[order]
    first = np.searchsorted(ordered, ordered, side="left")
    rank = np.empty(len(when), dtype=np.int64)
    rank[order] = np.arange(len(when)) - first
    return rank


def _in_order(parts: Sequence[tuple[Ints, Any]]) -> Any:
    import pyarrow as pa

    rows = np.concatenate([rows for rows, _ in parts])
    return pa.concat_tables([table for _, table in parts]).take(pa.array(np.argsort(rows, kind="stable")))


def brought(subjects: Subjects) -> dict[str, Any]:
    """What each application itself gave, as first known: masked int64 arrays by kind of element."""
    from bankmine.customers.subjects import NO_SUBJECT

    if subjects.kind != "application":
        return {}
    keys = {kind: subjects.keys[key] for kind, key in KEYS.items() if key in subjects.keys}
    return {kind: np.ma.masked_equal(values, NO_SUBJECT) for kind, values in keys.items()}


def _groups(subjects: Subjects) -> list[tuple[int | None, Ints]]:
    """Rows by what they know: those that know what was known at their cutoff (None), and by knowledge time.

    Rows that know more (an application that became known late, or all of them "as corrected since") look at
    the network as it was known at their own knowledge time.
    """
    later = subjects.knowledge != subjects.cutoffs
    groups: list[tuple[int | None, Ints]] = [(None, np.flatnonzero(~later))]
    return groups + [
        (int(known), np.flatnonzero(later & (subjects.knowledge == known)))
        for known in np.unique(subjects.knowledge[later])
    ]


def compute(
    warehouse: Warehouse, columns: Sequence[str], subjects: Subjects, *, memory: str, threads: int
) -> Found:
    """The columns of docs/network.md and those of `RING` and `TRANSFER`; missing before any link was
    known."""
    import pyarrow as pa
    import pyarrow.compute as pc

    customer, own = subjects.keys["customer_id"], brought(subjects)
    parts, early = [], np.zeros(len(subjects), dtype=np.bool_)
    statements: tuple[str, ...] = ()
    for known, rows in _groups(subjects):
        if known is not None or len(rows) or not len(subjects):
            net = network(warehouse, known, memory=memory, threads=threads)
            asked = customer[rows], subjects.cutoffs[rows], {kind: one[rows] for kind, one in own.items()}
            table = features_of(net, *asked)
            if set(columns) & set(RING):
                late = network(warehouse, known, recent=True, memory=memory, threads=threads)
                table = _with_ring(net, late, table, *asked)
            if set(columns) & set(TRANSFER):
                table, more = _with_transfers(warehouse, net, table, subjects, rows, memory, threads)
                statements += more
            parts.append((rows, table))
            early[rows] = subjects.cutoffs[rows] <= net.first
            statements += net.statements
    table = _in_order(parts)
    found = {}
    for name in columns:
        column = table.column(name).combine_chunks()
        found[name] = pc.if_else(pa.array(early), pa.scalar(None, column.type), column)
    return Found(found, dict.fromkeys(columns, early), tuple(dict.fromkeys(statements)))


def _with_ring(
    net: Network, late: Network, table: Any, customer: Ints, cutoffs: Ints, own: Mapping[str, Any]
) -> Any:
    """RING: customers joined by what was given lately (`late`), the growth of that, and the strangers."""
    import pyarrow as pa

    mine = {kind: values for kind, values in own.items() if kind in IDENTITY}
    found = features_of(late, customer, cutoffs, mine)
    values = (
        found.column("component_size"), found.column("component_growth"),
        pa.array(strangers(late, net, customer, cutoffs, mine, IDENTITY)),
    )  # fmt: skip
    for name, column in zip(RING, values, strict=True):
        table = table.append_column(name, column)
    return table


def only(net: Network, kinds: Sequence[str]) -> Network:
    """The network with links of these kinds alone."""
    keep = np.isin(net.links.kind, [KINDS.index(kind) for kind in kinds])
    names = ("one", "other", "kind", "since", "until")
    links = replace(net.links, **{name: getattr(net.links, name)[keep] for name in names})
    return replace(net, links=links)


def _with_transfers(
    warehouse: Warehouse, net: Network, table: Any, subjects: Subjects, rows: Ints, memory: str, threads: int
) -> tuple[Any, tuple[str, ...]]:
    """TRANSFER: others with whom the customer's own bookings were, and how many of them were known to be
    bad."""
    import pyarrow as pa

    cutoffs = subjects.cutoffs[rows]
    if not (warehouse.has("transaction") and warehouse.has("counterparty")):
        for name in TRANSFER:
            table = table.append_column(name, pa.nulls(len(rows), pa.int64()))
        return table, ()
    asked = pa.table(
        {
            "asked_row": np.arange(len(rows)), "customer_id": subjects.keys["customer_id"][rows],
            "cutoff": cutoffs, "knowledge": subjects.knowledge[rows],
        }
    )  # fmt: skip
    with Session(warehouse, memory=memory, threads=threads) as session:
        session.register("asked", asked)
        found = session.arrow(sql("network_transfers"), {"lasts": LASTS_DAYS * DAY})
        statements = tuple(session.statements)
    row, place = found.column("asked_row").to_numpy(), net.party(found.column("other").to_numpy())
    known_bad = net.bads.began(place, cutoffs[row] * TICKS) != FOREVER
    for name, of in zip(TRANSFER, (row, row[known_bad]), strict=True):
        table = table.append_column(name, pa.array(np.bincount(of, minlength=len(rows))))
    return table, statements


def strangers(
    net: Network, homes: Network, customer: Any, cutoffs: Any, own: Mapping[str, Any], kinds: Sequence[str]
) -> Ints:
    """For each row how many other customers, none of its household, lately gave the same elements of `kinds`.

    Sightings stand as in `net`; a household is everybody joined by household links of `homes` then.
    """
    from bankmine.mining.network.components import components_at

    ticks = np.asarray(cutoffs, dtype=np.int64) * TICKS
    own_key = np.asarray(customer, dtype=np.int64)
    row, party = _sharers(net, ticks, own, kinds)
    other = net.parties[party]
    apart = other != own_key[row]
    pairs = np.unique(np.stack([row[apart], other[apart]], axis=1), axis=0)
    row, other = pairs[:, 0], pairs[:, 1]
    mine, theirs = homes.party(own_key)[row], homes.party(other)
    known = (mine >= 0) & (theirs >= 0)
    households = only(homes, ("household",)).links
    asked = np.concatenate([mine[known], theirs[known]])
    root = components_at(households, asked, np.tile(ticks[row][known], 2)).root
    same = np.zeros(len(row), dtype=np.bool_)
    same[known] = root[: len(root) // 2] == root[len(root) // 2 :]
    return np.bincount(row[~same], minlength=len(ticks)).astype(np.int64)


def _sharers(net: Network, ticks: Ints, own: Mapping[str, Any], kinds: Sequence[str]) -> tuple[Ints, Ints]:
    """(row, party) for each standing sighting of what a row itself brings."""
    first, far, link = net.links.adjacency()
    rows, parties = [], []
    for kind in kinds:
        if kind not in own:
            continue
        node = np.where(np.ma.getmaskarray(own[kind]), -1, net.element(kind, np.ma.getdata(own[kind])))
        given = np.flatnonzero(node >= 0)
        count = first[node[given] + 1] - first[node[given]]
        row = np.repeat(given, count)
        place = (
            np.repeat(first[node[given]], count)
            + np.arange(len(row))
            - np.repeat(np.cumsum(count) - count, count)
        )
        stands = (net.links.since[link[place]] <= ticks[row]) & (ticks[row] < net.links.until[link[place]])
        rows.append(row[stands])
        parties.append(far[place][stands])
    none = np.zeros(0, dtype=np.int64)
    return np.concatenate([none, *rows]), np.concatenate([none, *parties])
