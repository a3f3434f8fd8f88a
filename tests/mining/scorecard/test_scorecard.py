"""The miner: points, signs, selection, reasons, refusals, and the file a card is kept in."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from card_samples import applicants, settings
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.files import load, save
from bankmine.mining.scorecard.evidence import information, rate_interval, weight_of_evidence
from bankmine.mining.scorecard.points import count_swaps, rounding, shared_base
from bankmine.mining.scorecard.regression import fit
from bankmine.mining.scorecard.scorecard import Scorecard

TABLE, BAD = applicants()
CARD = Scorecard(**settings()).fit(TABLE, BAD)


def test_weights_and_information_are_those_of_the_textbook() -> None:
    """Siddiqi's formula on a small table by hand: 20 and 80 of 100 goods, 60 and 40 of 100 bads."""
    bads, goods = np.array([60.0, 40.0]), np.array([20.0, 80.0])
    weights = weight_of_evidence(bads, goods, 1e-12)
    assert weights == pytest.approx([np.log(20 / 60), np.log(80 / 40)])
    assert information(bads, goods, 1e-12).sum() == pytest.approx(0.4 * np.log(3) + 0.4 * np.log(2))


def test_a_bin_without_rows_has_weight_zero_and_no_bin_an_infinite_one() -> None:
    weights = weight_of_evidence(np.array([0.0, 0.0, 30.0]), np.array([0.0, 50.0, 20.0]), 0.5)
    assert weights[0] == 0
    assert np.isfinite(weights).all()


def test_the_interval_of_a_rate_is_wilsons() -> None:
    """Newcombe (1998), table I: 81 of 263 gives .2553 to .3662."""
    low, high = rate_interval(np.array([81.0]), np.array([263.0]))
    assert (round(float(low[0]), 4), round(float(high[0]), 4)) == (0.2553, 0.3662)


def test_base_score_and_points_to_double_the_odds_mean_what_they_say() -> None:
    card = Scorecard(**settings(integer=False, pdo=15, base_score=500, base_odds=20)).fit(TABLE, BAD)
    scores = card.score(TABLE)
    bad = card.probability(TABLE)
    odds = (1 - bad) / bad
    assert odds == pytest.approx(20 * 2 ** ((scores - 500) / 15))


def test_unrounded_points_say_what_the_regression_says() -> None:
    card = Scorecard(**settings(integer=False)).fit(TABLE, BAD)
    assert card.probability(TABLE).mean() == pytest.approx(BAD.mean(), abs=1e-6)
    assert card.rounding_.swapped == 0


def test_whole_points_are_whole_and_their_swaps_are_counted() -> None:
    assert np.array_equal(CARD.score(TABLE), np.round(CARD.score(TABLE)))
    found = CARD.rounding_
    assert 0 < found.swapped < 0.01 * found.pairs
    assert found.largest <= 0.5 * (1 + len(CARD.binnings_))
    assert "swaps" in str(found)


