"""Names of segments in plain words, the run of the study on made-up data, and on data made by others."""

from pathlib import Path

import pytest

from bankmine.mining.clustering.profile import ClusterProfile, Trait
from bankmine.tasks.segmentation.reach import _moment
from bankmine.tasks.segmentation.words import different, kept_names, names, plain_name, said_name, talk
from shared_data import shared


def segment(label: int, **effects: float) -> ClusterProfile:
    traits = tuple(
        Trait(feature, 0.0, 0.0, 0.0, effect, "high")
        for feature, effect in sorted(effects.items(), key=lambda one: -abs(one[1]))
    )
    return ClusterProfile(label, 10, 0.1, traits)


def test_a_segment_is_named_by_what_it_does_more_than_others() -> None:
    found = names(
        [segment(0, bought_share_travel_24mo=1.2, bought_abroad_share_24mo=0.9, cash_share_24mo=-0.7)]
    )
    assert found == ["travel, pays abroad, hardly cash"]


def test_what_a_segment_lacks_is_said_after_what_it_has() -> None:
    found = names([segment(0, bought_share_fuel_24mo=-1.0, bought_share_health_24mo=0.8)])
    assert found == ["health, little fuel"]


def test_weak_traits_are_not_named() -> None:
    assert names([segment(0, bought_mean_24mo=0.3)]) == ["like most customers"]


def test_one_subject_of_talk_is_named_once() -> None:
    assert names([segment(0, out_mean_12mo=2.0, out_mean_all=1.9)]) == ["large payments"]


def test_segments_alike_in_their_strongest_traits_are_told_apart_by_the_next() -> None:
    common = {"bought_share_fuel_24mo": 2.0, "bought_share_travel_24mo": 1.9, "bought_mean_24mo": 1.8}
    found = names([segment(0, **common, cash_share_24mo=0.9), segment(1, **common, cash_share_24mo=-0.9)])
    assert len(set(found)) == 2
    assert found[0].endswith("cash")
    assert found[1].endswith("hardly cash")


def test_names_are_never_equal() -> None:
    assert len(set(names([segment(0), segment(1), segment(2)]))) == 3
    assert different(["a", "a", "b"]) == ["a", "a (2)", "b"]


def test_a_feature_without_a_phrase_is_named_by_itself() -> None:
    assert talk("cards_count") == ("cards count", "high cards count", "low cards count")
    assert plain_name("bought_share_groceries_24mo") == "share of groceries"
    assert plain_name("bought_abroad_share_12mo") == "share abroad"
    assert plain_name("bought_mean_12mo") == "mean purchase"


def test_in_prose_a_window_is_said_in_words_and_what_found_the_segments_keeps_its_name() -> None:
    assert said_name("income_sum_12mo") == "income in 12 months"
    assert said_name("in_sum_12mo") == "money received in 12 months"
    assert said_name("out_sum_12mo") == "money paid in 12 months"
    assert said_name("digital_days_count_3mo") == "digital days in 3 months"
    assert said_name("balance_mean_1mo") == "balance mean in a month"
    assert said_name("age") == "age"
    assert said_name("bought_share_groceries_24mo") == "share of groceries"
    assert said_name("cash_share_24mo") == plain_name("cash_share_24mo")


def test_a_segment_that_carries_on_keeps_its_name_and_a_new_one_takes_no_name_in_use() -> None:
    assert kept_names(["fuel", "health", "fuel"], [4, 9, 10], {4: "pays abroad", 7: "health"}) == [
        "pays abroad", "health", "fuel",
    ]  # fmt: skip
    assert kept_names(["fuel", "fuel"], [4, 9], {4: "fuel"}) == ["fuel", "fuel (2)"]


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
    named = [one["name"] for one in run.metrics["segments"]]
    assert len(set(named)) == len(named)
    assert sum(one["size"] for one in run.metrics["segments"]) == run.scores.num_rows


def test_an_hour_is_named_only_where_enough_steps_were_seen() -> None:
    row = {"weekday": 1, "part": 3, "steps": 49}
    assert _moment([]) == _moment([row]) == ""
    assert _moment([{**row, "steps": 50}]) == "Monday evening"
