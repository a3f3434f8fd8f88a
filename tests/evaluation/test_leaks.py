"""The honesty tests: each lets an honest model through, and each has a cheat that turns it red."""

import numpy as np
import pyarrow as pa
import pytest

from bankmine.errors import FeasibilityError, LeakError, UsageError
from bankmine.evaluation import leaks
from bankmine.evaluation.metrics import auc


def events() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    return np.sort(draw.integers(0, 100, 500)), draw.normal(size=500)


def spend_before(times: np.ndarray, amounts: np.ndarray, cutoff: int) -> dict[str, np.ndarray]:
    return {"spend": np.array([amounts[times < cutoff].sum()]), "count": np.array([(times < cutoff).sum()])}


def spend_of_the_whole_file(times: np.ndarray, amounts: np.ndarray, cutoff: int) -> dict[str, np.ndarray]:
    return {**spend_before(times, amounts, cutoff), "spend": np.array([amounts.sum()])}


def test_truncation_passes_honest_features_and_names_the_one_that_looks_ahead() -> None:
    times, amounts = events()
    cut = times < 60
    honest = leaks.truncation(spend_before(times, amounts, 60), spend_before(times[cut], amounts[cut], 60))
    assert honest == []
    (finding,) = leaks.truncation(
        spend_of_the_whole_file(times, amounts, 60), spend_of_the_whole_file(times[cut], amounts[cut], 60)
    )
    assert (finding.test, finding.feature) == ("truncation", "spend")
    assert finding.sentence == "spend changes when the data after the cutoff are cut away, in 1 of 1 rows."


def test_future_poison_passes_honest_features_and_names_the_one_that_looks_ahead() -> None:
    times, amounts = events()
    poisoned = np.where(times >= 60, 1e12, amounts)
    assert leaks.future_poison(spend_before(times, amounts, 60), spend_before(times, poisoned, 60)) == []
    (finding,) = leaks.future_poison(
        spend_of_the_whole_file(times, amounts, 60), spend_of_the_whole_file(times, poisoned, 60)
    )
    assert (finding.test, finding.feature) == ("future poison", "spend")


def test_missing_equals_missing_and_nothing_else() -> None:
    first = pa.table({"x": [1.0, None, 3.0], "city": ["a", None, "b"], "n": [1, 2, None]})
    second = pa.table({"x": [1.0, None, 3.0], "city": ["a", "a", "b"], "n": [1, 2, 0]})
    assert leaks.truncation(first, first) == []
    assert [(f.feature, f.value) for f in leaks.truncation(first, second)] == [("city", 1), ("n", 1)]
    assert leaks.truncation({"x": np.array([np.nan, 1])}, {"x": np.array([np.nan, 1])}) == []


def test_sequences_are_equal_where_every_event_is() -> None:
    kind = pa.list_(pa.struct([("when", pa.int64()), ("kind", pa.string()), ("amount", pa.float64())]))
    first = {"when": 1, "kind": "enquiry", "amount": 0.1 + 0.2}

    def sequences(*values: object) -> pa.Table:
        return pa.table({"seq": pa.array(values, kind)})

    both = sequences([first], None, [], [first, {**first, "amount": None}])
    assert leaks.truncation(both, sequences([first], None, [], [first, {**first, "amount": None}])) == []
    for other in ({**first, "amount": 0.3}, {**first, "kind": "overdue"}, {**first, "when": 2}):
        (found,) = leaks.truncation(both, sequences([other], None, [], [first, {**first, "amount": None}]))
        assert (found.feature, found.value) == ("seq", 1.0)
    (found,) = leaks.truncation(both, sequences([first], [], None, [{**first, "amount": None}, first]))
    assert found.value == 3.0  # missing is not empty, and the order counts


def test_the_last_bit_counts() -> None:
    assert len(leaks.truncation({"x": np.array([0.3])}, {"x": np.array([0.1 + 0.2])})) == 1


def test_a_feature_on_one_side_only_is_named() -> None:
    (finding,) = leaks.truncation({"a": np.zeros(2)}, {"a": np.zeros(2), "b": np.zeros(2)})
    assert finding.feature == "b"
    with pytest.raises(UsageError, match="same subjects"):
        leaks.truncation({"a": np.zeros(2)}, {"a": np.zeros(3)})


