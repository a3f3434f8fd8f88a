"""The component of a party at any past time: who is joined with it, directly or through others.

`Components` never forgets: a link once made joins for ever; any party at any time in O(log n) after one pass
over the links (union by size without path compression, each join with its time; Tarjan 1975 for the trees,
the time stamps as in partially persistent union-find, Mannila & Ukkonen 1986). `components_at` forgets: only
links that stand at the cutoff join. It answers all queries together (offline dynamic connectivity by a
segment tree over the cutoffs and union-find with roll-back) in O(m log c log n) for m links and c different
cutoffs, and is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Ints
from bankmine.mining.network.links import UNKNOWN, Links, whole_numbers


class Component(NamedTuple):
    """By query: `root` (equal roots at an equal cutoff are one component) and `size` in parties."""

    root: Ints
    size: Ints


@dataclass(frozen=True)
class Components:
    """All links ever begun, in one tree a component; build with `Components.of`."""

    parent: Ints
    joined_at: Ints
    first: Ints
    gain_time: Ints
    gain_size: Ints
    weight: Ints
    links: Links

    @classmethod
    def of(cls, links: Links) -> Components:
        """One pass over the links; ends of links are not looked at."""
        from bankmine.mining.network.union_kernel import joined

        weight = party_weight(links)
        parent, at, first, time, size = joined(links.one, links.other, links.since, weight)
        return cls(parent, at, first, time, size, weight, links)

    def at(self, party: Any, cutoff: Any) -> Component:
        """Component of each party at its cutoff (one for all, or one each); links begun at it are in."""
        from bankmine.mining.network.union_kernel import as_of

        node, when = queries(self.links, party, cutoff)
        return Component(
            *as_of(
                self.parent, self.joined_at, self.first, self.gain_time, self.gain_size, self.weight,
                node, when,
            )
        )  # fmt: skip


def components_at(links: Links, party: Any, cutoff: Any) -> Component:
    """Component of each party at its cutoff, of the links that stand then (`since ≤ cutoff < until`)."""
    from bankmine.mining.network.union_kernel import standing

    node, when = queries(links, party, cutoff)
    times, number = np.unique(when, return_inverse=True)
    order = np.argsort(number, kind="stable")
    asked = np.searchsorted(number[order], np.arange(times.size + 1)).astype(np.int64)
    low, high = (np.searchsorted(times, edge).astype(np.int64) for edge in (links.since, links.until))
    used = low < high
    one, other, low, high = (np.ascontiguousarray(part[used]) for part in (links.one, links.other, low, high))
    nodes = np.ascontiguousarray(node[order])
    root, size = standing(one, other, low, high, party_weight(links), asked, nodes)
    result = Component(np.empty_like(root), np.empty_like(size))
    result.root[order], result.size[order] = root, size
    return result


def party_weight(links: Links) -> Ints:
    """1 for each party, 0 for each element."""
    return (np.arange(links.nodes) < links.parties).astype(np.int64)


def queries(links: Links, party: Any, cutoff: Any) -> tuple[Ints, Ints]:
    """Parties and cutoffs of one length; UsageError where they do not fit or a cutoff is unknown."""
    node = links.nodes_of(party)
    when = whole_numbers(cutoff)
    if (when == UNKNOWN).any():
        raise UsageError("A cutoff is unknown", hint="Give each query the instant it is asked at.")
    if np.ndim(cutoff) and when.shape != node.shape:
        raise UsageError(
            f"{when.size} cutoffs were given for {node.size} parties",
            hint="Give one for all or one for each.",
        )
    return node, np.ascontiguousarray(
        np.broadcast_to(when if np.ndim(cutoff) else when.reshape(()), node.shape)
    )
