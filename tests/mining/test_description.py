"""What sets groups apart, who is like whom, who has changed, what amounts to expect."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control, mannwhitneyu

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.description.amounts import Amounts
from bankmine.mining.description.before import rate_ratio, traces
from bankmine.mining.description.contrast import _exact, benjamini_hochberg, cliffs_delta, contrast
from bankmine.mining.description.deviation import deviations
from bankmine.mining.description.similar import SimilarProfiles, SimilarSequences
from bankmine.mining.files import load, save

numbers = st.lists(st.integers(-5, 5), min_size=5, max_size=30)


@settings(derandomize=True, max_examples=60)
@given(numbers, numbers)
def test_cliffs_delta_counts_pairs_and_its_p_is_mann_whitneys(first: list[int], second: list[int]) -> None:
    a, b = np.array(first, dtype=np.float64), np.array(second, dtype=np.float64)
    delta, p = cliffs_delta(a, b)
    pairs = np.sign(a[:, None] - b[None, :])
    assert delta == pytest.approx(pairs.mean(), abs=1e-12)
    if len(np.unique(np.concatenate([a, b]))) > 1:
        assert p == pytest.approx(mannwhitneyu(a, b, method="asymptotic").pvalue, abs=1e-9)


@settings(derandomize=True, max_examples=60)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_false_discovery_control_is_that_of_scipy(p: list[float]) -> None:
    assert benjamini_hochberg(np.array(p)) == pytest.approx(false_discovery_control(p), abs=1e-12)


def test_a_contrast_names_what_differs_and_no_noise() -> None:
    draw = np.random.default_rng(0)
    inside = np.arange(2_000) < 500
    columns = {f"noise_{i}": draw.normal(size=2_000) for i in range(60)}
    columns["income"] = draw.normal(size=2_000) + inside
    columns["mostly_missing"] = np.where(np.arange(2_000) % 1_000 < 3, 1.0, np.nan)
    codes = {"region": ["north" if one else "south" for one in draw.random(2_000) < 0.3 + 0.4 * inside]}
    found = contrast(inside, columns, codes)
    assert [one.column for one in found if one.column.startswith("noise")] == []
    assert {(one.column, one.level) for one in found} == {
        ("income", None), ("region", "north"), ("region", "south")
    }  # fmt: skip
    income = next(one for one in found if one.column == "income")
    assert income.size == "large"
    assert income.inside > income.outside


@settings(derandomize=True, max_examples=40)
@given(st.lists(st.sampled_from(["a", "b", "bb", "ß", None]), min_size=20, max_size=60))
def test_shares_of_levels_are_those_counted_one_by_one(codes: list[str | None]) -> None:
    inside = np.arange(len(codes)) % 3 == 0
    known = [(one, own) for one, own in zip(codes, inside.tolist(), strict=True) if one is not None]
    members = [one for one, own in known if own]
    others = [one for one, own in known if not own]
    enough = min(len(members), len(others)) >= 5
    found = contrast(inside, {}, {"code": codes}, false_discoveries=1.0)
    assert {(one.level, one.inside, one.outside) for one in found} == (
        {
            (level, members.count(level) / len(members), others.count(level) / len(others))
            for level in {one for one, _ in known}
            if (members + others).count(level) >= 5
        }
        if enough
        else set()
    )


def test_rare_levels_of_pure_noise_are_not_named_more_often_than_promised() -> None:
    named = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        inside = np.arange(4_000) < 30
        level = [f"job {one}" for one in draw.zipf(1.5, 4_000)]
        named += bool(contrast(draw.permutation(inside), {}, {"occupation": level}))
    assert named <= 5


@settings(derandomize=True, max_examples=40)
@given(st.integers(0, 6), st.integers(0, 6))
def test_few_rows_of_a_level_are_judged_by_fishers_exact_test(a: int, b: int) -> None:
    from scipy.stats import fisher_exact

    assert _exact(a, 8, b, 30) == pytest.approx(fisher_exact([[a, 8 - a], [b, 30 - b]]).pvalue, abs=1e-9)


def test_a_contrast_refuses_too_few_rows_and_columns_of_another_length() -> None:
    with pytest.raises(FeasibilityError, match="19 rows"):
        contrast(np.arange(19) < 9, {"x": np.arange(19.0)})
    with pytest.raises(FeasibilityError, match="4 positive"):
        contrast(np.arange(30) < 4, {"x": np.arange(30.0)})
    with pytest.raises(UsageError, match="'x' has 29 values for 30 rows"):
        contrast(np.arange(30) < 9, {"x": np.arange(29.0)})


def test_constant_and_all_missing_columns_set_nobody_apart() -> None:
    inside = np.arange(40) < 20
    assert contrast(inside, {"constant": np.ones(40), "empty": np.full(40, np.nan)}) == []


def test_similar_profiles_are_those_with_the_smallest_mean_gap_of_ranks() -> None:
    draw = np.random.default_rng(1)
    values = draw.normal(size=(40, 4))
    values[draw.random(values.shape) < 0.1] = np.nan
    miner = SimilarProfiles().fit(values, list("abcd"))
    ranks = miner.ranks_
    for row in range(40):
        shared = {
            other: np.mean([abs(ranks[row, i] - ranks[other, i]) for i in both])
            for other in range(40)
            if other != row and len(both := np.flatnonzero(np.isfinite(ranks[row] + ranks[other]))) >= 1
            and len(both) >= 0.5 * np.isfinite(ranks[row]).sum()
        }  # fmt: skip
        expected = sorted(shared, key=lambda other: (shared[other], other))[:5]
        assert miner.nearest(row).rows.tolist() == expected


def test_money_weighs_no_more_than_days() -> None:
    base = np.linspace(0, 1, 20)
    plain, money = np.column_stack([base, base[::-1]]), np.column_stack([base * 1e9, base[::-1]])
    one = SimilarProfiles().fit(plain, ["a", "b"]).nearest(3)
    other = SimilarProfiles().fit(money, ["a", "b"]).nearest(3)
    assert one.rows.tolist() == other.rows.tolist()


def test_similar_sequences_heed_the_order_of_steps() -> None:
    sequences = [["a", "b", "c"], ["a", "b", "c"], ["c", "b", "a"], [], *[["x", "y"]] * 8]
    miner = SimilarSequences().fit(sequences)
    near = miner.nearest(0)
    assert near.rows.tolist() == [1, 2]
    assert near.distances[0] == pytest.approx(0, abs=1e-12)
    assert near.distances[1] > 0.2
    assert len(miner.nearest(3).rows) == 0


def test_a_change_that_befell_everybody_is_nobodys_deviation() -> None:
    draw = np.random.default_rng(2)
    past = draw.normal(100, 5, size=(300, 12))
    present = past.mean(axis=1) + 60 + draw.normal(0, 5, 300)
    present[7] = 20.0
    found = deviations(present, past)
    assert (np.abs(found.own) > 3.5).mean() > 0.9
    assert np.flatnonzero(found.marked()).tolist() == [7]


@settings(derandomize=True, max_examples=40)
@given(st.floats(1e-3, 1e6), st.integers(0, 29), st.integers(1, 5))
def test_the_rounding_of_one_row_makes_nobody_a_deviation(level: float, odd: int, shift: int) -> None:
    past = np.full((30, 7), level)
    past[odd] = np.nextafter(level, np.inf)
    past[odd, ::2] = level
    past[odd, 0] = np.nextafter(level, -np.inf)
    present = np.full(30, level)
    present[(odd + shift) % 30] = level * 1.02
    found = deviations(present, past)
    assert np.abs(found.own).max() <= 2.001
    assert not found.marked().any()
    assert np.flatnonzero(np.abs(found.peers) > 1e-6).tolist() in ([(odd + shift) % 30], list(range(30)))


def test_three_tenths_summed_or_not_is_the_same_past() -> None:
    past = np.full((50, 6), 0.3)
    past[4, ::2] = 0.1 + 0.2
    present = np.full(50, 0.3)
    present[9] = 0.31
    found = deviations(present, past)
    assert found.own[9] == pytest.approx(0.01 / 0.003)
    assert not found.marked().any()


def test_a_past_without_spread_takes_a_low_spread_of_the_others() -> None:
    draw = np.random.default_rng(8)
    past = draw.normal(100, 5, size=(200, 12))
    past[:20] = 100.0
    past[20] = 100 + 1e-5 * draw.normal(size=12)  # one row of hardly any spread is no yardstick
    found = deviations(np.full(200, 110.0), past)
    assert 2 < found.own[0] < 8


def test_groups_of_another_length_are_refused() -> None:
    with pytest.raises(UsageError, match=r"groups of shape \(29,\) were given for 30 rows"):
        deviations(np.zeros(30), np.zeros((30, 6)), np.zeros(29))


def test_too_short_a_past_and_too_few_peers_have_no_deviation() -> None:
    past = np.full((25, 6), 10.0)
    past[3, 2:] = np.nan
    groups = np.array([0] * 24 + [1])
    found = deviations(np.arange(25.0), past, groups)
    assert np.isnan(found.own[3])
    assert np.isnan(found.peers[24])
    assert np.isfinite(found.own[0])
    with pytest.raises(FeasibilityError, match="19 rows"):
        deviations(np.zeros(19), np.zeros((19, 5)))


def test_traces_name_what_the_group_did_more_often() -> None:
    draw = np.random.default_rng(3)
    own = np.column_stack([draw.poisson(3.0, 80), draw.poisson(0.5, 80)])
    others = np.column_stack([draw.poisson(1.0, 500), draw.poisson(0.5, 500)])
    [found] = traces(own, others, ["complaint", "login"])
    assert found.kind == "complaint"
    assert found.low < 3.0 < found.high
    with pytest.raises(FeasibilityError, match="9 positive"):
        traces(own[:9], others, ["complaint", "login"])


def test_the_ratio_of_rates_has_the_exact_interval() -> None:
    ratio, low, high = rate_ratio(8, 40, 10, 200)
    share = binomtest(8, 18).proportion_ci(0.95, method="exact")
    assert ratio == pytest.approx((8 / 40) / (10 / 200))
    assert low == pytest.approx(5 * share.low / (1 - share.low), rel=1e-6)
    assert high == pytest.approx(5 * share.high / (1 - share.high), rel=1e-6)
    assert rate_ratio(3, 10, 0, 10)[2] == float("inf")


@pytest.fixture(scope="module")
def skewed() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(4)
    columns = draw.normal(size=(4_000, 3))
    spread = np.where(columns[:, 1] > 0, 1.5, 0.3)
    amount = np.exp(6 + columns[:, 0] + spread * draw.normal(size=4_000)) - 200
    columns[draw.random(columns.shape) < 0.05] = np.nan
    return columns, amount


def test_intervals_of_amounts_cover_what_they_say_and_are_wider_where_it_is_less_sure(
    skewed: tuple[np.ndarray, np.ndarray],
) -> None:
    columns, amount = skewed
    miner = Amounts(coverage=0.8).fit(columns[:2_500], amount[:2_500], names=["a", "b", "c"])
    low, high = miner.interval(columns[2_500:])
    covered = ((amount[2_500:] >= low) & (amount[2_500:] <= high)).mean()
    assert 0.76 <= covered <= 0.84
    wide = np.nan_to_num(columns[2_500:, 1]) > 0
    assert np.median((high - low)[wide]) > 2 * np.median((high - low)[~wide])
    middle = miner.predict(columns[2_500:])
    assert ((low <= middle) & (middle <= high)).all()
    error, naive = np.abs(amount[2_500:] - middle), np.abs(amount[2_500:] - np.median(amount[:2_500]))
    assert error.mean() < naive.mean()


def test_saved_amounts_answer_the_same(skewed: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    columns, amount = skewed
    miner = Amounts(30).fit(columns[:500], amount[:500])
    save(miner, tmp_path)
    again = load(tmp_path)
    assert np.array_equal(again.predict(columns), miner.predict(columns))
    assert np.array_equal(again.interval(columns)[1], miner.interval(columns)[1])
    assert json.loads((tmp_path / "model.json").read_text())["miner"] == "Amounts"


def test_amounts_refuse_too_few_rows_and_missing_amounts() -> None:
    with pytest.raises(FeasibilityError, match="99 rows"):
        Amounts().fit(np.zeros((99, 1)), np.zeros(99))
    with pytest.raises(UsageError, match="some are missing"):
        Amounts().fit(np.zeros((100, 1)), np.full(100, np.nan))
