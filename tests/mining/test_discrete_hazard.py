"""The discrete hazard: equal to the life table where there is nothing else, landmarks, refusals."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.files import document, from_document
from bankmine.mining.survival.discrete import DiscreteHazard, person_periods
from bankmine.mining.survival.kaplan_meier import KaplanMeier

Floats = NDArray[np.float64]


def made_up(rows: int = 4000, seed: int = 0) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
    """Two columns; the first doubles the odds of leaving in a period; watched for six periods."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 2))
    hazard = 1 / (1 + np.exp(-(-2.0 + 0.7 * x[:, 0])))
    life = draw.geometric(hazard) - 1
    watched = draw.integers(2, 7, rows)
    return x, np.minimum(life, watched), life < watched


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=30), st.integers(1, 12))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_subjects_are_spread_over_the_periods_they_were_watched(
    subjects: list[tuple[int, bool]], most: int
) -> None:
    duration, event = [d for d, _ in subjects], [e for _, e in subjects]
    expected = [
        (row, start, e and start == d)
        for row, (d, e) in enumerate(subjects)
        for start in range(min(d + e, most))
    ]
    found = person_periods(duration, event, most=most)
    assert list(zip(found.row, found.start, found.event, strict=True)) == expected


def test_without_columns_that_matter_the_chances_are_the_life_tables() -> None:
    _, duration, event = made_up()
    long = person_periods(duration, event)
    constant = np.ones((len(long.row), 1))
    model = DiscreteHazard(C=1e9, fading=False).fit(constant, long.start, long.event)
    ours = model.survival(np.ones((1, 1)), 6)[0]
    # A period that was watched in full ends after one that ended with the event.
    curve = KaplanMeier().fit(np.where(event, duration + 1, duration + 0.5), event)
    assert ours == pytest.approx(curve.survival(np.arange(1, 7) + 0.1)[:6], abs=2e-4)


@pytest.mark.parametrize("miner", ["logistic", "boosting"])
def test_survival_is_the_product_of_what_is_left_each_period(miner: str) -> None:
    x, duration, event = made_up()
    long = person_periods(duration, event)
    model = DiscreteHazard(miner).fit(x[long.row], long.start, long.event)
    survival = model.survival(x[:50], 4, start=1)
    left = np.ones(50)
    for ahead in range(4):
        left = left * (1 - model.hazard(x[:50], 1 + ahead))
        assert survival[:, ahead] == pytest.approx(left, abs=1e-12)
    assert (np.diff(survival, axis=1) <= 0).all()


@pytest.mark.parametrize("miner", ["logistic", "boosting"])
def test_predicted_survival_is_what_comes_true_on_new_subjects(miner: str) -> None:
    x, duration, event = made_up(8000)
    long = person_periods(duration, event)
    model = DiscreteHazard(miner).fit(x[long.row], long.start, long.event)
    new = made_up(8000, seed=1)[0]
    truth = (1 - 1 / (1 + np.exp(-(-2.0 + 0.7 * new[:, 0])))) ** 4
    said = model.survival(new, 4)[:, -1]
    assert np.abs(said.mean() - truth.mean()) < 0.01
    assert np.corrcoef(said, truth)[0, 1] > 0.95


def test_what_is_known_today_counts_less_far_ahead() -> None:
    draw = np.random.default_rng(3)
    x = draw.normal(size=(6000, 1))
    start = np.arange(6000) % 6
    event = draw.random(6000) < 1 / (1 + np.exp(-(-2 + 2.0 * x[:, 0] / (1 + start))))
    model = DiscreteHazard().fit(x, start, event)
    odds = [np.log(h / (1 - h)) for h in (model.hazard(np.array([[1.0], [0.0]]), j) for j in (0, 5))]
    near, far = (one[0] - one[1] for one in odds)
    assert near == pytest.approx(2.0, abs=0.25)
    assert far == pytest.approx(1 / 3, abs=0.25)


def test_periods_beyond_training_go_on_as_the_last() -> None:
    x, duration, event = made_up()
    long = person_periods(duration, event)
    model = DiscreteHazard().fit(x[long.row], long.start, long.event)
    assert model.hazard(x[:5], 40) == pytest.approx(model.hazard(x[:5], model.last_))


@pytest.mark.parametrize("miner", ["logistic", "boosting"])
def test_reasons_name_the_column_that_matters_and_never_the_period(miner: str) -> None:
    x, duration, event = made_up()
    long = person_periods(duration, event)
    model = DiscreteHazard(miner).fit(x[long.row], long.start, long.event, names=["risk", "noise"])
    far = np.array([[2.5, 0.0]])
    assert model.reasons(far, top=1).row(0)[0].feature == "risk"
    assert set(model.reasons(x[:20], top=5).names) == {"risk", "noise"}


@pytest.mark.parametrize("miner", ["logistic", "boosting"])
def test_a_model_reads_back_from_json_the_same(miner: str) -> None:
    x, duration, event = made_up(2000)
    long = person_periods(duration, event)
    model = DiscreteHazard(miner).fit(x[long.row], long.start, long.event)
    again = from_document(json.loads(json.dumps(document(model))))
    assert again.survival(x, 8).tobytes() == model.survival(x, 8).tobytes()


def test_missing_values_go_to_trees_alone() -> None:
    x, duration, event = made_up(2000)
    long = person_periods(duration, event)
    x[::7, 1] = np.nan
    with pytest.raises(UsageError, match="missing or infinite"):
        DiscreteHazard().fit(x[long.row], long.start, long.event)
    model = DiscreteHazard("boosting").fit(x[long.row], long.start, long.event)
    assert np.isfinite(model.survival(x, 3)).all()


def test_what_cannot_be_meant_is_refused() -> None:
    x, duration, event = made_up(2000)
    long = person_periods(duration, event)
    with pytest.raises(FeasibilityError, match=r"100 rows\. It needs at least 200"):
        DiscreteHazard().fit(x[long.row][:100], long.start[:100], long.event[:100])
    with pytest.raises(UsageError, match="no whole numbers"):
        DiscreteHazard().fit(x[long.row], long.start - 1, long.event)
    with pytest.raises(UsageError, match="no miner 'forest'"):
        DiscreteHazard("forest").fit(x[long.row], long.start, long.event)
    with pytest.raises(UsageError, match="negative"):
        person_periods([-1], [True])
    with pytest.raises(UsageError, match="2 of 3 durations are no whole numbers"):
        person_periods([1.7, 2.0, np.nan], [True, True, False])
