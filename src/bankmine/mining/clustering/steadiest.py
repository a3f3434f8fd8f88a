"""Of several optima, the clusters that resamples find again.

The criterion of k-means and its kin has many local optima, and those nearly as good as the best can part the
rows quite differently. Which one a run ends in then hangs on its starts: on the order of the rows, on chance.
The lowest criterion is no reason to prefer a clustering that other customers of the same bank would not have
given; so among the optima that are nearly as low the one is taken whose labels agree best with those of
resamples (Ben-Hur, Elisseeff and Guyon 2002, "A stability based method for discovering structure in clustered
data", used there for the number of clusters). One half of the resamples chooses and the other half judges:
the choice does not flatter the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bankmine.errors import UsageError
from bankmine.mining.clustering.adaptive import AdaptiveKMeans
from bankmine.mining.clustering.agreement import adjusted_rand_index
from bankmine.mining.clustering.stability import STABLE, Stability, judged, resampled_labels
from bankmine.mining.contract import Floats, Ints, Matrix

OPTIMA, STARTS = 10, 3
ALIKE = 0.98
SLACK = 0.01


@dataclass(frozen=True)
class Steadiest:
    """The fitted miner, the gate's verdict on its labels, and how many different optima there were."""

    miner: AdaptiveKMeans
    stability: Stability
    optima: int


def steadiest(
    X: Matrix,
    clusters: int,
    *,
    resamples: int = 50,
    threshold: float = STABLE,
    random_state: int = 0,
) -> Steadiest:
    """Adaptive k-means of `X` (rows, columns) at the optimum that resamples find again, and the gate over it.

    Optima come from OPTIMA fits; one counts whose variances inside the clusters are at most 1 % above those
    of the lowest, as a geometric mean over the columns. `resamples` judge, as many others choose. The rows
    are put in the order of their values first, so the answer does not hang on how they were handed over.
    FeasibilityError below the miner's minimum; UsageError for fewer than 2 resamples.
    """
    if resamples < 2:
        raise UsageError(f"{resamples} resamples were asked for", hint="Give at least 2.")
    values = in_order(np.ascontiguousarray(X, dtype=np.float64))
    optima = _optima(values, clusters, random_state)
    few = AdaptiveKMeans(clusters, n_init=STARTS, random_state=random_state)
    again = resampled_labels(values, few, resamples=2 * resamples, random_state=random_state)
    best = max(optima, key=lambda one: _agreement(one.labels_, again[:resamples]))
    return Steadiest(best, judged(best.labels_, again[resamples:], threshold=threshold), len(optima))


def in_order(values: Floats) -> Floats:
    """The rows (rows, columns) sorted by their columns, the first column first."""
    return np.ascontiguousarray(values[np.lexsort(values.T[::-1])])


def _optima(values: Floats, clusters: int, seed: int) -> list[AdaptiveKMeans]:
    """Fits that part the rows differently and end nearly as low as the lowest, that one first."""
    fits = [
        AdaptiveKMeans(clusters, n_init=STARTS, random_state=seed + number).fit(values)
        for number in range(OPTIMA)
    ]
    fits.sort(key=lambda one: one.criterion_)
    most = fits[0].criterion_ + values.shape[1] * np.log1p(SLACK)
    kept: list[AdaptiveKMeans] = []
    for one in fits:
        if one.criterion_ <= most and not any(_alike(one, other) for other in kept):
            kept.append(one)
    return kept


def _alike(one: AdaptiveKMeans, other: AdaptiveKMeans) -> bool:
    return adjusted_rand_index(one.labels_, other.labels_) > ALIKE


def _agreement(labels: Ints, again: Sequence[Ints]) -> float:
    """Mean adjusted Rand index between labels and those of resamples."""
    return float(np.mean([adjusted_rand_index(labels, one) for one in again]))
