"""Mini-batch k-means (Sculley 2010, "Web-scale k-means clustering"): centres that follow small draws of rows.

A centre moves towards each row it gets by one over the number of rows it ever got. The price of speed is a
sum of squares some parts in a thousand above that of k-means; `KMeans` here is fast enough for a million
rows, so this miner is for matrices much larger than that.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from bankmine.mining.clustering.kmeans import KMeans
from bankmine.mining.clustering.lloyd import Lloyd, descend, k_means, sums_of_batch
from bankmine.mining.contract import Floats


class MiniBatchKMeans(KMeans):
    """k-means by `steps` draws of `batch` rows from the best of `n_init` starts; else as `KMeans`.

    Starts are tried on a sample, as k-means does; all rows are assigned once, at the end.
    """

    words: ClassVar[str] = "mini-batch k-means"

    def __init__(
        self,
        n_clusters: int = 5,
        *,
        batch: int = 4_096,
        steps: int = 100,
        n_init: int = 3,
        random_state: int = 0,
    ) -> None:
        super().__init__(n_clusters, n_init=n_init, random_state=random_state)
        self.batch = batch
        self.steps = steps

    def _find(self, values: Floats) -> Lloyd:
        draw = np.random.default_rng(self.random_state)
        first = values[np.sort(draw.choice(len(values), min(self.batch, len(values)), replace=False))]
        found = k_means(first, self.n_clusters, self.n_init, 0, draw)
        centres, seen = found.centres.copy(), np.bincount(found.labels, minlength=self.n_clusters)
        for _ in range(self.steps):
            rows = draw.integers(0, len(values), min(self.batch, len(values)))
            sums, counts = sums_of_batch(values[rows], centres)
            seen = seen + counts
            centres += (sums - counts[:, None] * centres) / np.maximum(seen, 1)[:, None]
        return descend(values, centres, 0)
