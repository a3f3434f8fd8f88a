"""NET: components, features and PageRank of a network as it stood at each query's cutoff, beside a rebuild.

A million links that begin within three years between a million parties, half of which end within a year;
a million queries. The peer builds a sparse matrix of the standing links at each cutoff and calls SciPy's
`connected_components`: at 36 monthly cutoffs, for a rebuild at each of a million instants is out of reach.
Both must give the same size for every query at the 36 cutoffs.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from benchmarks.rows import Row, peak_mib, timed

BAR = (
    "1 M links, 1 M queries at instants of their own: under 20 s of one core; at 36 cutoffs faster than SciPy"
)
MONTHS, DAY = 36, 86_400


def made_up(size: int) -> tuple[Any, Any, Any]:
    """Links, parties asked and their instants."""
    from bankmine.mining.network.links import FOREVER

    draw = np.random.default_rng(11)
    one, other = draw.integers(0, size, size), draw.integers(0, size, size)
    since = draw.integers(0, MONTHS * 30 * DAY, size)
    until = np.where(draw.random(size) < 0.5, FOREVER, since + draw.integers(1, 365 * DAY, size))
    asked, instant = draw.integers(0, size, size), draw.integers(0, MONTHS * 30 * DAY, size)
    return (one, other, draw.integers(0, 4, size), since, until), asked, instant


def rebuilt(links: Any, asked: Any, cutoff: Any) -> Any:
    """The peer: size of each asked party's component, from a new matrix at each cutoff."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    sizes = np.empty(asked.size, dtype=np.int64)
    for when in np.unique(cutoff):
        here = links.at(when)
        ones = np.ones(here.size, dtype=np.int8)
        shape = (links.nodes, links.nodes)
        matrix = coo_array((ones, (links.one[here], links.other[here])), shape=shape).tocsr()
        _, label = connected_components(matrix, directed=False)
        mine = cutoff == when
        sizes[mine] = np.bincount(label)[label[asked[mine]]]
    return sizes


def run() -> Row:
    """The row."""
    from bankmine.mining.network.around import network_features
    from bankmine.mining.network.components import Components, components_at
    from bankmine.mining.network.links import FOREVER, links_of
    from bankmine.mining.network.page_rank import page_rank

    size = int(os.environ.get("BENCH_ROWS", 1_000_000))
    raw, asked, instant = made_up(size)
    monthly = (instant // (30 * DAY) + 1) * 30 * DAY
    few = links_of([0], [1], [0], [0], kinds=("a",), parties=2)  # compiled kernels are loaded once
    network_features(few, [0], 1, window=1)
    _, clean_s, links = timed(lambda: links_of(*raw, kinds=tuple("abcd"), parties=size))
    _, build_s, tree = timed(lambda: Components.of(links))
    _, ever_s, _ = timed(lambda: tree.at(asked, instant))
    _, exact_s, _ = timed(lambda: components_at(links, asked, instant))
    _, months_s, ours = timed(lambda: components_at(links, asked, monthly))
    _, peer_s, theirs = timed(lambda: rebuilt(links, asked, monthly))
    bad = np.where(np.arange(size) % 50 == 0, instant, FOREVER)
    _, features_s, _ = timed(
        lambda: network_features(links, asked, instant, window=90 * DAY, bad_known_at=bad)
    )
    _, rank_s, rank = timed(lambda: page_rank(links, MONTHS * 30 * DAY))
    same = bool((ours.size == theirs).all())
    return Row(
        row="NET",
        bankmine={
            "clean_s": round(clean_s, 2), "build_s": round(build_s, 2), "query_ever_s": round(ever_s, 2),
            "query_standing_s": round(exact_s, 2), "standing_36_cutoffs_s": round(months_s, 2),
            "features_s": round(features_s, 2), "page_rank_s": round(rank_s, 2),
            "page_rank_sum": round(float(rank.sum()), 9), "peak_mib": peak_mib(), "sizes_equal": same,
        },
        reference={"scipy connected_components rebuilt at 36 cutoffs_s": round(peer_s, 2)},
        bar=BAR,
        met=same and clean_s + build_s + ever_s + exact_s < 20 and months_s < peer_s,
        protocol=f"{size:,} links and queries; kernels compiled before; CPU seconds of one run, one thread",
        versions=("scipy", "numba", "numpy"),
    )  # fmt: skip


if __name__ == "__main__":
    print(run().line())
