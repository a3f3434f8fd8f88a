"""PageRank of parties at a cutoff (Page, Brin, Motwani & Winograd 1999), and closeness to known bads.

`r = (1 − d) v + d (P' r + s v)`, with P the standing links by row, each row summing to 1, s the rank held by
nodes without a link, d the damping and v the restart: even over parties, or over given nodes (then it is
personalised PageRank, a walk that starts again at known bads). Iterated until the sum of changes is below
`tolerance`; SciPy's sparse product adds in one fixed order, so the same links give the same bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats
from bankmine.mining.network.links import Links


def page_rank(
    links: Links,
    cutoff: int,
    *,
    restart: Any = None,
    damping: float = 0.85,
    tolerance: float = 1e-10,
    most_rounds: int = 200,
) -> Floats:
    """Rank of each party among the links that stand at the cutoff, shape (parties,); the sum is at most 1.

    Links count both ways, a pair joined by two kinds twice. What elements hold is not shown. `restart`:
    parties the walk starts again at, such as those known to be bad; None: all.
    """
    from scipy.sparse import coo_array

    if not 0 < damping < 1:
        raise UsageError(f"The damping is {damping}", hint="Give a number between 0 and 1.")
    here = links.at(cutoff)
    one, other = links.one[here], links.other[here]
    ends = np.concatenate([one, other]), np.concatenate([other, one])
    degree = np.bincount(ends[0], minlength=links.nodes).astype(np.float64)
    weight = 1.0 / degree[ends[0]]
    moves = coo_array((weight, (ends[1], ends[0])), shape=(links.nodes, links.nodes)).tocsr()
    start = np.zeros(links.nodes)
    start[np.arange(links.parties) if restart is None else links.nodes_of(restart)] = 1.0
    if not start.any():
        raise UsageError("There is no party to start from", hint="Give at least one party to restart at.")
    start /= start.sum()
    rank, lonely = start.copy(), degree == 0
    for _ in range(most_rounds):
        new = damping * (moves @ rank + rank[lonely].sum() * start) + (1 - damping) * start
        change = np.abs(new - rank).sum()
        rank = new
        if change < tolerance:
            break
    return np.asarray(rank[: links.parties])
