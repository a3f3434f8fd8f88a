"""How a ring grew: when each customer joined it, and when each new link was seen.

A customer joins when he first gives something that somebody else of the ring gave too. A ring may be largest
long before the run's cutoff and gain others while its first members fall silent: those count as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.customers.computed.links_in_time import TICKS, Network
from bankmine.tasks.contract import Ints

if TYPE_CHECKING:
    from bankmine.mining.network.links import Links

PERIODS = (30, 90)  # days before the cutoff in which growth is counted
FIRST_DAYS = 365
WEEKS = 26  # how far back the curve goes


@dataclass(frozen=True)
class Growth:
    """`joined`: when each customer joined, `linked`: when each link was first seen (µs, ascending), before
    `cutoff` (µs); `newcomers` joined after the ring was largest (pseudonyms)."""

    joined: tuple[int, ...]
    linked: tuple[int, ...]
    newcomers: tuple[int, ...]
    cutoff: int

    def members(self, days: int) -> int:
        """Customers who joined in the days before the cutoff."""
        return _since(self.joined, self.cutoff - days * DAY)

    def links(self, days: int) -> int:
        """New links in the days before the cutoff."""
        return _since(self.linked, self.cutoff - days * DAY)

    @property
    def grows(self) -> bool:
        """Whether anybody joined in the longest of PERIODS."""
        return self.members(max(PERIODS)) > 0

    def curve(self) -> tuple[list[int], list[int]]:
        """Ends of the last WEEKS weeks (µs) and how many had joined by then."""
        ends = [self.cutoff - back * 7 * DAY for back in range(WEEKS, -1, -1)]
        return ends, np.searchsorted(np.array(self.joined, np.int64), ends, side="left").tolist()


def growth(late: Network, members: Ints, at: int, cutoff: int) -> Growth:
    """The growth of a ring that had these members (places of `late`) when it was largest, `at` (µs).

    Looked at is what two of the members or more had given then. Others join who give it while it is still in
    use, before everything seen of it has expired. Each joined when first seen with it in the year before.
    """
    links = late.links
    standing = links.at(at * TICKS)
    own = standing[np.isin(links.one[standing], members)]
    pairs = np.unique(np.stack([links.other[own], links.one[own]], axis=1), axis=0)
    element, count = np.unique(pairs[:, 0], return_counts=True)
    shared = element[count > 1]
    after = [_still_used(links, one, at * TICKS, cutoff * TICKS) for one in shared]
    party = np.unique(np.concatenate([links.one[own][np.isin(links.other[own], shared)], *after]))
    before = (links.since >= (at - FIRST_DAYS * DAY) * TICKS) & (links.since < cutoff * TICKS)
    seen = np.flatnonzero(before & np.isin(links.other, shared) & np.isin(links.one, party))
    pairs, which = np.unique(
        np.stack([links.one[seen], links.other[seen]], axis=1), axis=0, return_inverse=True
    )
    linked = _earliest(which.reshape(-1), links.since[seen] // TICKS, len(pairs))
    joined = _earliest(np.searchsorted(party, pairs[:, 0]), linked, len(party))
    new = party[~np.isin(party, members)]
    return Growth(
        tuple(np.sort(joined).tolist()), tuple(np.sort(linked).tolist()),
        tuple(late.parties[new].tolist()), cutoff,
    )  # fmt: skip


def _still_used(links: Links, element: int, at: int, cutoff: int) -> Ints:
    """Who gave an element from `at` to the cutoff, each while an earlier sighting of it still stood."""
    of = np.flatnonzero((links.other == element) & (links.until > at) & (links.since < cutoff))
    of = of[np.argsort(links.since[of], kind="stable")]
    before = links.since[of] < at
    reach = int(links.until[of][before].max())
    found = []
    for place in of[~before]:
        if links.since[place] > reach:
            break
        reach = max(reach, int(links.until[place]))
        found.append(int(links.one[place]))
    return np.array(found, dtype=np.int64)


def _earliest(which: Ints, instants: Ints, size: int) -> Ints:
    first = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(first, which, instants)
    return first


def _since(instants: Sequence[int], at: int) -> int:
    return len(instants) - int(np.searchsorted(np.array(instants, np.int64), at, side="left"))
