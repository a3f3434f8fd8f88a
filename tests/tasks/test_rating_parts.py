"""The parts of a rating against slow, obvious twins: customers, losses, chances, cohorts, classes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankmine.bank.civil import DAY, Zone
from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.evaluation.master_scale import scale_of
from bankmine.tasks.rating import losses as loss_parts
from bankmine.tasks.rating.answer import customers
from bankmine.tasks.rating.back_test import came
from bankmine.tasks.rating.classes import class_of, terms
from bankmine.tasks.rating.cycle import rising
from bankmine.tasks.rating.expected import by_customer, chances, parts
from bankmine.tasks.rating.exposure import BUCKETS, Loans, after_haircut, buckets
from bankmine.tasks.rating.levels import PRIOR, Kinds, Levels, LoanRows, levels_of, said_and_came
from bankmine.tasks.rating.losses import (
    NEVER,
    Conversion,
    Defaults,
    Loss,
    Spells,
    conversion,
    losses,
    stated_loss,
)
from bankmine.tasks.rating.moves import Ends, looks, since
from bankmine.tasks.rating.obligors import COMPANY, PERSON, Obligors, obligors
from bankmine.tasks.rating.rate import Owed
from bankmine.tasks.rating.scales import BORROWED, FORWARD, HALVES, Scale, scales, trial
from bankmine.tasks.rating.settings import CLASSES, Settings
from bankmine.tasks.rating.task import TASK
from bankmine.tasks.sql import instants

PRECISE = settings(derandomize=True, max_examples=50, deadline=None)
YEAR = 365 * DAY
AT = 20 * YEAR
BANK: Any = SimpleNamespace(seed=0, warehouse=SimpleNamespace(zone=Zone("UTC")))
loan_rows = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 2), st.integers(0, 900), st.floats(0, 1), st.booleans()),
    min_size=1, max_size=40,
)  # fmt: skip


def rows_of(given_rows: list[tuple[int, int, int, float, bool]]) -> Any:
    return pa.table(
        {
            "subject_id": np.arange(len(given_rows)), "customer_id": [row[0] for row in given_rows],
            "cutoff": instants(np.array([row[1] for row in given_rows], dtype=np.int64)),
            "value_minor": [row[2] for row in given_rows],
        }
    )  # fmt: skip


@PRECISE
@given(loan_rows, st.sampled_from(["worst", "exposure"]))
def test_a_customers_chance_and_outcome_are_those_of_a_loop_over_the_loans(
    found: list[tuple[int, int, int, float, bool]], by: str
) -> None:
    chance = np.array([row[3] for row in found])
    made = obligors(rows_of(found), chance, [row[4] for row in found], by=by)
    keys = sorted({(row[1], row[0]) for row in found})
    assert list(zip(made.cutoff.tolist(), made.customer.tolist(), strict=True)) == keys
    for place, (at, who) in enumerate(keys):
        own = [row for row in found if (row[1], row[0]) == (at, who)]
        assert made.bad[place] == any(row[4] for row in own)
        worst = max(row[3] for row in own)
        assert found[made.worst[place]][3] == worst
        weight = sum(row[2] + 1 for row in own)
        mean = sum(row[3] * (row[2] + 1) for row in own) / weight
        assert made.chance[place] == pytest.approx(worst if by == "worst" else mean)


@PRECISE
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 50)), min_size=1, max_size=7))
def test_pooled_rates_are_the_nearest_that_never_fall(pairs: list[tuple[float, int]]) -> None:
    rate, weight = np.array([one for one, _ in pairs]), np.array([float(one) for _, one in pairs])
    made = rising(rate, weight)
    assert (np.diff(made) >= -1e-12).all()
    twin = [
        max(
            min(np.average(rate[i : j + 1], weights=weight[i : j + 1]) for j in range(k, len(rate)))
            for i in range(k + 1)
        )
        for k in range(len(rate))
    ]
    assert made == pytest.approx(np.array(twin))


def test_collateral_counts_after_haircut_and_less_again_behind_others() -> None:
    usual = Settings()
    home = {"kind": "home", "value_minor": 1_000, "lien_rank": 1}
    assert after_haircut(home, usual) == pytest.approx(750)
    assert after_haircut({**home, "lien_rank": 2}, usual) == pytest.approx(375)
    assert after_haircut({**home, "kind": "boat"}, usual) == pytest.approx(400)


def test_coverage_buckets_have_their_limits_in_the_higher_one() -> None:
    line = np.array([True, False, False, False, False, True])
    owed, covered = np.full(6, 100.0), np.array([0.0, 0.0, 49.9, 50.0, 100.0, 100.0])
    assert [BUCKETS[one] for one in buckets(line, owed, covered)] == [
        "line", "unsecured", "covered to half", "half to whole", "covered whole", "covered whole"
    ]  # fmt: skip


def defaults(count: int, **given: Any) -> Defaults:
    """`count` unsecured defaults of two years ago, all lost, with what a test changes."""
    usual = {
        "at": AT, "loan": np.arange(count), "customer": np.arange(count), "line": np.zeros(count, np.bool_),
        "began": np.full(count, AT - 2 * YEAR), "ended": np.full(count, NEVER),
        "owed": np.full(count, 100.0), "limit": np.full(count, 200.0),
        "drawn_before": np.full(count, 50.0), "written": np.full(count, 100.0),
        "recovered": np.zeros(count), "state": np.array(["written off"] * count, dtype=object),
        "covered": np.zeros(count), "spells": Spells(*(np.zeros(0, np.int64) for _ in range(3))),
    }  # fmt: skip
    return Defaults(**{**usual, **given})


def test_a_loss_is_what_was_written_off_less_what_came_back_and_cures_lose_nothing() -> None:
    found = defaults(
        20, written=np.repeat([100.0, 80.0, 0.0, 0.0], 5), recovered=np.repeat([0.0, 20.0, 0.0, 0.0], 5),
        state=np.repeat(np.array(["written off", "written off", "paid again", "open"], dtype=object), 5),
    )  # fmt: skip
    one = losses(found, BANK, Settings())[1]
    assert (one.bucket, one.workouts, one.still_open, one.measured) == ("unsecured", 15, 5, True)
    assert one.share == pytest.approx((1.0 + 0.6 + 0.0) / 3)
    assert one.low is not None
    assert one.low < one.share


def test_young_defaults_wait_and_few_work_outs_leave_the_stated_loss() -> None:
    young = defaults(30, began=np.full(30, AT - YEAR))
    assert all(not one.measured for one in losses(young, BANK, Settings()))
    few = losses(defaults(9), BANK, Settings())[1]
    assert (few.share, few.low, few.workouts) == (0.45, None, 9)
    assert losses(defaults(9), BANK, Settings(least_workouts=9))[1].measured


def test_a_stated_loss_falls_with_coverage_to_the_least() -> None:
    said = [stated_loss(place, 0.6, Settings()) for place in range(5)]
    assert said == pytest.approx([0.6, 0.6, 0.45, 0.15, 0.1])


def test_conversion_is_what_was_added_over_what_was_unused() -> None:
    lines = defaults(12, line=np.ones(12, np.bool_), owed=np.repeat([100.0, 50.0], 6))
    found = conversion(lines, BANK, Settings())
    assert found.share == pytest.approx((6 * 50 + 6 * 0) / (12 * 150))
    assert found.measured
    assert conversion(defaults(12), BANK, Settings()) == Conversion(0.4, None, None, 0, False, 0.4)


def test_recoveries_count_less_the_later_they_come() -> None:
    paid = pa.table({"loan_id": [2, 2, 7], "at": instants(np.array([YEAR, 3 * YEAR, 0])),
                     "amount_minor": [105, 100, 5]})  # fmt: skip
    loan, began = np.array([1, 2, 2]), np.array([0, 0, 2 * YEAR])
    made = loss_parts._recovered(paid, loan, began, Settings(recovery_rate=0.05))
    assert made == pytest.approx([0.0, 100, 100 / 1.05])  # each in the default that had begun


def loans(count: int, **given: Any) -> Loans:
    usual = {
        "loan": np.arange(count), "customer": np.arange(count), "line": np.zeros(count, np.bool_),
        "limit": np.full(count, 300.0), "drawn": np.full(count, 100.0),
        "in_default": np.zeros(count, np.bool_), "covered": np.zeros(count),
    }  # fmt: skip
    return Loans(**{**usual, **given})


LOSSES = tuple(Loss(name, 0.5, None, None, 0, 0, False, None, 0.5) for name in BUCKETS)


def test_expected_loss_is_chance_times_loss_times_exposure_and_lines_may_be_drawn() -> None:
    book = loans(3, line=np.array([False, True, True]), in_default=np.array([False, False, True]))
    made = parts(book, np.array([0.1, 0.12, 0.3]), LOSSES, Conversion(0.25, None, None, 0, False, 0.25))
    assert made.exposure.tolist() == [100, 150, 100]
    assert made.expected.tolist() == [5, 9, 50]


def test_amounts_are_whole_minor_units_loan_by_loan() -> None:
    book = loans(3, line=np.array([True, True, True]), drawn=np.array([100.0, 101.0, 102.0]))
    made = parts(book, np.full(3, 0.1), LOSSES, Conversion(1 / 3, None, None, 0, False, 0.25))
    assert made.exposure.tolist() == [167, 167, 168]
    assert made.expected.tolist() == [8, 8, 8]


def test_a_loan_moves_as_its_customer_does_and_the_worst_one_has_the_grades_chance() -> None:
    rows = rows_of([(1, 0, 10, 0.02, False), (1, 0, 10, 0.10, False), (2, 0, 10, 0.05, False)])
    own = np.array([0.02, 0.10, 0.05])
    who = obligors(rows, own, None, by="worst")
    book = loans(4, customer=np.array([1, 1, 2, 3]))
    chance, grade, graded = chances(rows, own, who, np.array([0.2, 0.03])).of(book)
    assert graded.tolist() == [True, True, True, False]
    assert grade.tolist() == [0.2, 0.2, 0.03, 0.0]
    assert chance[1:3] == pytest.approx([0.2, 0.03])
    ratio = (0.2 / 0.8) / (0.1 / 0.9)
    assert chance[0] / (1 - chance[0]) == pytest.approx(0.02 / 0.98 * ratio)


def test_a_kind_without_a_scale_still_bars_whoever_is_in_default_or_was_written_off() -> None:
    book = loans(3, customer=np.array([4, 4, 6]), in_default=np.array([True, False, False]))
    same = Conversion(0.0, None, None, 0, False, 0.0)
    made = parts(book, np.array([1.0, 0.2, 0.2]), LOSSES, same)
    none = Levels(Kinds(np.zeros(0, np.int64), np.zeros(0, np.int64)), np.inf, ())
    owed = Owed(
        book, made, made, made, np.array([True, True, False]), np.array([4, 7]), LOSSES, same, defaults(1),
        none, {},
    )  # fmt: skip
    found = customers({}, owed, {4: COMPANY, 6: COMPANY, 7: PERSON}, Settings()).to_pylist()
    assert [(one["customer_id"], one["kind"], one["credit_class"]) for one in found] == [
        (4, COMPANY, "default"), (7, PERSON, "default")
    ]  # fmt: skip
    assert all(one["products"] == [] for one in found)
    assert found[0]["expected_loss_minor"] == 60  # the second loan by its own chance


def judged_rows(count: int, times: float, *, seed: int = 5) -> LoanRows:
    """Loans that default `times` as often as was said; every fourth is a line, every eighth a company's."""
    generator = np.random.default_rng(seed)
    chance, at = generator.beta(1, 12, count), np.arange(count)
    return LoanRows(
        at, at, at * 0, generator.lognormal(8, 2, count), chance, generator.random(count) < chance * times
    )