def test_permuted_labels_pass_an_honest_model() -> None:
    draw = np.random.default_rng(0)
    X, train, test = draw.normal(size=(2000, 5)), slice(0, 1000), slice(1000, 2000)
    y = draw.random(2000) < 1 / (1 + np.exp(1 - 2 * X[:, 0]))

    def honest(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        weights = X[train].T @ (labels[train] - labels[train].mean())
        return labels[test], X[test] @ weights

    assert auc(*honest(y)) > 0.8
    found = leaks.permuted_labels(honest, y)
    assert found.passed
    assert found.low < found.mean < found.high


def test_permuted_labels_catch_a_mean_encoding_over_all_rows() -> None:
    """A column of many levels, each replaced by its share of positives over training *and* test rows."""
    draw = np.random.default_rng(0)
    level = draw.integers(0, 300, 2000)
    y = draw.random(2000) < 0.3

    def cheats(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        share = np.bincount(level, weights=labels, minlength=300) / np.maximum(np.bincount(level), 1)
        return labels[1000:], share[level[1000:]]

    found = leaks.permuted_labels(cheats, y)
    assert not found.passed
    assert found.mean > 0.6
    with pytest.raises(LeakError, match="permuted labels"):
        leaks.raise_on(found.findings)


def test_the_band_holds_ninety_five_of_a_hundred_honest_means() -> None:
    draw = np.random.default_rng(1)
    inside = [
        leaks.permuted_labels(
            lambda labels: (labels, draw.random(300)),
            draw.random(300) < 0.2,
            rounds=3,
            confidence=1.96,
            random_state=seed,
        ).passed
        for seed in range(200)
    ]
    assert 0.90 <= np.mean(inside) <= 0.99


def test_strata_keep_the_base_rate_of_each_month() -> None:
    month = np.repeat([0, 1], 500)
    y = np.random.default_rng(0).random(1000) < np.where(month == 0, 0.05, 0.5)
    by_month = leaks.permuted_labels(lambda labels: (labels, month), y, strata=month)
    assert by_month.mean == pytest.approx(auc(y, month))
    assert leaks.permuted_labels(lambda labels: (labels, month), y).passed


def test_a_feature_that_knows_the_label_is_named() -> None:
    draw = np.random.default_rng(0)
    y = draw.random(1000) < 0.3
    X = np.column_stack([draw.normal(size=1000) + y, -5.0 * y + draw.normal(size=1000)])
    (finding,) = leaks.suspicious_features(X, y, ["income", "closing_balance_after_default"])
    assert finding.feature == "closing_balance_after_default"
    with pytest.raises(LeakError, match="closing_balance_after_default by value"):
        leaks.raise_on([finding])


def test_a_feature_missing_for_one_class_only_is_named() -> None:
    draw = np.random.default_rng(0)
    y = draw.random(1000) < 0.3
    X = np.where(y, draw.normal(size=1000), np.nan)[:, None]
    (finding,) = leaks.suspicious_features(X, y, ["date_of_default"])
    assert "by being missing" in finding.sentence


def test_a_model_that_lives_on_one_feature_is_named() -> None:
    """The leak is noisy (AUC .9 alone, below the limit), but without it hardly anything is left."""
    draw = np.random.default_rng(0)
    y = draw.random(4000) < 0.5
    X = {"a": draw.normal(size=4000) + 0.3 * y, "leak": draw.normal(size=4000) + 1.8 * y}

    def auc_without(removed: tuple[str, ...]) -> float:
        return auc(y, sum(X[name] for name in X if name not in removed))

    assert leaks.suspicious_features(np.column_stack(list(X.values())), y, list(X)) == []
    assert [f.feature for f in leaks.removal_jumps(auc_without, X)] == ["leak"]


def test_a_check_that_works_catches_the_planted_leak_and_a_blind_one_is_told() -> None:
    draw = np.random.default_rng(0)
    y, X = draw.random(500) < 0.3, draw.normal(size=(500, 2))
    assert leaks.planted_leak(lambda A, names: leaks.suspicious_features(A, y, names), X, y, ["a", "b"]) == []
    (finding,) = leaks.planted_leak(lambda A, names: [], X, y, ["a", "b"])
    assert finding.test == "planted leak"
    assert "was not caught" in finding.sentence


def test_no_finding_raises_nothing_and_too_few_positives_are_refused() -> None:
    leaks.raise_on([])
    with pytest.raises(FeasibilityError, match="3 positives"):
        leaks.suspicious_features(np.zeros((100, 1)), np.arange(100) < 3, ["a"])
