"""Who is linked to a customer as of a date, one step and two, within the person's scope.

Links are those of `party_link`, what applications gave (the same phone, device, address or employer) and
joint accounts, each from when the bank knew of it. Whoever lies outside of the scope is left out before any
link is followed, so nobody is found through them either. What is shared is never named: a phone is a link,
not a number. An employer leads from the customer to colleagues and no further, and what more than 200 share
(a switchboard, a large employer) is no link at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bankmine.access.columns import Keys, Numbers, Words
from bankmine.access.customer import row_of
from bankmine.access.tables import Shown, Table
from bankmine.customers.computed.links_in_time import KINDS, TICKS, network
from bankmine.engine.session import Session
from bankmine.governance import Permission

if TYPE_CHECKING:
    from bankmine.access.columns import Bools, Ints
    from bankmine.access.place import Place, State
    from bankmine.access.view import View
    from bankmine.customers.computed.links_in_time import Network

JOINT = "joint account"
WORDS = {
    "phone": "same phone",
    "device": "same device",
    "address": "same address",
    "employer": "same employer",
    "guarantor": "guarantor",
    "household": "same household",
    "owner": "company and owner",
}
"""What each kind of link is called; joint accounts come beside them."""

LINK_WORDS = (*sorted(WORDS.values()), JOINT)
MOST_PEOPLE = 400
SHOWN = ("customer_id", "kind", "branch_id", "manager_id", "flags")
_SEES_BAD = (Permission.CREDIT_READ, Permission.FRAUD_READ, Permission.WARNINGS_READ)


class Found(NamedTuple):
    """A link found: between which customers, what it is, since when (µs), and how many steps away it ends."""

    through: int
    customer: int
    link: str
    since: int
    steps: int


@dataclass(frozen=True)
class Around:
    """A customer's network: `links` (nearest first) and the same as a table with what is known of each end.

    `cut` says that there are more than MOST_PEOPLE and the farther ones were left out.
    """

    customer: int
    links: tuple[Found, ...]
    table: Table
    bad: frozenset[int]
    cut: bool


@dataclass(frozen=True)
class Neighbours:
    """The bank's links by node, and joint accounts by customer; one for a state of the bank and a cutoff."""

    net: Network
    first: Ints
    far: Ints
    link: Ints
    joint: Mapping[int, Sequence[tuple[int, int]]]


def around(view: View, customer: int | str) -> Around | None:
    """The network of a customer; None where unknown or out of scope."""
    view.person.require(Permission.CUSTOMERS_READ)
    own = view.own_customers()
    row = row_of(own, customer)
    if row is None:
        return None
    ids = own.columns["customer_id"]
    assert isinstance(ids, Keys)
    token, near = int(ids.values[row]), neighbours(view.place, view.state, view.cutoff)
    links, cut = _walk(near, token, ids.values, view.cutoff)
    bad = _bad(view, near.net, {token, *(one.customer for one in links)})
    return Around(token, tuple(links), _table(view, own, links, bad), bad, cut)


def known(view: View) -> list[str]:
    """The kinds of link there are, as they are called."""
    return [*LINK_WORDS]


def neighbours(place: Place, state: State, cutoff: int) -> Neighbours:
    """The bank's links as of a cutoff, read once for a state of the bank."""
    made: Neighbours = place.seen.get(("neighbours", state.name, cutoff), lambda: _made(place, state, cutoff))
    return made


def _made(place: Place, state: State, cutoff: int) -> Neighbours:
    net: Network = place.seen.get(("network", state.name), lambda: network(state.warehouse))
    adjacent: tuple[Ints, Ints, Ints] = place.seen.get(
        ("adjacency", state.name), lambda: net.links.adjacency()
    )
    return Neighbours(net, *adjacent, _joint(state, cutoff))


def _joint(state: State, cutoff: int) -> Mapping[int, Sequence[tuple[int, int]]]:
    """Who holds an account together with whom, and since when (µs)."""
    if not state.warehouse.has("account_party"):
        return {}
    with Session(state.warehouse, cutoff, until=cutoff) as session:
        found = session.arrow(
            "WITH held AS (SELECT account_id, customer_id, valid_from FROM account_party "
            "WHERE role IN ('owner', 'co-owner')) "
            "SELECT a.customer_id AS one, b.customer_id AS other, "
            "epoch_us(min(greatest(a.valid_from, b.valid_from))) AS since "
            "FROM held AS a JOIN held AS b ON a.account_id = b.account_id AND a.customer_id <> b.customer_id "
            "GROUP BY ALL ORDER BY ALL"
        )
    joint: dict[int, list[tuple[int, int]]] = {}
    for one, other, since in zip(*(column.to_pylist() for column in found.columns), strict=True):
        joint.setdefault(one, []).append((other, since))
    return joint


