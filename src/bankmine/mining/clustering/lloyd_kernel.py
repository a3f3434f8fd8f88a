"""The loops of k-means: starts by k-means++, and one step of Lloyd's algorithm over a block of rows.

Every sum runs in the order of rows and columns and nothing is reassociated, so that the result is the same
to the last bit on any number of threads: the caller cuts the rows into blocks whose number depends on the
rows alone and adds the blocks' sums in their order. A leaf module: Numba is slow to import.
"""

import numba as nb
import numpy as np

_ROWS = nb.types.Array(nb.float64, 2, "C", readonly=True)


@nb.njit(
    nb.float64(_ROWS, _ROWS, nb.int64[::1], nb.float64[:, ::1], nb.int64[::1]),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def assign_and_add(values, centres, labels, sums, counts):  # type: ignore[no-untyped-def]
    """Label each row with its nearest centre, add it to that centre's sum; the block's sum of squares.

    `centres` is transposed: shape (columns, clusters padded to a multiple of eight with infinities). Four
    rows at a time share each centre's value while it is in a register, all clusters side by side.
    """
    rows, columns = values.shape
    padded = centres.shape[1]
    a, b, c, d = np.empty(padded), np.empty(padded), np.empty(padded), np.empty(padded)
    inertia = 0.0
    for row in range(0, rows, 4):
        last = rows - 1
        a[:] = 0.0
        b[:] = 0.0
        c[:] = 0.0
        d[:] = 0.0
        for column in range(columns):
            one, two = values[row, column], values[min(row + 1, last), column]
            three, four = values[min(row + 2, last), column], values[min(row + 3, last), column]
            for cluster in range(padded):
                middle = centres[column, cluster]
                a[cluster] += (one - middle) * (one - middle)
                b[cluster] += (two - middle) * (two - middle)
                c[cluster] += (three - middle) * (three - middle)
                d[cluster] += (four - middle) * (four - middle)
        for place in range(min(4, rows - row)):
            distance = a if place == 0 else (b if place == 1 else (c if place == 2 else d))
            best, least = 0, distance[0]
            for cluster in range(1, sums.shape[0]):
                if distance[cluster] < least:
                    best, least = cluster, distance[cluster]
            labels[row + place] = best
            counts[best] += 1
            inertia += least
            for column in range(columns):
                sums[best, column] += values[row + place, column]
    return inertia


@nb.njit(nb.int64[::1](_ROWS, nb.int64, _ROWS), cache=True, nogil=True, error_model="numpy")
def plus_plus(values, clusters, uniforms):  # type: ignore[no-untyped-def]
    """Rows to start from: each next one drawn with odds of its squared distance to those chosen.

    `uniforms` has shape (clusters, trials): of the rows drawn by one line's numbers, the one that lowers the
    sum most is taken (Arthur and Vassilvitskii 2007, section 7).
    """
    rows, columns = values.shape
    chosen = np.empty(clusters, dtype=np.int64)
    nearest, trial, best = np.empty(rows), np.empty(rows), np.empty(rows)
    nearest[:] = np.inf
    total = np.inf
    for number in range(clusters):
        least = np.inf
        for attempt in range(uniforms.shape[1] if number else 1):
            candidate, reached = 0, 0.0
            if number == 0:
                candidate = min(int(uniforms[0, 0] * rows), rows - 1)
            else:
                wanted = uniforms[number, attempt] * total
                for row in range(rows):
                    if nearest[row] > 0.0:
                        candidate = row
                        reached += nearest[row]
                        if reached > wanted:
                            break
            summed = 0.0
            for row in range(rows):
                distance = 0.0
                for column in range(columns):
                    gap = values[row, column] - values[candidate, column]
                    distance += gap * gap
                trial[row] = min(distance, nearest[row])
                summed += trial[row]
            if summed < least:
                least = summed
                chosen[number] = candidate
                best[:] = trial
        nearest[:] = best
        total = least
    return chosen
