"""The baselines: everybody alike, and one column alone; isotonic steps against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import risky
from sklearn.isotonic import IsotonicRegression

from bankmine.errors import UsageError
from bankmine.mining.classification.baselines import CountRule, Prior, SingleRule
from bankmine.mining.classification.monotone import pool_adjacent_violators

points = st.lists(st.tuples(st.integers(-5, 5), st.sampled_from([0.0, 1.0])), min_size=1, max_size=40)


@given(points)
def test_isotonic_steps_equal_scikit_learns(pairs: list[tuple[int, float]]) -> None:
    x, y = np.array([float(p[0]) for p in pairs]), np.array([p[1] for p in pairs])
    twin = IsotonicRegression(out_of_bounds="clip").fit(x, y)
    at = np.linspace(-6, 6, 49)
    assert np.allclose(pool_adjacent_violators(x, y).interpolate(at), twin.predict(at))


def test_isotonic_on_the_example_of_ayer_and_others() -> None:
    """Shares 1, 0, 1 over rising values pool to ½, ½, 1 (Ayer et al. 1955: adjacent violators average)."""
    steps = pool_adjacent_violators(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0]))
    assert steps.interpolate(np.array([1.0, 2.0, 3.0])).tolist() == [0.5, 0.5, 1.0]


def test_prior_gives_the_share_of_positives_and_no_reason() -> None:
    X, y = risky(500)
    prior = Prior().fit(X, y)
    assert set(prior.probability(X)) == {y.mean()}
    assert prior.reasons(X).row(0) == []


def test_rule_learns_which_way_its_column_points() -> None:
    X, y = risky()
    rising, falling = SingleRule("x0").fit(X, y), SingleRule("x1").fit(X, y)
    assert (rising.sign_, falling.sign_) == (1.0, -1.0)
    assert (np.diff(rising.probability(np.linspace(-3, 3, 50)[:, None] * [1, 0, 0, 0])) >= 0).all()
    assert (np.diff(falling.probability(np.linspace(-3, 3, 50)[:, None] * [0, 1, 0, 0])) <= 0).all()


def test_a_given_direction_is_kept_even_when_wrong() -> None:
    X, y = risky()
    assert SingleRule("x0", direction="falling").fit(X, y).sign_ == -1.0


def test_rule_ranks_by_its_column_inside_a_step() -> None:
    X, y = risky()
    rule = SingleRule("x0").fit(X, y)
    assert len(np.unique(rule.probability(X))) < len(X)
    order = np.argsort(rule.decision_function(X), kind="stable")
    assert (np.diff(X[order, 0]) >= 0).all()


def test_rule_probabilities_add_up_to_the_positives_of_training() -> None:
    X, y = risky()
    assert SingleRule("x0").fit(X, y).probability(X).sum() == pytest.approx(y.sum())


def test_rows_missing_in_the_column_get_their_own_share() -> None:
    X, y = risky()
    X[:300, 0] = np.nan
    rule = SingleRule("x0").fit(X, y)
    assert rule.probability(X)[0] == pytest.approx(y[:300].mean())
    few = risky()[0]
    few[:5, 0] = np.nan
    assert SingleRule("x0").fit(few, y).probability(few)[0] == pytest.approx(y.mean())


def test_missing_rows_rank_among_rows_of_like_probability() -> None:
    X, y = risky()
    X[:300, 0] = np.nan
    rule = SingleRule("x0").fit(X, y)
    order = np.argsort(rule.decision_function(X), kind="stable")
    assert (np.diff(rule.probability(X)[order]) >= -0.05).all()
    y[:300], y[X[:, 0] > 2] = True, False
    sure = SingleRule("x0").fit(X, y)
    assert sure.decision_function(X)[:300].min() > sure.decision_function(X)[300:].max()


def test_rule_gives_one_reason_in_log_odds() -> None:
    X, y = risky()
    rule = SingleRule("x0").fit(X, y)
    (reason,) = rule.reasons(X[:1]).row(0)
    p, base = rule.probability(X[:1])[0], y.mean()
    assert reason.contribution == pytest.approx(np.log(p / (1 - p)) - np.log(base / (1 - base)))


def test_a_rule_on_a_column_that_is_not_there_is_refused() -> None:
    X, y = risky(200)
    with pytest.raises(UsageError, match="'recency' is not in the matrix"):
        SingleRule("recency").fit(X, y)


def test_a_count_rule_adds_its_columns_up_and_asks_for_none() -> None:
    draw = np.random.default_rng(3)
    X = draw.poisson(0.4, (400, 3)).astype(float)
    X[::50] = np.nan
    y = draw.random(400) < 0.05 + 0.2 * np.nan_to_num(X[:, 0] + X[:, 2])
    rule = CountRule(["x0", "not there", "x2"]).fit(X, y, names=("x0", "x1", "x2"))
    known = ~np.isnan(X[:, 0])
    said = rule.decision_function(X)
    np.testing.assert_array_equal(said[known], X[known, 0] + X[known, 2])
    assert (np.diff(rule.probability(X)[known][np.argsort(said[known], kind="stable")]) >= 0).all()
    assert rule.reasons(X[:1], top=2).names[0] == "x0"
    again = CountRule.from_json(rule.to_json())
    np.testing.assert_array_equal(again.probability(X), rule.probability(X))
    nothing = CountRule(["not there"]).fit(X, y, names=("x0", "x1", "x2"))
    assert len(np.unique(nothing.probability(X))) == 1
