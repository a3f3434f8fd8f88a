"""All clustering miners on one matrix: what each costs, separates, leaves out, and whether it comes back.

Miners answer different questions: k-means makes compact groups of all rows, DBSCAN dense regions and leaves
the rest out. So no single figure ranks them. Those here are computed alike for all: on the same rows, the
distances of the prepared matrix, whatever distance the miner itself goes by.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError
from bankmine.mining.clustering.choice import silhouette
from bankmine.mining.clustering.clusterer import Clusterer, means_of, sample_rows
from bankmine.mining.clustering.stability import stability
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.files import MINERS, plain

COMPARED = (
    "KMeans",
    "MiniBatchKMeans",
    "KMedoids",
    "BIRCH",
    "CURE",
    "DBSCAN",
    "OPTICS",
    "GaussianMixture",
)


WARM_ROWS = 500


@dataclass(frozen=True)
class Compared:
    """One miner's clustering of the matrix.

    `cost` is the mean squared distance of a row to the mean of its cluster, as a share of that to the mean of
    all rows: 0 where every cluster is a point, 1 where clusters say nothing; noise is left out. `silhouette`
    counts noise as 0, what Rousseeuw (1987) gives a row that is alone. `stability` is the mean adjusted Rand
    index over resamples. None where the miner refused or found fewer than two clusters. `seconds` is the
    wall time of the fit with the labels of all rows: of all fields the only one that differs from run to run.
    """

    miner: str
    clusters: int
    cost: float | None
    silhouette: float | None
    noise_share: float
    stability: float | None
    seconds: float
    usable: bool
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        result: dict[str, Any] = plain(self)
        return result


def compare(
    values: Floats,
    names: Sequence[str],
    clusters: int,
    *,
    random_state: int = 0,
    miners: Sequence[str] = COMPARED,
    resamples: int = 10,
    sample: int = 5_000,
    progress: Callable[[int, int], None] | None = None,
) -> list[Compared]:
    """Cluster the prepared matrix `values` (rows, columns) with every miner, into `clusters` where it asks.

    Stability is judged on a random sample of at most `sample` rows, silhouettes on 3,000. A miner that
    refuses (too few rows, no dense region) is in the list with its reason and not usable.
    `progress(done, of)` is called after each.
    """
    matrix = np.ascontiguousarray(values, dtype=np.float64)
    found = []
    for done, name in enumerate(miners, start=1):
        found.append(_compared(matrix, names, build(name, clusters, random_state), resamples, sample))
        if progress is not None:
            progress(done, len(miners))
    return found


def build(name: str, clusters: int, random_state: int = 0) -> Clusterer:
    """A clustering miner by its name, not fitted; `clusters` is given to those that ask for a number."""
    kind = getattr(import_module(MINERS[name]), name)
    parameters: dict[str, Any] = {"random_state": random_state}
    if "n_clusters" in kind._parameter_names():
        parameters["n_clusters"] = clusters
    miner: Clusterer = kind(**parameters)
    return miner


def _compared(
    matrix: Floats, names: Sequence[str], miner: Clusterer, resamples: int, sample: int
) -> Compared:
    _warm(matrix, miner)
    began = time.perf_counter()
    try:
        labels = miner.fit(matrix, names=names).labels_
    except FeasibilityError as refusal:
        return _refused(miner, str(refusal), time.perf_counter() - began)
    seconds = time.perf_counter() - began
    count = len(miner.sizes_)
    if count < 2:
        return _refused(miner, f"{miner.words} found {count} clusters", seconds, count, miner.noise_share_)
    part = matrix[sample_rows(len(matrix), sample, miner.random_state)]
    try:
        gate = stability(part, miner, resamples=resamples, random_state=miner.random_state)
    except FeasibilityError as refusal:
        return _refused(miner, str(refusal), seconds, count, miner.noise_share_)
    return Compared(
        miner=miner.words,
        clusters=count,
        cost=cost(matrix, labels),
        silhouette=silhouette(matrix, labels, random_state=miner.random_state),
        noise_share=miner.noise_share_,
        stability=gate.adjusted_rand.mean,
        seconds=seconds,
        usable=gate.stable,
        reason=gate.reason,
    )


def _warm(matrix: Floats, miner: Clusterer) -> None:
    """Imports and compiled code are loaded before the clock runs."""
    with contextlib.suppress(FeasibilityError):
        type(miner)(**miner.get_params()).fit(matrix[:WARM_ROWS])


def _refused(
    miner: Clusterer, reason: str, seconds: float, clusters: int = 0, noise: float = 0.0
) -> Compared:
    return Compared(miner.words, clusters, None, None, noise, None, seconds, False, reason)


def cost(values: Floats, labels: Ints) -> float:
    """Mean squared distance to the own cluster's mean over that to the mean of all rows; noise left out."""
    inside = labels >= 0
    if not inside.any():
        return 1.0
    means = means_of(values, labels, int(labels.max()) + 1)
    own = float(((values[inside] - means[labels[inside]]) ** 2).sum(axis=1).mean())
    every = float(((values - values.mean(axis=0)) ** 2).sum(axis=1).mean())
    return own / every if every > 0 else 0.0
