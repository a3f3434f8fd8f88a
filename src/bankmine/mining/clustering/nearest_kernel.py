"""The nearest of many points for each row, and the nearest that belongs to another cluster.

One row is computed the same way alone and in a batch: its distances to all points are added column by column,
in that order. A leaf module: Numba is slow to import.
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

    `points` is transposed, shape (columns, points). Ties go to the earlier point. A place is −1 (distance
    infinite) where there is no such point.
    """
    rows, columns = values.shape
    count = points.shape[1]
    distance = np.empty(count)
    for row in range(rows):
        distance[:] = 0.0
        for column in range(columns):
            value = values[row, column]
            for point in range(count):
                gap = value - points[column, point]
                distance[point] += gap * gap
        best, least = -1, np.inf
        for point in range(count):
            if distance[point] < least:
                best, least = point, distance[point]
        other, second = -1, np.inf
        for point in range(count):
            if distance[point] < second and owners[point] != owners[best]:
                other, second = point, distance[point]
        places[row, 0], distances[row, 0] = best, least
        places[row, 1], distances[row, 1] = other, second
