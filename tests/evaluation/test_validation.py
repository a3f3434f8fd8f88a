"""Validators' tests against their definitions, written out slowly, and against each other."""

import numpy as np
import pytest
from scipy.integrate import quad
from sklearn.metrics import roc_auc_score

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.validation import delong, herfindahl, hosmer_lemeshow, jeffreys

DRAW = np.random.default_rng(0)
CHANCE = DRAW.uniform(0.02, 0.6, 400)
LABEL = DRAW.random(400) < CHANCE


def test_delong_is_its_definition_over_every_pair() -> None:
    one, other = np.round(CHANCE + DRAW.normal(0, 0.2, 400), 1), np.round(CHANCE, 1)
    found = delong(LABEL, one, other)
    kernel = []
    for score in (one, other):
        positive, negative = score[LABEL][:, None], score[~LABEL][None, :]
        kernel.append((positive > negative) + 0.5 * (positive == negative))
    rows = np.cov([kernel[0].mean(axis=1), kernel[1].mean(axis=1)]) / LABEL.sum()
    columns = np.cov([kernel[0].mean(axis=0), kernel[1].mean(axis=0)]) / (~LABEL).sum()
    spread = rows + columns
    assert found.first == pytest.approx(roc_auc_score(LABEL, one))
    assert found.second == pytest.approx(roc_auc_score(LABEL, other))
    assert found.standard_error**2 == pytest.approx(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1])


def test_a_score_does_not_differ_from_itself() -> None:
    assert delong(LABEL, CHANCE, CHANCE)[2:] == (0.0, 0.0, 1.0)


def test_jeffreys_is_the_chance_of_a_lower_rate_after_his_prior() -> None:
    density = lambda p: p ** (3 - 0.5) * (1 - p) ** (100 - 3 - 0.5)  # noqa: E731
    share = quad(density, 0, 0.02)[0] / quad(density, 0, 1)[0]
    assert jeffreys(3, 100, 0.02) == pytest.approx(share, abs=1e-6)
    assert jeffreys(9, 100, 0.02) < 0.001 < jeffreys(2, 100, 0.02)


def test_true_probabilities_pass_and_shifted_ones_fail() -> None:
    assert hosmer_lemeshow(LABEL, CHANCE).p_value > 0.01
    assert hosmer_lemeshow(LABEL, CHANCE / 2).p_value < 0.001


def test_hosmer_lemeshow_by_hand_on_two_groups() -> None:
    label, chance = np.array([0, 1, 1, 1], bool), np.array([0.2, 0.4, 0.5, 0.7])
    by_hand = (1 - 0.6) ** 2 / (0.6 * 0.7) + (2 - 1.2) ** 2 / (1.2 * 0.4)
    assert hosmer_lemeshow(label, chance, groups=2).statistic == pytest.approx(by_hand)


def test_concentration_is_one_over_the_number_of_equal_grades() -> None:
    assert herfindahl([5, 5, 5, 5]) == pytest.approx(0.25)
    assert herfindahl([0, 7, 0]) == 1


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(FeasibilityError, match="1 positives"):
        delong(np.arange(10) < 1, np.arange(10.0), np.arange(10.0))
    with pytest.raises(UsageError, match="5 defaults of 3 rows"):
        jeffreys(5, 3, 0.1)
    with pytest.raises(UsageError):
        hosmer_lemeshow(LABEL, CHANCE + 1)
    with pytest.raises(FeasibilityError, match="expected to have 0 positives"):
        hosmer_lemeshow(LABEL, np.zeros(400))
    with pytest.raises(UsageError, match="no rows"):
        herfindahl([0, 0])
