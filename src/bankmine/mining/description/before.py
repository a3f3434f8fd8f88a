"""What a group did in a period before something happened, against others in the same period.

Counts of kinds of events in the last days before the event (a customer's leaving) are compared with those of
others over days of the same length and calendar. For each kind: how many of the group did it at all, how
often a person did, the ratio of rates with its interval, and whether it stands out after control of false
discoveries over all kinds.

The interval of the ratio of rates is that of Poisson counts conditioned on their sum (Przyborowski and
Wilenski 1940; Clopper–Pearson limits of the binomial share); persons differ more than Poisson, so the test is
on persons (Mann–Whitney over each person's count), not on events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.contract import Floats, MinimumData
from bankmine.mining.description.contrast import benjamini_hochberg, cliffs_delta

MINIMUM = MinimumData(rows=20, each_class=10)


@dataclass(frozen=True)
class Trace:
    """One kind of event: shares of persons who did it, mean counts, ratio of rates (low–high), effect, q."""

    kind: str
    share: float
    share_others: float
    mean: float
    mean_others: float
    ratio: float
    low: float
    high: float
    effect: float
    q: float


def traces(
    counts: Floats,
    others: Floats,
    kinds: Sequence[str],
    *,
    false_discoveries: float = 0.05,
    level: float = 0.95,
) -> list[Trace]:
    """Kinds of events that the group did more or less often than the others, strongest effect first.

    `counts` has shape (persons of the group, kinds), `others` (other persons, kinds); kinds with
    q ≤ `false_discoveries` come back. FeasibilityError for fewer than ten persons on either side; UsageError
    for counts that are missing or negative, and for a level or limit that is no share.
    """
    for name, share in (("level", level), ("limit of false discoveries", false_discoveries)):
        if not 0 < share < 1:
            raise UsageError(f"the {name} is {share}", hint="Give a share between 0 and 1.")
    own, rest = np.asarray(counts, dtype=np.float64), np.asarray(others, dtype=np.float64)
    if own.ndim != 2 or rest.ndim != 2 or not own.shape[1] == rest.shape[1] == len(kinds):
        raise UsageError(
            f"counts of shapes {own.shape} and {rest.shape} were given for {len(kinds)} kinds",
            hint="Give one column for each kind on both sides.",
        )
    bad = sum(int((~np.isfinite(side) | (side < 0)).sum()) for side in (own, rest))
    if bad:
        raise UsageError(f"{bad} counts are missing or negative", hint="Give counts from 0 on.")
    MINIMUM.require("the comparison of what was done before", len(own) + len(rest), len(own))
    tested = [cliffs_delta(own[:, i], rest[:, i]) for i in range(len(kinds))]
    adjusted = benjamini_hochberg(np.array([p for _, p in tested]))
    found = [
        _trace(kind, own[:, i], rest[:, i], tested[i][0], float(adjusted[i]), level)
        for i, kind in enumerate(kinds)
        if adjusted[i] <= false_discoveries
    ]
    return sorted(found, key=lambda one: (-abs(one.effect), one.kind))


def _trace(kind: str, own: Floats, rest: Floats, effect: float, q: float, level: float) -> Trace:
    ratio, low, high = rate_ratio(own.sum(), len(own), rest.sum(), len(rest), level)
    return Trace(
        kind, float((own > 0).mean()), float((rest > 0).mean()), float(own.mean()), float(rest.mean()),
        ratio, low, high, effect, q,
    )  # fmt: skip


def rate_ratio(
    first: float, persons: int, second: float, other_persons: int, level: float = 0.95
) -> tuple[float, float, float]:
    """The ratio of two rates of events a person, with the limits of its interval; inf where none is below.

    UsageError for negative or missing counts, for no persons and for a level that is no share.
    """
    if not (first >= 0 and second >= 0 and persons >= 1 and other_persons >= 1):
        raise UsageError(
            f"{first} events of {persons} persons and {second} of {other_persons} were given",
            hint="Give counts from 0 on and one person or more on each side.",
        )
    if not 0 < level < 1:
        raise UsageError(f"the level is {level}", hint="Give a share between 0 and 1.")
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low_share = float(betaincinv(first, second + 1, tail)) if first > 0 else 0.0
    high_share = float(betaincinv(first + 1, second, 1 - tail)) if second > 0 else 1.0
    scale = other_persons / persons
    return tuple(  # type: ignore[return-value]
        float("inf") if share >= 1 else scale * share / (1 - share)
        for share in (first / (first + second) if first + second > 0 else 0.5, low_share, high_share)
    )
