"""The stability gate lets real groups through and stops arbitrary cuts."""

import numpy as np
import pyarrow as pa
import pytest
from samples import blobs

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.clustering.birch import BIRCH
from bankmine.mining.clustering.choice import choose_clusters, silhouette
from bankmine.mining.clustering.cure import CURE
from bankmine.mining.clustering.density import DBSCAN
from bankmine.mining.clustering.kmeans import KMeans
from bankmine.mining.clustering.kmedoids import KMedoids
from bankmine.mining.clustering.mixture import GaussianMixture
from bankmine.mining.clustering.stability import stability


def test_separate_groups_are_stable() -> None:
    verdict = stability(blobs(), KMeans(3, n_init=3), resamples=20)
    assert verdict.stable
    assert verdict.adjusted_rand.mean > 0.98
    assert {cluster.verdict for cluster in verdict.clusters} == {"stable"}
    assert [cluster.dissolved for cluster in verdict.clusters] == [0, 0, 0]


def test_one_round_cloud_cut_into_five_is_not_used() -> None:
    cloud = np.random.default_rng(1).normal(size=(200, 6))
    verdict = stability(cloud, KMeans(5, n_init=3), resamples=20)
    assert verdict.verdict == "do not use"
    assert "below" in verdict.reason


def test_a_good_mean_does_not_hide_one_cluster_that_dissolves() -> None:
    """Four clusters for three groups: the large groups are found again, the cut through one is not."""
    far = np.random.default_rng(2).normal(size=(60, 2)) + np.array([20, 20])
    X = np.concatenate([blobs(400), far])
    verdict = stability(X, KMeans(5, n_init=3), resamples=30, threshold=0.6)
    assert verdict.adjusted_rand.mean > 0.6
    assert min(cluster.jaccard.mean for cluster in verdict.clusters) < 0.6
    assert not verdict.stable
    assert "Jaccard" in verdict.reason


def test_half_samples_give_the_same_verdict() -> None:
    assert stability(blobs(), KMeans(3, n_init=3), resamples=10, scheme="half").stable


def test_the_same_seed_gives_the_same_verdict() -> None:
    runs = [stability(blobs(60), KMeans(4, n_init=2), resamples=8, random_state=5) for _ in range(2)]
    assert runs[0] == runs[1]
    assert stability(blobs(60), KMeans(4, n_init=2), resamples=8, random_state=6) != runs[0]


def test_the_gate_agrees_with_hennigs_procedure_written_out_slowly() -> None:
    """Hennig (2007), section 3: for each resample the best Jaccard of each cluster, averaged.

    The twin draws other resamples and works on sets, so the means agree within noise only.
    """
    X = blobs(60, seed=3)
    original = KMeans(4).fit(X).predict(X)
    draw = np.random.default_rng(99)
    found: list[list[float]] = [[] for _ in range(4)]
    for _ in range(60):
        rows = draw.integers(0, len(X), len(X))
        again = KMeans(4, random_state=int(draw.integers(1000))).fit(X[rows]).predict(X)
        for label in range(4):
            own = set(np.flatnonzero(original == label))
            sets = [set(np.flatnonzero(again == k)) for k in range(4)]
            found[label].append(max(len(own & other) / len(own | other) for other in sets))
    verdict = stability(X, KMeans(4), resamples=60)
    for cluster, values in zip(verdict.clusters, found, strict=True):
        noise = np.std(values) * np.sqrt(2 / 60)
        assert cluster.jaccard.mean == pytest.approx(np.mean(values), abs=4 * noise + 1e-9)


def test_a_resample_below_the_miners_minimum_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="50 rows"):
        stability(np.random.default_rng(0).normal(size=(100, 2)), KMeans(4), scheme="half", resamples=3)


def test_a_threshold_outside_its_range_is_refused() -> None:
    with pytest.raises(UsageError, match="threshold"):
        stability(blobs(), KMeans(3), threshold=1.5)


