"""The obvious twin of the dynamic programme: every way to cut, each checked against the rules in words."""

from itertools import combinations, pairwise
from math import log
from typing import Any

import numpy as np


def every_cut(groups: int, most: int) -> list[tuple[int, ...]]:
    """Starts of the bins, for every partition of `groups` into at most `most` runs."""
    found = []
    for bins in range(1, min(most, groups) + 1):
        found += [(0, *inner) for inner in combinations(range(1, groups), bins - 1)]
    return found


def value_of(starts: tuple[int, ...], bads: Any, goods: Any, totals: Any, smoothing: float) -> float:
    """Information value of a cut, straight from its definition."""
    all_bads, all_goods = totals
    rows = all_bads + all_goods
    total = 0.0
    for begin, end in zip(starts, [*starts[1:], len(bads)], strict=True):
        bad, good = sum(bads[begin:end]), sum(goods[begin:end])
        woe = log(((good + smoothing * all_goods / rows) / all_goods)
                  / ((bad + smoothing * all_bads / rows) / all_bads))  # fmt: skip
        total += (good / all_goods - bad / all_bads) * woe
    return total


def rates(starts: tuple[int, ...], bads: Any, rows: Any) -> list[tuple[int, int]]:
    """(bads, rows) of each bin, as whole numbers."""
    ends = [*starts[1:], len(bads)]
    return [(int(sum(bads[a:b])), int(sum(rows[a:b]))) for a, b in zip(starts, ends, strict=True)]


def never_falls(pairs: list[tuple[int, int]]) -> bool:
    """Whether bad rates never fall from bin to bin; a bin without rows says nothing."""
    return all(b1 * n2 <= b2 * n1 for (b1, n1), (b2, n2) in pairwise(pairs))


def never_rises(pairs: list[tuple[int, int]]) -> bool:
    return all(b1 * n2 >= b2 * n1 for (b1, n1), (b2, n2) in pairwise(pairs))


def has_trend(trend: str, pairs: list[tuple[int, int]]) -> bool:
    """Whether bad rates follow the trend."""
    turns = range(len(pairs))
    match trend:
        case "free":
            return True
        case "increasing":
            return never_falls(pairs)
        case "decreasing":
            return never_rises(pairs)
        case "auto":
            return never_falls(pairs) or never_rises(pairs)
        case "peak":
            return any(never_falls(pairs[: at + 1]) and never_rises(pairs[at:]) for at in turns)
        case _:
            return any(never_rises(pairs[: at + 1]) and never_falls(pairs[at:]) for at in turns)


def same_order(starts: tuple[int, ...], counts: list[tuple[Any, Any]]) -> bool:
    """Whether neighbours stand alike in all (bads, rows): one of "not lower", "not higher" holds in all."""
    every = [rates(starts, bads, rows) for bads, rows in counts]
    for at in range(len(starts) - 1):
        pairs = [found[at : at + 2] for found in every]
        if not (all(map(never_falls, pairs)) or all(map(never_rises, pairs))):
            return False
    return True


def best_value(
    bads: Any, goods: Any, totals: Any, rows: int, rules: Any, vintages: list[tuple[Any, Any]]
) -> float:
    """The greatest information value under the rules, −inf where no cut obeys them."""
    best = -np.inf
    together = [b + g for b, g in zip(bads, goods, strict=True)]
    for starts in every_cut(len(bads), rules.max_bins):
        sizes = list(zip(rates(starts, bads, together), rates(starts, goods, together), strict=True))
        if any(
            n < max(rules.min_rows, rules.min_share * rows) or b < rules.min_bads or g < rules.min_goods
            for (b, n), (g, _) in sizes
        ):
            continue
        every = [(bads, together), *vintages]
        if rules.trend in ("increasing", "decreasing", "auto"):
            held = [
                trend for trend in ("increasing", "decreasing") if rules.trend in (trend, "auto")
                and all(has_trend(trend, rates(starts, b, n)) for b, n in every)
            ]  # fmt: skip
            good = bool(held)
        elif rules.trend == "free":
            good = same_order(starts, every)
        else:
            good = any(_turns_at(rules.trend, at, starts, every) for at in range(len(starts)))
        if good:
            best = max(best, value_of(starts, bads, goods, totals, rules.smoothing))
    return best


def _turns_at(trend: str, at: int, starts: tuple[int, ...], every: list[tuple[Any, Any]]) -> bool:
    """Whether all (bads, rows) turn at bin `at`."""
    first, second = (never_falls, never_rises) if trend == "peak" else (never_rises, never_falls)
    found = [rates(starts, bads, rows) for bads, rows in every]
    # between neighbours alone, as the rule says: a bin without rows in a vintage is no bridge
    steps = all(first(one[i : i + 2]) for one in found for i in range(at))
    return steps and all(second(one[i : i + 2]) for one in found for i in range(at, len(starts) - 1))
