"""CLU: how well each clustering miner separates three data sets, beside the whole family of its peers.

Each set is prepared as for segmentation, all miners and peers see the same rows and the same number of
clusters. Peers: scikit-learn's k-means, mini-batch, BIRCH, Ward, DBSCAN, OPTICS and Gaussian mixture, and, in
the interpreter of peers, FasterPAM of `kmedoids` and CURE of `pyclustering`. Noise counts as 0.
A miner below the family's median less .03 must be named under "do not use" on its page.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.rows import SHARED_DATA, Row

PEERS = os.environ.get("BENCH_PEERS", sys.executable)
ROWS, CLUSTERS, SEED, NEAR = 3_000, 4, 5, 0.03
PAGE = Path(__file__).parents[1] / "docs" / "clustering.md"
OUTSIDE = """
import json, sys
import numpy
values, clusters, found = numpy.load(sys.argv[1]), int(sys.argv[2]), {}
try:
    from kmedoids import fasterpam
    from sklearn.metrics import pairwise_distances
    distance = pairwise_distances(values)
    found["FasterPAM"] = fasterpam(distance, clusters, random_state=5).labels.tolist()
    gower = numpy.load(sys.argv[3])
    losses = [fasterpam(gower, clusters, random_state=seed).loss for seed in range(5)]
    found["gower_cost"] = float(min(losses)) / len(gower)
except ImportError:
    pass
try:
    from pyclustering.cluster.cure import cure
    made = cure(values[:1000].tolist(), clusters, 10, 0.3)
    made.process()
    labels = numpy.full(1000, -1)
    for number, rows in enumerate(made.get_clusters()):
        labels[rows] = number
    found["CURE"] = labels.tolist()
except ImportError:
    pass
print(json.dumps(found))
"""


def sets() -> dict[str, Any]:
    """At most 3,000 rows of each set as a table, without the target."""
    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.parquet as pq

    def read(path: str) -> Any:
        file = SHARED_DATA / path
        if path.endswith(".parquet"):
            return pq.read_table(file)
        return csv.read_csv(pa.input_stream(str(file), compression="gzip"))

    tables = {
        "german-credit": read("german-credit/germancredit.csv.gz").drop_columns(["creditability"]),
        "bank-marketing": read("bank-marketing/bank-full.csv.gz").drop_columns(["y", "duration"]),
        "taiwan-credit-card-default": read(
            "taiwan-credit-card-default/default_of_credit_card_clients.parquet"
        ).drop_columns(["default_payment_next_month"]),
    }
    draw = np.random.default_rng(SEED)
    return {
        name: table.take(pa.array(np.sort(draw.permutation(table.num_rows)[:ROWS])))
        for name, table in tables.items()
    }


def prepared(table: Any) -> np.ndarray:
    """The matrix the segmentation would cluster."""
    from bankmine.preparation.preparation import Preparation
    from bankmine.preparation.selection import Selection

    limits = Selection(most_missing=0.5, most_common=0.95, most_correlation=0.9)
    made = Preparation.for_distances(currency_exponent=0, selection=limits).fit_transform(table)
    return np.ascontiguousarray(made.values)


def peers(values: np.ndarray) -> dict[str, np.ndarray]:
    """Labels by scikit-learn's miners; DBSCAN and OPTICS with the neighbours and reach ours take."""
    from sklearn import cluster, mixture

    from bankmine.mining.clustering.density import core_distances, default_neighbours, knee

    neighbours = default_neighbours(*values.shape)
    reach = knee(np.sqrt(core_distances(values, neighbours)))
    works: dict[str, Callable[[], Any]] = {
        "KMeans": lambda: cluster.KMeans(CLUSTERS, n_init=10, random_state=SEED),
        "MiniBatchKMeans": lambda: cluster.MiniBatchKMeans(CLUSTERS, random_state=SEED),
        "BIRCH": lambda: cluster.Birch(n_clusters=CLUSTERS, threshold=0.5),
        "Ward": lambda: cluster.AgglomerativeClustering(CLUSTERS),
        "DBSCAN": lambda: cluster.DBSCAN(eps=reach, min_samples=neighbours),
        "OPTICS": lambda: cluster.OPTICS(min_samples=neighbours, min_cluster_size=0.05),
        "GaussianMixture": lambda: mixture.GaussianMixture(CLUSTERS, n_init=3, random_state=SEED),
    }
    return {name: np.asarray(work().fit_predict(values), dtype=np.int64) for name, work in works.items()}