def kinds_of_rows(rows: LoanRows) -> Kinds:
    return Kinds(company=rows.customer[::8], line=rows.loan[::4])


@pytest.mark.parametrize("times", [0.5, 0.75, 1.5])
def test_loans_chances_move_to_the_rate_that_came_also_on_loans_that_did_not_move_them(times: float) -> None:
    rows, other = judged_rows(20_000, times), judged_rows(20_000, times, seed=6)
    levels = levels_of(rows, kinds_of_rows(rows))
    assert sum(one.after for one in levels.levels) == pytest.approx(rows.bad.sum(), rel=0.02)
    moved_ = levels.of(other.customer, other.loan, other.owed, other.chance)
    assert moved_.sum() == pytest.approx(other.bad.sum(), rel=0.05)
    seen = SimpleNamespace(bad=other.bad, owed=other.owed * other.bad)
    for chance, verdict in ((other.chance, "too low" if times > 1 else "too high"), (moved_, "fits")):
        found = said_and_came(levels, other.loan, other.customer, other.owed, chance, other.owed, seen, 0)
        assert found[0]["by_count"] == verdict
        assert found[0]["low"] < found[0]["came"] < found[0]["high"]
        assert sum(one["came"] for one in found[3:]) == found[0]["came"]


def test_a_group_with_few_defaults_moves_little_on_its_own() -> None:
    rows = judged_rows(4_000, 1.0)
    kinds = replace(kinds_of_rows(rows), company=rows.customer[:20])
    none = replace(rows, bad=rows.bad & (rows.customer >= 20))
    levels = levels_of(none, kinds)
    company = [one for one in levels.levels if one.kind == COMPANY]
    assert sum(one.defaults for one in company) == 0
    assert sum(one.after for one in company) > 0.5 * sum(one.said for one in company)
    assert sum(one.said for one in company) < PRIOR


