"""The exact binner against a twin that tries every cut, and what it promises about ties, codes and order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_binning import best_value, has_trend, rates, value_of

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.scorecard.binning import Binning, learn
from bankmine.mining.scorecard.binning_kernel import quantile_prebins
from bankmine.mining.scorecard.columns import Column
from bankmine.mining.scorecard.optimal import solve
from bankmine.mining.scorecard.prebins import short_edge
from bankmine.mining.scorecard.rules import TRENDS, BinningRules

counts = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=8)


def number_column(values: object) -> Column:
    return Column("x", np.asarray(values, dtype=np.float64))


def text_column(levels: list[str | None]) -> Column:
    known = sorted({level for level in levels if level is not None})
    codes = np.array([-1 if level is None else known.index(level) for level in levels])
    return Column("x", None, codes, tuple(known))


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    counts, st.sampled_from(TRENDS), st.integers(1, 5), st.sampled_from([0.0, 0.1, 0.25]),
    st.integers(0, 2), st.integers(0, 2), st.sampled_from([0.5, 3.0]), st.integers(0, 4),
)  # fmt: skip
def test_no_cut_that_obeys_the_rules_has_more_information(
    groups: list[tuple[int, int]], trend: str, most: int, share: float, bad: int, good: int,
    smoothing: float, aside: int,
) -> None:  # fmt: skip
    bads = np.array([b for b, _ in groups], dtype=float)
    goods = np.array([g for _, g in groups], dtype=float)
    totals = float(bads.sum() + aside + 1), float(goods.sum() + 2 * aside + 1)
    rows = int(sum(totals))
    rules = BinningRules(
        trend=trend, max_bins=most, min_share=share, min_rows=0, min_bads=bad, min_goods=good,
        smoothing=smoothing,
    )  # fmt: skip
    found = solve(bads, goods, totals, rows, rules)
    best = best_value(bads, goods, totals, rows, rules, [])
    assert found.fits == (best > -np.inf)
    if found.fits:
        assert value_of(found.starts, bads, goods, totals, smoothing) == pytest.approx(best, abs=1e-12)
        assert has_trend(trend, rates(found.starts, bads, bads + goods))
        assert len(found.starts) <= most


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 4)] * 4), min_size=1, max_size=7),
    st.sampled_from(TRENDS), st.integers(1, 4),
)  # fmt: skip
def test_every_vintage_has_the_same_order_and_no_better_cut_has(
    groups: list[tuple[int, int, int, int]], trend: str, most: int
) -> None:
    one_bad, one_good, two_bad, two_good = (np.array(part, dtype=float) for part in zip(*groups, strict=True))
    bads, goods = one_bad + two_bad, one_good + two_good
    totals = float(bads.sum() + 1), float(goods.sum() + 1)
    rules = BinningRules(trend=trend, max_bins=most, min_share=0, min_rows=1, min_bads=0, min_goods=0)
    vintages = [(one_bad, one_bad + one_good), (two_bad, two_bad + two_good)]
    given_counts = np.stack([one_bad, two_bad]), np.stack([v[1] for v in vintages])
    found = solve(bads, goods, totals, int(sum(totals)), rules, given_counts)
    best = best_value(bads, goods, totals, int(sum(totals)), rules, vintages)
    assert found.fits == (best > -np.inf)
    if found.fits:
        assert value_of(found.starts, bads, goods, totals, 0.5) == pytest.approx(best, abs=1e-12)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-5, 30), st.booleans()), min_size=2, max_size=60),
    st.integers(2, 12),
)  # fmt: skip
def test_prebins_part_no_equal_values_and_lose_no_row(rows: list[tuple[int, bool]], most: int) -> None:
    values = np.array([value for value, _ in rows], dtype=float)
    truth = np.array([bad for _, bad in rows])
    bads, goods, low, high = quantile_prebins(np.sort(values[truth]), np.sort(values[~truth]), most)
    assert len(bads) <= 2 * most + 1
    assert (high[:-1] < low[1:]).all()
    for i in range(len(bads)):
        inside = (values >= low[i]) & (values <= high[i])
        assert bads[i] == (inside & truth).sum()
        assert goods[i] == (inside & ~truth).sum()
    assert bads.sum() + goods.sum() == len(values)
    if len(np.unique(values)) <= most:
        assert len(bads) == len(np.unique(values))


def test_a_value_that_fills_a_prebin_stands_alone() -> None:
    values = np.sort(np.concatenate([np.arange(100.0), np.full(80, 50.0)]))
    _, _, low, high = quantile_prebins(values, np.zeros(0), 10)
    assert (50.0, 50.0) in set(zip(low.tolist(), high.tolist(), strict=True))


def test_fewer_bins_win_where_more_say_nothing_more() -> None:
    values = np.repeat(np.arange(6.0), 10)
    truth = np.tile([True] * 3 + [False] * 7, 6)
    assert learn(number_column(values), truth, BinningRules(trend="free")).ordinary == 1


def test_bins_are_counted_as_they_are_assigned() -> None:
    draw = np.random.default_rng(3)
    values = np.round(draw.normal(size=5000), 1)
    values[draw.random(5000) < 0.1] = np.nan
    values[draw.random(5000) < 0.1] = -999
    truth = draw.random(5000) < 0.3
    column = number_column(values)
    binning = learn(column, truth, BinningRules(special=[-999]))
    again = binning.recounted(column, truth)
    assert np.array_equal(binning.bads, again.bads)
    assert np.array_equal(binning.goods, again.goods)


def test_an_edge_belongs_to_the_bin_above_it() -> None:
    binning = learn(number_column([1, 1, 1, 2, 2, 2]), np.array([1, 1, 0, 0, 0, 1], bool), BinningRules())
    assert binning.edges == (2.0,)
    edge = np.array([2.0, np.nextafter(2.0, -1), np.nextafter(2.0, 3)])
    assert binning.assign(number_column(edge)).tolist() == [1, 0, 1]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_the_edge_printed_parts_the_two_values_it_lies_between(one: float, two: float) -> None:
    low, high = min(one, two), max(one, two)
    if low < high:
        assert low < short_edge(low, high) <= high


@pytest.mark.parametrize(
    ("low", "high", "edge"),
    [(26, 27, 27), (0.1, 0.2, 0.2), (-1, 3, 0), (1234.5, 1301.2, 1300), (-20, -11, -20 + 9), (99, 101, 100)],
)
def test_edges_have_few_digits(low: float, high: float, edge: float) -> None:
    found = short_edge(low, high)
    assert low < found <= high
    assert len(repr(found)) <= len(repr(float(edge)))


def test_a_special_code_among_ordinary_values_takes_only_its_own_rows_and_says_so() -> None:
    values = np.concatenate([np.arange(90.0, 110.0).repeat(10), np.full(50, 99.0)])
    truth = np.arange(len(values)) % 3 == 0
    binning = learn(number_column(values), truth, BinningRules(special={"refused": [99]}))
    where = binning.assign(number_column([98.0, 99.0, np.nextafter(99.0, 100), 100.0]))
    assert where[1] == binning.ordinary
    assert all(where[[0, 2, 3]] < binning.ordinary)
    assert binning.bads[binning.ordinary] + binning.goods[binning.ordinary] == 60
    assert "60 rows have exactly that value" in binning.notes[0]


def test_categories_are_joined_by_bad_rate_and_rare_ones_pooled() -> None:
    levels: list[str | None] = ["a"] * 100 + ["b"] * 100 + ["c"] * 100 + ["d"] + ["e"] + [None] * 20
    truth = np.array(
        ([True] * 10 + [False] * 90) * 2 + [True] * 50 + [False] * 50 + [True, False] + [False] * 20
    )
    binning = learn(text_column(levels), truth, BinningRules(rare_share=0.02))
    assert set(binning.groups[0]) >= {"a", "b"}
    assert any({"d", "e"} <= set(group) for group in binning.groups)
    assert "2 rare levels" in binning.notes[0]
    assert binning.assign(text_column(["zebra", None])).tolist() == [binning.missing + 1, binning.missing]


def test_numbers_can_be_categories() -> None:
    values = np.repeat([1.0, 2.0, 3.0], 50)
    truth = np.tile([True, False, False, False, False], 30)
    truth[100:] = False
    binning = learn(number_column(values), truth, BinningRules(categorical=True))
    assert binning.edges is None
    assert binning.assign(number_column([3.0, 4.0, np.nan])).tolist() == [
        0,
        binning.missing + 1,
        binning.missing,
    ]


def test_each_rule_has_its_price_and_prices_add_up() -> None:
    draw = np.random.default_rng(0)
    values = draw.uniform(0, 10, 4000)
    truth = draw.random(4000) < 0.1 + 0.4 * (np.abs(values - 5) > 3)
    column = number_column(values)
    binning = learn(column, truth, BinningRules(trend="increasing"))
    found = {price.rule: price.lost for price in binning.prices}
    assert list(found) == ["no rule", "sizes and number of bins", "trend increasing"]
    assert found["trend increasing"] > 0.1
    assert min(found.values()) >= 0
    assert binning.prices[0].information - sum(found.values()) == pytest.approx(
        binning.prices[-1].information
    )
    valley = learn(column, truth, BinningRules(trend="valley"))
    assert valley.prices[-1].lost == pytest.approx(0, abs=0.02)


def test_order_that_turns_in_a_vintage_costs_its_bins() -> None:
    draw = np.random.default_rng(1)
    values, vintages = draw.integers(0, 4, 8000).astype(float), draw.integers(0, 2, 8000)
    rate = np.where((vintages == 1) & (values >= 2), 0.5 - 0.1 * (values - 2), 0.1 + 0.1 * values)
    truth = draw.random(8000) < rate
    rules = BinningRules(same_order=True, trend="increasing")
    loose = learn(number_column(values), truth, rules.but({"same_order": False}))
    strict = learn(number_column(values), truth, rules, vintages)
    assert loose.ordinary > strict.ordinary
    assert strict.prices[-1].rule == "same order in 2 vintages"
    where = strict.assign(number_column(values))
    for vintage in (0, 1):
        inside = vintages == vintage
        rate_of = [truth[inside & (where == k)].mean() for k in range(strict.ordinary)]
        assert rate_of == sorted(rate_of)


def test_a_toll_keeps_noise_in_one_bin() -> None:
    draw = np.random.default_rng(2)
    column, truth = number_column(draw.normal(size=2000)), draw.random(2000) < 0.2
    assert learn(column, truth, BinningRules(trend="free")).ordinary == 6
    assert learn(column, truth, BinningRules(trend="free", toll=8)).ordinary == 1


def test_the_same_rows_in_another_order_give_the_same_bins() -> None:
    draw = np.random.default_rng(5)
    values, truth = draw.normal(size=3000), draw.random(3000) < 0.2
    order = draw.permutation(3000)
    one = learn(number_column(values), truth, BinningRules())
    assert one.to_json() == learn(number_column(values[order]), truth[order], BinningRules()).to_json()


def test_a_binning_survives_being_written_down() -> None:
    levels: list[str | None] = ["a", "b", "missing", ""] * 30 + [None] * 10
    truth = np.arange(130) % 4 == 0
    one = learn(text_column(levels), truth, BinningRules(special=["missing"]))
    assert Binning.from_json(one.to_json()).to_json() == one.to_json()


def test_constant_columns_and_columns_without_values_have_one_bin() -> None:
    truth = np.arange(100) % 4 == 0
    assert learn(number_column(np.ones(100)), truth, BinningRules()).ordinary == 1
    empty = learn(number_column(np.full(100, np.nan)), truth, BinningRules())
    assert (empty.ordinary, empty.notes) == (1, ("no ordinary value",))
    assert empty.information_value == pytest.approx(0)
    assert learn(text_column([None] * 100), truth, BinningRules()).ordinary == 0


def test_sizes_nothing_can_obey_give_one_bin_and_a_note() -> None:
    truth = np.arange(100) % 50 == 0
    binning = learn(number_column(np.arange(100)), truth, BinningRules(min_bads=3))
    assert binning.ordinary == 1
    assert binning.notes == ("no cut obeys the sizes asked: one bin",)


@pytest.mark.parametrize(("truth", "absent"), [(np.zeros(50, bool), "bads"), (np.ones(50, bool), "goods")])
def test_one_class_alone_is_refused(truth: np.ndarray, absent: str) -> None:
    with pytest.raises(FeasibilityError, match=f"50 rows without {absent}"):
        learn(number_column(np.arange(50)), truth, BinningRules())


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"trend": "up"}, "trend is 'up'"),
        ({"max_bins": 0}, "max_bins is 0"),
        ({"smoothing": 0}, "smoothing is 0"),
        ({"special": [9, 9.0]}, "9 is named twice"),
        ({"special": {"a": [1], "b": [1, 2]}}, "1 is named twice, last as 'b'"),
        ({"special": [float("nan")]}, "is no number"),
        ({"special": {"a": []}}, "has no code"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(rules: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        BinningRules(**rules)


def test_vintages_must_be_given_where_they_are_asked_for() -> None:
    with pytest.raises(UsageError, match="no vintages were given"):
        learn(number_column(np.arange(50)), np.arange(50) % 2 == 0, BinningRules(same_order=True))