def outside(values: np.ndarray, gower: np.ndarray) -> dict[str, Any]:
    """Labels by the peers of the other interpreter, and FasterPAM's mean Gower distance."""
    with tempfile.TemporaryDirectory() as place:
        np.save(Path(place) / "values.npy", values)
        np.save(Path(place) / "gower.npy", gower)
        words = [PEERS, "-c", OUTSIDE, f"{place}/values.npy", str(CLUSTERS), f"{place}/gower.npy"]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def one_set(table: Any) -> dict[str, Any]:
    """Silhouettes of the family and of every miner, and k-medoids by Gower's distance on the raw columns."""
    from bankmine.mining.clustering.choice import silhouette
    from bankmine.mining.clustering.comparison import COMPARED, build
    from bankmine.mining.clustering.kmedoids import KMedoids

    values = prepared(table)
    mixed = KMedoids(CLUSTERS, random_state=SEED).fit(table)
    others = outside(values, mixed.pairwise(table))
    gower_cost = others.pop("gower_cost", None)
    family = {name: silhouette(values, labels) for name, labels in peers(values).items()}
    for name, labels in others.items():
        family[name] = silhouette(values[: len(labels)], np.asarray(labels, dtype=np.int64))
    ours = {}
    for name in COMPARED:
        miner = build(name, CLUSTERS, SEED)
        if isinstance(miner, KMedoids):
            miner.set_params(metric="euclidean")
        ours[name] = round(silhouette(values, miner.fit(values).labels_), 3)
    return {
        "columns": values.shape[1],
        "median": round(median(family.values()), 3),
        "peers": {name: round(value, 3) for name, value in family.items()},
        "ours": ours,
        "gower_cost": [round(mixed.cost_, 5), None if gower_cost is None else round(gower_cost, 5)],
    }


def run() -> Row:
    """All sets; a miner is below where it is so on any of them."""
    seen = {name: one_set(table) for name, table in sets().items()}
    gaps = {
        name: [round(one["ours"][name] - one["median"], 3) for one in seen.values()]
        for name in next(iter(seen.values()))["ours"]
    }
    below = sorted(name for name, gap in gaps.items() if min(gap) < -NEAR)
    said = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    named = [name for name in below if f"`{name}`: do not use" in said]
    worse = [one["gower_cost"] for one in seen.values() if one["gower_cost"][1]]
    return Row(
        row="CLU",
        bankmine={
            "silhouette_less_median": gaps, "below": below, "named_on_the_page": named,
            "gower_cost_ours_and_fasterpam": worse,
            "silhouette": {name: one["ours"] for name, one in seen.items()},
        },
        reference={
            name: {"median": one["median"], **one["peers"], "columns": one["columns"]}
            for name, one in seen.items()
        },
        bar="silhouette ≥ the family's median − .03 on every set, or the page says do not use; k-medoids' "
        "cost ≤ 1.001 × FasterPAM's",
        met=named == below and all(own <= 1.001 * other for own, other in worse),
        protocol=f"german-credit (1,000), bank-marketing, taiwan (random {ROWS:,} rows each), prepared as "
        f"for segmentation, k = {CLUSTERS}; silhouette on the prepared matrix, noise counts 0; peers with "
        "defaults; CURE's peer on 1,000 rows",
        versions=("scikit-learn",),
    )  # fmt: skip