def test_chances_of_none_and_of_certainty_stay() -> None:
    rows = judged_rows(500, 2.0)
    levels = levels_of(rows, kinds_of_rows(rows))
    both = np.array([0.0, 1.0])
    assert levels.of(rows.customer[:2], rows.loan[:2], rows.owed[:2], both).tolist() == [0.0, 1.0]


def test_what_came_is_told_of_defaults_that_touch_the_period() -> None:
    told = defaults(
        4, loan=np.array([1, 1, 2, 3]), began=np.array([0, 50, 20, 120]),
        ended=np.array([10, 60, NEVER, NEVER]),
        state=np.array(["paid again", "paid again", "open", "written off"], dtype=object),
        written=np.array([0.0, 0.0, 0.0, 100.0]),
    )  # fmt: skip
    seen = came(told, np.array([1, 2, 3, 4]), 10, 120, LOSSES)
    assert seen.bad.tolist() == [True, True, False, False]
    assert seen.owed.tolist() == [100, 100, 0, 0]
    assert (seen.lost.tolist(), seen.still.tolist()) == ([0, 0, 0, 0], [0, 50, 0, 0])


def test_sums_by_customer_leave_out_those_not_asked_for() -> None:
    made = by_customer(np.array([5, 1, 5, 9]), np.array([1.0, 2.0, 4.0, 8.0]), np.array([1, 5]))
    assert made.tolist() == [2.0, 5.0]
    assert by_customer(np.array([5]), np.array([1.0]), np.array([], dtype=np.int64)).tolist() == []