@examples(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_swaps_are_those_of_comparing_every_pair(rows: list[tuple[int, int]]) -> None:
    one, other = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    pairs = [(i, j) for i in range(len(rows)) for j in range(i)]
    swapped = sum((one[i] - one[j]) * (other[i] - other[j]) < 0 for i, j in pairs)
    assert count_swaps(one, other) == swapped
    found = rounding(one, other)
    assert found.pairs == sum(one[i] != one[j] for i, j in pairs)
    assert found.tied == sum(one[i] != one[j] and other[i] == other[j] for i, j in pairs)


def test_a_shared_base_adds_up() -> None:
    assert shared_base(-17, 5, True).sum() == -17
    assert Scorecard(**settings(base="spread")).fit(TABLE, BAD).score(TABLE) == pytest.approx(
        CARD.score(TABLE)
    )


def test_no_coefficient_has_the_wrong_sign() -> None:
    draw = np.random.default_rng(0)
    common = draw.normal(size=3000)
    X = np.column_stack([common, common + draw.normal(size=3000)])
    y = draw.random(3000) < 1 / (1 + np.exp(1 - 2.5 * X[:, 0] + 0.8 * X[:, 1]))
    weights = -np.column_stack([X[:, 0], 0.3 * X[:, 1]])
    assert fit(weights, y, C=1.0, constrained=False).coefficients[1] < 0
    assert fit(weights, y, C=1.0, constrained=True).coefficients[1] == 0
    for sign in ("constrain", "drop"):
        card = Scorecard(select="all", sign=sign, rules={"max_bins": 20, "min_share": 0.02}).fit(X, y)
        assert (card.coefficients_ > 0).all()
        assert [one.why_not for one in card.screened_ if one.name == "x1"] == ["wrong sign in the regression"]


def test_the_free_fit_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(1)
    weights = draw.normal(size=(500, 3))
    y = draw.random(500) < 1 / (1 + np.exp(1 + weights @ [0.5, 1.0, 0.2]))
    ours = fit(weights, y, C=2.0, constrained=False)
    other = LogisticRegression(C=2.0, tol=1e-10, max_iter=1000).fit(-weights, y)
    assert ours.coefficients == pytest.approx(other.coef_[0], abs=1e-5)
    assert ours.intercept == pytest.approx(other.intercept_[0], abs=1e-5)
    assert ours.settled


def test_the_constrained_fit_meets_the_conditions_of_an_optimum() -> None:
    draw = np.random.default_rng(2)
    for _ in range(20):
        weights = draw.normal(size=(200, 6)) @ draw.normal(size=(6, 6))
        y = draw.random(200) < 0.4
        found = fit(weights, y, C=1.0, constrained=True)
        z = found.intercept - weights @ found.coefficients
        slope = -weights.T @ (1 / (1 + np.exp(-z)) - y) + found.coefficients
        assert (found.coefficients >= 0).all()
        assert np.abs(slope[found.coefficients > 0]).max(initial=0) < 1e-4
        assert (slope[found.coefficients == 0] > -1e-4).all()


def test_selection_keeps_what_says_something_and_prints_why_not() -> None:
    draw = np.random.default_rng(3)
    signal, rows = draw.normal(size=2000), 2000
    X = np.column_stack(
        [signal, signal + 0.05 * draw.normal(size=rows), draw.normal(size=(rows, 6)), np.ones(rows)]
    )
    y = draw.random(rows) < 1 / (1 + np.exp(1 - signal))
    names = ["signal", "echo", *[f"noise {i}" for i in range(6)], "constant"]
    card = Scorecard(rules={"toll": 2.0}, least_information=0.02).fit(X, y, names=names)
    assert card.card_names in (("signal",), ("echo",))
    why = {one.name: one.why_not for one in card.screened_}
    assert sum("repeats" in reason for reason in why.values()) == 1
    assert why["constant"] == "one bin: tells nobody apart"
    assert why["noise 0"].startswith("information value")


def test_bins_fitted_to_noise_do_not_carry_a_column_into_the_card() -> None:
    draw = np.random.default_rng(0)
    X = draw.normal(size=(3000, 6))
    y = draw.random(3000) < 1 / (1 + np.exp(2 - X[:, 0]))
    chosen = Scorecard(rules={"trend": "free", "max_bins": 8}).fit(X, y)
    every = Scorecard(rules={"trend": "free", "max_bins": 8}, select="all").fit(X, y)
    assert len(every.card_names) == 6
    assert chosen.card_names[0] == "x0"
    assert len(chosen.card_names) <= 2


def test_named_columns_and_only_they_are_in_the_card() -> None:
    card = Scorecard(**settings(select=["age", "job"])).fit(TABLE, BAD)
    assert card.card_names == ("age", "job")
    assert {one.why_not for one in card.screened_ if one.name == "income"} == {"not asked for"}


def test_reason_codes_name_the_points_lost_most_first() -> None:
    codes = CARD.reason_codes(TABLE.slice(0, 50), top=6)
    scores = CARD.score(TABLE.slice(0, 50))
    most = CARD.base_points_ + sum(own.max() for own in CARD.points_)
    for row, score in zip(codes, scores, strict=True):
        lost = [code.lost for code in row]
        assert lost == sorted(lost, reverse=True)
        assert most - sum(lost) == pytest.approx(score)
        assert all(code.attribute for code in row)


def test_points_lost_against_the_average_are_those_of_the_average_row() -> None:
    for row in CARD.reason_codes(TABLE.slice(0, 20), top=6, against="neutral"):
        for code in row:
            place = CARD.card_names.index(code.column)
            assert code.lost == pytest.approx(CARD.neutral_[place] - code.points)
    with pytest.raises(UsageError, match="against 'best'"):
        CARD.reason_codes(TABLE, against="best")


def test_reasons_add_up_to_the_distance_from_the_average() -> None:
    reasons = CARD.reasons(TABLE, top=6)
    average = (CARD.scaling.offset - CARD.base_points_ - CARD.neutral_.sum()) / CARD.scaling.factor
    assert np.allclose(reasons.contributions.sum(axis=1) + average, CARD.decision_function(TABLE))


def test_a_card_read_back_says_the_same_to_the_last_bit(tmp_path: Path) -> None:
    save(CARD, tmp_path / "one")
    again = load(tmp_path / "one")
    assert again.text() == CARD.text()
    assert np.array_equal(again.probability(TABLE), CARD.probability(TABLE))
    save(again, tmp_path / "two")
    assert (tmp_path / "one/model.json").read_bytes() == (tmp_path / "two/model.json").read_bytes()


def test_the_same_rows_give_the_same_card_and_a_row_alone_its_score() -> None:
    again = Scorecard(**settings()).fit(TABLE, BAD)
    assert again.text() == CARD.text()
    assert CARD.score(TABLE.slice(17, 1))[0] == CARD.score(TABLE)[17]


def test_a_matrix_and_a_table_of_numbers_give_the_same_card() -> None:
    table = TABLE.select(["age", "use of limit", "district", "holds account"])
    matrix = np.column_stack([table.column(name).to_numpy() for name in table.column_names])
    one = Scorecard(select="all").fit(table, BAD)
    other = Scorecard(select="all").fit(matrix, BAD, names=table.column_names)
    assert one.text() == other.text()
    assert np.array_equal(one.score(table.select(table.column_names[::-1])), other.score(matrix))


def test_scikit_learn_can_clone_and_cross_validate_a_card() -> None:
    from sklearn.base import clone
    from sklearn.model_selection import cross_val_score

    X, y = np.random.default_rng(0).normal(size=(400, 2)), np.zeros(400)
    y[X[:, 0] + np.random.default_rng(1).normal(size=400) > 1] = 1
    card = clone(Scorecard(select="all"))
    assert cross_val_score(card, X, y, scoring="roc_auc", cv=3).mean() > 0.7


def test_bins_without_rows_have_the_fewest_points_where_the_worst_is_asked() -> None:
    card = Scorecard(**settings(absent="worst")).fit(TABLE, BAD)
    age = card.card_names.index("age")
    assert card.points_[age][card.binnings_[age].missing] == card.points_[age].min()
    assert CARD.points_[age][CARD.binnings_[age].missing] == 0


def test_weights_count_like_repeated_rows_in_the_regression() -> None:
    weights = np.random.default_rng(0).normal(size=(300, 2))
    y = np.arange(300) % 3 == 0
    counts = np.where(np.arange(300) < 100, 2.0, 1.0)
    repeated = np.concatenate([np.arange(300), np.arange(100)])
    one = fit(weights, y, C=1.0, constrained=True, counts=counts)
    other = fit(weights[repeated], y[repeated], C=1.0, constrained=True)
    assert one.coefficients == pytest.approx(other.coefficients, abs=1e-6)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (np.zeros(4000), "4000 rows without bads"),
        (np.ones(4000), "4000 rows without goods"),
        (np.arange(4000) < 3, "3 positive rows of 4000"),
    ],
)
def test_a_label_that_cannot_be_learnt_is_refused(bad: Any, said: str) -> None:
    with pytest.raises(FeasibilityError, match=said):
        Scorecard().fit(TABLE, bad)


