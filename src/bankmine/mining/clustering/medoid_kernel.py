"""The loops of k-medoids: Gower and Euclidean distances, and the swaps of FasterPAM.

A leaf module: Numba is slow to import.
"""

import numba as nb
import numpy as np

_ROWS = nb.types.Array(nb.float64, 2, "C", readonly=True)
_KINDS = nb.types.Array(nb.boolean, 1, "C", readonly=True)


@nb.njit(nb.void(_ROWS, _ROWS, _KINDS, nb.float64[:, ::1]), cache=True, nogil=True, error_model="numpy")
def gower_distances(values, points, categorical, distances):  # type: ignore[no-untyped-def]
    """Gower's distance of each row to each point, in [0, 1].

    Numbers are scaled so that a column's range is 1, and a larger gap counts 1; a category counts 0 where
    equal and 1 where not; a column missing (NaN) on either side does not count. 1 where none counts.
    """
    for row in range(values.shape[0]):
        for point in range(points.shape[0]):
            total, counted = 0.0, 0
            for column in range(values.shape[1]):
                gap = abs(values[row, column] - points[point, column])
                if gap != gap:
                    continue
                counted += 1
                if categorical[column]:
                    total += 1.0 if gap > 0.0 else 0.0
                else:
                    total += min(gap, 1.0)
            distances[row, point] = total / counted if counted else 1.0


@nb.njit(nb.void(_ROWS, _ROWS, _KINDS, nb.float64[:, ::1]), cache=True, nogil=True, error_model="numpy")
def euclidean_distances(values, points, categorical, distances):  # type: ignore[no-untyped-def]
    """The Euclidean distance of each row to each point; `categorical` is not looked at."""
    for row in range(values.shape[0]):
        for point in range(points.shape[0]):
            total = 0.0
            for column in range(values.shape[1]):
                gap = values[row, column] - points[point, column]
                total += gap * gap
            distances[row, point] = np.sqrt(total)


@nb.njit(nb.int64(_ROWS, _KINDS, nb.int64[::1], nb.int64), cache=True, nogil=True, error_model="numpy")
def faster_pam(distance, allowed, medoids, most_swaps):  # type: ignore[no-untyped-def]
    """Swap medoids in place until no single swap lowers the sum of distances; the number of swaps.

    `distance` is the whole symmetric matrix, `allowed` says which rows may become medoids, `medoids` holds
    the starting positions (two or more). Schubert and
    Rousseeuw (2021), algorithm 3: each candidate's gain over all medoids in one pass over the rows, and the
    swap is done at once.
    """
    rows, count = distance.shape[0], medoids.shape[0]
    nearest, second = np.empty(rows, dtype=np.int64), np.empty(rows, dtype=np.int64)
    to_nearest, to_second = np.empty(rows), np.empty(rows)
    taken = np.zeros(rows, dtype=np.bool_)
    removal, change = np.empty(count), np.empty(count)
    for place in range(count):
        taken[medoids[place]] = True
    for row in range(rows):
        nearest[row], second[row] = -1, -1
        to_nearest[row], to_second[row] = np.inf, np.inf
        for place in range(count):
            gap = distance[row, medoids[place]]
            if gap < to_nearest[row]:
                second[row], to_second[row] = nearest[row], to_nearest[row]
                nearest[row], to_nearest[row] = place, gap
            elif gap < to_second[row]:
                second[row], to_second[row] = place, gap
    removal[:] = 0.0
    total = 0.0
    for row in range(rows):
        removal[nearest[row]] += to_second[row] - to_nearest[row]
        total += to_nearest[row]
    least_gain = 1e-12 * total
    candidate, without_swap, swaps = 0, 0, 0
    while without_swap < rows and swaps < most_swaps:
        if taken[candidate] or not allowed[candidate]:
            candidate, without_swap = (candidate + 1) % rows, without_swap + 1
            continue
        change[:] = removal
        joined = 0.0
        for row in range(rows):
            gap = distance[candidate, row]
            if gap < to_nearest[row]:
                joined += gap - to_nearest[row]
                change[nearest[row]] += to_nearest[row] - to_second[row]
            elif gap < to_second[row]:
                change[nearest[row]] += gap - to_second[row]
        out = 0
        for place in range(1, count):
            if change[place] < change[out]:
                out = place
        if not change[out] + joined < -least_gain:
            candidate, without_swap = (candidate + 1) % rows, without_swap + 1
            continue
        taken[medoids[out]], taken[candidate] = False, True
        medoids[out] = candidate
        swaps, without_swap = swaps + 1, 0
        for row in range(rows):
            gap = distance[candidate, row]
            search = False
            if nearest[row] == out:
                if gap <= to_second[row]:
                    to_nearest[row] = gap
                else:
                    nearest[row], to_nearest[row] = second[row], to_second[row]
                    search = True
            elif gap < to_nearest[row]:
                second[row], to_second[row] = nearest[row], to_nearest[row]
                nearest[row], to_nearest[row] = out, gap
            elif second[row] == out or gap < to_second[row]:
                if gap <= to_second[row]:
                    second[row], to_second[row] = out, gap
                else:
                    search = True
            if search:
                to_second[row] = np.inf
                for place in range(count):
                    far = distance[row, medoids[place]]
                    if place != nearest[row] and far < to_second[row]:
                        second[row], to_second[row] = place, far
        removal[:] = 0.0
        for row in range(rows):
            removal[nearest[row]] += to_second[row] - to_nearest[row]
    return swaps
