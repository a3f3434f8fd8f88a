"""How many segments, found by which miner, and whether they may be used.

The number is the largest that passes the stability gate (Hennig 2007): a mean adjusted Rand index of .75 over
resamples and no segment with a Jaccard overlap below .6. More segments say more; segments that come and go
say nothing. Not every column tells ways of life apart, so the miner learns how much each weighs. One that
fails the gate with all resamples gives way.

Columns that fall apart each on its own make groups that are found again, though nothing binds them. So a
number has also to beat shuffled columns, which keep their distributions and lose their bonds: by the miner's
own silhouette it has to stand above all SHUFFLES of them, treated alike. Were there no bonds, that would
happen once in SHUFFLES + 1 times: a permutation test at the level of 5 % (Phipson and Smyth 2010,
"Permutation p-values should never be zero").
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
RESAMPLES, SHUFFLES, COMPARED_RESAMPLES = 50, 19, 10
SMALLEST_SHARE = 0.01
TRIED = 3
LEVEL = 1 / (SHUFFLES + 1)
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
    beside = _beside_shuffled(values, number, seed)
    usable = gate.stable and beside.p_value <= LEVEL
    reason = gate.reason
    if gate.stable and not usable:
        reason = (
            f"the silhouette {beside.own:.3f} does not stand out from that of shuffled columns, up to "
            f"{max(beside.shuffled):.3f} in {SHUFFLES} draws (p {beside.p_value:.2f})"
        )
    figures = {
        "clusters": number, "usable": usable, "choice": _sentence(number, usable, reason),
        "candidates_k": [_seen(one, number, gate) for one in choice.candidates],
        "stability": gate.to_json(), "silhouette": beside.own,
        "silhouette_shuffled": float(np.mean(beside.shuffled)),
        "silhouette_shuffled_limit": max(beside.shuffled), "silhouette_p_value": beside.p_value,
        "miners": _miners(values, names, number, seed, gate, usable=usable, reason=reason),
    }  # fmt: skip
    return Chosen(miner, usable, reason, figures)


def _miners(
    values: Floats, names: Sequence[str], number: int, seed: int, gate: Any, *, usable: bool, reason: str
) -> list[dict[str, Any]]:
    """All miners compared, without the seconds they took, so that equal runs have equal bytes.

    Of the miner that segments, the table says what the gate said with all resamples and shuffles.
    """
    seen = [one.to_json() for one in compared(values, names, number, seed)]
    judged = {"stability": gate.adjusted_rand.mean, "usable": usable, "reason": reason}
    every = [one | judged if one["miner"] == AdaptiveKMeans.words else one for one in seen]
    return [{name: value for name, value in one.items() if name != "seconds"} for one in every]


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


@dataclass(frozen=True)
class Beside:
    """The silhouette of the segments and those of shuffled columns clustered alike; by the own distance."""

    own: float
    shuffled: tuple[float, ...]

    @property
    def p_value(self) -> float:
        """How often data without bonds would do as well: `(1 + shuffles as good) / (1 + shuffles)`."""
        return (1 + sum(one >= self.own for one in self.shuffled)) / (1 + len(self.shuffled))


def _beside_shuffled(values: Floats, clusters: int, seed: int) -> Beside:
    """The customers themselves and SHUFFLES of their columns, each shuffled on its own, treated alike."""
    part = _part(values, CHOICE_SAMPLE, seed)

    def judged(rows: Floats) -> float:
        miner = AdaptiveKMeans(clusters, n_init=FEW_STARTS, random_state=seed).fit(rows)
        return silhouette(miner.space(rows), miner.labels_, random_state=seed)

    draws = [np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(SHUFFLES)]
    return Beside(judged(part), tuple(judged(draw.permuted(part, axis=0)) for draw in draws))


def _part(values: Floats, most: int, seed: int) -> Floats:
    if len(values) <= most:
        return values
    taken = np.sort(np.random.default_rng(seed).choice(len(values), most, replace=False))
    return np.ascontiguousarray(values[taken])
