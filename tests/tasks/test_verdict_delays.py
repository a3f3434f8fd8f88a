"""How long verdicts take: the estimator against its slow twin, the rule of time, what a setting changes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.bank.civil import DAY, Zone
from bankmine.config import QUICK
from bankmine.errors import FeasibilityError
from bankmine.tasks.application_fraud.delays import Delays, delays_at
from bankmine.tasks.application_fraud.question import FalseApplication
from bankmine.tasks.application_fraud.task import _delays, _too_early
from bankmine.tasks.contract import Bank
from engine.small_warehouse import SmallWarehouse

PRAGUE = Zone("Europe/Prague")
START = PRAGUE.parse("2024-01-01")


def no_longer_than(pairs: list[tuple[int, int]], days: int) -> Fraction:
    """The estimator by its definition: over all longer times, the share that did not take exactly that."""
    share = Fraction(1)
    for time in sorted({took for took, _ in pairs if took > days}):
        could = [took for took, age in pairs if took <= time <= age]
        share *= 1 - Fraction(could.count(time), len(could))
    return share


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=30), st.integers(0, 13)
)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_the_shares_are_those_of_the_definition(rows: list[tuple[int, int]], days: int) -> None:
    pairs = [(took, took + more) for took, more in rows]
    made = Delays.of(*(np.array(one, np.int64) for one in zip(*pairs, strict=True)))
    for day, share in zip(made.days.tolist(), made.share.tolist(), strict=True):
        assert share == pytest.approx(float(no_longer_than(pairs, day)))
    least = min(took for took, _ in pairs)
    if days >= least:
        assert made.later_than(days) == pytest.approx(1 - float(no_longer_than(pairs, days)))
    wanted = [took for took, _ in sorted(pairs) if no_longer_than(pairs, took) >= Fraction(9, 10)]
    assert made.within(0.9) == max(wanted[0], 1)


def test_where_all_are_old_the_shares_are_those_of_the_verdicts() -> None:
    took = np.array([3, 5, 5, 9, 40], np.int64)
    made = Delays.of(took, np.full(5, 1000))
    assert made.share.tolist() == pytest.approx([0.2, 0.6, 0.8, 1.0])
    assert (made.within(0.5), made.within(0.9), round(made.later_than(8), 9)) == (5, 40, 0.4)


def test_young_applications_do_not_make_verdicts_look_quick() -> None:
    draw = np.random.default_rng(3)
    age, took = draw.integers(1, 365, 4000), draw.integers(85, 190, 4000)
    known = took <= age
    made = Delays.of(took[known], age[known])
    assert abs(made.within(0.9) - np.quantile(took, 0.9)) <= 3
    assert np.quantile(took[known], 0.9) < np.quantile(took, 0.9) - 3


def verdicts(folder: Path, *, days: int = 700, took: tuple[int, int] = (10, 100)) -> SmallWarehouse:
    """An application a day, every eighth false; the bank learns it after `took` days by turns."""
    made = SmallWarehouse(folder)
    false = range(8, days, 8)
    known = {number: START + (number + took[number // 8 % 2]) * DAY for number in false}
    made.load(
        coverage=("2024-01-01", PRAGUE.show(START + days * DAY)),
        credit_application=[
            {"application_id": number, "customer_id": number, "event_time": START + number * DAY,
             "amount_minor": 5}
            for number in range(1, days)
        ],
        feedback=[
            {"subject_kind": "application", "subject_id": number, "event_time": at, "known_at": at,
             "label": "fraud", "verdict": "confirmed"}
            for number, at in known.items() if at < START + days * DAY
        ],
    )  # fmt: skip
    return made


def bank_of(made: SmallWarehouse, cutoff: int | None = None, **given_: Any) -> Bank:
    period = made.warehouse.coverage("credit_application")
    assert period is not None
    return Bank(warehouse=made.warehouse, cutoff=cutoff or period[1], budget=QUICK, settings=given_)


def test_the_bank_waits_as_long_as_its_verdicts_take(tmp_path: Path) -> None:
    bank, question = bank_of(verdicts(tmp_path)), FalseApplication()
    assert question.rule(bank).delay_days == 100
    plan = question.plan(bank)
    assert plan.test is not None
    assert PRAGUE.day_of(np.array([bank.cutoff]))[0] - PRAGUE.day_of(np.array([plan.score[0]]))[0] == 100
    rows = question.population(bank, plan)
    truth, due = question.label(bank, rows)
    cutoffs = rows.column("cutoff").cast(pa.int64()).to_numpy()
    assert (PRAGUE.day_of(due) - PRAGUE.day_of(cutoffs) == 100).all()
    train = due <= plan.test.test_from
    assert truth[train].sum() == (np.arange(1, train.sum() + 1) % 8 == 0).sum()
    assert "100 days when the test began and 100 at the run" in plan.sentence


def test_a_setting_overrides_the_measure_and_the_verdict_warns(tmp_path: Path) -> None:
    made, question = verdicts(tmp_path), FalseApplication()
    assert question.rule(bank_of(made, delay_days=20)).delay_days == 20
    delays = _delays(bank_of(made, delay_days=20), question)
    assert "count as honest" in _too_early(delays)
    assert "50% come later than the 20 days set" in _too_early(delays)
    assert _too_early(_delays(bank_of(made), question)) == ""


def test_verdicts_of_the_future_change_no_earlier_wait(tmp_path: Path) -> None:
    made = verdicts(tmp_path)
    at = PRAGUE.parse("2025-03-01")
    before = delays_at(bank_of(made), at)
    late = [
        {"subject_kind": "application", "subject_id": number, "event_time": "2025-03-02",
         "label": "fraud", "verdict": "confirmed"}
        for number in range(1, 60)
    ]  # fmt: skip
    made.load(coverage=("2024-01-01", "2025-12-01"), feedback=late)
    after = delays_at(bank_of(made), at)
    assert after.verdicts == before.verdicts
    assert after.share.tolist() == before.share.tolist()
    assert delays_at(bank_of(made), PRAGUE.parse("2025-12-01")).verdicts > before.verdicts


def test_few_verdicts_leave_the_usual_delay_and_a_short_record_is_refused(tmp_path: Path) -> None:
    few = verdicts(tmp_path / "few", days=110)
    assert FalseApplication().rule(bank_of(few)).delay_days == 30
    short = bank_of(verdicts(tmp_path / "short", days=260))
    with pytest.raises(FeasibilityError, match=r"found 60 days .* verdicts take 100 days") as error:
        FalseApplication().plan(short)
    assert "290 days in all" in str(error.value)
    assert "set delay_days" in str(error.value)


def test_the_page_says_how_long_verdicts_take_or_that_nobody_can_say() -> None:
    from bankmine.tasks.application_fraud.page import _waited_words

    some = {"verdicts": 40, "assumed": 172, "set": False, "measured": True, "median": 104, "most": 172}
    assert _waited_words(some) == (
        "Half of the verdicts on false applications come within 104 days, nine of ten within 172 (from 40 "
        "verdicts, young applications allowed for). An application without a verdict counts as honest after "
        "172 days."
    )
    none = {"verdicts": 3, "assumed": 30, "set": False, "measured": False, "median": 9, "most": 9}
    assert "3 confirmed verdicts are too few" in _waited_words(none)
