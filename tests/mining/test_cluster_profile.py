"""Profiles: Cohen's d between a cluster and all others, in the columns' own units."""

import json

import numpy as np
import pytest

from bankmine.errors import UsageError
from bankmine.mining.clustering.choice import choose_clusters
from bankmine.mining.clustering.profile import level, profile


def test_effect_is_cohens_d_against_all_other_rows() -> None:
    draw = np.random.default_rng(0)
    values, labels = draw.normal(size=(500, 2)) * [3.0, 100.0] + [5, 1e6], draw.integers(0, 3, 500)
    for cluster in profile(values, labels, ["a", "b"]):
        for trait in cluster.traits:
            column = values[:, ["a", "b"].index(trait.feature)]
            own, rest = column[labels == cluster.label], column[labels != cluster.label]
            pooled = (np.var(own, ddof=1) * (len(own) - 1) + np.var(rest, ddof=1) * (len(rest) - 1)) / 498
            assert trait.effect == pytest.approx((own.mean() - rest.mean()) / np.sqrt(pooled))
            assert trait.mean == pytest.approx(own.mean())
            assert trait.mean_others == pytest.approx(rest.mean())
            assert trait.median == pytest.approx(np.median(own))


def test_traits_come_by_falling_effect_and_outstanding_ones_only() -> None:
    labels = np.repeat([0, 1], 100)
    noise = np.random.default_rng(1).normal(size=(200, 3))
    cluster = profile(noise + np.outer(labels, [0.1, 3.0, -6.0]), labels, ["flat", "more", "less"])[1]
    assert [trait.feature for trait in cluster.traits] == ["less", "more", "flat"]
    assert [(t.feature, t.level) for t in cluster.outstanding()] == [
        ("less", "very low"),
        ("more", "very high"),
    ]
    assert cluster.share == 0.5


def test_missing_values_leave_out_their_own_column_only() -> None:
    labels = np.repeat([0, 1], 50)
    values = np.column_stack([labels * 2.0 + np.tile([0.0, 1.0], 50), np.tile([3.0, 4.0], 50)])
    holes = values.copy()
    holes[::10, 0] = np.nan
    whole, partial = profile(values, labels, ["a", "b"])[0], profile(holes, labels, ["a", "b"])[0]
    kept = holes[:50, 0][~np.isnan(holes[:50, 0])]
    assert next(t for t in partial.traits if t.feature == "a").mean == pytest.approx(kept.mean())
    assert next(t for t in partial.traits if t.feature == "b") == next(
        t for t in whole.traits if t.feature == "b"
    )


def test_a_column_missing_in_a_whole_cluster_is_unknown_there() -> None:
    labels = np.repeat([0, 1], 20)
    column = np.where(labels == 0, np.nan, 1.0)[:, None]
    assert profile(column, labels, ["a"])[0].traits[0].level == "unknown"


def test_a_column_constant_in_each_cluster_has_a_bounded_effect() -> None:
    labels = np.repeat([0, 1], 20)
    first, second = profile(labels[:, None] * 5.0, labels, ["a"])
    assert (first.traits[0].effect, second.traits[0].effect) == (-10.0, 10.0)
    assert profile(np.full((40, 1), 0.1), labels, ["a"])[0].traits[0].effect == 0.0


def test_cohens_limits_in_words() -> None:
    assert [level(d) for d in (-0.9, -0.6, 0.49, 0.5, 0.8)] == [
        "very low",
        "low",
        "usual",
        "high",
        "very high",
    ]


def test_one_label_for_each_row_is_needed() -> None:
    with pytest.raises(UsageError, match="a label for each row"):
        profile(np.zeros((3, 1)), np.zeros(4, dtype=int), ["a"])


def test_profiles_and_stability_are_strict_json() -> None:
    labels = np.repeat([0, 1], 40)
    column = np.column_stack([np.where(labels == 0, np.nan, 1.0), labels * 5 + np.tile([0.0, 1.0], 40)])
    choice = choose_clusters(column[:, 1:], (2,), resamples=3)
    for result in (profile(column, labels, ["a", "b"])[0], choice, choice.candidates[0].stability):
        json.dumps(result.to_json(), allow_nan=False)
