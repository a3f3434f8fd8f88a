"""The stability gate: would other customers of the same bank have given the same segments?

Hennig (2007), "Cluster-wise assessment of cluster stability": cluster resamples of the rows, and see how well
each cluster is found again. Here every resample's clustering assigns all rows, so that the two labellings
speak of the same rows. A mean Jaccard of .75 and more is a stable cluster, below .6 it is not to be
interpreted, below .5 it dissolves (Hennig's own limits).

Miners that leave rows out (noise) are judged alike: noise counts as one more group in the Rand index and is
no cluster to be found again. One that leaves out more than half of the rows, or finds one cluster only, has
no segments to offer.

What the gate cannot see: k-means cuts one long cloud of many rows at the same place each time. Stable says
"found again", not "separate"; for that read the silhouette (`choice.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.clustering.agreement import adjusted_rand_index, best_jaccard
from bankmine.mining.contract import Floats, Ints, Matrix
from bankmine.mining.files import plain

Scheme = Literal["bootstrap", "half"]
STABLE = 0.75
INTERPRETABLE = 0.60
MOST_NOISE = 0.5


class Clusterer(Protocol):
    """What the gate needs of a clustering miner."""

    random_state: int

    def get_params(self) -> dict[str, Any]: ...
    def fit(self, X: Any) -> Any: ...
    def predict(self, X: Any) -> Ints: ...


@dataclass(frozen=True)
class Spread:
    """Mean over the resamples, and the range that holds the middle 95 % of them."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class ClusterStability:
    """One cluster found again: its Jaccard overlap, and how often it dissolved (overlap at most .5)."""

    label: int
    size: int
    jaccard: Spread
    dissolved: float
    verdict: str


@dataclass(frozen=True)
class Stability:
    """The verdict of the gate and all it rests on."""

    verdict: Literal["stable", "do not use"]
    reason: str
    adjusted_rand: Spread
    clusters: tuple[ClusterStability, ...]
    threshold: float
    resamples: int
    scheme: Scheme

    @property
    def stable(self) -> bool:
        return self.verdict == "stable"

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run's metrics."""
        result: dict[str, Any] = plain(self)
        return result


