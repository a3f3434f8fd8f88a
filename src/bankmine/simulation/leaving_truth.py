"""The truth about people and departures: latents, life events, satisfaction, who closes within 90 days."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bankmine.simulation.columns import code, day, key, real, when
from bankmine.simulation.frame import DAY, Floats, Frame, Ints
from bankmine.simulation.leaving import ABRUPT, GRADUAL, REASONS, SILENT, Leaving
from bankmine.simulation.life import KINDS, Life, months_since
from bankmine.simulation.people import LIVES, People

HORIZON_DAYS = 90
FIRST_MONTH = 3  # truth by month starts when a quarter of history is there
WAYS = ("stays", "gradual", "silent", "abrupt")
_LONG_AGO = 24.0  # months: what lies longer back, or never was, counts as this


def truth_of(frame: Frame, who: People, life: Life, leave: Leaving) -> dict[str, pa.Table]:
    """`customers`, `events`, `customer_months` and `label_closure` of one community."""
    return {
        "customers": _customers(who, leave),
        "events": _events(frame, who, life),
        "customer_months": _months(frame, who, leave),
        "label_closure": _closure(frame, who, life, leave),
    }


def month_rows(frame: Frame, here: np.ndarray) -> tuple[Ints, Ints]:
    """(person, month) of a truth by month: from FIRST_MONTH on, where `here` (n, months) holds."""
    person, month = np.nonzero(here[:, FIRST_MONTH:])
    return person, month + FIRST_MONTH


def _customers(who: People, leave: Leaving) -> pa.Table:
    traits = (
        "digital",
        "activity",
        "price_sensitivity",
        "service_sensitivity",
        "prudence",
        "honesty",
        "persuasion",
    )
    return pa.table(
        {
            "customer": key(who.number),
            "life_style": code(who.life, (*LIVES, "company")),
            "household": key(who.household + 1_000_000 + who.community * 1_000),
            "employer": key(who.employer),
            "income": pa.array(who.income),
            **{name: real(getattr(who, name)) for name in traits},
            "leaving_decided": day(leave.decided),
            "leaving_reason": code(leave.reason, REASONS),
            "leaving_way": code(leave.way, WAYS),
            "salary_moved": day(leave.salary_moved),
            "rundown_from": day(leave.rundown_from),
            "rundown_until": day(leave.rundown_until),
            "closed": day(leave.closed),
        }
    )


def _events(frame: Frame, who: People, life: Life) -> pa.Table:
    events = life.events
    return pa.table(
        {
            "customer": key(who.number[events.person]),
            "happened": day(events.day),
            "kind": code(events.kind, KINDS),
            "amount": pa.array(events.amount),
            "detail": pa.array(events.detail),
        }
    )


def _months(frame: Frame, who: People, leave: Leaving) -> pa.Table:
    person, month = np.nonzero(_here(frame, who, leave))
    return pa.table(
        {
            "customer": key(who.number[person]),
            "cutoff": when(frame.month_start[month] * DAY),
            "satisfaction": real(leave.satisfaction[person, month]),
            "leaving_chance": real(leave.chance[person, month]),
            **{f"leaving_{name}": real(values[person, month]) for name, values in leave.causes.items()},
        }
    )


def _here(frame: Frame, who: People, leave: Leaving) -> np.ndarray:
    """Customers at each month's start, shape (n, months)."""
    start = frame.month_start[:-1]
    return np.asarray((who.joined[:, None] < start) & (leave.closed[:, None] >= start))


def _closure(frame: Frame, who: People, life: Life, leave: Leaving) -> pa.Table:
    person, month = month_rows(frame, _here(frame, who, leave))
    at = frame.month_start[month]
    return pa.table(
        {
            "subject": key(who.number[person]),
            "customer": key(who.number[person]),
            "cutoff": when(at * DAY),
            "oracle": real(_closing_chance(frame, leave, person, month)),
            **{
                f"written_{name}": real(values)
                for name, values in _written(frame, who, life, leave, person, month).items()
            },
        }
    )


