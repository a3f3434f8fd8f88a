"""Rings: customers who gave the same phone, device or address within weeks, none of one household.

A ring is a component of recent sightings (see `customers.computed.links_in_time`) at the end of a month, or
at the run's cutoff, with at least `LEAST` customers of two households or more. Each ring is listed once,
when it was largest; those that still grow stand first, then those of which most false applications are
expected.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.bank.keys import show_key
from bankmine.bank.warehouse import Warehouse
from bankmine.customers.computed.links_in_time import KINDS, TICKS, Network, network
from bankmine.customers.computed.network import only
from bankmine.tasks.application_fraud.growth import PERIODS, Growth, growth
from bankmine.tasks.contract import Ints

if TYPE_CHECKING:
    from bankmine.mining.network.links import Links

LEAST = 3
LOOK_DAYS = 7  # how often rings are looked for
MOST = 50
SEEN_DAYS = 120  # how far before a ring was largest its applications are counted


@dataclass(frozen=True, kw_only=True)
class Ring:
    """`members` are customers (pseudonyms), `households` how many, `since` and `until` (µs) the instants of
    its first and last application, `at` (µs) when it was largest; `applications`, their `amount_minor`, how
    many were `confirmed` false by the run's cutoff, `shared` the kinds shared, `chance` the mean chance of
    those scored (NaN where none was), `growth` who joined when."""

    members: tuple[int, ...]
    households: int
    since: int
    until: int
    at: int
    applications: int
    amount_minor: int
    confirmed: int
    shared: tuple[str, ...]
    chance: float
    growth: Growth

    @property
    def days(self) -> float:
        """From the first application to the last."""
        return (self.until - self.since) / DAY


def rings(
    warehouse: Warehouse, since: int, cutoff: int, applications: Any, *, memory: str = "1GB", threads: int = 2
) -> list[Ring]:
    """The rings of the period from `since` to the cutoff: the MOST of which most is expected, those of them
    that grow first.

    `applications`: an Arrow table with customer_id, cutoff, value_minor, confirmed (boolean) and chance
    (NaN where not scored), as known at the run's cutoff.
    """
    late = network(warehouse, recent=True, memory=memory, threads=threads)
    net = network(warehouse, memory=memory, threads=threads)
    found: dict[int, tuple[int, Ints]] = {}  # largest component of each first member, when and who
    for at in range(cutoff, since, -LOOK_DAYS * DAY):
        for members in _components(late, at):
            if len(members) >= LEAST and len(members) > len(found.get(int(members[0]), (0, ()))[1]):
                found[int(members[0])] = (at, members)
    made = [
        _ring(late, net, at, members, applications, cutoff) for at, members in _kept(list(found.values()))
    ]
    apart = [one for one in made if one is not None and one.households > 1]
    heaviest = sorted(apart, key=lambda one: (-_weight(one), one.members))[:MOST]
    return sorted(heaviest, key=lambda one: not one.growth.grows)


def _kept(found: list[tuple[int, Ints]]) -> list[tuple[int, Ints]]:
    """Without those most of whose members are in a larger one."""
    kept: list[tuple[int, Ints]] = []
    for at, members in sorted(found, key=lambda one: (-len(one[1]), one[0], one[1].tolist())):
        if all(len(np.intersect1d(members, other)) * 2 < len(members) for _, other in kept):
            kept.append((at, members))
    return kept


def _components(net: Network, at: int) -> list[Ints]:
    """Places of the parties of each component of two or more just before `at`."""
    from bankmine.mining.network.components import components_at

    links = net.links
    standing = links.at(at * TICKS)
    if not len(standing):
        return []
    inside = np.unique(np.concatenate([links.one[standing], links.other[standing]]))
    party = inside[inside < links.parties]
    root = components_at(links, party, at * TICKS).root
    order = np.argsort(root, kind="stable")
    edges = np.flatnonzero(np.diff(root[order])) + 1
    return [np.sort(part) for part in np.split(party[order], edges) if len(part) > 1]


def _ring(late: Network, net: Network, at: int, members: Ints, applications: Any, cutoff: int) -> Ring | None:
    customers = late.parties[members]
    mine = np.isin(applications.column("customer_id").to_numpy(), customers)
    time = applications.column("cutoff").to_numpy()
    mine &= (time < at) & (time >= at - SEEN_DAYS * DAY)
    if not mine.any():
        return None
    chance = applications.column("chance").to_numpy()[mine]
    scored = chance[np.isfinite(chance)]
    return Ring(
        members=tuple(int(one) for one in customers), households=_households(net, customers, at),
        since=int(time[mine].min()), until=int(time[mine].max()), at=at, applications=int(mine.sum()),
        amount_minor=int(applications.column("value_minor").to_numpy()[mine].sum()),
        confirmed=int(applications.column("confirmed").to_numpy(zero_copy_only=False)[mine].sum()),
        shared=_shared(late, members, at), chance=float(scored.mean()) if len(scored) else float("nan"),
        growth=growth(late, members, at, cutoff),
    )  # fmt: skip


def _households(net: Network, customers: Ints, at: int) -> int:
    from bankmine.mining.network.components import components_at

    place = net.party(customers)
    known = place[place >= 0]
    root = components_at(only(net, ("household",)).links, known, at * TICKS).root
    return len(np.unique(root)) + int((place < 0).sum())


def _shared(late: Network, members: Ints, at: int) -> tuple[str, ...]:
    """Kinds of element that two or more of the members gave."""
    links = late.links
    standing = links.at(at * TICKS)
    standing = standing[np.isin(links.one[standing], members)]
    element, count = np.unique(links.other[standing], return_counts=True)
    several = standing[np.isin(links.other[standing], element[count > 1])]
    return tuple(KINDS[one] for one in np.unique(links.kind[several]))


def _weight(one: Ring) -> float:
    """The false applications expected, as far as they were scored: chance times customers."""
    return (one.chance if np.isfinite(one.chance) else 0.0) * len(one.members)


def ring_table(found: list[Ring], zone: Any) -> Any:
    """One row a ring, for the run's tables."""
    import pyarrow as pa

    day = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "ring": pa.array(range(1, len(found) + 1), pa.int64()),
            "grows": pa.array(["grows" if one.growth.grows else "" for one in found], pa.string()),
            "customers": pa.array([len(one.members) for one in found], pa.int64()),
            **{
                f"{what}_{days}": pa.array([getattr(one.growth, what)(days) for one in found], pa.int64())
                for what in ("members", "links")
                for days in PERIODS
            },
            "households": pa.array([one.households for one in found], pa.int64()),
            "shared": pa.array([", ".join(one.shared) for one in found], pa.string()),
            "first": pa.array([one.since for one in found], pa.int64()).cast(day),
            "last": pa.array([one.until for one in found], pa.int64()).cast(day),
            "applications": pa.array([one.applications for one in found], pa.int64()),
            "amount_minor": pa.array([one.amount_minor for one in found], pa.int64()),
            "chance": pa.array([one.chance for one in found], pa.float64(), from_pandas=True),
            "confirmed": pa.array([one.confirmed for one in found], pa.int64()),
            "members": pa.array([_keys(one.members) for one in found], pa.string()),
            "newcomers": pa.array([_keys(one.growth.newcomers) for one in found], pa.string()),
        }
    )


