"""The merging loop of CURE. A leaf module: Numba is slow to import."""

import numba as nb
import numpy as np

_ROWS = nb.types.Array(nb.float64, 2, "C", readonly=True)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _represent(values, following, head, mean, shrink, points, used):  # type: ignore[no-untyped-def]
    """Well scattered rows of one cluster, shrunk towards its mean; their number.

    The first is the row farthest from the mean, each next the one farthest from those chosen. `used` is
    scratch of the length of the rows: each member's distance to what is chosen so far.
    """
    columns = values.shape[1]
    row = head
    while row >= 0:
        used[row] = 0.0
        for column in range(columns):
            gap = values[row, column] - mean[column]
            used[row] += gap * gap
        row = following[row]
    count = 0
    while count < points.shape[0]:
        farthest = head
        row = head
        while row >= 0:
            if used[row] > used[farthest]:
                farthest = row
            row = following[row]
        if count > 0 and not used[farthest] > 0.0:
            break
        for column in range(columns):
            points[count, column] = values[farthest, column]
        row = head
        while row >= 0:
            distance = 0.0
            for column in range(columns):
                gap = values[row, column] - points[count, column]
                distance += gap * gap
            used[row] = distance if count == 0 else min(used[row], distance)
            row = following[row]
        count += 1
    for point in range(count):
        for column in range(columns):
            points[point, column] += shrink * (mean[column] - points[point, column])
    return count


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _apart(points, counts, one, two):  # type: ignore[no-untyped-def]
    """Squared distance of the nearest representatives of two clusters."""
    least = np.inf
    for first in range(counts[one]):
        for second in range(counts[two]):
            distance = 0.0
            for column in range(points.shape[2]):
                gap = points[one, first, column] - points[two, second, column]
                distance += gap * gap
            least = min(least, distance)
    return least


@nb.njit(
    nb.void(
        _ROWS, nb.int64[::1], nb.int64, nb.int64, nb.int64, nb.float64, nb.float64[:, :, ::1], nb.int64[::1]
    ),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def merge(values, labels, wanted, thin_at, least_rows, shrink, points, counts):  # type: ignore[no-untyped-def]
    """Merge the nearest clusters until `wanted` are left; labels, representatives and their numbers in place.

    `labels` holds the cluster of each row to begin with (0, 1, 2 …, none empty; −1 is left out) and at the
    end, renumbered. When `thin_at` clusters are left (0: never), those of fewer than `least_rows` rows are
    dropped, the smallest first, but never so many that fewer than `wanted` remain. `points` has shape
    (clusters to begin with, representatives, columns). Guha, Rastogi and Shim (1998), figure 5.
    """
    rows, columns = values.shape
    number = counts.shape[0]
    following = np.full(rows, -1)
    head, tail = np.full(number, -1), np.full(number, -1)
    size, mean = np.zeros(number, dtype=np.int64), np.zeros((number, columns))
    for row in range(rows):
        own = labels[row]
        if own < 0:
            continue
        if head[own] < 0:
            head[own] = row
        else:
            following[tail[own]] = row
        tail[own] = row
        size[own] += 1
        for column in range(columns):
            mean[own, column] += (values[row, column] - mean[own, column]) / size[own]
    scratch = np.empty(rows)
    alive = np.ones(number, dtype=np.bool_)
    for own in range(number):
        counts[own] = _represent(values, following, head[own], mean[own], shrink, points[own], scratch)
    closest, gap = np.full(number, -1), np.full(number, np.inf)
    for one in range(number):
        for two in range(one + 1, number):
            distance = _apart(points, counts, one, two)
            if distance < gap[one]:
                closest[one], gap[one] = two, distance
            if distance < gap[two]:
                closest[two], gap[two] = one, distance
    left = number
    thinned = False
    while left > wanted:
        if not thinned and left <= thin_at:
            thinned = True
            for limit in range(1, least_rows):
                for own in range(number):
                    if alive[own] and size[own] == limit and left > wanted:
                        alive[own] = False
                        left -= 1
            for own in range(number):
                if alive[own] and closest[own] >= 0 and not alive[closest[own]]:
                    closest[own], gap[own] = -1, np.inf
                    for other in range(number):
                        if alive[other] and other != own:
                            distance = _apart(points, counts, own, other)
                            if distance < gap[own]:
                                closest[own], gap[own] = other, distance
            continue
        one = -1
        for own in range(number):
            if alive[own] and (one < 0 or gap[own] < gap[one]):
                one = own
        two = closest[one]
        if two < one:
            one, two = two, one
        alive[two] = False
        left -= 1
        both = size[one] + size[two]
        for column in range(columns):
            mean[one, column] += (mean[two, column] - mean[one, column]) * size[two] / both
        size[one] = both
        following[tail[one]] = head[two]
        tail[one] = tail[two]
        counts[one] = _represent(values, following, head[one], mean[one], shrink, points[one], scratch)
        closest[one], gap[one] = -1, np.inf
        for own in range(number):
            if not alive[own] or own == one:
                continue
            distance = _apart(points, counts, own, one)
            if distance < gap[one]:
                closest[one], gap[one] = own, distance
            if closest[own] == one or closest[own] == two:
                if distance <= gap[own]:
                    closest[own], gap[own] = one, distance
                else:
                    closest[own], gap[own] = -1, np.inf
                    for other in range(number):
                        if alive[other] and other != own:
                            again = _apart(points, counts, own, other)
                            if again < gap[own]:
                                closest[own], gap[own] = other, again
            elif distance < gap[own]:
                closest[own], gap[own] = one, distance
    labels[:] = -1
    kept = 0
    for own in range(number):
        if not alive[own]:
            continue
        row = head[own]
        while row >= 0:
            labels[row] = kept
            row = following[row]
        counts[kept] = counts[own]
        points[kept] = points[own]
        kept += 1
    for own in range(kept, number):
        counts[own] = 0
