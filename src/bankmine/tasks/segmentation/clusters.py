"""How many segments, found by which miner, and whether they may be used.

The number is the largest that passes the stability gate (Hennig 2007): a mean adjusted Rand index of .75 over
resamples and no segment with a Jaccard overlap below .6. More segments say more; segments that come and go
say nothing. Not every column tells ways of life apart, so the miner learns how much each weighs. Of optima
that are nearly as good the one is taken that resamples find again; other resamples judge it. A number that
fails the gate with all resamples gives way. Rows are put in the order of their values before chance draws
among them, so the same customers give the same segments whatever their pseudonyms.

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
from bankmine.mining.clustering.choice import silhouette
from bankmine.mining.clustering.clusterer import ROWS_PER_CLUSTER
from bankmine.mining.clustering.comparison import COMPARED, compare
from bankmine.mining.clustering.stability import Stability
from bankmine.mining.clustering.steadiest import in_order, steadiest
from bankmine.tasks.contract import Floats

CHOICE_SAMPLE, GATE_SAMPLE, COMPARED_SAMPLE = 5_000, 5_000, 2_000
RESAMPLES, FEW_RESAMPLES, SHUFFLES, COMPARED_RESAMPLES = 50, 15, 19, 10
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
    ordered = in_order(values)
    part = _part(ordered, GATE_SAMPLE, seed)
    looks = [_looked_at(part, one, FEW_RESAMPLES, seed) for one in possible]
    look = _through_the_gate(part, looks, seed)
    number, gate = look.clusters, look.stability
    begin = look.miner.predict(values)
    miner = AdaptiveKMeans(number, random_state=seed).fit(values, names=names, begin=begin)
    beside = _beside_shuffled(ordered, number, seed)
    usable = gate.stable and beside.p_value <= LEVEL
    reason = gate.reason
    if gate.stable and not usable:
        reason = (
            f"the silhouette {beside.own:.3f} does not stand out from that of shuffled columns, up to "
            f"{max(beside.shuffled):.3f} in {SHUFFLES} draws (p {beside.p_value:.2f})"
        )
    figures = {
        "clusters": number, "usable": usable, "choice": _sentence(number, usable, reason),
        "candidates_k": [_seen(look if one.clusters == number else one) for one in looks],
        "stability": gate.to_json(), "silhouette": beside.own,
        "silhouette_shuffled": float(np.mean(beside.shuffled)),
        "silhouette_shuffled_limit": max(beside.shuffled), "silhouette_p_value": beside.p_value,
        "miners": _miners(ordered, names, number, seed, gate, usable=usable, reason=reason),
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


@dataclass(frozen=True)
class Look:
    """One number of segments: the miner at its steadiest optimum, and what was seen of it."""

    clusters: int
    miner: AdaptiveKMeans
    silhouette: float
    smallest_share: float
    stability: Stability


def _looked_at(part: Floats, clusters: int, resamples: int, seed: int) -> Look:
    found = steadiest(part, clusters, resamples=resamples, random_state=seed)
    labels = found.miner.predict(part)
    return Look(
        clusters=clusters,
        miner=found.miner,
        silhouette=silhouette(found.miner.space(part), labels, random_state=seed),
        smallest_share=float(found.miner.sizes_.min() / len(part)),
        stability=found.stability,
    )


def _through_the_gate(part: Floats, looks: Sequence[Look], seed: int) -> Look:
    """The number of segments taken, looked at with all resamples."""
    tried = (_looked_at(part, one.clusters, RESAMPLES, seed) for one in _by_promise(looks)[:TRIED])
    first = next(tried)
    return first if first.stability.stable else next((one for one in tried if one.stability.stable), first)


def _by_promise(looks: Sequence[Look]) -> list[Look]:
    """Numbers of segments in the order in which they are put to the gate."""
    large = [one for one in looks if one.smallest_share >= SMALLEST_SHARE] or list(looks)
    stable = [one for one in large if one.stability.stable]
    if stable:
        return sorted(stable, key=lambda one: one.clusters, reverse=True)
    return [max(large, key=lambda one: (one.stability.adjusted_rand.mean, -one.clusters))]


def _seen(look: Look) -> dict[str, Any]:
    """What was seen of one number of segments."""
    return {
        "clusters": look.clusters, "silhouette": look.silhouette, "smallest_share": look.smallest_share,
        "adjusted_rand": look.stability.adjusted_rand.mean, "stable": look.stability.stable,
        "weakest": _weakest(look.stability),
    }  # fmt: skip


def _weakest(seen: Stability) -> float:
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
