"""The causes before any table: people, life events, departures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bankmine.simulation.frame import COMMUNITY, NEVER, Frame, frame_of
from bankmine.simulation.leaving import ABRUPT, GRADUAL, SILENT, STAYS, leaving_of
from bankmine.simulation.leaving_truth import truth_of
from bankmine.simulation.life import KINDS, life_of
from bankmine.simulation.people import COMPANY, people_of
from bankmine.simulation.scenario import Attrition, Regime, Scenario, load_scenario


def frame(customers: int = 1000, months: int = 24, scenario: Scenario | None = None, seed: int = 3) -> Frame:
    return frame_of(seed=seed, customers=customers, months=months, scenario=scenario or load_scenario(None))


def test_a_smaller_bank_is_the_beginning_of_a_larger_one() -> None:
    small, large = people_of(frame(300), 0), people_of(frame(2 * COMMUNITY), 0)
    for name in ("number", "life", "income", "employer", "joined", "digital"):
        assert np.array_equal(getattr(small, name), getattr(large, name)[:300]), name


def test_a_longer_bank_begins_like_a_shorter_one() -> None:
    short, long = frame(months=12), frame(months=24)
    assert np.array_equal(short.own_rate, long.own_rate[:12])
    assert np.array_equal(short.service, long.service[:, :12])
    who, same = people_of(short, 0), people_of(long, 0)
    one, two = life_of(short, who), life_of(long, same)
    early = two.events.day < short.days
    assert np.array_equal(one.events.day, two.events.day[early])
    assert np.array_equal(one.wage, two.wage[:, :12])
    assert np.array_equal(
        leaving_of(short, who, one).satisfaction, leaving_of(long, same, two).satisfaction[:, :12]
    )


def test_another_seed_gives_other_people() -> None:
    assert not np.array_equal(people_of(frame(), 0).income, people_of(frame(seed=4), 0).income)


def test_a_bank_of_one_customer_and_one_month_exists() -> None:
    tiny = frame(1, 1)
    who = people_of(tiny, 0)
    life = life_of(tiny, who)
    assert who.count == 1
    assert leaving_of(tiny, who, life).satisfaction.shape == (1, 1)


def test_no_wage_comes_while_a_job_is_lost() -> None:
    here = frame()
    who = people_of(here, 0)
    life = life_of(here, who)
    lost = life.events.of("job_loss")
    assert lost.person.size > 20
    pay = here.month_start[:-1][None, :] + who.pay_day[:, None] - 1
    for person, day, length in zip(lost.person, lost.day, lost.detail, strict=True):
        within = (pay[person] >= day) & (pay[person] < day + length)
        assert not life.wage[person, within].any()


def test_companies_have_no_private_life() -> None:
    here = frame()
    who = people_of(here, 0)
    life = life_of(here, who)
    assert who.company.any()
    assert not np.isin(life.events.person, np.flatnonzero(who.company)).any()
    assert not life.wage[who.company].any()
    assert (who.life[who.company] == COMPANY).all()


def test_the_steps_of_a_departure_follow_each_other() -> None:
    here = frame()
    who = people_of(here, 0)
    leave = leaving_of(here, who, life_of(here, who))
    shown = np.isin(leave.way, (GRADUAL, SILENT))
    assert (leave.decided < leave.salary_moved)[shown].all()
    assert (leave.salary_moved <= leave.rundown_from)[shown].all()
    assert (leave.rundown_from < leave.rundown_until)[shown].all()
    assert (leave.rundown_until < leave.closed)[leave.way == GRADUAL].all()
    assert (leave.closed[leave.way == SILENT] == NEVER).all()
    assert (leave.closed[leave.way == STAYS] == NEVER).all()
    assert (leave.closed[leave.way == ABRUPT] < NEVER).all()


@pytest.mark.parametrize("cause", ["service", "rate", "moving"])
def test_each_cause_of_leaving_can_be_turned_off(cause: str) -> None:
    usual = load_scenario(None)
    without = replace(usual, attrition=replace(usual.attrition, **{cause: 0.0}))
    here, there = frame(), frame(scenario=without)
    who = people_of(here, 0)
    life = life_of(here, who)
    with_, off = leaving_of(here, who, life), leaving_of(there, who, life)
    assert with_.causes[cause].max() > 0.5
    assert not off.causes[cause].any()
    assert with_.chance.mean() > off.chance.mean()


def test_nobody_leaves_where_the_base_is_zero() -> None:
    usual = load_scenario(None)
    none = frame(scenario=replace(usual, attrition=Attrition(base=0.0)))
    who = people_of(none, 0)
    assert (leaving_of(none, who, life_of(none, who)).decided == NEVER).all()


def test_a_recession_costs_jobs_only_after_it_begins() -> None:
    usual = replace(load_scenario(None), regime=Regime())
    worse = replace(usual, regime=Regime(at=0.5, unemployment=5.0))
    here, there = frame(scenario=usual), frame(scenario=worse)
    lost = [life_of(one, people_of(one, 0)).events.of("job_loss").day for one in (here, there)]
    before = [int((days < there.regime_day).sum()) for days in lost]
    assert before[0] == before[1]
    assert lost[1].size - before[1] > 2 * (lost[0].size - before[0])


def test_the_oracle_knows_who_has_decided_and_is_right_on_average() -> None:
    here = frame(COMMUNITY, 36)
    who = people_of(here, 0)
    life = life_of(here, who)
    leave = leaving_of(here, who, life)
    rows = truth_of(here, who, life, leave)["label_closure"]
    closed = dict(zip(who.number.tolist(), leave.closed.tolist(), strict=True))
    day = (
        (np.asarray(rows["cutoff"]) - np.datetime64("2023-01-01", "us")).astype("timedelta64[D]").astype(int)
    )
    end = np.array([closed[one] for one in np.asarray(rows["subject"])])
    label = (end >= day) & (end < day + 90)
    whole = day + 90 <= here.days
    oracle = np.asarray(rows["oracle"])
    assert oracle[whole].mean() == pytest.approx(label[whole].mean(), rel=0.25)
    assert label[whole & (oracle == 1.0)].all()


def test_events_are_in_order_and_within_the_period() -> None:
    here = frame()
    events = life_of(here, people_of(here, 0)).events
    order = np.lexsort((events.day, events.person))
    assert np.array_equal(order, np.arange(order.size))
    assert events.day.min() >= 0
    assert events.day.max() < here.days
    assert set(np.unique(events.kind)) <= set(range(len(KINDS)))
