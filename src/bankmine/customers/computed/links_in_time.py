"""A bank's parties and elements with the links between them, on one line of time that every cutoff can look
at.

Links are those of `party_link` and what applications gave (phone, device, address, employer): sightings,
evidence for a year. Without a knowledge time a version of a link stands from when the bank knew of it until
it knew better, so that looking at T shows what was known at T; a bank's network is built once for all
cutoffs. Bad are customers with a bad application, a loan 90 days past due or a confirmed false application,
from when the bank knew it until it knew better: a withdrawn verdict or a corrected row counts between.

Time is scaled by `TICKS`: what happened or became known at t (µs) begins at the last tick of t, so that a
cutoff T, which looks at one of the ticks before, sees nothing of its own instant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.mining.network.bads import Bads
    from bankmine.mining.network.links import Links

Ints = NDArray[np.int64]
KINDS = ("phone", "device", "address", "employer", "guarantor", "household", "owner")
KEYS = {"phone": "phone", "device": "device_id", "address": "address_id", "employer": "employer_id"}
ELEMENTS = tuple(KEYS)
TICKS = 1024  # 2^63 / 1024 µs reach from 1684 to 2255
IDENTITY = ("phone", "device", "address")
LASTS_DAYS = 365
RECENT_DAYS = 60  # rings grow over weeks; a shop's telephone is given over years
BAD = {"credit_application": "network_bad_application", "loan_event": "network_bad_loan",
       "feedback": "network_bad_fraud"}  # fmt: skip
FOREVER = int(np.iinfo(np.int64).max)
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Network:
    """The parties and elements of a bank with the links between them, on scaled time.

    `parties` (sorted) are customers; `elements` has for each kind its sorted tokens; nodes are parties, then
    elements kind by kind. `bads`: the scaled spans in which each party is known to be bad.
    `first`: first instant (µs) at which any link was known, FOREVER without a link.
    """

    parties: Ints
    elements: Mapping[str, Ints]
    links: Links
    bads: Bads
    first: int
    statements: tuple[str, ...] = field(default=())

    def party(self, customers: Any) -> Ints:
        """Place of each customer among the parties, −1 where it is none."""
        return places(self.parties, np.asarray(customers, dtype=np.int64))

    def element(self, kind: str, tokens: Any) -> Ints:
        """Node of each token of a kind, −1 where no link has it."""
        start = len(self.parties)
        for name in ELEMENTS:
            if name == kind:
                break
            start += len(self.elements[name])
        place = places(self.elements[kind], np.asarray(tokens, dtype=np.int64))
        return np.where(place < 0, -1, place + start)


_BUILT: WeakKeyDictionary[Warehouse, dict[bool, Network]] = WeakKeyDictionary()


def network(
    warehouse: Warehouse, known: int | None = None, *, recent: bool = False, memory: str = "1GB",
    threads: int = 2,
) -> Network:  # fmt: skip
    """The bank's network over all its time, built once for a state of the warehouse.

    Without `known` each link begins when the bank knew of it; with `known` (µs) links are as known then.
    Tables the bank lacks say nothing. `recent`: only what applications gave of IDENTITY, each for
    `RECENT_DAYS`.
    """
    if known is not None:
        return _build(warehouse, known, recent, memory, threads)
    built = _BUILT.setdefault(warehouse, {})
    if recent not in built:
        built[recent] = _build(warehouse, None, recent, memory, threads)
    return built[recent]


def _build(warehouse: Warehouse, known: int | None, recent: bool, memory: str, threads: int) -> Network:
    from bankmine.mining.network.bads import bads_of
    from bankmine.mining.network.links import links_of

    lasts = (RECENT_DAYS if recent else LASTS_DAYS) * DAY
    rows, statements = _rows(warehouse, known, lasts, memory, threads)
    if recent:
        of_identity = np.isin(rows["sightings"]["kind"], IDENTITY)
        rows["sightings"] = {name: values[of_identity] for name, values in rows["sightings"].items()}
        rows["links"] = {name: values[:0] for name, values in rows["links"].items()}
    sightings = rows["sightings"]
    bads = [rows[name] for name in BAD.values()]
    customers = [rows["links"]["one"], rows["links"]["other"], sightings["party"]]
    customers += [one["customer_id"] for one in bads]
    parties = np.unique(np.concatenate(customers))
    elements = {
        kind: np.unique(sightings["element"][sightings["kind"] == kind]).astype(np.int64) for kind in ELEMENTS
    }
    none = links_of([], [], [], [], kinds=KINDS, parties=0)
    empty = Network(parties, elements, none, bads_of(len(parties), None), FOREVER)
    one, other, kind, since, until = _numbered(empty, rows)
    count = sum(len(tokens) for tokens in elements.values())
    links = links_of(
        one, other, kind, since * TICKS + TICKS - 1, np.where(until == FOREVER, FOREVER, until * TICKS),
        kinds=KINDS, parties=len(parties), elements=count,
    )  # fmt: skip
    first = int(since.min()) if len(since) else int(FOREVER)
    return Network(parties, elements, links, _bads(parties, bads), first, tuple(statements))


def _numbered(net: Network, rows: Mapping[str, Mapping[str, Any]]) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """All raw links as nodes, kinds and instants (µs); ends beyond what scaled time can say are FOREVER."""
    direct, seen = rows["links"], rows["sightings"]
    element = np.full(len(seen["party"]), -1, dtype=np.int64)
    for kind in ELEMENTS:
        mine = seen["kind"] == kind
        element[mine] = net.element(kind, seen["element"][mine])
    one = np.concatenate([net.party(direct["one"]), net.party(seen["party"])])
    other = np.concatenate([net.party(direct["other"]), element])
    kind_, since, until = (np.concatenate([direct[name], seen[name]]) for name in ("kind", "since", "until"))
    kind_ = _kind_numbers(kind_)
    return one, other, kind_, since, np.where(until > FOREVER // TICKS, FOREVER, until)


def _kind_numbers(kinds: Any) -> Ints:
    return np.array([KINDS.index(one) for one in kinds], dtype=np.int64)


def _bads(parties: Ints, parts: Sequence[Mapping[str, Any]]) -> Bads:
    """When each party was known to be bad, scaled; a cutoff sees neither a begin nor an end of its own
    instant."""
    from bankmine.mining.network.bads import Bads

    who, since, until = (
        np.concatenate([one[name] for one in parts]) for name in ("customer_id", "since", "until")
    )
    real = since != FOREVER
    return Bads.of(
        places(parties, who[real]), _last_tick(since[real]), _last_tick(until[real]), parties=len(parties),
    )  # fmt: skip


def _last_tick(instants: Ints) -> Ints:
    never = instants == FOREVER
    return np.where(never, FOREVER, np.where(never, 0, instants) * TICKS + TICKS - 1)


def _rows(
    warehouse: Warehouse, known: int | None, lasts: int, memory: str, threads: int
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The rows of each statement as arrays; empty where the bank lacks its tables."""
    asked: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], dict[str, int]]] = {
        "links": ("network_links", ("party_link",), ("one", "other", "kind", "since", "until"), {}),
        "sightings": (
            "network_sightings", ("credit_application",), ("party", "kind", "element", "since", "until"),
            {"lasts": lasts},
        ),
    }  # fmt: skip
    asked |= {name: (name, (table,), ("customer_id", "since", "until"), {}) for table, name in BAD.items()}
    found: dict[str, dict[str, Any]] = {}
    with Session(warehouse, memory=memory, threads=threads) as session:
        for name, (file, tables, columns, more) in asked.items():
            table = None
            if all(warehouse.has(one) for one in tables):
                table = session.arrow(sql(file), {"known": known, **more})
            found[name] = {column: _array(table, column) for column in columns}
        return found, session.statements


def _array(table: Any, column: str) -> Any:
    if column == "kind":
        return np.array([] if table is None else table.column(column).to_pylist(), dtype=object)
    if table is None:
        return np.zeros(0, dtype=np.int64)
    return table.column(column).fill_null(FOREVER).to_numpy().astype(np.int64)


def sql(name: str) -> str:
    """A statement of this folder."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def places(sorted_keys: Ints, asked: Ints) -> Ints:
    """Place of each asked key among sorted ones, −1 where it is none."""
    if not len(sorted_keys):
        return np.full(len(asked), -1, dtype=np.int64)
    place = np.searchsorted(sorted_keys, asked).clip(max=len(sorted_keys) - 1)
    return np.where(sorted_keys[place] == asked, place, -1).astype(np.int64)
