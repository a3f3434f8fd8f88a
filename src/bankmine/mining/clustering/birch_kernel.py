"""The tree of BIRCH in flat arrays, and the merging of its sub-clusters.

A clustering feature is kept as (rows, mean, sum of squared gaps to the mean) instead of the paper's sums of
values and squares, which lose their digits far from zero (Lang and Schubert 2022, "BETULA"). A leaf module:
Numba is slow to import.

    entries of node k      rows[k, e]  means[k, e, :]  spreads[k, e]    e < filled[k]
    inner node             child[k, e] is the node below entry e, whose entries add up to it
    leaf                   child[k, e] = −1: the entry is a sub-cluster
"""

import numba as nb
import numpy as np

_ROWS = nb.types.Array(nb.float64, 2, "C", readonly=True)
_FLOATS = nb.types.Array(nb.float64, 1, "C", readonly=True)
DEEPEST = 64


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _closest(means, filled, point):  # type: ignore[no-untyped-def]
    best, least = 0, np.inf
    for entry in range(filled):
        distance = 0.0
        for column in range(point.shape[0]):
            gap = means[entry, column] - point[column]
            distance += gap * gap
        if distance < least:
            best, least = entry, distance
    return best, least


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _absorb(rows, means, spreads, entry, weight, point, spread):  # type: ignore[no-untyped-def]
    """Add a feature of `weight` rows to an entry."""
    total = rows[entry] + weight
    distance = 0.0
    for column in range(point.shape[0]):
        gap = point[column] - means[entry, column]
        distance += gap * gap
        means[entry, column] += gap * weight / total
    spreads[entry] += spread + distance * rows[entry] * weight / total
    rows[entry] = total


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _split(rows, means, spreads, child, filled, node, fresh):  # type: ignore[no-untyped-def]
    """Share out the entries of an overfull node between it and `fresh`, around its two farthest entries."""
    count, columns = filled[node], means.shape[2]
    first, second, farthest = 0, 1, -1.0
    for one in range(count):
        for two in range(one + 1, count):
            distance = 0.0
            for column in range(columns):
                gap = means[node, one, column] - means[node, two, column]
                distance += gap * gap
            if distance > farthest:
                first, second, farthest = one, two, distance
    near_first = np.empty(count, dtype=np.bool_)
    for entry in range(count):
        to_first, to_second = 0.0, 0.0
        for column in range(columns):
            gap = means[node, entry, column] - means[node, first, column]
            to_first += gap * gap
            gap = means[node, entry, column] - means[node, second, column]
            to_second += gap * gap
        near_first[entry] = entry == first or (entry != second and to_first < to_second)
    kept, moved = 0, 0
    for entry in range(count):
        target, place = node, kept
        if near_first[entry]:
            kept += 1
        else:
            target, place = fresh, moved
            moved += 1
        rows[target, place], spreads[target, place] = rows[node, entry], spreads[node, entry]
        child[target, place] = child[node, entry]
        means[target, place] = means[node, entry]
    filled[node], filled[fresh] = kept, moved


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _sum_up(rows, means, spreads, filled, node, above, entry):  # type: ignore[no-untyped-def]
    """Make an entry of an inner node the sum of the entries of the node below."""
    rows[above, entry], spreads[above, entry] = rows[node, 0], spreads[node, 0]
    means[above, entry] = means[node, 0]
    for own in range(1, filled[node]):
        _absorb(
            rows[above],
            means[above],
            spreads[above],
            entry,
            rows[node, own],
            means[node, own],
            spreads[node, own],
        )


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _insert(tree, state, path, places, weight, point, spread, limit):  # type: ignore[no-untyped-def]
    """Bring one feature to its leaf; `state` holds the root, the nodes and the sub-clusters in use."""
    rows, means, spreads, child, filled = tree
    branching = rows.shape[1] - 1
    node, depth = state[0], 0
    while filled[node] and child[node, 0] >= 0:
        entry, _ = _closest(means[node], filled[node], point)
        path[depth], places[depth] = node, entry
        _absorb(rows[node], means[node], spreads[node], entry, weight, point, spread)
        depth += 1
        node = child[node, entry]
    if filled[node]:
        entry, distance = _closest(means[node], filled[node], point)
        total = rows[node, entry] + weight
        together = spreads[node, entry] + spread + distance * rows[node, entry] * weight / total
        if together <= limit * total:
            _absorb(rows[node], means[node], spreads[node], entry, weight, point, spread)
            return
    entry = filled[node]
    rows[node, entry], spreads[node, entry], child[node, entry] = weight, spread, -1
    means[node, entry] = point
    filled[node] += 1
    state[2] += 1
    while filled[node] > branching:
        fresh = state[1]
        state[1] += 1
        _split(rows, means, spreads, child, filled, node, fresh)
        if depth == 0:
            above = state[1]
            state[1] += 1
            state[0] = above
            filled[above] = 1
            entry = 0
        else:
            depth -= 1
            above, entry = path[depth], places[depth]
        child[above, entry] = node
        _sum_up(rows, means, spreads, filled, node, above, entry)
        last = filled[above]
        child[above, last] = fresh
        filled[above] += 1
        _sum_up(rows, means, spreads, filled, fresh, above, last)
        node = above