def test_the_number_of_clusters_is_the_best_separated_stable_one() -> None:
    choice = choose_clusters(blobs(), (2, 3, 4, 5), resamples=8)
    assert choice.clusters == 3
    assert choice.stable
    assert [one.clusters for one in choice.candidates] == [2, 3, 4, 5]


def test_where_no_number_is_stable_the_choice_says_so() -> None:
    cloud = np.random.default_rng(1).normal(size=(300, 8))
    choice = choose_clusters(cloud, (5, 6, 7), resamples=8)
    assert not choice.stable
    assert choice.reason.startswith("no number of clusters is stable")


def test_a_cluster_of_a_few_outliers_is_not_a_segment() -> None:
    """Two clouds and three far outliers: three clusters separate best but one of them is no segment."""
    X = np.concatenate([blobs(300)[:600], np.full((25, 2), 500.0)])
    X[600:] += np.random.default_rng(0).normal(size=(25, 2))
    choice = choose_clusters(X, (2, 3), resamples=8, smallest_share=0.05)
    assert all(one.stability.stable for one in choice.candidates if one.clusters == 3)
    assert choice.candidates[1].smallest_share < 0.05


def test_silhouette_equals_its_definition_on_four_points() -> None:
    """a = 1 within each pair; b = (10 + 11)/2 or (9 + 10)/2 to the other pair."""
    X, labels = np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([0, 0, 1, 1])
    outer, inner = (10.5 - 1) / 10.5, (9.5 - 1) / 9.5
    assert silhouette(X, labels) == pytest.approx((outer + inner) / 2)


def test_noise_is_a_group_of_its_own_and_no_cluster() -> None:
    X = np.concatenate([blobs(), np.random.default_rng(0).uniform(-40, 60, (25, 2))])
    verdict = stability(X, DBSCAN(), resamples=15)
    assert verdict.stable
    assert [cluster.label for cluster in verdict.clusters] == [0, 1, 2]


def test_one_cluster_or_mostly_noise_is_not_used_without_resampling() -> None:
    cloud = np.random.default_rng(1).normal(size=(300, 6))
    one = stability(cloud, DBSCAN(), resamples=5)
    assert (one.verdict, one.resamples) == ("do not use", 0)
    assert "1 clusters were found" in one.reason
    thin = stability(blobs(), DBSCAN(0.45, least_share=0.0), resamples=5)
    assert "belong to no cluster" in thin.reason


def test_mixed_columns_are_judged_by_k_medoids_and_its_own_distance() -> None:
    draw = np.random.default_rng(0)
    kind = np.arange(300) % 3
    table = pa.table(
        {
            "job": np.array(["clerk", "farmer", "nurse"])[kind],
            "age": 20.0 + 15 * kind + draw.normal(size=300),
            "home": np.array(["flat", "house", "flat"])[kind],
        }
    )
    choice = choose_clusters(table, (2, 3, 4), miner=KMedoids(), resamples=5)
    assert (choice.clusters, choice.stable) == (3, True)
    assert choice.candidates[1].silhouette > 0.8


def test_the_number_of_clusters_is_chosen_for_other_miners_too() -> None:
    for miner in (GaussianMixture(), BIRCH(), CURE()):
        assert choose_clusters(blobs(), (2, 3, 4), miner=miner, resamples=5).clusters == 3
    with pytest.raises(UsageError, match="takes no number"):
        choose_clusters(blobs(), (2, 3), miner=DBSCAN())


def test_noise_counts_as_nothing_in_the_silhouette() -> None:
    X, labels = np.array([[0.0], [1.0], [10.0], [11.0], [500.0]]), np.array([0, 0, 1, 1, -1])
    whole = silhouette(X[:4], labels[:4])
    assert silhouette(X, labels) == pytest.approx(whole * 4 / 5)
    assert silhouette(X, np.full(5, -1)) == -1.0
