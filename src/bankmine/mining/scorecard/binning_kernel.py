"""The dynamic programme of optimal binning, and the one pass that makes its pre-bins.

A bin is a run of pre-bins [i, j). Best information of k bins that end with [i, j):

    F[p, j, i, k] = iv(i, j) + max over h of F[p', i, h, k−1]     where [i, j) may follow [h, i)

`p` is the phase of the trend: a peak goes up in phase 0 and down in phase 1. Whether neighbours may follow
depends on their counts alone (cross products, exact in float64), so nothing is lost by looking at pairs, and
the answer is the optimum. Without any trend one end suffices: F[j, k]. A leaf module: Numba is slow to
import.
"""

import numba as nb
import numpy as np

FREE, INCREASING, DECREASING, PEAK, VALLEY = 0, 1, 2, 3, 4
NONE = -np.inf


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _values(bads, goods, all_bads, all_goods, smoothing, least):  # type: ignore[no-untyped-def]
    """iv(i, j) of every run of pre-bins; −inf where it breaks the least (rows, bads, goods)."""
    n = bads.shape[0]
    values = np.full((n + 1, n + 1), NONE)
    extra_bad = smoothing * all_bads / (all_bads + all_goods)
    extra_good = smoothing * all_goods / (all_bads + all_goods)
    for i in range(n):
        bad, good = 0.0, 0.0
        for j in range(i + 1, n + 1):
            bad += bads[j - 1]
            good += goods[j - 1]
            if bad + good >= least[0] and bad >= least[1] and good >= least[2]:
                woe = np.log((good + extra_good) * all_bads / ((bad + extra_bad) * all_goods))
                values[i, j] = (good / all_goods - bad / all_bads) * woe
    return values


@nb.njit(cache=True, nogil=True, error_model="numpy")
def best_at_will(bads, goods, all_bads, all_goods, smoothing):  # type: ignore[no-untyped-def]
    """The greatest sum with any number of bins of any size."""
    n = bads.shape[0]
    value = _values(bads, goods, all_bads, all_goods, smoothing, np.zeros(3))
    best = np.full(n + 1, NONE)
    best[0] = 0.0
    for j in range(1, n + 1):
        for i in range(j):
            best[j] = max(best[j], best[i] + value[i, j])
    return best[n]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def best_free(bads, goods, all_bads, all_goods, smoothing, least, most):  # type: ignore[no-untyped-def]
    """Best sum for each number of bins (0 … most) and its cuts; −inf where there is none."""
    n = bads.shape[0]
    value = _values(bads, goods, all_bads, all_goods, smoothing, least)
    best = np.full((most + 1, n + 1), NONE)
    back = np.zeros((most + 1, n + 1), dtype=np.int64)
    best[0, 0] = 0.0
    for k in range(1, most + 1):
        for j in range(k, n + 1):
            top, where = NONE, 0
            for i in range(k - 1, j):
                found = best[k - 1, i] + value[i, j]
                if found > top:
                    top, where = found, i
            best[k, j], back[k, j] = top, where
    cuts = np.zeros((most + 1, most + 1), dtype=np.int64)
    for k in range(1, most + 1):
        end = n
        for left in range(k, 0, -1):
            if best[k, n] == NONE:
                break
            end = back[left, end]
            cuts[k, left - 1] = end
    return best[:, n].copy(), cuts


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _sums(counts):  # type: ignore[no-untyped-def]
    """Running totals of each vintage, shape (vintages, pre-bins + 1)."""
    totals = np.zeros((counts.shape[0], counts.shape[1] + 1))
    for v in range(counts.shape[0]):
        for i in range(counts.shape[1]):
            totals[v, i + 1] = totals[v, i] + counts[v, i]
    return totals


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _order(bad, rows, h, i, j):  # type: ignore[no-untyped-def]
    """Whether the rate of [i, j) is nowhere lower, and nowhere higher, than that of [h, i)."""
    up, down = True, True
    for v in range(bad.shape[0]):
        before = (bad[v, i] - bad[v, h]) * (rows[v, j] - rows[v, i])
        after = (bad[v, j] - bad[v, i]) * (rows[v, i] - rows[v, h])
        up = up and before <= after
        down = down and before >= after
    return up, down