@nb.njit(
    nb.int64(
        _ROWS, _FLOATS, _FLOATS, nb.float64, nb.int64, nb.int64,
        nb.float64[::1], nb.float64[:, ::1], nb.float64[::1],
    ),
    cache=True,
    nogil=True,
    error_model="numpy",
)  # fmt: skip
def grow(points, weights, spreads_in, limit, branching, most, out_rows, out_means, out_spreads):  # type: ignore[no-untyped-def]
    """Insert features one after the other until more than `most` sub-clusters exist; the number inserted.

    `limit` is the largest mean squared gap of a sub-cluster to its mean. The sub-clusters found are written
    to `out_…` (of length `most` + 1), the rest of `out_rows` is zero.
    """
    columns, nodes = points.shape[1], 2 * most + 2 * DEEPEST
    rows, spreads = np.zeros((nodes, branching + 1)), np.zeros((nodes, branching + 1))
    means = np.zeros((nodes, branching + 1, columns))
    child, filled = np.full((nodes, branching + 1), -1), np.zeros(nodes, dtype=np.int64)
    path, places = np.zeros(DEEPEST, dtype=np.int64), np.zeros(DEEPEST, dtype=np.int64)
    state = np.array([0, 1, 0])
    tree = (rows, means, spreads, child, filled)
    done = 0
    while done < points.shape[0] and state[2] <= most and state[1] < nodes - DEEPEST:
        _insert(tree, state, path, places, weights[done], points[done], spreads_in[done], limit)
        done += 1
    out_rows[:] = 0.0
    found = 0
    for node in range(state[1]):
        for entry in range(filled[node]):
            if child[node, entry] < 0:
                out_rows[found], out_spreads[found] = rows[node, entry], spreads[node, entry]
                out_means[found] = means[node, entry]
                found += 1
    return done


@nb.njit(nb.int64[::1](_FLOATS, _ROWS, nb.int64), cache=True, nogil=True, error_model="numpy")
def merge_by_variance(weights, means, clusters):  # type: ignore[no-untyped-def]
    """Labels of sub-clusters merged, the pair that adds least to the sum of squares first (Ward 1963)."""
    count, columns = means.shape
    weight, mean = weights.copy(), means.copy()
    parent, alive = np.arange(count), np.ones(count, dtype=np.bool_)
    closest, rise = np.full(count, -1), np.full(count, np.inf)
    stale = np.ones(count, dtype=np.bool_)
    left = count
    while left > clusters:
        for one in range(count):
            if not alive[one] or not stale[one]:
                continue
            closest[one], rise[one], stale[one] = -1, np.inf, False
            for two in range(count):
                if two == one or not alive[two]:
                    continue
                distance = 0.0
                for column in range(columns):
                    gap = mean[one, column] - mean[two, column]
                    distance += gap * gap
                distance *= weight[one] * weight[two] / (weight[one] + weight[two])
                if distance < rise[one]:
                    closest[one], rise[one] = two, distance
        best = -1
        for one in range(count):
            if alive[one] and (best < 0 or rise[one] < rise[best]):
                best = one
        one, two = min(best, closest[best]), max(best, closest[best])
        total = weight[one] + weight[two]
        for column in range(columns):
            mean[one, column] += (mean[two, column] - mean[one, column]) * weight[two] / total
        weight[one] = total
        alive[two], parent[two] = False, one
        left -= 1
        stale[one] = True
        for own in range(count):
            # By Ward's rule a merged pair is no nearer to any third than the nearer of the two was.
            if alive[own] and (closest[own] == one or closest[own] == two):
                stale[own] = True
    labels = np.empty(count, dtype=np.int64)
    number = 0
    for one in range(count):
        if alive[one]:
            labels[one] = number
            number += 1
    for one in range(count):
        if not alive[one]:
            root = one
            while not alive[root]:
                root = parent[root]
            labels[one] = labels[root]
    return labels
