"""Cox's model: figures printed in the literature, the slow partial likelihood as a twin, refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from test_survival_curves import DRUG, PLACEBO, RELAPSE

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.files import document, from_document
from bankmine.mining.survival.cox import Cox, _PartialLikelihood
from bankmine.mining.survival.spells import spells_of

DATA = Path(__file__).parent / "data"
Floats = NDArray[np.float64]


def read(name: str) -> dict[str, Floats]:
    values = np.genfromtxt(DATA / f"{name}.csv", delimiter=",", names=True)
    return {column: values[column] for column in values.dtype.names or ()}


def test_the_leukaemia_trial_gives_the_printed_effect() -> None:
    """Venables and Ripley, MASS (4th ed.), section 13.3: `coxph(Surv(time, cens) ~ treat, gehan)`, Efron's
    ties: −1.57 with standard error 0.412."""
    treated = np.array([1.0] * 21 + [0.0] * 21)[:, None]
    effect = Cox().fit(treated, [*DRUG, *PLACEBO], [*RELAPSE, *[1] * 21]).table()[0]
    assert effect.coefficient == pytest.approx(-1.5721, abs=5e-4)
    assert effect.standard_error == pytest.approx(0.4124, abs=5e-4)
    assert effect.hazard_ratio == pytest.approx(0.208, abs=5e-4)


def test_recidivism_gives_the_printed_effects() -> None:
    """Rossi, Berk and Lenihan (1980); Fox and Weisberg, appendix "Cox Proportional-Hazards Regression"."""
    rossi = read("rossi")
    names = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
    model = Cox().fit(
        np.column_stack([rossi[name] for name in names]), rossi["week"], rossi["arrest"], names=names
    )
    printed = {
        "fin": (-0.3794, 0.1914), "age": (-0.0574, 0.0220), "race": (0.3139, 0.3080),
        "wexp": (-0.1498, 0.2122), "mar": (-0.4337, 0.3819), "paro": (-0.0849, 0.1958),
        "prio": (0.0915, 0.0286),
    }  # fmt: skip
    for effect in model.table():
        assert (effect.coefficient, effect.standard_error) == pytest.approx(printed[effect.feature], abs=6e-5)
    assert model.concordance_ == pytest.approx(0.640, abs=5e-4)
    assert 2 * (model.log_likelihood_ - model.null_log_likelihood_) == pytest.approx(33.27, abs=5e-3)


def test_heart_transplants_give_the_printed_effects_of_a_column_that_changes() -> None:
    """Crowley and Hu (1977); as R's `heart` with `Surv(start, stop, event) ~ age + year + surgery +
    transplant`: a patient is two rows once he has a new heart."""
    heart = read("stanford_heart")
    names = ["age", "year", "surgery", "transplant"]
    model = Cox().fit(
        np.column_stack([heart[name] for name in names]), heart["stop"], heart["event"],
        start=heart["start"], names=names,
    )  # fmt: skip
    found = [(one.coefficient, one.standard_error) for one in model.table()]
    printed = [(0.02717, 0.01371), (-0.14635, 0.07047), (-0.63721, 0.36723), (-0.01025, 0.31375)]
    for ours, theirs in zip(found, printed, strict=True):
        assert ours == pytest.approx(theirs, abs=6e-6)


rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 5), st.booleans(), st.integers(-2, 2), st.integers(-2, 2)),
    min_size=4, max_size=14,
)  # fmt: skip


@given(rows, st.tuples(st.floats(-1, 1), st.floats(-1, 1)))
@settings(derandomize=True, max_examples=150, deadline=None)
def test_the_likelihood_and_its_slopes_equal_efrons_sums_written_out(
    given_rows: list[tuple[int, int, bool, int, int]], beta: tuple[float, float]
) -> None:
    start = np.array([a for a, *_ in given_rows], float)
    stop = start + np.array([b for _, b, *_ in given_rows])
    event = np.array([e for _, _, e, _, _ in given_rows])
    x = np.array([[u, v] for *_, u, v in given_rows], float)
    b = np.array(beta)
    point = _PartialLikelihood(x, spells_of(stop, event, start), 0.0).at(b)
    assert point.value == pytest.approx(_written_out(x, start, stop, event, b), abs=1e-9)
    step = 1e-5
    for column in range(2):
        up, down = b.copy(), b.copy()
        up[column] += step
        down[column] -= step
        high, low = (_written_out(x, start, stop, event, one) for one in (up, down))
        assert point.gradient[column] == pytest.approx((high - low) / (2 * step), abs=1e-5)
        slopes = [
            _PartialLikelihood(x, spells_of(stop, event, start), 0.0).at(one).gradient for one in (up, down)
        ]
        assert point.information[column] == pytest.approx((slopes[1] - slopes[0]) / (2 * step), abs=1e-4)


def _written_out(x: Floats, start: Floats, stop: Floats, event: Floats, beta: Floats) -> float:
    total = 0.0
    for time in np.unique(stop[event]):
        risk = (start < time) & (stop >= time)
        gone = event & (stop == time)
        total += (x[gone] @ beta).sum()
        for place in range(gone.sum()):
            share = place / gone.sum()
            total -= np.log(np.exp(x[risk] @ beta).sum() - share * np.exp(x[gone] @ beta).sum())
    return float(total)


def test_spells_cut_in_two_change_nothing() -> None:
    rossi = read("rossi")
    x = np.column_stack([rossi["fin"], rossi["prio"]])
    half = rossi["week"] / 2
    whole = Cox().fit(x, rossi["week"], rossi["arrest"])
    cut = Cox().fit(
        np.vstack([x, x]),
        np.concatenate([half, rossi["week"]]),
        np.concatenate([np.zeros(len(half)), rossi["arrest"]]),
        start=np.concatenate([np.zeros(len(half)), half]),
    )
    assert cut.coefficients_ == pytest.approx(whole.coefficients_, abs=1e-8)
    assert cut.survival(x[:3], [10, 50]) == pytest.approx(whole.survival(x[:3], [10, 50]), abs=1e-8)


def test_a_change_of_unit_changes_the_coefficient_alone() -> None:
    rossi = read("rossi")
    x = np.column_stack([rossi["fin"], rossi["prio"]])
    years, hundredths = (Cox().fit(x * [1, unit], rossi["week"], rossi["arrest"]) for unit in (1, 100))
    assert hundredths.coefficients_[1] * 100 == pytest.approx(years.coefficients_[1], rel=1e-9)
    assert hundredths.survival(x * [1, 100], [30]) == pytest.approx(years.survival(x, [30]), abs=1e-12)


def test_a_constant_column_gets_nothing() -> None:
    rossi = read("rossi")
    model = Cox().fit(np.column_stack([rossi["fin"], np.full(432, 7.0)]), rossi["week"], rossi["arrest"])
    assert model.coefficients_[1] == 0
    assert model.table()[1].p_value == 1.0


def test_a_column_that_separates_is_refused_and_a_penalty_holds_it() -> None:
    stop = np.concatenate([np.full(20, 1.0), np.full(20, 5.0)])
    event = np.concatenate([np.ones(20), np.zeros(20)])
    x = event[:, None]
    with pytest.raises(FeasibilityError, match="cannot be told"):
        Cox().fit(x, stop, event, names=["gone"])
    assert 0 < Cox(penalty=1.0).fit(x, stop, event).coefficients_[0] < 10


def test_all_events_at_one_time_leave_the_concordance_unknown() -> None:
    x = np.random.default_rng(0).normal(size=(40, 1))
    model = Cox().fit(x, np.full(40, 3.0) - 2 * (x[:, 0] > 9), np.ones(40))
    assert np.isnan(model.concordance_)
    again = from_document(json.loads(json.dumps(document(model))))
    assert np.isnan(again.concordance_)


def test_the_likelihood_told_is_without_the_ridge() -> None:
    rossi = read("rossi")
    x = np.column_stack([rossi["fin"], rossi["prio"]])
    spells = spells_of(rossi["week"], rossi["arrest"])
    model = Cox(penalty=25.0).fit(x, rossi["week"], rossi["arrest"])
    plain = _PartialLikelihood(x - model.means_, spells, 0.0).at(model.coefficients_).value
    assert model.log_likelihood_ == pytest.approx(plain, abs=1e-9)


@pytest.mark.parametrize("penalty", [np.nan, -5.0, np.inf])
def test_a_penalty_that_is_none_is_refused(penalty: float) -> None:
    rossi = read("rossi")
    with pytest.raises(UsageError, match="penalty"):
        Cox(penalty).fit(rossi["prio"][:, None], rossi["week"], rossi["arrest"])


def test_a_level_in_percent_and_a_missing_time_get_no_figures() -> None:
    rossi = read("rossi")
    model = Cox().fit(rossi["prio"][:, None], rossi["week"], rossi["arrest"])
    with pytest.raises(UsageError, match="level is 95"):
        model.table(level=95)
    assert np.isnan(model.survival(np.zeros((1, 1)), [np.nan, 60])).all()


def test_too_few_events_and_unequal_lengths_are_refused() -> None:
    x = np.arange(30.0)[:, None]
    with pytest.raises(FeasibilityError, match="3 events"):
        Cox().fit(x, np.arange(1, 31), np.arange(30) < 3)
    with pytest.raises(UsageError, match="30 rows and 29 spells"):
        Cox().fit(x, np.arange(1, 30), np.ones(29))
    with pytest.raises(UsageError, match="missing or infinite"):
        Cox().fit(np.full((30, 1), np.nan), np.arange(1, 31), np.ones(30))


def test_a_model_reads_back_from_json_the_same() -> None:
    rossi = read("rossi")
    x = np.column_stack([rossi["fin"], rossi["prio"]])
    model = Cox().fit(x, rossi["week"], rossi["arrest"], names=["fin", "prio"])
    again = from_document(json.loads(json.dumps(document(model))))
    assert again.survival(x, [5, 52]).tobytes() == model.survival(x, [5, 52]).tobytes()
    assert again.table() == model.table()
    assert again.reasons(x[:1]).row(0) == model.reasons(x[:1]).row(0)