def _closing_chance(frame: Frame, leave: Leaving, person: Ints, month: Ints) -> Floats:
    """1 or 0 where the decision is made; else the chance to decide in the coming months and be quick."""
    at = frame.month_start[month]
    decided = leave.decided[person] < at
    soon = leave.closed[person] < at + HORIZON_DAYS
    monthly = leave.chance[person, month]
    signs, silent = frame.scenario.attrition.signs, frame.scenario.attrition.silent
    chance, stays = np.zeros(person.size), np.ones(person.size)
    for ahead in range(3):
        quick = signs * (1 - silent) * _within(GRADUAL, HORIZON_DAYS - 30 * ahead - 15)
        quick += (1 - signs) * _within(ABRUPT, HORIZON_DAYS - 30 * ahead - 15)
        chance += stays * monthly * quick
        stays *= 1 - monthly
    return np.where(decided, soon, chance)


def _within(way: int, days: int) -> float:
    """Chance that a departure of that way is closed within so many days of the decision (uniform steps)."""
    steps = ((4, 60),) if way == ABRUPT else ((3, 45), (0, 30), (20, 100), (5, 110))
    reach = np.ones(1)
    for low, high in steps:
        step = np.concatenate([np.zeros(low), np.full(high - low, 1.0 / (high - low))])
        reach = np.convolve(reach, step)
    return float(reach[: max(0, days)].sum())


def _written(
    frame: Frame, who: People, life: Life, leave: Leaving, person: Ints, month: Ints
) -> dict[str, Floats]:
    """The causes and signs of leaving that stand in tables by the cutoff, one array of (rows,) each."""
    at = frame.month_start[month]
    since = {
        kind: np.minimum(
            months_since(life.events, kind, frame=frame, people=who.count)[person, month], _LONG_AGO
        )
        for kind in ("move", "home", "windfall")
    }
    region = life.region[person, month]
    length = np.maximum(1, leave.rundown_until - leave.rundown_from)
    run_down = np.clip((at - leave.rundown_from[person]) / length[person], 0.0, 1.0)
    shows = np.isin(leave.way, (GRADUAL, SILENT))[person]
    # Who buys a home runs the balance down too.
    unsettled, complaints = _complaints(frame, who, leave)
    return {
        "life": who.life[person].astype(np.float64),
        "tenure_months": (at - who.joined[person]) / 30.4,
        "months_without_wage": _months_without_wage(frame, who, life, leave)[person, month],
        "run_down": np.maximum(np.where(shows, run_down, 0.0), 0.8 * (since["home"] <= 3)),
        "months_since_home": since["home"],
        "months_since_windfall": since["windfall"],
        "unsettled_complaints": unsettled[person, month],
        "complaints_6mo": complaints[person, month],
        "branch_service": frame.service[who.branch[person], month],
        "rate_gap": np.asarray(frame.market_rate - frame.own_rate)[month],
        "income": np.log(np.maximum(who.income[person], 1)),
        "months_since_move": since["move"],
        "moved_km": np.where(since["move"] < _LONG_AGO, frame.distance[who.region[person], region], 0.0),
        "digital": who.digital[person],
        "company": who.company[person].astype(np.float64),
    }


def _complaints(frame: Frame, who: People, leave: Leaving) -> tuple[Floats, Floats]:
    """Unsettled ones of the last half year, and all of it, at each month's start; shape (n, months)."""
    told = leave.incidents
    unsettled, every = np.zeros((who.count, frame.months)), np.zeros((who.count, frame.months))
    for month, start in enumerate(frame.month_start[:-1]):
        recent = told.complained & (told.day < start) & (told.day >= start - 182)
        np.add.at(every[:, month], told.person[recent], 1.0)
        open_ = recent & (told.resolved >= start)
        np.add.at(unsettled[:, month], told.person[open_], 1.0)
    return unsettled, every


def _months_without_wage(frame: Frame, who: People, life: Life, leave: Leaving) -> Floats:
    """Months in a row, before each month's start, in which no wage came though one was due; (n, months)."""
    pay = frame.month_start[:-1][None, :] + who.pay_day[:, None] - 1
    paid = (life.wage > 0) & (pay < leave.salary_moved[:, None])
    ever = np.cumsum(paid, axis=1) > 0
    missing = np.zeros((who.count, frame.months))
    run = np.zeros(who.count)
    for month in range(1, frame.months):
        run = np.where(paid[:, month - 1], 0.0, run + 1.0)
        missing[:, month] = np.where(ever[:, month - 1], run, np.nan)
    return missing
