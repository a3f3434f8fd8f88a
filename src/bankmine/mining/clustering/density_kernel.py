"""The loops of DBSCAN and OPTICS: core distances, connected core points, the ordering by reachability.

Distances are computed row by row when they are needed and never kept: memory grows with the rows, not with
their square. All distances are squared. A leaf module: Numba is slow to import.
"""

import numba as nb
import numpy as np

_ROWS = nb.types.Array(nb.float64, 2, "C", readonly=True)
_FLOATS = nb.types.Array(nb.float64, 1, "C", readonly=True)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _distances_of(values, transposed, row, distance):  # type: ignore[no-untyped-def]
    distance[:] = 0.0
    for column in range(values.shape[1]):
        value = values[row, column]
        for other in range(distance.shape[0]):
            gap = value - transposed[column, other]
            distance[other] += gap * gap


@nb.njit(nb.void(_ROWS, _ROWS, nb.int64, nb.float64[::1]), cache=True, nogil=True, error_model="numpy")
def core_distances(values, transposed, neighbours, cores):  # type: ignore[no-untyped-def]
    """Squared distance of each of `values` to its `neighbours`-th nearest of all rows, itself the first.

    `transposed` holds all rows, shape (columns, rows); `values` may be some of them.
    """
    distance = np.empty(transposed.shape[1])
    for row in range(values.shape[0]):
        _distances_of(values, transposed, row, distance)
        cores[row] = np.partition(distance, neighbours - 1)[neighbours - 1]


@nb.njit(nb.int64[::1](_ROWS, _ROWS, nb.float64), cache=True, nogil=True, error_model="numpy")
def connected(values, transposed, reach):  # type: ignore[no-untyped-def]
    """For each row the first row it is connected with by steps of squared length at most `reach`."""
    rows = values.shape[0]
    parent = np.arange(rows)
    distance = np.empty(rows)
    for row in range(rows):
        _distances_of(values, transposed, row, distance)
        for other in range(row + 1, rows):
            if distance[other] <= reach:
                one, two = row, other
                while parent[one] != one:
                    parent[one] = parent[parent[one]]
                    one = parent[one]
                while parent[two] != two:
                    parent[two] = parent[parent[two]]
                    two = parent[two]
                parent[max(one, two)] = min(one, two)
    for row in range(rows):
        parent[row] = parent[parent[row]]
    return parent


@nb.njit(
    nb.void(_ROWS, _ROWS, _FLOATS, nb.float64, nb.int64[::1], nb.float64[::1], nb.int64[::1]),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def order_by_reachability(values, transposed, cores, reach, order, reachability, before):  # type: ignore[no-untyped-def]
    """Fill the order in which rows are reached, each row's squared reachability, and from where (−1: none).

    Ankerst, Breunig, Kriegel and Sander (1999), figure 5, with the seeds kept as an array: next is always the
    row of least reachability, the first of equal ones. `cores` are squared core distances.
    """
    rows = values.shape[0]
    done = np.zeros(rows, dtype=np.bool_)
    distance = np.empty(rows)
    reachability[:] = np.inf
    before[:] = -1
    for step in range(rows):
        following = -1
        for row in range(rows):
            if not done[row] and (following < 0 or reachability[row] < reachability[following]):
                following = row
        order[step] = following
        done[following] = True
        if cores[following] > reach:
            continue
        _distances_of(values, transposed, following, distance)
        for row in range(rows):
            if not done[row] and distance[row] <= reach:
                reached = max(cores[following], distance[row])
                if reached < reachability[row]:
                    reachability[row] = reached
                    before[row] = following