def stability(
    X: Matrix,
    miner: Clusterer,
    *,
    resamples: int = 50,
    scheme: Scheme = "bootstrap",
    threshold: float = STABLE,
    random_state: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Stability:
    """Judge a miner's clusters on a prepared matrix, or on a table of mixed columns for k-medoids.

    `bootstrap` draws as many rows as there are, with replacement; `half` draws half of them without. The
    verdict is "stable" when the mean adjusted Rand index reaches `threshold` and no cluster's mean Jaccard
    lies below .6; else "do not use". Each resample gets its own start, so the start's luck counts too.
    Fewer than two clusters, or noise for more than half of the rows, are "do not use" without resampling.
    FeasibilityError when a resample is below the miner's minimum. `progress(done, of)` is called after each.
    """
    if resamples < 2 or not 0 < threshold <= 1 or scheme not in ("bootstrap", "half"):
        raise UsageError(
            f"The stability gate was asked for {resamples} resamples by {scheme!r}, threshold {threshold}",
            hint="Give at least 2 resamples, 'bootstrap' or 'half', and a threshold in (0, 1].",
        )
    values = X if isinstance(X, pa.Table) else np.ascontiguousarray(X, dtype=np.float64)
    original = np.asarray(type(miner)(**miner.get_params()).fit(values).predict(values), dtype=np.int64)
    if nothing := _nothing_to_judge(original):
        return _refused(nothing, threshold, scheme)
    again = resampled_labels(
        values, miner, resamples=resamples, scheme=scheme, random_state=random_state, progress=progress
    )
    return judged(original, again, threshold=threshold, scheme=scheme)


def resampled_labels(
    X: Matrix,
    miner: Clusterer,
    *,
    resamples: int = 50,
    scheme: Scheme = "bootstrap",
    random_state: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Ints]:
    """Labels of all rows by the clusters of each resample, every one with a start of its own."""
    found = []
    for number, seed in enumerate(np.random.SeedSequence(random_state).spawn(resamples)):
        found.append(_refit(miner, X, scheme, np.random.default_rng(seed)))
        if progress is not None:
            progress(number + 1, resamples)
    return found


def judged(
    original: Ints, again: Sequence[Ints], *, threshold: float = STABLE, scheme: Scheme = "bootstrap"
) -> Stability:
    """The verdict on labels of rows, (rows,), beside those that resamples gave the same rows."""
    if nothing := _nothing_to_judge(original):
        return _refused(nothing, threshold, scheme)
    rand = np.array([adjusted_rand_index(original, one) for one in again])
    jaccard = np.array([best_jaccard(original, one) for one in again])
    return _judge(original, rand, jaccard, threshold, scheme)


def _refused(reason: str, threshold: float, scheme: Scheme) -> Stability:
    return Stability("do not use", reason, Spread(0.0, 0.0, 0.0), (), threshold, 0, scheme)


def _nothing_to_judge(labels: Ints) -> str:
    """Why a clustering is no segmentation, whatever resamples say; empty where it is one."""
    clusters, noise = int(labels.max()) + 1, float(np.mean(labels < 0))
    if clusters < 2:
        return f"{clusters} clusters were found where a segmentation needs two"
    if noise > MOST_NOISE:
        return f"{noise:.0%} of the rows belong to no cluster, more than half"
    return ""


def _refit(miner: Clusterer, values: Matrix, scheme: Scheme, draw: np.random.Generator) -> Ints:
    rows = len(values)
    if scheme == "bootstrap":
        taken = draw.integers(0, rows, size=rows)
    else:
        taken = draw.choice(rows, size=rows // 2, replace=False)
    parameters = {**miner.get_params(), "random_state": int(draw.integers(2**31))}
    fitted = type(miner)(**parameters).fit(rows_of(values, np.sort(taken)))
    return np.asarray(fitted.predict(values), dtype=np.int64)


def rows_of(values: Matrix, positions: Ints) -> Matrix:
    """Some rows of a matrix or table, in the order of `positions`."""
    return values.take(pa.array(positions)) if isinstance(values, pa.Table) else values[positions]


def _judge(original: Ints, rand: Floats, jaccard: Floats, threshold: float, scheme: Scheme) -> Stability:
    sizes = np.bincount(original[original >= 0])
    clusters = tuple(
        ClusterStability(
            label=label,
            size=int(sizes[label]),
            jaccard=_spread(jaccard[:, label]),
            dissolved=float(np.mean(jaccard[:, label] <= 0.5)),
            verdict=_cluster_verdict(float(jaccard[:, label].mean())),
        )
        for label in range(jaccard.shape[1])
    )
    overall = _spread(rand)
    weakest = min(clusters, key=lambda cluster: cluster.jaccard.mean)
    if overall.mean < threshold:
        reason = f"the mean adjusted Rand index {overall.mean:.2f} is below {threshold:.2f}"
    elif weakest.jaccard.mean < INTERPRETABLE:
        reason = f"cluster {weakest.label} has a mean Jaccard of {weakest.jaccard.mean:.2f}, below 0.60"
    else:
        reason = f"the mean adjusted Rand index {overall.mean:.2f} reaches {threshold:.2f}"
        return Stability("stable", reason, overall, clusters, threshold, len(rand), scheme)
    return Stability("do not use", reason, overall, clusters, threshold, len(rand), scheme)


def _cluster_verdict(mean: float) -> str:
    if mean >= STABLE:
        return "stable"
    return "pattern, membership doubtful" if mean >= INTERPRETABLE else "not to be interpreted"


def _spread(values: Floats) -> Spread:
    low, high = np.quantile(values, [0.025, 0.975])
    return Spread(float(values.mean()), float(low), float(high))