def _keys(members: tuple[int, ...]) -> str:
    return ", ".join(map(show_key, members))


def ring_picture(warehouse: Warehouse, ring: Ring, *, memory: str = "1GB", threads: int = 2) -> str:
    """SVG of the ring as it stood when it was largest: what two or more gave, customers by the last four
    signs of their pseudonyms."""
    from bankmine.mining.network.picture import picture

    late = network(warehouse, recent=True, memory=memory, threads=threads)
    links = _shared_alone(late.links, ring.at * TICKS)
    names = [show_key(int(one))[-4:] for one in late.parties]
    names += ["" for tokens in late.elements.values() for _ in tokens]  # the links say what they are
    middle = late.party([max(ring.members, key=lambda one: _degree(late, one, ring.at))])[0]
    return picture(links, int(middle), ring.at * TICKS, names=names, bad_known_at=late.bads, hops=4, most=40)


def _shared_alone(links: Links, at: int) -> Links:
    """The standing links to what two parties or more gave."""
    standing = links.at(at)
    element, count = np.unique(links.other[standing], return_counts=True)
    keep = standing[np.isin(links.other[standing], element[count > 1])]
    parts = {name: getattr(links, name)[keep] for name in ("one", "other", "kind", "since", "until")}
    return replace(links, **parts)


def _degree(late: Network, customer: int, at: int) -> tuple[int, int]:
    place = late.party([customer])[0]
    links = late.links
    return int((links.one[links.at(at * TICKS)] == place).sum()), -customer