@nb.njit(cache=True, nogil=True, error_model="numpy")
def best_ordered(  # type: ignore[no-untyped-def]
    bads, goods, all_bads, all_goods, smoothing, least, most, shape, vintage_bads, vintage_rows
):
    """As `best_free`, with a trend that holds in every row of `vintage_bads` and `vintage_rows`.

    The first row of both is the whole; further rows are vintages, shape (1 + vintages, pre-bins).
    """
    n = bads.shape[0]
    value = _values(bads, goods, all_bads, all_goods, smoothing, least)
    bad, rows = _sums(vintage_bads), _sums(vintage_rows)
    phases = 2 if shape >= PEAK else 1
    best = np.full((phases, n + 1, n, most + 1), NONE)
    back = np.full((phases, n + 1, n, most + 1), -1, dtype=np.int32)
    for i in range(n):
        for j in range(i + 1, n + 1):
            own = value[i, j]
            if own == NONE:
                continue
            if i == 0:
                best[0, j, 0, 1] = own
                continue
            for h in range(i):
                if value[h, i] == NONE:
                    continue
                up, down = _order(bad, rows, h, i, j)
                first = up if shape in (INCREASING, PEAK) else down
                if shape == FREE:
                    first = up or down
                second = down if shape == PEAK else up
                for k in range(2, most + 1):
                    if first:
                        found = best[0, i, h, k - 1] + own
                        if found > best[0, j, i, k]:
                            best[0, j, i, k], back[0, j, i, k] = found, 2 * h
                    if phases == 2 and second:
                        for p in range(2):
                            found = best[p, i, h, k - 1] + own
                            if found > best[1, j, i, k]:
                                best[1, j, i, k], back[1, j, i, k] = found, 2 * h + p
    return _trace(best, back, most)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _trace(best, back, most):  # type: ignore[no-untyped-def]
    """The best end for each number of bins, followed back to its cuts."""
    phases, n = best.shape[0], best.shape[2]
    top = np.full(most + 1, NONE)
    cuts = np.zeros((most + 1, most + 1), dtype=np.int64)
    for k in range(1, most + 1):
        phase, start = 0, -1
        for p in range(phases):
            for i in range(n):
                if best[p, n, i, k] > top[k]:
                    top[k], phase, start = best[p, n, i, k], p, i
        end = n
        for left in range(k, 0, -1):
            if start < 0:
                break
            cuts[k, left - 1] = start
            came = back[phase, end, start, left]
            end, start, phase = start, came // 2, came % 2
    return top, cuts


@nb.njit(cache=True, nogil=True, error_model="numpy")
def quantile_prebins(bad, good, most):  # type: ignore[no-untyped-def]
    """Counts of pre-bins from the sorted values of bads and of goods, in one pass over both.

    Returns bads, goods, lowest and highest value of each. Equal values are never parted; each distinct value
    is a pre-bin where there are at most `most`, and a value of its own where it fills one.
    """
    rows = bad.shape[0] + good.shape[0]
    room = 2 * most + 2
    bads, goods = np.zeros(room), np.zeros(room)
    low, high = np.zeros(room), np.zeros(room)
    step = rows / most if _distinct(bad, good, most) > most else 0.0
    b, g, at, seen, target = 0, 0, -1, 0, 0.0
    while b < bad.shape[0] or g < good.shape[0]:
        value = bad[b] if g == good.shape[0] or (b < bad.shape[0] and bad[b] <= good[g]) else good[g]
        from_b, from_g = b, g
        while b < bad.shape[0] and bad[b] == value:
            b += 1
        while g < good.shape[0] and good[g] == value:
            g += 1
        size = (b - from_b) + (g - from_g)
        if at < 0 or seen >= target or size >= step:
            at += 1
            low[at] = value
            while target <= seen:
                target += max(step, 1.0)
        bads[at] += b - from_b
        goods[at] += g - from_g
        high[at] = value
        seen += size
        if size >= step:
            target = float(seen)
    return bads[: at + 1], goods[: at + 1], low[: at + 1], high[: at + 1]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _distinct(bad, good, most):  # type: ignore[no-untyped-def]
    """The number of distinct values, counted up to one more than `most`."""
    b, g, found = 0, 0, 0
    while (b < bad.shape[0] or g < good.shape[0]) and found <= most:
        value = bad[b] if g == good.shape[0] or (b < bad.shape[0] and bad[b] <= good[g]) else good[g]
        while b < bad.shape[0] and bad[b] == value:
            b += 1
        while g < good.shape[0] and good[g] == value:
            g += 1
        found += 1
    return found
