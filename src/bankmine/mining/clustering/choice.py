"""How many clusters: the best separated number among those that are found again.

For each candidate the silhouette (Rousseeuw 1987) is computed on a sample and the stability gate is run with
few resamples. Among the stable candidates the largest silhouette wins, ties to fewer clusters. When none is
stable the most stable one is returned and said to be unstable: the caller must not name its segments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import one_thread
from bankmine.mining.clustering.kmeans import KMeans
from bankmine.mining.clustering.stability import STABLE, Stability, stability
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.files import plain


@dataclass(frozen=True)
class Candidate:
    """One number of clusters, with the evidence for it."""

    clusters: int
    silhouette: float
    smallest_share: float
    stability: Stability


@dataclass(frozen=True)
class Choice:
    """The number chosen, whether it may be used, why, and all candidates."""

    clusters: int
    stable: bool
    reason: str
    candidates: tuple[Candidate, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run's metrics."""
        result: dict[str, Any] = plain(self)
        return result


def silhouette(X: Floats, labels: Ints, *, sample: int = 3_000, random_state: int = 0) -> float:
    """Mean silhouette over a random sample of at most `sample` rows, in [−1, 1].

    Noise (−1) is not a cluster: its rows count as 0, as Rousseeuw counts a row that is alone, and no row is
    compared with them. −1 for fewer than two clusters.
    """
    from sklearn.metrics import silhouette_samples

    taken = _sample(len(X), sample, random_state)
    own = labels[taken]
    inside = own >= 0
    if not 2 <= len(np.unique(own[inside])) < int(inside.sum()):
        return -1.0
    with one_thread():
        values = silhouette_samples(X[taken][inside], own[inside])
    return float(values.sum() / len(taken))


def choose_clusters(
    X: Floats,
    candidates: Sequence[int] = (3, 4, 5, 6, 7, 8),
    *,
    sample: int = 10_000,
    resamples: int = 15,
    threshold: float = STABLE,
    smallest_share: float = 0.01,
    random_state: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Choice:
    """Choose the number of clusters for k-means on a prepared matrix `X`.

    Works on a random sample of at most `sample` rows. A candidate whose smallest cluster holds less than
    `smallest_share` of the rows is not chosen while another stable one exists: it is a list of outliers, not
    a segment. FeasibilityError when there are too few rows for the smallest candidate.
    """
    numbers = sorted(set(candidates))
    if not numbers or numbers[0] < 2:
        raise UsageError(f"The candidates are {list(candidates)}", hint="Give numbers of clusters from 2 on.")
    values = np.ascontiguousarray(X, dtype=np.float64)[_sample(len(X), sample, random_state)]
    found: list[Candidate] = []
    for done, clusters in enumerate(numbers, start=1):
        found.append(_evidence(values, clusters, resamples, threshold, random_state))
        if progress is not None:
            progress(done, len(numbers))
    return _choose(found, smallest_share)


def _evidence(values: Floats, clusters: int, resamples: int, threshold: float, seed: int) -> Candidate:
    miner = KMeans(clusters, random_state=seed).fit(values)
    return Candidate(
        clusters=clusters,
        silhouette=silhouette(values, miner.labels_, random_state=seed),
        smallest_share=float(miner.sizes_.min() / len(values)),
        stability=stability(
            values,
            KMeans(clusters, n_init=3, random_state=seed),
            resamples=resamples,
            threshold=threshold,
            random_state=seed,
        ),
    )


def _choose(found: list[Candidate], smallest_share: float) -> Choice:
    stable = [one for one in found if one.stability.stable]
    large = [one for one in stable if one.smallest_share >= smallest_share]
    if stable:
        best = max(large or stable, key=lambda one: (one.silhouette, -one.clusters))
        reason = (
            f"{best.clusters} clusters have the best silhouette ({best.silhouette:.2f}) of the stable ones"
        )
        return Choice(best.clusters, True, reason, tuple(found))
    best = max(found, key=lambda one: (one.stability.adjusted_rand.mean, -one.clusters))
    reason = f"no number of clusters is stable; with {best.clusters}, {best.stability.reason}"
    return Choice(best.clusters, False, reason, tuple(found))


def _sample(rows: int, most: int, seed: int) -> Ints:
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, size=most, replace=False))