def test_columns_that_say_nothing_are_refused_in_one_line() -> None:
    y = np.arange(200) % 4 == 0
    for X in (np.ones((200, 2)), np.full((200, 2), np.nan)):
        with pytest.raises(FeasibilityError, match="No column tells bads from goods") as caught:
            Scorecard().fit(X, y)
        assert "\n" not in str(caught.value)
    with pytest.raises(FeasibilityError, match="'x0' was asked for and has one bin"):
        Scorecard(select=["x0"]).fit(np.ones((200, 2)), y)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pdo": 0}, "pdo = 0"),
        ({"base_odds": float("nan")}, "base_odds = nan"),
        ({"C": 0}, "C = 0"),
        ({"resamples": 2.5}, "resamples = 2.5"),
        ({"sign": "free"}, "sign = 'free'"),
        ({"integer": "yes"}, "integer = 'yes'"),
        ({"rules": {"trends": "free"}}, "no rule of binning 'trends'"),
        ({"columns": {"aeg": {}}}, "the column 'aeg', which is not there"),
        ({"select": ["aeg"]}, "no column 'aeg' to select"),
        ({"rules": {"same_order": True}}, "no vintages were given"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Scorecard(**changes).fit(TABLE, BAD)


def test_new_rows_of_another_kind_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match="lacks the column 'age'"):
        CARD.score(TABLE.drop_columns(["age"]))
    ages = pa.array([str(value) for value in TABLE["age"].to_pylist()])
    with pytest.raises(UsageError, match="'age' was numbers in training and is text now"):
        CARD.score(TABLE.set_column(1, "age", ages))
    with pytest.raises(UsageError, match="not fitted"):
        Scorecard().score(TABLE)
    with pytest.raises(UsageError, match="holds 1 infinite"):
        Scorecard().fit(np.array([[1.0]] * 99 + [[np.inf]]), np.arange(100) % 2)


def test_vintages_reach_the_bins() -> None:
    draw = np.random.default_rng(4)
    X, month = draw.normal(size=(4000, 1)), draw.integers(0, 3, 4000)
    y = draw.random(4000) < 1 / (1 + np.exp(1.5 - X[:, 0]))
    card = Scorecard(rules={"same_order": True}, select="all").fit(X, y, vintages=month)
    assert card.binnings_[0].prices[-1].rule == "same order in 3 vintages"
