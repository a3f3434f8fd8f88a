"""Figures period by period, and every result as strict JSON."""

import json

import numpy as np
import pytest

from bankmine.evaluation import cards, gain, leaks
from bankmine.evaluation.baselines import compare
from bankmine.evaluation.calibration import calibration
from bankmine.evaluation.fairness import fairness
from bankmine.evaluation.metrics import auc
from bankmine.evaluation.periods import by_period
from bankmine.evaluation.plain import plain
from bankmine.evaluation.splits import random_split
from bankmine.evaluation.stability import population_stability

DRAW = np.random.default_rng(0)
Y = DRAW.random(600) < 0.3
P = np.clip(DRAW.random(600) * 0.5 + 0.4 * Y, 0, 1)
MONTH = np.array(["2024-01", "2024-02", "2024-03"])[np.arange(600) % 3]


def test_each_period_has_its_own_figure_beside_the_baselines() -> None:
    found = by_period("auc", Y, P, MONTH, baselines={"prior": np.zeros(600)}, resamples=50)
    assert [one.key for one in found] == ["2024-01", "2024-02", "2024-03"]
    assert sum(one.rows for one in found) == 600
    rows = MONTH == "2024-02"
    assert found[1].figure is not None
    assert found[1].figure.value == auc(Y[rows], P[rows])
    assert found[1].baselines == {"prior": 0.5}


def test_the_period_in_which_the_model_fails_is_seen() -> None:
    score = np.where(MONTH == "2024-03", DRAW.random(600), P)
    last = by_period("auc", Y, score, MONTH, resamples=100)[2]
    assert last.figure is not None
    assert last.figure.contains(0.5)


def test_a_period_with_too_few_positives_has_no_figure() -> None:
    y = Y & (MONTH != "2024-01")
    first = by_period("auc", y, P, MONTH, resamples=50)[0]
    assert (first.positives, first.figure, first.baselines) == (0, None, {})
    assert by_period("brier", y, P, MONTH, resamples=50)[0].figure is not None


@pytest.mark.parametrize(
    "result",
    [
        calibration(np.arange(40) % 2 == 0, np.full(40, 0.5)),
        population_stability(P[:300], P[300:]),
        fairness(Y, P, MONTH, threshold=0.5, resamples=20),
        compare("auc", Y, P, {"prior": np.zeros(600)}, resamples=20),
        by_period("auc", Y, P, MONTH, resamples=20),
        gain.money_curve(Y, P, value_of_positive=2.0, cost=1.0),
        gain.gain_curve(Y, P),
        cards.card_precision_at(Y, P, MONTH, np.arange(600) % 50, k=5),
        leaks.truncation({"a": np.zeros(2)}, {"a": np.ones(2)}),
        random_split(10, reason="a test"),
        {"when": np.array(["2024-01-01"], dtype="datetime64[D]"), "share": np.float64(0.5), "none": None},
    ],
    ids=lambda result: type(result).__name__,
)
def test_every_result_is_strict_json(result: object) -> None:
    text = json.dumps(plain(result), allow_nan=False)
    assert json.loads(text) == plain(result)


def test_what_is_not_a_number_becomes_null() -> None:
    assert plain(calibration(np.arange(40) % 2 == 0, np.full(40, 0.5)))["slope"] is None
    assert plain(np.array([1.0, np.nan, np.inf])) == [1.0, None, None]