def people(count: int, bad_share: float = 0.1, cutoffs: tuple[int, ...] = (0,), seed: int = 1) -> Obligors:
    generator = np.random.default_rng(seed)
    chance = generator.beta(0.6, 5, count)
    bad = generator.random(count) < chance * bad_share / 0.1
    at = np.resize(np.array(cutoffs, dtype=np.int64), count)
    order = np.arange(count)
    return Obligors(order, at, chance, bad, order)


def test_a_scale_is_tested_on_the_next_year_where_there_is_one_and_else_on_the_other_half() -> None:
    embargo = 366 * DAY
    spread = people(300, cutoffs=(0, 200 * DAY, 400 * DAY))
    found = trial(spread, embargo)
    assert found.how == FORWARD
    assert set(spread.cutoff[found.made].tolist()) == {0}
    assert set(spread.cutoff[found.tested].tolist()) == {400 * DAY}
    near = people(300, cutoffs=(0, 30 * DAY))
    found = trial(near, embargo)
    assert found.how == HALVES
    assert not (found.made & found.tested).any()
    assert (found.made | found.tested).all()


def test_companies_with_few_defaults_stand_on_the_persons_scale_at_their_own_rate() -> None:
    few = people(200, seed=4)
    few = replace(few, bad=np.arange(200) < 6)
    made, refused = scales({PERSON: people(3_000), COMPANY: few}, Settings(), 0)
    one = made[COMPANY]
    assert one.source == BORROWED
    assert "200 rows with 6 bads" in refused[COMPANY]
    assert one.scale == made[PERSON].scale
    from bankmine.evaluation.master_scale import log_odds, moved

    assert moved(log_odds(few.chance), one.by).mean() == pytest.approx(6.5 / 201)


