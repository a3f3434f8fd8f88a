"""Calibration figures: honest probabilities pass, bent ones are seen."""

import numpy as np
import pytest

from bankmine.errors import FeasibilityError, UsageError
from bankmine.evaluation.calibration import calibration, spiegelhalter_z, wilson


def drawn(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    p = draw.beta(2, 5, rows)
    return draw.random(rows) < p, p


def test_honest_probabilities_look_calibrated() -> None:
    found = calibration(*drawn(20_000))
    assert found.expected_calibration_error < 0.01
    assert abs(found.spiegelhalter_z) < 3
    assert found.slope == pytest.approx(1, abs=0.1)
    assert found.intercept == pytest.approx(0, abs=0.1)
    assert all(one.observed_low <= one.mean_probability <= one.observed_high for one in found.bins[2:5])


def test_spiegelhalters_z_is_standard_normal_under_calibration() -> None:
    z = np.array([spiegelhalter_z(*drawn(500, seed)) for seed in range(400)])
    assert z.mean() == pytest.approx(0, abs=0.2)
    assert z.std() == pytest.approx(1, abs=0.15)


def test_spiegelhalters_z_by_hand() -> None:
    """y = (1, 0), p = (.8, .4): (.2·(−.6) + (−.4)·.2) / √(.36·.16 + .04·.24)."""
    assert spiegelhalter_z([1, 0], [0.8, 0.4]) == pytest.approx(-0.2 / np.sqrt(0.0672))


def test_overconfident_probabilities_are_seen() -> None:
    y, p = drawn(20_000)
    z = 2.5 * np.log(p / (1 - p))
    found = calibration(y, 1 / (1 + np.exp(-z)))
    assert found.p_value < 1e-6
    assert found.slope == pytest.approx(0.4, abs=0.05)
    assert found.expected_calibration_error > 0.05


def test_probabilities_too_high_are_seen_in_the_intercept() -> None:
    y, p = drawn(20_000)
    odds = 2 * p / (1 - p)
    assert calibration(y, odds / (1 + odds)).intercept == pytest.approx(-np.log(2), abs=0.1)


@pytest.mark.parametrize("by", ["count", "width"])
def test_the_bins_hold_every_row_once(by: str) -> None:
    y, p = drawn(999)
    found = calibration(y, p, by=by)  # type: ignore[arg-type]
    assert sum(one.count for one in found.bins) == 999
    assert sum(one.positives for one in found.bins) == y.sum()
    assert all(a.high < b.low for a, b in zip(found.bins[:-1], found.bins[1:], strict=True))


def test_the_expected_calibration_error_by_hand() -> None:
    y = np.array([0] * 9 + [1] + [1] * 10)
    p = np.array([0.2] * 10 + [0.9] * 10)
    found = calibration(y, p, bins=2)
    assert [one.observed for one in found.bins] == [0.1, 1.0]
    assert found.expected_calibration_error == pytest.approx(0.1)


def test_equal_probabilities_stay_in_one_bin() -> None:
    y = np.arange(100) % 5 == 0
    assert [one.count for one in calibration(y, np.full(100, 0.2)).bins] == [100]
    assert np.isnan(calibration(y, np.full(100, 0.2)).slope)


def test_wilsons_interval_of_his_formula() -> None:
    """0 of 10: upper limit z²/(n + z²); 5 of 10: .2366 to .7634 (Agresti and Coull 1998)."""
    assert wilson(0, 10) == pytest.approx((0, 0.277533), abs=1e-5)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_certain_and_wrong_is_infinitely_bad() -> None:
    assert spiegelhalter_z([0], [1.0]) == -np.inf or spiegelhalter_z([0], [1.0]) == np.inf
    assert spiegelhalter_z([1], [1.0]) == 0


def test_too_few_rows_and_wrong_bins_are_refused() -> None:
    with pytest.raises(FeasibilityError, match="19 rows"):
        calibration([0] * 19, [0.1] * 19)
    with pytest.raises(UsageError, match="bins"):
        calibration([0] * 30, [0.1] * 30, bins=1)
