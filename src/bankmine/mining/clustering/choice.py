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
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.arithmetic import one_thread
from bankmine.mining.clustering.adaptive import AdaptiveKMeans
from bankmine.mining.clustering.clusterer import Clusterer, sample_rows
from bankmine.mining.clustering.kmeans import KMeans
from bankmine.mining.clustering.stability import STABLE, Stability, rows_of, stability
from bankmine.mining.contract import Floats, Ints, Matrix
from bankmine.mining.files import plain

GATE_STARTS = 3


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
    """Mean silhouette by the Euclidean distance over a random sample of at most `sample` rows, in [−1, 1].

    Noise (−1) is not a cluster: its rows count as 0, as Rousseeuw counts a row that is alone, and no row is
    compared with them. −1 for fewer than two clusters.
    """
    taken = sample_rows(len(X), sample, random_state)
    return _silhouette(X[taken], labels[taken], "euclidean")


def _silhouette(values: Floats, labels: Ints, metric: str) -> float:
    """Of rows, or of the matrix of their distances where `metric` is "precomputed"."""
    from sklearn.metrics import silhouette_samples

    inside = np.flatnonzero(labels >= 0)
    if not 2 <= len(np.unique(labels[inside])) < len(inside):
        return -1.0
    part = values[np.ix_(inside, inside)] if metric == "precomputed" else values[inside]
    with one_thread():
        found = silhouette_samples(part, labels[inside], metric=metric)
    return float(found.sum() / len(labels))


def choose_clusters(
    X: Matrix,
    candidates: Sequence[int] = (3, 4, 5, 6, 7, 8),
    *,
    miner: Clusterer | None = None,
    sample: int = 10_000,
    resamples: int = 15,
    threshold: float = STABLE,
    smallest_share: float = 0.01,
    random_state: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Choice:
    """Choose the number of clusters on a prepared matrix, or on a table of mixed columns for k-medoids.

    `miner` (default k-means) is any that has a parameter `n_clusters`; its other parameters are kept. Works
    on a random sample of at most `sample` rows. A candidate whose smallest cluster holds less than
    `smallest_share` of the rows is not chosen while another stable one exists: it is a list of outliers, not
    a segment. The silhouette goes by the miner's own distance (Gower's for k-medoids, the weighed one for
    adaptive k-means). FeasibilityError when
    there are too few rows for a candidate.
    """
    numbers = sorted(set(candidates))
    if not numbers or numbers[0] < 2:
        raise UsageError(f"The candidates are {list(candidates)}", hint="Give numbers of clusters from 2 on.")
    kind = miner or KMeans(random_state=random_state)
    if "n_clusters" not in kind.get_params():
        raise UsageError(
            f"{kind.words} takes no number of clusters",
            hint="It finds the number itself: judge it by `stability`.",
        )
    values = X if isinstance(X, pa.Table) else np.ascontiguousarray(X, dtype=np.float64)
    values = rows_of(values, sample_rows(len(values), sample, random_state))
    found: list[Candidate] = []
    for done, clusters in enumerate(numbers, start=1):
        found.append(_evidence(values, kind, clusters, resamples, threshold, random_state))
        if progress is not None:
            progress(done, len(numbers))
    return _choose(found, smallest_share)


def _evidence(
    values: Matrix, kind: Clusterer, clusters: int, resamples: int, threshold: float, seed: int
) -> Candidate:
    fitted = _with(kind, n_clusters=clusters).fit(values)
    # A resample's bad start is caught by the next start: three are enough where hundreds of fits are made.
    few = {"n_init": GATE_STARTS} if isinstance(kind, KMeans) else {}
    return Candidate(
        clusters=clusters,
        silhouette=_silhouette_of(fitted, values, seed),
        smallest_share=float(fitted.sizes_.min(initial=len(values)) / len(values)),
        stability=stability(
            values,
            _with(kind, n_clusters=clusters, **few),
            resamples=resamples,
            threshold=threshold,
            random_state=seed,
        ),
    )


def _silhouette_of(fitted: Clusterer, values: Matrix, seed: int) -> float:
    """By the miner's own distance where it has one."""
    from bankmine.mining.clustering.kmedoids import KMedoids

    if isinstance(fitted, AdaptiveKMeans):
        return silhouette(fitted.space(np.asarray(values)), fitted.labels_, random_state=seed)
    if not isinstance(fitted, KMedoids):
        return silhouette(np.asarray(values), fitted.labels_, random_state=seed)
    taken = sample_rows(len(values), 3_000, seed)
    return _silhouette(fitted.pairwise(rows_of(values, taken)), fitted.labels_[taken], "precomputed")


def _with(kind: Clusterer, **parameters: Any) -> Clusterer:
    made: Clusterer = type(kind)(**{**kind.get_params(), **parameters})
    return made


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
