"""Features of a party from its neighbours as they stood at a cutoff, its neighbourhood, and the reasons.

Everything counts distinct parties, whatever number of links leads to them. Who is bad is known from a time
on: a neighbour's default counts at cutoffs not before it became known, and one's own never.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, Ints, Reasons
from bankmine.mining.network.components import Components, components_at, queries
from bankmine.mining.network.links import FOREVER, MOST, UNKNOWN, Links, whole_numbers


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

    `window`: length of "lately", in units of time. `bad_known_at` (parties): when each party was known to
    be bad, FOREVER for never; None: nobody. At most `most` neighbours and `most` at two hops are looked at
    (`cut_short` is 1 then). Columns:

    component_size, component_growth (parties; of standing links, growth since cutoff − window),
    ever_component_size (links never forgotten), neighbours, new_neighbours (first joined within the
    window), burst (new over the mean of the three windows before, both plus one), bad_neighbours,
    bad_share and since_last_bad (null without a neighbour or a bad one), second_neighbours,
    bad_second_neighbours, second_bad_share, shared_elements, neighbours_by_KIND, cut_short.
    """
    node, when = queries(links, party, cutoff)
    if window < 1 or most < 1:
        raise UsageError("The window or the most neighbours is not positive", hint="Give at least 1.")
    now, then = components_at(links, node, when), components_at(links, node, when - window)
    ever = Components.of(links).at(node, when)
    counts, by_kind = _counts(links, node, when, window, bad_times(links, bad_known_at), most)
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


def bad_times(links: Links, bad_known_at: Any) -> Ints:
    """When each party became known to be bad, shape (parties,); FOREVER where never or unknown when."""
    if bad_known_at is None:
        return np.full(links.parties, FOREVER)
    times = whole_numbers(bad_known_at)
    if times.shape != (links.parties,):
        raise UsageError(
            f"Times of being bad have shape {times.shape}",
            hint=f"Give one for each of {links.parties} parties.",
        )
    return np.where(times == UNKNOWN, FOREVER, times)


def _counts(links: Links, node: Ints, when: Ints, window: int, bad_at: Ints, most: int) -> tuple[Ints, Ints]:
    from bankmine.mining.network.around_kernel import around

    first, far, link = links.adjacency()
    counts, by_kind = around(
        first, far, links.since[link], links.until[link], links.kind[link], links.parties,
        len(links.kinds), window, most, bad_at, node, when,
    )  # fmt: skip
    return counts, by_kind


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
    from bankmine.mining.network.around_kernel import search

    start = links.nodes_of([party])[0]
    if hops < 1 or most < 1:
        raise UsageError("The hops or the most nodes is not positive", hint="Give at least 1.")
    first, far, link = links.adjacency()
    node, hop, source, by = search(
        first, far, links.since[link], links.until[link], link, links.parties, start, cutoff, hops, most
    )
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
    bad_at = bad_times(links, bad_known_at)
    columns = np.full((node.size, top), -1, dtype=np.int64)
    values, parts = np.full((node.size, top), np.nan), np.zeros((node.size, top))
    for row in range(node.size):
        kinds, near = _neighbours(links, int(node[row]), int(when[row]), most)
        bad = [one for one in near if bad_at[one] <= when[row]]
        for place, one in enumerate(sorted(bad, key=lambda one: (-bad_at[one], one))[:top]):
            columns[row, place], values[row, place], parts[row, place] = kinds[one], one, 1 / len(near)
    return Reasons(tuple(links.kinds), columns, values, parts)


def _neighbours(links: Links, party: int, cutoff: int, most: int) -> tuple[dict[int, int], list[int]]:
    """Kind of the first link of each neighbour, and the neighbours at one hop."""
    around = neighbourhood(links, party, cutoff, hops=1, most=8 * most)
    near = [place for place in range(1, around.node.size) if around.hop[place] == 1]
    kinds = {}
    for place in near:
        source = around.source[place]
        link = around.link[place] if source == 0 else around.link[source]
        kinds[int(around.node[place])] = int(links.kind[link])
    return kinds, [int(around.node[place]) for place in near]


def number_columns(features: pa.Table) -> tuple[Floats, list[str]]:
    """Features as a matrix for a miner, missing as NaN, and the names of its columns."""
    columns = [column.cast(pa.float64()).to_numpy() for column in features.columns]
    return np.column_stack(columns), features.column_names
