"""The nearest of many points for each row, and the nearest that belongs to another cluster.

A row gets the same answer alone and in a batch: its distances to all points are added column by column, in
that order. Four rows at a time share each point while it is in a register. A leaf module: Numba is slow to
import.
"""

import numba as nb
import numpy as np

_ROWS = nb.types.Array(nb.float64, 2, "C", readonly=True)
_OWNERS = nb.types.Array(nb.int64, 1, "C", readonly=True)


@nb.njit(
    nb.void(_ROWS, _ROWS, _OWNERS, nb.int64[:, ::1], nb.float64[:, ::1]),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def two_nearest(values, points, owners, places, distances):  # type: ignore[no-untyped-def]
    """Places of, and squared distances to, the nearest point and the nearest one of another owner.

    `points` is transposed, shape (columns, points). At least one point. Ties go to the
    earlier point. The second place is −1, its distance infinite, where all points have one owner.
    """
    rows, columns = values.shape
    count = points.shape[1]
    a, b, c, d = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    for first in range(0, rows, 4):
        last = rows - 1
        a[:] = 0.0
        b[:] = 0.0
        c[:] = 0.0
        d[:] = 0.0
        for column in range(columns):
            one, two = values[first, column], values[min(first + 1, last), column]
            three, four = values[min(first + 2, last), column], values[min(first + 3, last), column]
            for point in range(count):
                middle = points[column, point]
                a[point] += (one - middle) * (one - middle)
                b[point] += (two - middle) * (two - middle)
                c[point] += (three - middle) * (three - middle)
                d[point] += (four - middle) * (four - middle)
        for place in range(min(4, rows - first)):
            distance = a if place == 0 else (b if place == 1 else (c if place == 2 else d))
            row = first + place
            best, least = 0, np.inf
            for point in range(count):
                if distance[point] < least:
                    best, least = point, distance[point]
            other, second = -1, np.inf
            for point in range(count):
                if distance[point] < second and owners[point] != owners[best]:
                    other, second = point, distance[point]
            places[row, 0], distances[row, 0] = best, least
            places[row, 1], distances[row, 1] = other, second
