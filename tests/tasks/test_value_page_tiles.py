"""The tiles of the back-test look good only where the verdict says to use the model."""

from typing import Any

import pytest

from bankmine.report.content import Tone
from bankmine.tasks.value.page import _tested_metrics
from bankmine.tasks.value.said import verdict


def figures(*, less: float, reach: float = 0.05) -> dict[str, Any]:
    """A back-test with a bias of 1 % within `reach`, whose model errs less than the rule by `less`."""
    bias = {"value": 0.01, "low": -reach, "high": reach}
    one = {"bias": bias, "rank_correlation": {"value": 0.8, "low": 0.7, "high": 0.9}}
    tested = {
        "cutoff": "2025-01-01", "model": one, "model at rates": one, "rule": one, "rule at rates": one,
        "less_error_minor": {"value": less, "low": less - 1, "high": less + 1},
    }  # fmt: skip
    return {"back_test": tested, "basis": "accounts"}


def test_a_model_that_is_used_and_sure_of_its_sum_looks_good() -> None:
    assert [one.tone for one in _tested_metrics(figures(less=5.0))] == [Tone.GOOD, Tone.GOOD]


def test_a_small_bias_of_a_model_that_is_not_used_does_not() -> None:
    given = figures(less=-5.0)
    assert verdict(given)[0] == "last year's profit repeated"
    tiles = _tested_metrics(given)
    assert [one.tone for one in tiles] == [Tone.WATCH, Tone.WATCH]
    assert all("is used instead" in (one.note or "") for one in tiles)


@pytest.mark.parametrize("reach", [0.11, 0.5])
def test_a_bias_whose_interval_reaches_beyond_the_limit_does_not(reach: float) -> None:
    bias, _ = _tested_metrics(figures(less=5.0, reach=reach))
    assert bias.tone == Tone.WATCH
    assert bias.interval is not None
    assert "(" in (bias.note or "")  # at the rates that came, with the interval too
