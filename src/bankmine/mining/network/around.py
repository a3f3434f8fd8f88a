"""Features of a party from its neighbours as they stood at a cutoff, its neighbourhood, and the reasons.

Everything counts distinct parties, whatever number of links leads to them. Who is bad is known from a time
on, until it is taken back: a neighbour's default counts at the cutoffs between, and one's own never.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.contract import Ints, Reasons
from bankmine.mining.network.bads import Bads, bads_of
from bankmine.mining.network.components import Components, components_at, queries
from bankmine.mining.network.links import FOREVER, MOST, Links


def network_features(
    links: Links,
    party: Any,
    cutoff: Any,
    *,
    window: int,
    bad_known_at: Any = None,
    most: int = MOST,
) -> pa.Table:
    """One row of features for each query (party, cutoff); a cutoff for all or one each.

    `window`: length of "lately", in units of time. `bad_known_at`: spans in which each party was known to be
    bad (`bads.Bads`), or (parties) an instant from which on, FOREVER for never; None: nobody.
    At most `most` neighbours and `most` at two hops are looked at
    (`cut_short` is 1 then). Columns:

    component_size, component_growth (parties; of standing links, growth since cutoff − window),
    ever_component_size (links never forgotten), neighbours, new_neighbours (first joined within the window
    by a link that stands), burst (new over the mean of the three windows before, both plus one),
    bad_neighbours, bad_share and since_last_bad (null without a neighbour or a bad one), second_neighbours,
    bad_second_neighbours, second_bad_share, shared_elements, neighbours_by_KIND,
    cut_short.
    """
    node, when = queries(links, party, cutoff)
    if window < 1 or most < 1:
        raise UsageError("The window or the most neighbours is not positive", hint="Give at least 1.")
    now, then = components_at(links, node, when), components_at(links, node, when - window)
    ever = Components.of(links).at(node, when)
    counts, by_kind = _counts(links, node, when, window, bads_of(links.parties, bad_known_at), most)
    near, fresh, before, bad, last, second, second_bad, shared, cut = counts.T
    return pa.table(
        {
            "component_size": now.size,
            "component_growth": now.size - then.size,
            "ever_component_size": ever.size,
            "neighbours": near,
            "new_neighbours": fresh,
            "burst": (fresh + 1) / (before / 3 + 1),
            "bad_neighbours": bad,
            "bad_share": _share(bad, near),
            "since_last_bad": pa.array(when - last, mask=bad == 0),
            "second_neighbours": second,
            "bad_second_neighbours": second_bad,
            "second_bad_share": _share(second_bad, second),
            "shared_elements": shared,
            **{f"neighbours_by_{kind}": by_kind[:, place] for place, kind in enumerate(links.kinds)},
            "cut_short": cut,
        }
    )


def _share(part: Ints, whole: Ints) -> pa.Array:
    return pa.array(part / np.maximum(whole, 1), mask=whole == 0)


def _counts(links: Links, node: Ints, when: Ints, window: int, bads: Bads, most: int) -> tuple[Ints, Ints]:
    from bankmine.mining.network.around_kernel import around

    first, far, since, until, link = _by_time(links)
    counts, by_kind = around(
        first, far, since, until, links.kind[link], links.parties,
        len(links.kinds), window, most, bads.first, bads.since, bads.until, node, when,
    )  # fmt: skip
    return counts, by_kind


class _ByTime(NamedTuple):
    """Links of each node by time: first (nodes + 1), then far end, begin, end and place of each link."""

    first: Ints
    far: Ints
    since: Ints
    until: Ints
    link: Ints


def _by_time(links: Links) -> _ByTime:
    first, far, link = links.adjacency()
    return _ByTime(first, far, links.since[link], links.until[link], link)


class Neighbourhood(NamedTuple):
    """Nodes within some hops, in order of reaching: the first is the party itself.

    `hop`: 0 for the party; an element has the hop of the party before it. `source` and `link`: place in
    `node` and place of the link it was reached by, −1 for the party.
    """

    node: Ints
    hop: Ints
    source: Ints
    link: Ints


def neighbourhood(links: Links, party: int, cutoff: int, *, hops: int = 2, most: int = 60) -> Neighbourhood:
    """Who stands within `hops` of a party at a cutoff, at most `most` nodes, nearest and oldest first."""
    start = links.nodes_of([party])[0]
    return _searched(_by_time(links), links.parties, int(start), cutoff, hops, most)


def _searched(ends: _ByTime, parties: int, start: int, cutoff: int, hops: int, most: int) -> Neighbourhood:
    from bankmine.mining.network.around_kernel import search

    if hops < 1 or most < 1:
        raise UsageError("The hops or the most nodes is not positive", hint="Give at least 1.")
    node, hop, source, by = search(*ends, parties, start, cutoff, hops, most)
    order = np.argsort(node, kind="stable")
    place = order[np.searchsorted(node, source, sorter=order).clip(max=node.size - 1)]
    return Neighbourhood(node, hop, np.where(source < 0, -1, place), by)


def neighbour_reasons(
    links: Links, party: Any, cutoff: Any, *, bad_known_at: Any, top: int = 3, most: int = MOST
) -> Reasons:
    """Which bad neighbours, known by then, stand behind each party's bad share.

    The name of a reason is the kind that joins them, its value the neighbour's number, its contribution the
    neighbour's part of the bad share (1 / neighbours). Those last known to be bad come first.
    """
    node, when = queries(links, party, cutoff)
    bads, ends = bads_of(links.parties, bad_known_at), _by_time(links)
    columns = np.full((node.size, top), -1, dtype=np.int64)
    values, parts = np.full((node.size, top), np.nan), np.zeros((node.size, top))
    for row in range(node.size):
        kinds, near = _neighbours(links, ends, int(node[row]), int(when[row]), most)
        began = bads.began(np.array(near, dtype=np.int64), when[row]).tolist()
        bad = sorted((-at, one) for at, one in zip(began, near, strict=True) if at != FOREVER)
        for place, (_, one) in enumerate(bad[:top]):
            columns[row, place], values[row, place], parts[row, place] = kinds[one], one, 1 / len(near)
    return Reasons(tuple(links.kinds), columns, values, parts)


def _neighbours(
    links: Links, ends: _ByTime, party: int, cutoff: int, most: int
) -> tuple[dict[int, int], list[int]]:
    """Kind of the first link of each neighbour, and the neighbours at one hop."""
    around = _searched(ends, links.parties, party, cutoff, 1, 8 * most)
    near = [place for place in range(1, around.node.size) if around.hop[place] == 1]
    kinds = {}
    for place in near:
        source = around.source[place]
        link = around.link[place] if source == 0 else around.link[source]
        kinds[int(around.node[place])] = int(links.kind[link])
    return kinds, [int(around.node[place]) for place in near]