def _walk(near: Neighbours, start: int, own: Ints, cutoff: int) -> tuple[list[Found], bool]:
    """All links to those one step away, then to those one further, among own customers alone."""
    seen, links, ring = {start}, list[Found](), [start]
    for steps in (1, 2):
        found = [
            Found(one, other, link, since, steps)
            for one in ring
            for other, link, since in _links(near, one, cutoff, employer=steps == 1)
            if other not in seen and _is_own(own, other)
        ]
        ring = list(dict.fromkeys(one.customer for one in found))
        room = MOST_PEOPLE + 1 - len(seen)
        kept = set(ring[:room])
        links += sorted(
            (one for one in found if one.customer in kept),
            key=lambda one: (one.link, one.since, one.customer),
        )
        seen |= kept
        if len(ring) > room:
            return links, True
    return links, False


def _links(near: Neighbours, customer: int, cutoff: int, *, employer: bool) -> Iterator[tuple[int, str, int]]:
    """Who is linked to a customer, by what and since when, each pair and kind once."""
    at = cutoff * TICKS + TICKS - 2  # the ticks before the instant's last: what is known by then
    node = int(near.net.party([customer])[0])
    best: dict[tuple[int, str], int] = {}
    for other, kind, since in _through(near, node, at, employer) if node >= 0 else ():
        key = (int(near.net.parties[other]), WORDS[KINDS[kind]])
        best[key] = min(since, best.get(key, since))
    yield from ((other, link, since // TICKS) for (other, link), since in best.items())
    yield from ((other, JOINT, since) for other, since in near.joint.get(customer, ()))


def _through(near: Neighbours, node: int, at: int, employer: bool) -> Iterator[tuple[int, int, int]]:
    """Parties at the other end of standing links, also through an element both share: party, kind, since."""
    parties = len(near.net.parties)
    for far, kind, since in _standing(near, node, at):
        if KINDS[kind] == "employer" and not employer:
            continue
        if far < parties:
            yield far, kind, since
            continue
        for other, _, later in _standing(near, far, at):
            if other != node:
                yield other, kind, max(since, later)


def _standing(near: Neighbours, node: int, at: int) -> Iterator[tuple[int, int, int]]:
    links = near.net.links
    places = near.link[near.first[node] : near.first[node + 1]]
    ends = near.far[near.first[node] : near.first[node + 1]]
    stand = (links.since[places] <= at) & (at < links.until[places])
    for end, place in zip(ends[stand].tolist(), places[stand].tolist(), strict=True):
        yield end, int(links.kind[place]), int(links.since[place])


def _is_own(own: Ints, customer: int) -> bool:
    at = int(np.searchsorted(own, customer))
    return at < len(own) and int(own[at]) == customer


def _bad(view: View, net: Network, customers: set[int]) -> frozenset[int]:
    """Who of them was known to be bad by then, where the person may read of credit, fraud or warnings."""
    if not any(view.person.may(one) for one in _SEES_BAD):
        return frozenset()
    tokens = np.array(sorted(customers), np.int64)
    nodes = net.party(tokens)
    at = view.cutoff * TICKS + TICKS - 2
    begun = net.bads.began(nodes, at)
    return frozenset(tokens[(nodes >= 0) & (begun <= at)].tolist())


def _table(view: View, own: Table, links: Sequence[Found], bad: frozenset[int]) -> Table:
    """The links as rows, with what the directory knows of whom each ends at."""
    ids = own.columns["customer_id"]
    assert isinstance(ids, Keys)
    ends = np.array([one.customer for one in links], np.int64)
    through = np.array([one.through for one in links], np.int64)
    steps = np.array([one.steps for one in links], np.int64)
    since = np.array([one.since for one in links], np.int64)
    days = view.state.warehouse.zone.day_of(since)
    here = np.zeros(len(links), np.bool_)
    ends_of = own.take(np.searchsorted(ids.values, ends).astype(np.int64))
    shown = {one.name: one for one in own.shown if one.name in SHOWN}
    columns = {name: column for name, column in ends_of.columns.items() if name in SHOWN}
    codes = np.array([LINK_WORDS.index(one.link) for one in links], np.int32)
    columns |= {
        "link": Words(codes, LINK_WORDS), "steps": Numbers(steps, here), "since": Numbers(days, here, "day"),
        "through": Keys(through, steps == 1),
    }  # fmt: skip
    made = [
        shown.pop("customer_id"), Shown("link", "Link", "text"), Shown("steps", "Steps", "number"),
        Shown("through", "Through", "key"), Shown("since", "Linked since", "day"), *shown.values(),
    ]  # fmt: skip
    if any(view.person.may(one) for one in _SEES_BAD):
        columns["known_bad"] = _known_bad(ends, bad)
        made.insert(2, Shown("known_bad", "Known of them", "text"))
    return Table(columns, tuple(made), len(links), ("customer_id",))


def _known_bad(ends: Ints, bad: frozenset[int]) -> Words:
    is_bad: Bools = np.isin(ends, np.array(sorted(bad), np.int64))
    return Words(np.where(is_bad, 0, -1).astype(np.int32), ("in default or fraud",))
