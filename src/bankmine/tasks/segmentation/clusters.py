"""How many segments, found by which miner, and whether they may be used.

The number is the largest that passes the stability gate (Hennig 2007): a mean adjusted Rand index of .75 over
resamples and no segment with a Jaccard overlap below .6. More segments say more; segments that come and go
say nothing. Not every column tells ways of life apart, so the miner learns how much each weighs. A number has
to beat columns shuffled each on its own by its silhouette, by more than chance brings, and one that fails the
gate with all resamples gives way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.mining.clustering.adaptive import AdaptiveKMeans
from bankmine.mining.clustering.choice import choose_clusters, silhouette
from bankmine.mining.clustering.clusterer import ROWS_PER_CLUSTER
from bankmine.mining.clustering.comparison import COMPARED, compare
from bankmine.tasks.contract import Floats

CHOICE_SAMPLE, GATE_SAMPLE, COMPARED_SAMPLE = 5_000, 5_000, 2_000
RESAMPLES, SHUFFLES, COMPARED_RESAMPLES = 50, 5, 4
SMALLEST_SHARE = 0.01
TRIED = 3
FEW_STARTS = 3


@dataclass(frozen=True)
class Chosen:
    """The fitted miner, whether its segments may be used and why, and what was seen on the way."""

    miner: AdaptiveKMeans
    usable: bool
    reason: str
    figures: dict[str, Any]


def choose(values: Floats, names: Sequence[str], numbers: Sequence[int], seed: int) -> Chosen:
    """Segments of the prepared rows (rows, columns); FeasibilityError for too few of them."""
    possible = [one for one in numbers if one * ROWS_PER_CLUSTER <= len(values)] or [min(numbers)]
    choice = choose_clusters(
        values, possible, miner=AdaptiveKMeans(random_state=seed), sample=CHOICE_SAMPLE, random_state=seed
    )
    number, gate = _through_the_gate(values, choice, seed)
    miner = AdaptiveKMeans(number, random_state=seed).fit(values, names=names)
    own = silhouette(values, miner.labels_, random_state=seed)
    shuffled, limit = _silhouette_of_shuffled(values, number, seed)
    usable = bool(gate.stable and own > limit)
    reason = gate.reason
    if gate.stable and not usable:
        reason = (
            f"the silhouette {own:.3f} is no better than that of shuffled columns: {shuffled:.3f}, up to "
            f"{limit:.3f} by chance"
        )
    figures = {
        "clusters": number, "usable": usable, "choice": _sentence(number, usable, reason),
        "candidates_k": [_seen(one, number, gate) for one in choice.candidates],
        "stability": gate.to_json(), "silhouette": own, "silhouette_shuffled": shuffled,
        "silhouette_shuffled_limit": limit,
        "miners": [_without_clock(one.to_json()) for one in compared(values, names, number, seed)],
    }  # fmt: skip
    return Chosen(miner, usable, reason, figures)


def _without_clock(one: dict[str, Any]) -> dict[str, Any]:
    """A comparison without the seconds it took, so that equal runs have equal bytes."""
    return {name: value for name, value in one.items() if name != "seconds"}


def compared(values: Floats, names: Sequence[str], number: int, seed: int) -> list[Any]:
    """Every clustering miner on a sample of the same rows."""
    part = _part(values, COMPARED_SAMPLE, seed)
    miners = (AdaptiveKMeans.__name__, *COMPARED)
    return compare(part, names, number, random_state=seed, miners=miners, resamples=COMPARED_RESAMPLES)


def _through_the_gate(values: Floats, choice: Any, seed: int) -> tuple[int, Any]:
    """The number of segments, and the gate with all resamples over it."""
    from bankmine.mining.clustering.stability import stability

    part, first = _part(values, GATE_SAMPLE, seed), None
    for number in _in_order(choice)[:TRIED]:
        miner = AdaptiveKMeans(number, n_init=FEW_STARTS, random_state=seed)
        gate = stability(part, miner, resamples=RESAMPLES, random_state=seed)
        if gate.stable:
            return number, gate
        first = first or (number, gate)
    assert first is not None
    return first


def _in_order(choice: Any) -> list[int]:
    """Numbers of segments in the order in which they are put to the gate."""
    large = [one for one in choice.candidates if one.smallest_share >= SMALLEST_SHARE] or choice.candidates
    stable = sorted((one.clusters for one in large if one.stability.stable), reverse=True)
    return stable or [choice.clusters]


def _seen(one: Any, number: int, gate: Any) -> dict[str, Any]:
    """What was seen of one number of segments; of the number taken, what the gate saw with all resamples."""
    seen = gate if one.clusters == number else one.stability
    return {
        "clusters": one.clusters, "silhouette": one.silhouette, "smallest_share": one.smallest_share,
        "adjusted_rand": seen.adjusted_rand.mean, "stable": seen.stable,
        "weakest": _weakest(seen),
    }  # fmt: skip


def _weakest(seen: Any) -> float:
    """Jaccard overlap of the segment that is found again worst; 0 where there was none to be found."""
    return min((float(cluster.jaccard.mean) for cluster in seen.clusters), default=0.0)


def _sentence(number: int, usable: bool, reason: str) -> str:
    if usable:
        return f"{number} is the largest number of segments that is found again"
    return f"No number of segments is found again well enough; with {number}, {reason}"


def _silhouette_of_shuffled(values: Floats, clusters: int, seed: int) -> tuple[float, float]:
    """The baseline: columns shuffled each on its own keep their distribution and lose their bonds.

    The mean over the shuffles, and the limit that one shuffle more stays below with 95 % (Student's t).
    """
    from scipy.stats import t as student

    part, found = _part(values, CHOICE_SAMPLE, seed), []
    for one in np.random.SeedSequence(seed).spawn(SHUFFLES):
        draw = np.random.default_rng(one)
        shuffled = np.column_stack([draw.permutation(part[:, place]) for place in range(part.shape[1])])
        miner = AdaptiveKMeans(clusters, n_init=FEW_STARTS, random_state=seed).fit(shuffled)
        found.append(silhouette(shuffled, miner.labels_, random_state=seed))
    spread = float(np.std(found, ddof=1)) * np.sqrt(1 + 1 / SHUFFLES)
    middle = float(np.mean(found))
    return middle, middle + float(student.ppf(0.95, SHUFFLES - 1) * spread)


def _part(values: Floats, most: int, seed: int) -> Floats:
    if len(values) <= most:
        return values
    taken = np.sort(np.random.default_rng(seed).choice(len(values), most, replace=False))
    return np.ascontiguousarray(values[taken])
