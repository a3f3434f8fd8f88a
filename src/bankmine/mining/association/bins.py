"""Bins: a number column cut into ranges that people can read, given, by shares, or learnt from a target.

Learnt bins follow Fayyad and Irani (1993): the cut that lowers the entropy of the target most, again in both
parts, for as long as the minimum description length pays for it. Limits are rounded to the fewest digits that
keep the bins apart.
"""

from __future__ import annotations

from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.mining.learner import check_whole

Floats = NDArray[np.float64]


def share_edges(values: Floats, bins: int = 4) -> Floats:
    """Inner limits that part the known values into about equal shares; fewer where values repeat."""
    check_whole("a cut by shares", 2, bins=bins)
    known = np.sort(values[np.isfinite(values)])
    if len(known) == 0:
        return np.zeros(0)
    places = [round(len(known) * part / bins) for part in range(1, bins)]
    cuts = {_between(known, place) for place in places if 0 < place < len(known)}
    return _rounded(known, np.array(sorted(cut for cut in cuts if known[0] < cut <= known[-1])))


def entropy_edges(values: Floats, target: NDArray[np.bool_], most: int = 8) -> Floats:
    """Inner limits learnt from a yes/no target, by the minimum description length; perhaps none."""
    check_whole("a cut by a target", 2, most=most)
    known = np.isfinite(values)
    order = np.argsort(values[known], kind="stable")
    x, y = values[known][order], target[known][order].astype(np.int64)
    cuts: list[tuple[float, float]] = []
    waiting = [(0, len(x))]
    while waiting:
        low, high = waiting.pop()
        found = _best_cut(x[low:high], y[low:high])
        if found is None:
            continue
        place, gain = low + found[0], found[1] * (high - low)
        cuts.append((-gain, float(_middle(x[place - 1], x[place]))))
        waiting += [(low, place), (place, high)]
    kept = sorted(cut for _, cut in sorted(cuts)[: most - 1])
    return _rounded(x, np.array(kept)) if kept else np.zeros(0)


def bin_of(values: Floats, edges: Floats) -> NDArray[np.int64]:
    """The bin of each value: bin b is [edges[b − 1], edges[b]); −1 where the value is missing."""
    found = np.searchsorted(edges, values, side="right").astype(np.int64)
    return np.where(np.isfinite(values), found, -1)


def bin_words(name: str, edges: Floats, number: int) -> str:
    """A bin as "age 30–40", "age below 30", "age from 65"; limits belong to the upper bin."""
    if number == 0:
        return f"{name} below {_plain(edges[0])}"
    if number == len(edges):
        return f"{name} from {_plain(edges[-1])}"
    return f"{name} {_plain(edges[number - 1])}–{_plain(edges[number])}"


def _best_cut(x: Floats, y: NDArray[np.int64]) -> tuple[int, float] | None:
    """The place of the cut with the highest gain, and the gain, where the description length pays for it."""
    n = len(x)
    places = np.flatnonzero(np.diff(x) > 0) + 1
    if len(places) == 0 or y.min() == y.max():
        return None
    left = np.cumsum(y)[places - 1].astype(np.float64)
    total = float(y.sum())
    sizes = places.astype(np.float64)
    below, above = _entropy(left / sizes), _entropy((total - left) / (n - sizes))
    whole = float(_entropy(np.array([total / n]))[0])
    gains = whole - (sizes * below + (n - sizes) * above) / n
    best = int(np.argmax(gains))
    kinds = [
        1 + (0 < part < size)
        for part, size in ((left[best], sizes[best]), (total - left[best], n - sizes[best]))
    ]
    delta = log2(3**2 - 2) - (2 * whole - kinds[0] * float(below[best]) - kinds[1] * float(above[best]))
    if gains[best] <= (log2(n - 1) + delta) / n:
        return None
    return int(places[best]), float(gains[best])


def _entropy(share: Floats) -> Floats:
    safe = share.clip(1e-300, 1.0)
    other = (1.0 - share).clip(1e-300, 1.0)
    return np.asarray(-(share * np.log2(safe) + (1.0 - share) * np.log2(other)), dtype=np.float64)


def _between(known: Floats, place: int) -> float:
    """A limit at a place of the sorted values, between two different ones; the value itself in a long tie."""
    if known[place - 1] < known[place]:
        return float(_middle(known[place - 1], known[place]))
    left, right = np.searchsorted(known, known[place]), np.searchsorted(known, known[place], "right")
    at = int(right) if place - left > right - place else int(left)
    if at in (0, len(known)):
        return float(known[place])
    return float(_middle(known[at - 1], known[at]))


def _middle(low: float, high: float) -> float:
    middle = (low + high) / 2
    return middle if low < middle <= high else high


def _rounded(known: Floats, edges: Floats) -> Floats:
    """Each limit with the fewest significant digits that move at most a hundredth of the values."""
    ordered = np.sort(known)
    found = []
    for edge in edges:
        place = np.searchsorted(ordered, edge)
        for digits in range(1, 17):
            short = float(f"{edge:.{digits}g}")
            if abs(int(np.searchsorted(ordered, short)) - int(place)) <= len(ordered) // 100:
                break
        found.append(short)
    return np.unique(np.array(found, dtype=np.float64))


def _plain(value: Any) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 and float(value).is_integer() else f"{value:.6g}"