def test_companies_with_fewer_defaults_are_refused_and_nobody_at_all_stops_the_task() -> None:
    none = replace(people(100), bad=np.arange(100) < 4)
    made, refused = scales({PERSON: people(3_000), COMPANY: none}, Settings(), 0)
    assert set(made) == {PERSON}
    assert "100 rows with 4 bads" in refused[COMPANY]
    with pytest.raises(FeasibilityError, match="no scale can be made"):
        scales({PERSON: none, COMPANY: none}, Settings(), 0)


def scale_by(limits: tuple[float, ...]) -> Scale:
    found = scale_of(np.zeros(30, np.bool_), np.linspace(0, 1, 30), limits)
    return Scale(PERSON, found, "own", 0.0, 30, 0)


def test_moves_tell_stayed_defaulted_left_and_joined() -> None:
    made = scale_by((0.0, 0.1, 1.0))
    then = np.array([1, 2, 3, 4, 5, 6, 7]), np.array([0.05, 0.05, 0.5, 0.5, 0.05, 0.05, 0.5])
    now = np.array([1, 2, 9]), np.array([0.05, 0.5, 0.5])
    ends = Ends(owing=np.array([1, 2, 6, 9]), present=np.array([1, 2, 3, 4, 6, 7, 9]), out=np.array([7]))
    found, left = since(made, then, now, np.array([3]), ends, joined=True)
    assert found.counts == ((1, 1), (0, 0))
    assert (found.defaulted, found.left, found.joined) == ((0, 1), (2, 2), (0, 1))
    assert left == {
        "default, newer loan": [0, 1], "repaid": [0, 1], "no longer a customer": [1, 0], "not rated": [1, 0]
    }  # fmt: skip


def test_a_year_apart_is_looked_at_by_one_model_where_the_test_rows_reach_back() -> None:
    far = people(90, cutoffs=(0, 200 * DAY, 365 * DAY))
    found = looks(far, people(10), 900 * DAY)
    assert found.one_model
    assert {int(found.then.cutoff[0]), int(found.now.cutoff[0])} == {0, 365 * DAY}
    near = looks(people(90, cutoffs=(0, 30 * DAY)), people(10), 400 * DAY)
    assert not near.one_model
    assert int(near.now.cutoff[0]) == 400 * DAY


def test_a_grade_has_the_first_class_it_fits_and_terms_in_words() -> None:
    assert [class_of(one, CLASSES).name for one in (0.01, 0.011, 0.08, 0.2, 0.9)] == list("ABCDE")
    assert terms(CLASSES[3]).startswith("Limit up to 0.25 × the usual, price P4 (+4 points); may be offered")
    assert terms(CLASSES[4]) == "No new credit and no higher limit; review every month."


CLASS = {"name": "A", "up_to": 0.1, "limit": 1.0, "price": "x", "surcharge": 0.0, "products": ["card"],
         "review_months": 12}  # fmt: skip


@pytest.mark.parametrize(
    ("given_settings", "words"),
    [
        ({"most_grades": 1}, "most_grades"),
        ({"least_ratio": 0.5}, "least_ratio"),
        ({"haircuts": {"home": 2}}, "haircuts"),
        ({"customer_by": "best"}, "customer_by"),
        ({"loss_share": "much"}, "loss_share"),
        ({"workout_months": 0}, "workout_months"),
        ({"classes": [CLASS]}, "classes"),
        ({"classes": [CLASS, {**CLASS, "name": "B"}]}, "classes"),
        ({"classes": [CLASS, {**CLASS, "name": "B", "up_to": 1.0, "products": ["yacht"]}]}, "classes"),
        ({"classes": [CLASS, {"name": "B"}]}, "classes"),
        ({"grades": 3}, "grades"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_by_name(given_settings: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        TASK.check_settings(given_settings)


def test_a_banks_own_classes_are_taken() -> None:
    own = {"classes": [CLASS, {**CLASS, "name": "B", "up_to": 1.0, "products": []}]}
    TASK.check_settings(own)
    assert [one.name for one in Settings.of(own).classes] == ["A", "B"]
    assert Settings.of(own).classes[0].products == ("card",)
