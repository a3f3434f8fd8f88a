"""Early warning's parts against slow, obvious twins: since when, lead time, lists, links, actions."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bankmine.bank.civil import DAY
from bankmine.errors import ConfigurationError, FeasibilityError
from bankmine.tasks.early_warning.control import (
    ACTIONS,
    BEST,
    COLLECTIONS,
    Terms,
    choose,
    days_of_work,
    owner_of,
    terms_of,
)
from bankmine.tasks.early_warning.judge import PAST_DUE, RANDOM, REGISTER, hits, register
from bankmine.tasks.early_warning.judge import Tested as Judged
from bankmine.tasks.early_warning.lead import (
    OFFSETS,
    chance_listed,
    days_seen_before,
    defaults_in,
    lead_curve,
    look_before,
)
from bankmine.tasks.early_warning.links import Links, most_beside, share_beside
from bankmine.tasks.early_warning.measuring import median
from bankmine.tasks.early_warning.severity import Losses, severity
from bankmine.tasks.early_warning.signals import SIGNALS, Origin, said
from bankmine.tasks.early_warning.since import since
from bankmine.tasks.early_warning.watch import days_to_next
from bankmine.tasks.early_warning.words import level_sentence, order_sentence, trade_sentence

PROPERTY = settings(derandomize=True, max_examples=60, deadline=None)
FEW = settings(derandomize=True, max_examples=12, deadline=None)
MONTH = 30 * DAY
NAN = float("nan")


def monthly(count: int) -> np.ndarray:
    return np.arange(1, count + 1, dtype=np.int64) * MONTH


# since when


@PROPERTY
@given(arrays(np.bool_, st.tuples(st.integers(1, 4), st.integers(1, 12))))
def test_since_when_is_the_first_look_of_the_unbroken_run(on: np.ndarray) -> None:
    found = since(on)
    for who in range(on.shape[0]):
        for month in range(on.shape[1]):
            first = month
            while on[who, month] and first > 0 and on[who, first - 1]:
                first -= 1
            assert found[who, month] == (first if on[who, month] else -1)


# days to default and lead time


@PROPERTY
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400)), max_size=12))
def test_days_to_the_next_default_count_from_each_look(events: list[tuple[int, int]]) -> None:
    cutoffs = monthly(10)
    who = np.array([one for one, _ in events], dtype=np.int64)
    when = np.array([day * DAY for _, day in events], dtype=np.int64)
    found = days_to_next(who, when, cutoffs, 3)
    for place in range(3):
        for month, at in enumerate(cutoffs):
            later = [one for mine, one in zip(who, when, strict=True) if mine == place and one >= at]
            expected = min(later) / DAY - at / DAY if later else np.inf
            assert found[place, month] == pytest.approx(expected)


@PROPERTY
@given(st.integers(0, 1_000), st.sampled_from(OFFSETS), st.integers(0, 5))
def test_the_look_so_many_days_before_is_the_last_one_at_or_before(day: int, offset: int, first: int) -> None:
    cutoffs = monthly(24)
    found = look_before(cutoffs, np.array([day * DAY], dtype=np.float64), offset, first_look=first)[0]
    fits = [place for place, at in enumerate(cutoffs) if at <= (day - offset) * DAY and place >= first]
    assert found == (max(fits) if fits else -1)


@FEW
@given(st.integers(0, 2**32 - 1))
def test_the_lead_curve_is_the_share_on_the_list_at_the_look_before(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count, looks, first = 60, 30, 6
    cutoffs = monthly(looks)
    days = np.where(draw.random((count, 1)) < 0.7, draw.integers(400, 880, (count, 1)), 10**9)
    until = days - cutoffs[None, :] / DAY
    until = np.where((until < 0) | (days == 10**9), np.inf, until)
    looked = (draw.random((count, looks)) < 0.9) & np.isfinite(np.where(until >= 0, 1.0, np.nan))
    on = (draw.random((count, looks)) < 0.3).astype(np.float64)
    found = defaults_in(until, looked, cutoffs, first_look=first)
    rows = lead_curve({"register": on}, found, looked, cutoffs, first_look=first, seed=1)
    for row in rows:
        told = []
        for who in range(count):
            seen = [m for m in range(first, looks) if looked[who, m] and np.isfinite(until[who, m])]
            when = [cutoffs[m] + until[who, m] * DAY for m in seen]
            when = [one for one in when if one >= cutoffs[first] + OFFSETS[-1] * DAY]
            if not when:
                continue
            at = [m for m in range(first, looks) if cutoffs[m] <= min(when) - row["days"] * DAY]
            if at and looked[who, at[-1]]:
                told.append(on[who, at[-1]])
        assert row["defaulters"] == len(told)
        assert row["share"] == pytest.approx(np.mean(told))


def test_a_lead_time_needs_ten_defaults() -> None:
    cutoffs = monthly(24)
    days, looked = np.full((5, 24), np.inf), np.ones((5, 24), dtype=np.bool_)
    found = defaults_in(days, looked, cutoffs, first_look=3)
    with pytest.raises(FeasibilityError, match="0 borrowers defaulted"):
        lead_curve({"register": np.ones((5, 24))}, found, looked, cutoffs, first_look=3, seed=0)


def test_a_signal_is_seen_from_its_earliest_look_in_the_year_before() -> None:
    cutoffs = monthly(24)
    days = np.where(cutoffs <= 600 * DAY, 600 - cutoffs / DAY, np.inf)[None, :]
    looked = np.isfinite(days)
    found = defaults_in(days, looked, cutoffs, first_look=0)
    on = np.zeros((1, 24), dtype=np.bool_)
    on[0, [2, 15, 18]] = True  # the first of them lies more than a year before
    assert days_seen_before(on, found, looked, cutoffs).tolist() == [600 - 16 * 30]


# lists as long


@FEW
@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, NAN]), min_size=1, max_size=7), st.integers(0, 7))
def test_the_chance_to_be_on_a_list_with_ties_is_that_of_drawing_among_them(
    score: list[float], size: int
) -> None:
    values = np.array(score)
    found = chance_listed(values, size)
    known = np.isfinite(values)
    assert found.sum() == pytest.approx(min(size, known.sum()))
    assert (found[~known] == 0).all()
    draw = np.random.default_rng(0)
    seen = np.zeros(len(values))
    for _ in range(400):
        order = np.lexsort([draw.random(len(values)), -np.where(known, values, -9)])
        seen[[one for one in order if known[one]][:size]] += 1 / 400
    np.testing.assert_allclose(found, seen, atol=0.13)


def test_the_register_holds_the_highest_chances_and_never_an_unknown_one() -> None:
    assert register(np.array([0.2, NAN, 0.9, 0.2]), 2).tolist() == [2, 0]


def test_no_list_is_worked_further_than_the_register_reaches() -> None:
    looks = 14
    cutoffs, shape = monthly(looks), (8, looks)
    days = np.full(shape, np.inf)
    days[[0, 1, 5]] = 100.0  # the first two are on the register, the third is not
    watched = SimpleNamespace(
        panel=SimpleNamespace(cutoffs=cutoffs), days=days, looked_at=np.ones(shape, dtype=np.bool_)
    )
    turn = np.full(shape, NAN)
    turn[:3] = -np.arange(3.0)[:, None]
    order = {REGISTER: turn, "register by chance": -np.arange(8.0)[:, None] + np.zeros(shape)}
    test = Judged(watched, 0, np.zeros((*shape, 1)), {})  # type: ignore[arg-type]
    rows = hits(test, order, np.ones(shape), cases_a_day=1.0, seed=0)
    assert [(one["days"], one["cases"], one["worked"]) for one in rows[::2]] == [
        (1, 1, 1),
        (5, 3, 3),
        (20, 3, 3),
    ]
    assert all(one["hits"] == pytest.approx(2 / 3) for one in rows if one["days"] > 1)


# what is said against it


def hit_row(name: str, hits_: float, less_high: float) -> dict[str, object]:
    return {"days": 1, "list": name, "cases": 9, "hits": hits_, "low": hits_, "high": hits_,
            "less_high": less_high}  # fmt: skip


def test_an_order_that_reaches_fewer_defaulters_says_so() -> None:
    rows = [hit_row(REGISTER, 5.87, 0), hit_row(PAST_DUE, 9.41, -1), hit_row(RANDOM, 0.5, 6)]
    said_ = order_sentence({"hits": rows})
    assert "fewer later defaulters an analyst-day, 5.87" in said_
    assert "9.41 (9.41–9.41) by days past due alone" in said_
    assert RANDOM not in said_
    assert order_sentence({"hits": [hit_row(REGISTER, 5, 0), hit_row(PAST_DUE, 4, 2)]}) == ""
    assert order_sentence({"hits": {"refused": "too few"}}) == ""


def test_chances_outside_the_interval_of_what_happened_are_said_to_be_off() -> None:
    year = {"months": 12, "predicted": 0.175, "observed": 0.138, "observed_low": 0.12, "observed_high": 0.15}
    assert level_sentence({"likelihood": [year]}).startswith(
        "The chances are too high: within 12 months 17.5%"
    )
    assert "too low" in level_sentence({"likelihood": [year | {"predicted": 0.1}]})
    assert level_sentence({"likelihood": [year | {"predicted": 0.14}]}) == ""
    assert level_sentence({"likelihood": []}) == ""


def test_the_trade_of_the_order_is_said_in_plain_words() -> None:
    own = {"days": 5, "list": REGISTER, "hits": 4.0, "early_hits": 0.9, "owed_minor": 50_000.0}
    late = {"days": 5, "list": PAST_DUE, "hits": 8.0, "early_hits": 0.1, "owed_minor": 40_000.0,
            "less_low": -5.0, "less_high": -3.0, "early_less_low": 0.2, "early_less_high": 1.0}  # fmt: skip
    told = trade_sentence({"hits": [own, late]}, "EUR")
    assert "reach fewer (4.00 against 8.00 an analyst-day) later defaulters" in told
    assert "and more (0.90 against 0.10 an analyst-day) with 90 days or more to go" in told
    assert "owe 25% more (EUR 500 against 400 an analyst-day)" in told
    even = late | {"less_high": 1.0}
    assert "reach about as many (4.00" in trade_sentence({"hits": [own, even]}, "EUR")
    assert trade_sentence({"hits": {"refused": "too few"}}, "EUR") == ""


# neighbours


def test_contagion_takes_the_worst_neighbour_of_the_role() -> None:
    role = np.array(["guarantor", "guarantor", "household"], dtype=object)
    links = Links(np.array([0, 0, 1]), np.array([1, 2, 2]), role)
    values = np.array([5.0, NAN, 40.0])
    np.testing.assert_array_equal(most_beside(links, values, "guarantor"), [40.0, NAN, NAN])


@PROPERTY
@given(st.lists(st.tuples(st.integers(-1, 2), st.sampled_from([0.0, 1.0, NAN])), max_size=12))
def test_the_share_of_the_others_leaves_oneself_out(rows: list[tuple[int, float]]) -> None:
    groups = np.array([one for one, _ in rows], dtype=np.int64)
    values = np.array([one for _, one in rows], dtype=np.float64)
    found = share_beside(groups, values, least=2)
    for place, group in enumerate(groups):
        others = [
            values[one] for one in range(len(rows))
            if one != place and group >= 0 and groups[one] == group and np.isfinite(values[one])
        ]  # fmt: skip
        expected = np.mean([one > 0 for one in others]) if len(others) >= 2 else NAN
        np.testing.assert_equal(found[place], expected)


@PROPERTY
@given(arrays(np.float64, (3, 6), elements=st.sampled_from([0.0, 1.0, 2.5, 7.0, NAN])))
def test_medians_leave_out_what_is_missing(values: np.ndarray) -> None:
    for own, row in zip(median(values), values, strict=True):
        known = row[np.isfinite(row)]
        np.testing.assert_equal(own, np.median(known) if len(known) else NAN)


# severity and control


def credits(**over: object) -> dict[str, np.ndarray]:
    plain: dict[str, list[object]] = {
        "customer_id": [7], "principal": [100_000.0], "limit": [NAN], "secured": [NAN], "home": [NAN],
        "written_off": [False], "line": [False],
    }  # fmt: skip
    return {name: np.array(over.get(name, value)) for name, value in plain.items()}


def lost(**over: object) -> float:
    return float(severity(credits(**over), np.array([7]), Losses()).lost[0])


def test_an_unsecured_loan_loses_the_stated_share() -> None:
    assert lost() == pytest.approx(65_000)


def test_collateral_counts_at_a_stated_share_and_something_is_always_lost() -> None:
    assert lost(secured=[100_000.0], home=[1.0]) == pytest.approx(0.65 * 30_000)
    assert lost(secured=[900_000.0], home=[1.0]) == pytest.approx(5_000)


def test_a_line_is_drawn_further_before_default() -> None:
    found = severity(credits(line=[True], limit=[300_000.0]), np.array([7]), Losses())
    assert found.at_default[0] == pytest.approx(200_000)
    assert found.lost_undrawn[0] == pytest.approx(65_000)


def test_a_credit_written_off_can_lose_nothing_more() -> None:
    assert lost(written_off=[True]) == 0


def chosen(
    loss: float, cause: Origin | None, terms: Terms, *, undrawn: float = 0.0, company: bool = False,
    late: float = 0.0,
) -> str:  # fmt: skip
    made = choose(
        np.array([0.5]), np.array([loss]), np.array([undrawn]), np.array([late]), [cause],
        np.array([company]), terms, 100,
    )  # fmt: skip
    return "nothing" if made.action[0] < 0 else terms.actions[made.action[0]].name


def test_the_cheapest_action_that_pays_and_answers_the_cause_is_chosen() -> None:
    assert chosen(100_000, Origin.CREDIT, Terms()) == "nothing"
    assert chosen(1_000_000, Origin.CREDIT, Terms()) == "remind"
    assert chosen(10_000_000, Origin.INCOME, Terms()) == "call"
    assert chosen(10_000_000, None, Terms()) == "call"


def test_who_is_a_month_late_is_not_merely_reminded() -> None:
    assert chosen(10_000_000, Origin.CREDIT, Terms(), late=29) == "remind"
    assert chosen(10_000_000, Origin.CREDIT, Terms(), late=76) == "call"
    longer = terms_of({"actions": {"remind": {"most_late": 80}}})
    assert chosen(10_000_000, Origin.CREDIT, longer, late=76) == "remind"


@PROPERTY
@given(
    st.floats(1e4, 1e8), st.sampled_from([None, *Origin]), st.booleans(), st.booleans(), st.integers(0, 89)
)
def test_the_choice_is_that_of_looking_at_every_action(
    loss: float, cause: Origin | None, company: bool, best: bool, late: int
) -> None:
    terms = replace(Terms(), choice=BEST) if best else Terms()
    fitting = []
    for one in ACTIONS:
        price = ((one.hours + terms.hours_a_case) * terms.hour_cost + one.outlay) * 100
        saved = 0.5 * one.saves * (loss / 4 if one.of_undrawn else loss)
        answers = cause in one.answers if cause is not None else len(one.answers) == len(Origin)
        if (
            answers
            and one.kind in ("any", "company" if company else "person")
            and saved > price
            and late <= one.most_late
        ):
            fitting.append((-(saved - price) if best else price, one.name))
    expected = min(fitting)[1] if fitting else "nothing"
    assert chosen(loss, cause, terms, undrawn=loss / 4, company=company, late=late) == expected


def test_a_day_is_filled_before_the_next_begins() -> None:
    hours = np.array([4.0, 3.0, 3.0, 9.0, 1.0])
    assert days_of_work(np.arange(5), hours, 6.0).tolist() == [1, 2, 2, 3, 4]


def test_who_is_thirty_days_late_is_collections() -> None:
    assert owner_of(True, 31, "B1", "M1") == COLLECTIONS
    assert owner_of(True, 0, "B1", "M1") == "relationship manager M1"
    assert owner_of(False, 0, "B1", "M1") == "branch B1"
    assert owner_of(False, 0, None, None) == "branch"


@pytest.mark.parametrize(
    "given_",
    [
        {"loss_share": 1.2}, {"hour_cost": 0}, {"register_share": "much"}, {"choice": "dearest"},
        {"actions": 3}, {"actions": {"pray": {"hours": 1}}}, {"actions": {"call": {"price": 1}}},
        {"analysts": float("inf")}, {"loss_share": NAN}, {"actions": {"call": {"hours": "x"}}},
        {"actions": {"call": {"hours": -1}}}, {"actions": {"call": {"hours": True}}},
        {"actions": {"call": {"saves": 6}}}, {"actions": {"call": {"outlay": NAN}}},
        {"actions": {"call": {"words": ""}}}, {"actions": {"remind": {"most_late": "late"}}},
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_meant_is_refused(given_: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"tasks\.early_warning"):
        terms_of(given_)


def test_a_bank_states_its_own_figures() -> None:
    terms = terms_of({"loss_share": 0.4, "analysts": 2, "actions": {"call": {"hours": 1.0, "saves": 0.2}}})
    assert (terms.losses.loss_share, terms.day_hours) == (0.4, 12.0)
    assert {one.name: one.saves for one in terms.actions}["call"] == 0.2


# the declarations


def test_every_signal_says_what_it_is_and_where_it_is_read() -> None:
    from bankmine.bank.catalogue import TABLES

    assert len({one.name for one in SIGNALS}) == len(SIGNALS)
    for one in SIGNALS:
        assert one.sentence.endswith(".")
        assert one.how.endswith(".")
        assert set(one.tables) <= set(TABLES)
        assert one.direction in ("rises", "falls", "changes")


def test_one_is_said_without_a_plural() -> None:
    named = {one.name: one for one in SIGNALS}
    assert said(named["new_loans_elsewhere"], 1) == "1 new loan elsewhere"
    assert said(named["late_often"], 3) == "fell behind 3 times in a year"
    assert said(named["late_often"], 1) == "fell behind 1 time in a year"
