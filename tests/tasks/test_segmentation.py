"""Names of segments in plain words, and segmentation on data made by others."""

from pathlib import Path

import pytest

from bankmine.mining.clustering.profile import ClusterProfile, Trait
from bankmine.tasks.segmentation.words import names, suggestion, talk
from shared_data import shared


def segment(label: int, **effects: float) -> ClusterProfile:
    traits = tuple(
        Trait(feature, 0.0, 0.0, 0.0, effect, "high")
        for feature, effect in sorted(effects.items(), key=lambda one: -abs(one[1]))
    )
    return ClusterProfile(label, 10, 0.1, traits)


def test_a_segment_is_named_by_what_sets_it_apart_most() -> None:
    found = names([segment(0, income_sum_12mo=1.2, channel_share_card_12mo=0.9, balance_mean_12mo=-0.7)])
    assert found == ["salary or pension in, pays by card, low balance"]


def test_weak_traits_are_not_named() -> None:
    assert names([segment(0, out_sum_12mo=0.3)]) == ["like most customers"]


def test_one_subject_of_talk_is_named_once() -> None:
    assert names([segment(0, out_mean_12mo=2.0, out_mean_all=1.9, out_max_3mo=1.8)]) == ["large payments"]


def test_segments_alike_in_their_strongest_traits_are_told_apart_by_the_next() -> None:
    common = {"out_sum_3mo": 2.0, "transactions_count_3mo": 1.9, "income_sum_3mo": 1.8}
    found = names([segment(0, **common, balance_mean_3mo=0.9), segment(1, **common, balance_mean_3mo=-0.9)])
    assert len(set(found)) == 2
    assert found[0].endswith("high balance")
    assert found[1].endswith("low balance")


@pytest.mark.parametrize(
    ("effect", "days", "named"), [(-1.0, -100.0, True), (-0.7, -100.0, False), (-1.0, -60.0, False)]
)
def test_new_is_said_only_of_customers_much_newer_than_the_others(
    effect: float, days: float, named: bool
) -> None:
    feature = "transaction_days_since_first_all"
    found = names([segment(0, **{feature: effect})], [{feature: days}])
    assert (found == ["new"]) is named


def test_a_segment_suggests_what_its_strongest_traits_are_good_for() -> None:
    assert suggestion("quiet lately, high balance").startswith("Reactivation")
    assert suggestion("high balance, quiet lately").startswith("A talk about savings and investment")
    assert suggestion("irregular income, pays by card (2)").startswith("A card offer")
    assert "hold-out" in suggestion("like most customers")


def test_names_are_never_equal() -> None:
    assert len(set(names([segment(0), segment(1), segment(2)]))) == 3


def test_a_feature_without_a_phrase_is_named_by_itself() -> None:
    assert talk("cards_count") == ("cards count", "high cards count", "low cards count")


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("mapping", "data", "cutoff", "usable"),
    [
        ("berka", "berka-pkdd99", "1994-04-01", True),
        ("cdnow", "cdnow", "1998-01-01", True),
        ("anz", "anz-synthesised-transactions", "2018-11-01", False),
    ],
)
def test_segments_of_data_made_by_others(
    tmp_path: Path, mapping: str, data: str, cutoff: str, usable: bool
) -> None:
    """A hundred customers of ANZ give no segments that are found again, and the run says so."""
    from bankmine import lifecycle, pipeline

    made = pipeline.init(tmp_path / "bank", mapping=mapping, extracts=shared(data))
    pipeline.load(made)
    folder = made.reopened()
    run = lifecycle.run_task(folder.warehouse, folder.config, "segmentation", cutoff=cutoff)
    assert run.metrics["usable"] is usable
    assert run.verdict.startswith("Use the" if usable else "Do not use")
    assert len({one["name"] for one in run.metrics["segments"]}) == run.metrics["clusters"]
    assert sum(one["size"] for one in run.metrics["segments"]) == run.scores.num_rows
